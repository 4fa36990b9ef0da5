"""Small double-line notes 雙行小注 in vertical columns: where they stand in a column's ink.

The detector sees a column as one piece, notes and all, or one half of a note beside it; read whole, the two
narrow columns of a note give nonsense. A note shows itself by its gutter: a narrow blank down the middle of
the column, for as long as the note lasts: looked for where a column's reading is weak.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

from models import sight_geometry as geometry
from models.reading_order import FloatBox
from models.sight_geometry import Array
from models.sight_strips import DOUBT, SURE, Recognise

#: Shortest note, in column widths: two small characters on each side.
SHORTEST = 0.85


#: A column read with this confidence holds no note: two small characters over each other give nonsense.
_PLAIN = 0.95


@dataclass(frozen=True)
class Piece:
    """A piece of text as read. quad: its corners on the upright page."""

    quad: Array
    text: str
    confidence: float


@dataclass(frozen=True)
class Note:
    """Rows [top, bottom) of a column's ink hold a note; `gutter` is the column of pixels that parts it."""

    top: int
    bottom: int
    gutter: int


def are_columns(quads: Sequence[Array], *, vertical: bool) -> list[bool]:
    """Which quads of an upright page are columns, to be laid down for reading.

    In horizontal text a tall box is often one narrow sign (1, 丨, ！): only what is also taller than two
    lines is a column. In vertical text every tall box is one.
    """
    sizes = [geometry.sides(quad) for quad in quads]
    line = median(min(size) for size in sizes) if sizes else 0.0
    return [height >= geometry.TALL * width and (vertical or height > 2.5 * line) for width, height in sizes]


def part_notes(page: Array, pieces: Sequence[Piece], angle: float, recognise: Recognise) -> list[Piece]:
    """Pieces of an upright vertical page leaning by `angle`, columns that hold notes cut into text and notes."""
    boxes = [geometry.level(piece.quad, angle) for piece in pieces]
    parted: list[Piece] = []
    for column in host_columns(boxes):
        members = [pieces[i] for i in column]
        parted.extend(_parted(page, members, [boxes[i] for i in column], angle, recognise) or members)
    return parted


def _parted(
    page: Array, members: Sequence[Piece], boxes: Sequence[FloatBox], angle: float, recognise: Recognise
) -> list[Piece]:
    """One column's main text and notes; nothing where it holds no note."""
    if all(piece.confidence >= _PLAIN for piece in members):
        return []
    x, width = boxes[0][0] - 0.06 * boxes[0][2], 1.12 * boxes[0][2]
    top = min(box[1] for box in boxes)
    bottom = max(box[1] + box[3] for box in boxes)
    whole = geometry.unlevel((x, top, width, bottom - top), angle)
    strip = geometry.crop(page, whole)
    ink = geometry.ink(strip)
    notes: list[Note] = []
    halves: list[Piece] = []
    for note in find_notes(ink):
        read = _read_note(strip, note, recognise)
        if read:
            notes.append(note)
            halves.extend(_halves(whole, strip, note, read))
    return [*_main_text(whole, strip, ink, notes, recognise), *halves] if notes else []


def _read_note(strip: Array, note: Note, recognise: Recognise) -> list[tuple[str, float]]:
    """The right and the left half of a note, if they read better than the stretch as one column."""
    stretch = strip[note.top : note.bottom]
    ((_, whole),) = recognise([geometry.turn_image(stretch, 270)])
    if whole > SURE:
        return []
    halves = (stretch[:, note.gutter :], stretch[:, : note.gutter])
    read = recognise([geometry.turn_image(half, 270) for half in halves])
    return read if all(len(text) >= 2 and sure > max(whole, DOUBT) for text, sure in read) else []


def _halves(whole: Array, strip: Array, note: Note, read: Sequence[tuple[str, float]]) -> list[Piece]:
    """A note's halves, right and left. whole: the quad of `strip` on the page."""
    height, width = strip.shape[:2]
    middle, top, bottom = note.gutter / width, note.top / height, note.bottom / height
    quads = (geometry.part(whole, left, top, right, bottom) for left, right in ((middle, 1.0), (0.0, middle)))
    return [Piece(quad, text, sure) for quad, (text, sure) in zip(quads, read, strict=True)]


def _main_text(
    whole: Array, strip: Array, ink: Array, notes: Sequence[Note], recognise: Recognise
) -> list[Piece]:
    """What stands between a column's notes. whole: the quad of `strip` on the page."""
    height, width = strip.shape[:2]
    ends = [0, *(row for note in notes for row in (note.top, note.bottom)), height]
    spans = [
        (top, bottom)
        for top, bottom in zip(ends[::2], ends[1::2], strict=True)
        if bottom - top > 0.4 * width and ink[top:bottom].any()
    ]
    laid = [
        geometry.turn_image(strip[top:bottom], 270 if bottom - top >= geometry.TALL * width else 0)
        for top, bottom in spans
    ]
    return [
        Piece(geometry.part(whole, 0, top / height, 1, bottom / height), text, sure)
        for (top, bottom), (text, sure) in zip(spans, recognise(laid) if laid else [], strict=True)
    ]


def host_columns(boxes: Sequence[FloatBox]) -> list[list[int]]:
    """Indices of level boxes gathered by the column they stand in; the widest of each first."""
    columns: list[list[int]] = []
    for index in sorted(range(len(boxes)), key=lambda i: (-boxes[i][2], boxes[i])):
        x, _, width, _ = boxes[index]
        for column in columns:
            host_x, _, host_width, _ = boxes[column[0]]
            overlap = min(x + width, host_x + host_width) - max(x, host_x)
            if overlap >= 0.6 * width and _near(boxes[index], [boxes[i] for i in column]):
                column.append(index)
                break
        else:
            columns.append([index])
    return columns


def _near(box: FloatBox, column: Sequence[FloatBox]) -> bool:
    """Whether a box is no more than two column widths above, below or beside a column's boxes."""
    room = 2 * column[0][2]
    return any(box[1] < y + height + room and y < box[1] + box[3] + room for _, y, _, height in column)


def find_notes(ink: Array) -> list[Note]:
    """The notes of one column, from the top. The column's ink is to fill the width but for a small margin."""
    width = ink.shape[1]
    ink = _without_rules(ink)
    half = max(1, round(0.02 * width))
    runs: list[tuple[int, int, int, int]] = []
    for gutter in range(round(0.34 * width), round(0.66 * width) + 1):
        blank = ~ink[:, gutter - half : gutter + half + 1].any(axis=1)
        for start, end in _runs(blank):
            if end - start < SHORTEST * width:
                continue
            top, bottom = _trim(ink, start, end)
            if bottom - top >= SHORTEST * width and _is_small(ink, top, bottom, gutter):
                runs.append((top - bottom, abs(gutter - width // 2), top, gutter))
    notes: list[Note] = []
    for negative, _, top, gutter in sorted(runs):
        bottom = top - negative
        if all(bottom <= note.top or top >= note.bottom for note in notes):
            notes.append(Note(top, bottom, gutter))
    return sorted(notes, key=lambda note: note.top)


def _without_rules(ink: Array) -> Array:
    """The ink less the printed rules at the column's edges: pixel columns black nearly all the way."""
    width = ink.shape[1]
    ruled = ink.mean(axis=0) > 0.7
    ruled[width // 4 : width - width // 4] = False
    clean = ink.copy()
    clean[:, ruled] = False
    return clean


def _runs(mask: Any) -> list[tuple[int, int]]:
    """[start, end) of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], mask.astype(np.int8), [0]])))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _trim(ink: Array, top: int, bottom: int) -> tuple[int, int]:
    """The run less blank rows at its ends, and less a full-size character in two halves (八, 川) there."""
    width = ink.shape[1]
    blobs = _runs(ink[top:bottom].any(axis=1))
    while blobs and 0.6 * width < blobs[0][1] - blobs[0][0] < 1.05 * width and len(blobs) > 1:
        blobs.pop(0)
    while blobs and 0.6 * width < blobs[-1][1] - blobs[-1][0] < 1.05 * width and len(blobs) > 1:
        blobs.pop()
    return (top + blobs[0][0], top + blobs[-1][1]) if blobs else (top, top)


def _is_small(ink: Array, top: int, bottom: int, gutter: int) -> bool:
    """Whether both sides of the gutter hold small characters: two at least, none but few of full height."""
    width = ink.shape[1]
    for side in (ink[top:bottom, :gutter], ink[top:bottom, gutter:]):
        heights = [b - a for a, b in _runs(side.any(axis=1)) if b - a > 0.16 * width]
        if len(heights) < 2 or median(heights) > 0.62 * width or sum(heights) < 0.35 * (bottom - top):
            return False
    return True

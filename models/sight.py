"""Sight: what stands on a page image, by PaddleOCR on onnxruntime, offline.

PaddleOCR's own two models (`TextDetection`, `TextRecognition`) do the seeing; what is ours is what an
archive needs around them: which way up the page is, columns of vertical text with their small notes,
reading order, and boxes in the pixels of the image as it is stored.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from platformdirs import user_cache_path

from models import sight_geometry as geometry
from models.errors import ModelsError, UnreadableImage
from models.reading_order import order
from models.sight_cleaning import show_through, wash
from models.sight_columns import Note, find_notes, host_columns
from models.sight_files import DETECTOR, FAMILY, RECOGNISER, prepare
from models.sight_geometry import Array, Box
from models.sight_image import load

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True)
class ReadLine:
    """One line as read. box: (x, y, width, height) in pixels of the stored image. confidence: 0–1."""

    text: str
    box: Box
    confidence: float


@dataclass(frozen=True)
class Reading:
    """One page as read, lines in reading order.

    rotation: degrees the stored image must be turned clockwise to be upright (0, 90, 180, 270).
    vertical: the text runs in columns from right to left.  seconds: what the reading took.
    """

    lines: tuple[ReadLine, ...]
    rotation: int = 0
    vertical: bool = False
    seconds: float = 0.0

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)


class OcrReader(Protocol):
    """Reads page images. One instance serves one thread at a time."""

    @property
    def name(self) -> str:
        """Family, and 8 hex digits over weights and parameters: changes whenever readings may."""

    def warm(self) -> None:
        """Load the models. Raises ModelFilesMissing. `read` does so itself when it was not called."""

    def read(self, image: Image | Path) -> Reading:
        """Read one image (any Pillow mode). Raises UnreadableImage for this image alone."""


@dataclass(frozen=True)
class SightParameters:
    """Chosen by measuring; `benchmarks/ocr.py` measures again.

    detect_side: the page is scaled down to this longest side (pixels) to find its lines.
    ink, box, grow: the detector's thresh, box_thresh, unclip_ratio.
    least: lines read with less confidence are specks, not text.
    largest_side: larger images are scaled down before anything else, to bound memory.
    """

    detect_side: int = 1280
    ink: float = 0.3
    box: float = 0.5
    grow: float = 1.5
    least: float = 0.3
    largest_side: int = 8000


#: Raised when the code that turns the models' output into lines changes what is read.
_MAKING = 1
#: A strip that reads above _SURE reads; below _DOUBT it does not.
_SURE, _DOUBT = 0.85, 0.7
_SAMPLE = 6  # characters of a strip that tell which way up it is


@dataclass(frozen=True)
class _Piece:
    """A box to read, in pixels of the upright page. column: its long side stands up, to be laid down."""

    quad: Array
    column: bool


class PaddleReader:
    """OcrReader on PaddleOCR 3's PP-OCRv6 small models.

    cache_dir: where the model folders are made (default: the user's cache). threads: of onnxruntime and
    OpenCV; 0 leaves it to them, worker processes take 1. Cheap to make: models load in `warm`.
    """

    def __init__(
        self, cache_dir: Path | None = None, *, threads: int = 0, parameters: SightParameters | None = None
    ) -> None:
        self._cache_dir = cache_dir or user_cache_path("danghai") / "sight"
        self._threads = threads
        self._parameters = parameters or SightParameters()
        self._detector: Any = None
        self._recogniser: Any = None
        self._name = ""
        self._known: dict[tuple[Any, int], tuple[str, float]] = {}  # this page's strips, by their pixels

    @property
    def name(self) -> str:
        if not self._name:
            made_with = f"{prepare(self._cache_dir).sha8} {self._parameters} {_MAKING}"
            self._name = f"{FAMILY}@{sha256(made_with.encode()).hexdigest()[:8]}"
        return self._name

    def warm(self) -> None:
        if self._recogniser is not None:
            return
        files = prepare(self._cache_dir)
        os.environ["PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK"] = "True"
        import cv2
        from paddleocr import TextDetection, TextRecognition

        threads = (
            {"intra_op_num_threads": self._threads, "inter_op_num_threads": 1} if self._threads else None
        )
        common = {"engine": "onnxruntime", "engine_config": threads, "device": "cpu"}
        if self._threads:
            cv2.setNumThreads(self._threads)
        detector = TextDetection(
            model_name=DETECTOR,
            model_dir=str(files.detector),
            limit_side_len=self._parameters.detect_side,
            limit_type="max",
            thresh=self._parameters.ink,
            box_thresh=self._parameters.box,
            unclip_ratio=self._parameters.grow,
            **common,
        )
        self._recogniser = TextRecognition(model_name=RECOGNISER, model_dir=str(files.recogniser), **common)
        self._detector = detector

    def read(self, image: Image | Path) -> Reading:
        started = time.perf_counter()
        self.warm()
        try:
            pixels, scale, size = load(image, self._parameters.largest_side)
            lines, rotation, vertical = self._read(pixels)
        except ModelsError:
            raise
        except Exception as error:  # whatever the libraries below raise, it is this page's trouble
            raise UnreadableImage(
                f"无法识读图像 cannot read the image: {type(error).__name__}: {error}"
            ) from error
        stored = tuple(
            ReadLine(text, geometry.bounding_box(points, scale, size), round(confidence, 4))
            for text, points, confidence in lines
        )
        return Reading(stored, rotation, vertical, time.perf_counter() - started)

    def _read(self, stored: Array) -> tuple[list[tuple[str, Array, float]], int, bool]:
        """Lines as (text, corner points in `stored`, confidence), the rotation, whether vertical."""
        self._known.clear()
        quads = self._detect(stored)
        if not quads:
            return [], 0, False
        rotation, vertical = self._find_turn(stored, quads)
        size = (stored.shape[1], stored.shape[0])
        page = geometry.turn_image(stored, rotation)
        quads = geometry.turn_quads(quads, rotation, size)
        angle = geometry.skew(quads, vertical=vertical)
        pieces, strips = self._pieces(page, quads, angle, vertical=vertical)
        light = show_through(strips, self._recognise)
        if light:
            page = wash(page, *light)
            pieces, strips = self._pieces(page, self._detect(page), angle, vertical=vertical)
        read = self._recognise(strips)
        least = self._parameters.least
        seen = [(p, t, c) for p, (t, c) in zip(pieces, read, strict=True) if t and c >= least]
        groups = order([geometry.level(p.quad, angle) for p, _, _ in seen], vertical=vertical)
        turned_size = (page.shape[1], page.shape[0])
        lines = []
        for group in groups:
            members = [seen[i] for i in group]
            points = np.concatenate([p.quad for p, _, _ in members])
            points = geometry.turn_points(points, (360 - rotation) % 360, turned_size)
            length = sum(len(t) for _, t, _ in members)
            confidence = sum(c * len(t) for _, t, c in members) / length
            lines.append((_glue([t for _, t, _ in members]), points, confidence))
        return lines, rotation, vertical

    def _pieces(
        self, page: Array, quads: list[Array], angle: float, *, vertical: bool
    ) -> tuple[list[_Piece], list[Array]]:
        """The pieces of text of an upright page, and their strips."""
        pieces = _pieces(quads, vertical=vertical)
        if vertical:
            pieces = self._part_notes(page, pieces, angle)
        return pieces, [_strip(page, piece) for piece in pieces]

    def _part_notes(self, page: Array, pieces: list[_Piece], angle: float) -> list[_Piece]:
        """Pieces of a vertical page, the columns that hold 雙行小注 cut into main text and notes."""
        boxes = [geometry.level(piece.quad, angle) for piece in pieces]
        parted: list[_Piece] = []
        for column in host_columns(boxes):
            members = [boxes[i] for i in column]
            x, width = members[0][0] - 0.06 * members[0][2], 1.12 * members[0][2]
            top = min(box[1] for box in members)
            bottom = max(box[1] + box[3] for box in members)
            whole = geometry.unlevel((x, top, width, bottom - top), angle)
            strip = geometry.crop(page, whole)
            notes = [note for note in find_notes(geometry.ink(strip)) if self._is_note(strip, note)]
            if notes:
                parted.extend(_cut_column(whole, strip, notes))
            else:
                parted.extend(pieces[i] for i in column)
        return parted

    def _is_note(self, strip: Array, note: Note) -> bool:
        """Whether a stretch of a column reads better as two narrow columns than as one."""
        stretch = strip[note.top : note.bottom]
        (_, whole), *_ = self._recognise([geometry.turn_image(stretch, 270)])
        if whole > _SURE:
            return False
        halves = (stretch[:, note.gutter :], stretch[:, : note.gutter])
        read = self._recognise([geometry.turn_image(half, 270) for half in halves])
        return all(len(text) >= 2 and sure > max(whole, _DOUBT) for text, sure in read)

    def _detect(self, image: Array) -> list[Array]:
        """Quads around the pieces of text on an image."""
        (found,) = self._detector.predict(image)
        quads = [geometry.quad_of(np.asarray(points)) for points in found["dt_polys"]]
        return [quad for quad in quads if min(geometry.sides(quad)) >= 3]

    def _recognise(self, strips: Sequence[Array]) -> list[tuple[str, float]]:
        """(text, confidence) of strips whose long side lies across.

        One strip a run of the model: on a processor a batch gains nothing, and the padding of its
        shorter strips is work (30 lines of an A4 page: 1.8 s one by one, 2.4 s by six).
        """
        keys = [(strip.shape, hash(strip.tobytes())) for strip in strips]
        new = {key: strip for key, strip in zip(keys, strips, strict=True) if key not in self._known}
        if new:
            results = self._recogniser.predict(list(new.values()), batch_size=1)
            for key, result in zip(new, results, strict=True):
                self._known[key] = (str(result["rec_text"]), float(result["rec_score"]))
        return [self._known[key] for key in keys]

    def _find_turn(self, image: Array, quads: Sequence[Array]) -> tuple[int, bool]:
        """(rotation, vertical): which way a few of the longest strips read.

        The recogniser reads characters that stand upright or lie on their left side (as laid columns do),
        and neither others nor the order tells it. So a strip is read as it is and turned by 180°, and the
        same with its characters turned one by one; each of the four ways up has its own pair of good readings:

            upright: as it is, 180° + turned      on the left side (a column laid down): as it is, turned
            180°: 180°, turned                    on the right side: 180°, 180° + turned
        """
        laid = 270 if _mostly_tall(quads) else 0
        longest = _samples(image, quads, laid, most=3)
        plain = self._score(longest, 0, stand=False)  # whole strips: known when the page is read
        turned = self._score([_beginning(longest[0])], 0, stand=True)
        if plain >= _SURE and (turned >= _SURE if laid else turned < _DOUBT):
            return 0, laid != 0  # as nearly all pages are
        more = [_beginning(strip) for strip in _samples(image, quads, laid, most=6)]
        plain, turned = self._score(more, 0, stand=False), self._score(more, 0, stand=True)
        around, both = self._score(more, 180, stand=False), self._score(more, 180, stand=True)
        if max(plain, around) < _DOUBT:
            return 0, laid != 0  # nothing reads: leave the page as it lies
        ways = {(0, False): plain + both, (90, True): plain + turned}
        ways |= {(180, False): around + turned, (270, True): around + both}
        rotation, column = max(ways, key=lambda way: ways[way])
        return (laid + rotation) % 360, column

    def _score(self, strips: Sequence[Array], rotation: int, *, stand: bool) -> float:
        """Mean confidence of strips turned by `rotation`, their characters turned one by one if `stand`."""
        ready = [geometry.turn_image(strip, rotation) for strip in strips]
        if stand:
            ready = [made for strip in ready if (made := geometry.stand_up(strip, _SAMPLE)) is not None]
        read = self._recognise(ready)
        return float(np.mean([c if t else 0.0 for t, c in read])) if read else 0.0


def _mostly_tall(quads: Sequence[Array]) -> bool:
    """Whether more of the text's length stands up than lies across."""
    tall = wide = 0.0
    for width, height in map(geometry.sides, quads):
        if height >= geometry.TALL * width:
            tall += height
        elif width >= geometry.TALL * height:
            wide += width
    return tall > wide


def _samples(image: Array, quads: Sequence[Array], laid: int, *, most: int) -> list[Array]:
    """Up to `most` strips, those with most characters (long against their thickness), turned by `laid`."""

    def characters(quad: Array) -> float:
        width, height = geometry.sides(quad)
        return height / width if laid else width / height

    chosen = sorted(quads, key=characters, reverse=True)[:most]
    return [geometry.turn_image(geometry.crop(image, quad), laid) for quad in chosen]


def _beginning(strip: Array) -> Array:
    """The strip's first few characters."""
    return strip[:, : _SAMPLE * strip.shape[0]]


def _pieces(quads: Sequence[Array], *, vertical: bool) -> list[_Piece]:
    """Quads with the way each is to be read.

    In horizontal text a tall box is often one narrow sign (1, 丨, ！): only what is also taller than two
    lines is a column. In vertical text every tall box is one.
    """
    if not quads:
        return []
    line = float(np.median([min(geometry.sides(quad)) for quad in quads]))
    pieces = []
    for quad in quads:
        width, height = geometry.sides(quad)
        column = height >= geometry.TALL * width and (vertical or height > 2.5 * line)
        pieces.append(_Piece(quad, column))
    return pieces


def _cut_column(whole: Array, strip: Array, notes: Sequence[Note]) -> list[_Piece]:
    """A column's main text and both halves of its notes. whole: the quad of `strip` on the page."""
    height, width = strip.shape[:2]
    pieces = []
    ends = [0, *(row for note in notes for row in (note.top, note.bottom)), height]
    for top, bottom in zip(ends[::2], ends[1::2], strict=True):
        if bottom - top > 0.4 * width and geometry.ink(strip[top:bottom]).any():
            quad = geometry.part(whole, 0, top / height, 1, bottom / height)
            pieces.append(_Piece(quad, bottom - top >= geometry.TALL * width))
    for note in notes:
        middle, top, bottom = note.gutter / width, note.top / height, note.bottom / height
        for left, right in ((middle, 1.0), (0.0, middle)):
            pieces.append(_Piece(geometry.part(whole, left, top, right, bottom), True))
    return pieces


def _strip(page: Array, piece: _Piece) -> Array:
    """The piece's pixels, its long side across. Columns turn to the left, as the recogniser learnt them."""
    pixels = geometry.crop(page, piece.quad)
    return geometry.turn_image(pixels, 270) if piece.column else pixels


def _glue(texts: Sequence[str]) -> str:
    """Pieces of one line: a space only between two that end and begin with Latin letters or digits."""
    line = texts[0]
    for text in texts[1:]:
        apart = line[-1:].isascii() and text[:1].isascii() and line[-1:].isalnum() and text[:1].isalnum()
        line = f"{line} {text}" if apart else line + text
    return line

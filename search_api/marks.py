"""Where the words of a question stand on a text as shown, and on the scan. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil, floor

from holdings.records import PageText, Passage
from holdings.text import cut_passages, normalise

Span = tuple[int, int]
Box = tuple[int, int, int, int]

#: Passages shown for a hit.
SHOWN = 2
#: What the division of a line into characters may be out by, in pixels.
_ROUNDING = 1e-6


@dataclass(frozen=True)
class Marker:
    """Finds a question's words on texts. `needles` are normalised."""

    needles: tuple[str, ...]

    def spans(self, text: str) -> list[Span]:
        """[start, end) of every match in `text` as shown, merged where they touch, in order."""
        return merged([normalised_span for normalised_span, _ in self.found(text)])

    def found(self, text: str) -> list[tuple[Span, str]]:
        """Every match with its needle; the longest needle wins where several begin. Remembered: a text may be
        looked at to choose it, and again to show it."""
        if not self.needles or not text:
            return []
        known = self._known.get(text)
        if known is None:
            normalised = normalise(text)
            known = self._known[text] = [
                (normalised.span(match.start(), match.end()), match.group())
                for match in self._pattern.finditer(normalised.text)
            ]
        return known

    @cached_property
    def _known(self) -> dict[str, list[tuple[Span, str]]]:
        return {}

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        ordered = sorted(self.needles, key=len, reverse=True)
        return re.compile("|".join(_needle(n) for n in ordered))


def _needle(needle: str) -> str:
    """A needle as a pattern. Latin words and numbers are whole words: 12 is not found in 1953."""
    quoted = re.escape(needle)
    return rf"(?<![0-9a-z]){quoted}(?![0-9a-z])" if needle.isascii() else quoted


def merged(spans: Sequence[Span]) -> list[Span]:
    out: list[Span] = []
    for start, end in sorted(spans):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((start, end))
    return out


@dataclass(frozen=True)
class Shown:
    """A passage to show: marks point into `text`; boxes are pixels of the page image (x, y, w, h)."""

    page: int
    text: str
    start: int
    marks: tuple[Span, ...] = ()
    boxes: tuple[Box, ...] = ()
    matched: tuple[str, ...] = ()
    by_meaning: bool = False


def best_passages(
    texts: Sequence[tuple[int, str, PageText | None]],
    marker: Marker,
    meaning: Sequence[tuple[int, int]],
) -> list[Shown]:
    """The passages that best say why a record was found: most different words first, then meaning's choice.

    texts: (page number, text as shown, the page's lines if it has any); page 0 is the description.
    meaning: (page, passage number) of the meaning leg's best passages, best first.
    """
    candidates: list[tuple[float, Shown]] = []
    for page, text, lines in texts:
        found = marker.found(text)
        numbers = [number for p, number in meaning if p == page]
        if not found and not numbers:
            continue
        for passage in cut_passages(text, page):
            shown = _shown(passage, found, lines, by_meaning=passage.number in numbers)
            score = len(set(shown.matched)) + (1.5 if shown.by_meaning else 0)
            if score:
                candidates.append((score, shown))
    # Of equals a page says more than the description, whose title stands above it anyway.
    candidates.sort(key=lambda c: (-c[0], c[1].page == 0, c[1].page, c[1].start))
    return [shown for _, shown in candidates[:SHOWN]]


def _shown(
    passage: Passage, found: Sequence[tuple[Span, str]], lines: PageText | None, *, by_meaning: bool
) -> Shown:
    own = [(span, needle) for span, needle in found if passage.start <= span[0] and span[1] <= passage.end]
    spans = merged([span for span, _ in own])
    return Shown(
        page=passage.page,
        text=passage.text,
        start=passage.start,
        marks=tuple((start - passage.start, end - passage.start) for start, end in spans),
        boxes=tuple(boxes(lines, spans)) if lines else (),
        matched=tuple(needle for _, needle in own),
        by_meaning=by_meaning,
    )


def boxes(page: PageText, spans: Sequence[Span]) -> list[Box]:
    """Where these spans of the page's text stand on its image; lines without a box give none.

    A line's characters are taken as equally wide (CJK type is): along the line's longer side.
    """
    out: list[Box] = []
    offset = 0
    for line in page.lines:
        length = len(line.text)
        for start, end in spans:
            a, b = max(start - offset, 0), min(end - offset, length)
            if a < b and line.box is not None:
                out.append(_part(line.box, a / length, b / length, page.rotation))
        offset += length + 1
    return out


def _part(box: Box, a: float, b: float, rotation: int) -> Box:
    """The part a..b (0–1) of a line's box in reading direction, on the image as it is stored; never outside.

    rotation: how far the stored image must be turned clockwise to be upright. Upright lines run rightwards
    (columns downwards); on a page that lies otherwise some run against their axis.
    """
    x, y, w, h = box
    along = "x" if w >= h else "y"
    if rotation == 180 or (rotation, along) in ((90, "y"), (270, "x")):
        a, b = 1 - b, 1 - a
    length = w if along == "x" else h
    start = min(floor(a * length + _ROUNDING), length - 1)
    size = max(1, min(ceil(b * length - _ROUNDING), length) - start)
    return (x + start, y, size, h) if along == "x" else (x, y + start, w, size)

"""Redaction 涂黑: words cut from a page's text by their share of the line's box. Pure.

Default deny: what cannot be placed is cut. A line without a box, or one whose box does not fit the page's
writing direction, goes whole.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from unicodedata import east_asian_width

from holdings.records import Line, PageText

Box = tuple[int, int, int, int]

#: What stands where words were cut.
GAP = "■"
#: Reasons, coded.
REASONS: dict[str, str] = {
    "privacy": "个人隐私",
    "identity": "证件、账号、电话",
    "address": "家庭住址",
    "health": "健康与病情",
    "minor": "未成年人",
    "commercial": "商业秘密",
    "third-party": "第三方权益",
    "other": "其他",
}
#: Pixels are redrawn to whole blocks of a JPEG: beyond a region's edge its colours would still ring. And one
#: pixel more: a decoder draws halved colours out into the neighbouring block (libjpeg, fancy upsampling).
BLOCK, BLEEDS = 16, 1
#: Share of a line's thickness that a region must cover to touch its words.
TOUCHES = 0.1


def blackened(box: Box, width: int, height: int) -> Box:
    """The region in pixels to redraw: grown to whole blocks and what they bleed into, within the image."""
    x, y, w, h = box
    left, top = max(0, x // BLOCK * BLOCK - BLEEDS), max(0, y // BLOCK * BLOCK - BLEEDS)
    right = min(width, -(-(x + w) // BLOCK) * BLOCK + BLEEDS)
    bottom = min(height, -(-(y + h) // BLOCK) * BLOCK + BLEEDS)
    return left, top, max(0, right - left), max(0, bottom - top)


def redacted_text(text: PageText, regions: Sequence[Box], *, whole: bool = False) -> PageText:
    """What is left of a reading of the page when these regions (pixels of the stored image) are gone.

    whole: nothing is left. The rest keeps its boxes, shortened to what is shown.
    """
    if whole:
        return replace(text, lines=())
    if not regions:
        return text
    lines = [left for line in text.lines for left in _left_of(line, regions, text)]
    return replace(text, lines=tuple(lines))


def _left_of(line: Line, regions: Sequence[Box], text: PageText) -> list[Line]:
    if line.box is None or not line.text:
        return []
    if not _fits(line, _along_x(text)):
        return [] if any(_meets(line.box, region) for region in regions) else [line]
    touched = [region for region in regions if _touches(line.box, region, _along_x(text))]
    if not touched:
        return [line]
    cut = [any(_covers(span, r, _along_x(text)) for r in touched) for span in _spans(line, text)]
    kept = "".join(GAP if gone else c for c, gone in zip(line.text, cut, strict=True))
    said = re.sub(f"{GAP}+", GAP, kept)
    # The box stays the line's: a shorter one would point beside the words that are left.
    return [replace(line, text=said)] if said.strip(GAP + " ") else []


def _along_x(text: PageText) -> bool:
    """Whether the writing runs along the stored image's width."""
    return (text.rotation in (0, 180)) != text.vertical


def _touches(box: Box, region: Box, along_x: bool) -> bool:
    """Whether the region lies over the line, and not merely at its edge."""
    x, y, w, h = box
    across, along = _overlap(y, h, region[1], region[3]), _overlap(x, w, region[0], region[2])
    if not along_x:
        across, along = along, across
    thickness = h if along_x else w
    return along > 0 and across > TOUCHES * thickness


def _meets(box: Box, region: Box) -> bool:
    return _overlap(box[0], box[2], region[0], region[2]) > 0 < _overlap(box[1], box[3], region[1], region[3])


def _overlap(start: int, size: int, other: int, other_size: int) -> int:
    return min(start + size, other + other_size) - max(start, other)


def _fits(line: Line, along_x: bool) -> bool:
    """Whether the box is as long as its writing direction asks; a crosswise one cannot be cut by shares."""
    assert line.box is not None
    _, _, w, h = line.box
    return len(line.text) < 3 or (w >= h if along_x else h >= w)


def _spans(line: Line, text: PageText) -> list[tuple[float, float]]:
    """Where each character lies along the line, in pixels of the stored image, half a character wider on
    both sides: characters are not all of one width."""
    assert line.box is not None
    x, y, w, h = line.box
    along_x = _along_x(text)
    start, length = (x, w) if along_x else (y, h)
    weights = [1.0 if east_asian_width(c) in "WFA" else 0.55 for c in line.text]
    unit = length / sum(weights)
    spans, at = [], 0.0
    for weight in weights:
        spans.append((at * unit - unit / 2, (at + weight) * unit + unit / 2))
        at += weight
    if _backwards(text):
        spans = [(length - end, length - begin) for begin, end in spans]
    return [(start + begin, start + end) for begin, end in spans]


def _backwards(text: PageText) -> bool:
    """Whether the writing runs against the stored image's axis, as the page was turned when scanned."""
    return text.rotation in ((180, 270) if text.vertical else (90, 180))


def _covers(span: tuple[float, float], region: Box, along_x: bool) -> bool:
    start, size = (region[0], region[2]) if along_x else (region[1], region[3])
    return span[0] < start + size and start < span[1]


@dataclass(frozen=True)
class Hides:
    """What of one page only staff may see. regions: pixels of the stored image."""

    regions: tuple[Box, ...] = ()
    whole: bool = False

    def __bool__(self) -> bool:
        return self.whole or bool(self.regions)

    def of_text(self, text: PageText) -> PageText:
        return redacted_text(text, self.regions, whole=self.whole)

    def boxes(self, width: int, height: int) -> list[Box]:
        """The pixels to redraw of an image of this size."""
        if self.whole:
            return [(0, 0, width, height)]
        return [blackened(box, width, height) for box in self.regions]


NOTHING_HIDDEN = Hides()

"""Which way up a page is, told by reading a few of its strips. No orientation model can be had offline."""

from __future__ import annotations

from collections.abc import Sequence

from models import sight_geometry as geometry
from models.sight_geometry import Array
from models.sight_strips import DOUBT, SURE, Strips, mean_confidence

_SAMPLE = 6  # characters of a strip that tell whether they stand
_WHOLE = 3  # strips read whole, …
_MOST = 6  # … and at most so many in part
# Means over single characters turned (138 sample pages, each in four turns: no error): columns 0.78–1.0, rows
# 0–0.75 for nearly all; one strip in fifty strays, so what is not expected of the boxes' shape needs three.
_COLUMN, _ROW, _FIRST_ROW, _EVEN = 0.88, 0.7, 0.65, 0.75


def find_turn(strips: Strips) -> tuple[int, bool]:
    """(rotation, vertical): degrees to turn the image clockwise, and whether its text runs in columns.

    The recogniser reads characters that stand upright or lie on their left side (as laid columns do), and
    neither others nor the order tells it. So of strips laid across, those that read as they are, or else turned
    by 180°, give the direction; and whether their characters, each turned back upright, read as well tells columns
    from rows. Strips read whole are known when the page is read: an upright page costs one or two short readings.
    """
    laid = 270 if _mostly_tall(strips.quads) else 0
    longest = _longest(strips.quads, upright=bool(laid))
    plain = strips.read([(i, laid) for i in longest[:_WHOLE]])
    direction = laid
    if mean_confidence(plain) < SURE:
        around = strips.read([(i, (laid + 180) % 360) for i in longest[:_WHOLE]])
        best = max(mean_confidence(plain), mean_confidence(around))
        if best < DOUBT:
            return 0, bool(laid)  # nothing reads: leave the page as it lies
        if mean_confidence(around) > mean_confidence(plain):
            direction = (laid + 180) % 360
    vertical = _is_column(strips, longest, direction, expected=bool(laid))
    return (direction + 90 * vertical) % 360, vertical


def _is_column(strips: Strips, longest: Sequence[int], direction: int, *, expected: bool) -> bool:
    """Whether strips, laid so that they read, are columns: their characters read turned back one by one."""
    read: list[tuple[str, float]] = []
    for place, index in enumerate(longest):
        if place < _WHOLE and strips.read([(index, direction)])[0][1] < DOUBT:
            continue
        beginning = _beginning(strips.turned(index, direction))
        standing = geometry.stand_up(beginning, _SAMPLE)
        if standing is None:
            continue
        read += strips.recognise([standing])
        mean, count = mean_confidence(read), len(read)
        if mean < (_FIRST_ROW if count == 1 else _ROW) and count >= (3 if expected else 1):
            return False
        if mean >= _COLUMN and count >= (2 if expected else 3):
            return True
    return mean_confidence(read) >= _EVEN if read else expected


def _mostly_tall(quads: Sequence[Array]) -> bool:
    """Whether more of the text's length stands up than lies across."""
    tall = wide = 0.0
    for width, height in map(geometry.sides, quads):
        if height >= geometry.TALL * width:
            tall += height
        elif width >= geometry.TALL * height:
            wide += width
    return tall > wide


def _longest(quads: Sequence[Array], *, upright: bool) -> list[int]:
    """Indices of the quads with most characters (long against their thickness), at most `_MOST`."""

    def characters(index: int) -> float:
        width, height = geometry.sides(quads[index])
        return height / width if upright else width / height

    return sorted(range(len(quads)), key=characters, reverse=True)[:_MOST]


def _beginning(strip: Array) -> Array:
    """The strip's first few characters."""
    return strip[:, : _SAMPLE * strip.shape[0]]

"""Show-through: the writing of the other side of the leaf, lighter than this side's, and how to wash it out.

Pure functions on images (uint8, height × width × 3) and on measured depths of ink (grey levels below paper).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from models import sight_geometry as geometry
from models.sight_geometry import Array

#: Show-through is at most this deep, against this side's ink, …
_LIGHTER = 0.75
#: … and reads with less than this confidence (a surer one where it is hardly there).
_WEAK = 0.75
_FAINT, _FAINT_WEAK = 0.35, 0.9
_TRIED = 5
#: After washing, a strip with less of the ink's depth is empty; more of the ink outside all quads is not yet found.
_EMPTY, _OUTSIDE = 0.3, 0.02


def depth(strip: Array) -> float:
    """How many grey levels a line's ink lies below its paper (by a ninth of its green pixels)."""
    some = strip[::3, ::3, 1]
    return float(np.percentile(some, 90) - np.percentile(some, 4))


@dataclass(frozen=True)
class ShowThrough:
    """depth: of the show-through, ink: of this side's writing (grey levels). own: strips that washing leaves."""

    depth: float
    ink: float
    own: tuple[int, ...]


def show_through(
    strips: Sequence[Array], read: Callable[[Sequence[int]], Sequence[tuple[str, float]]]
) -> ShowThrough | None:
    """The show-through of a page, if it has any.

    Lines much lighter than the page's ink are suspected; `read`, which gives (text, confidence) of strips by
    index, tries the longest of them: light lines that read well are this side's own, faded or in another ink.
    """
    if len(strips) < 4:
        return None
    depths = np.array([depth(strip) for strip in strips])
    full = float(np.percentile(depths, 75))
    light = [i for i, d in enumerate(depths) if d < _LIGHTER * full]
    if len(light) < 2:
        return None
    tried = sorted(light, key=lambda i: -max(strips[i].shape) / min(strips[i].shape[:2]))[:_TRIED]
    limits = [_FAINT_WEAK if depths[i] < _FAINT * full else _WEAK for i in tried]
    weak = [i for i, (_, c), limit in zip(tried, read(tried), limits, strict=True) if c < limit]
    if len(weak) < max(2, len(tried) / 2):
        return None
    through = max(float(depths[i]) for i in weak)
    own = np.flatnonzero(depths * _kept(depths, through, full) > _EMPTY * full)
    return ShowThrough(through, full, tuple(int(i) for i in own))


def wash(image: Array, through: ShowThrough) -> Array:
    """The image with what is not deeper than the show-through made paper; ink of full depth stays as it is."""
    import cv2

    paper = _paper(image)
    below = cv2.subtract(paper, image)
    keep = (255 * _kept(np.arange(256), through.depth, through.ink)).astype(np.uint8)
    share = np.asarray(cv2.LUT(below.max(axis=2), keep))
    return np.asarray(cv2.subtract(paper, cv2.multiply(below, cv2.merge([share] * 3), scale=1 / 255)))


def is_covered(washed: Array, quads: Sequence[Array]) -> bool:
    """Whether nearly all ink stands within the quads; else the page is to be looked through anew.

    Ink outside is writing that the show-through hid from the detector, or the rules of a table.
    """
    import cv2

    ink = geometry.ink(washed)
    inside = np.zeros(ink.shape, np.uint8)
    cv2.fillPoly(inside, [quad.astype(np.int32) for quad in quads], (1,))
    return int(np.count_nonzero(ink & (inside == 0))) <= _OUTSIDE * int(np.count_nonzero(ink))


def _kept(depths: Array, light: float, full: float) -> Array:
    """The share (0–1) of its depth that ink keeps in washing."""
    return np.clip((depths - light) / (0.35 * (full - light)), 0, 1)


def _paper(image: Array) -> Array:
    """The paper beneath the writing: the image's local median, same shape."""
    import cv2

    height, width = image.shape[:2]
    factor = max(1, min(height, width) // 150)
    small = cv2.resize(
        image, (max(1, width // factor), max(1, height // factor)), interpolation=cv2.INTER_AREA
    )
    smooth = cv2.medianBlur(small, 21)
    return np.asarray(cv2.resize(smooth, (width, height), interpolation=cv2.INTER_LINEAR))

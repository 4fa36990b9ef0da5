"""Show-through: the writing of the other side of the leaf, lighter than this side's, and how to wash it out.

Pure functions on images (uint8, height × width × 3) and on measured depths of ink (grey levels below paper).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from models.sight_geometry import Array

#: Show-through is at most this deep, against this side's ink, …
_LIGHTER = 0.75
#: … and reads with less than this confidence (a surer one where it is hardly there).
_WEAK = 0.75
_FAINT, _FAINT_WEAK = 0.35, 0.9
_TRIED = 5


def depth(strip: Array) -> float:
    """How many grey levels a line's ink lies below its paper (by a ninth of its green pixels)."""
    some = strip[::3, ::3, 1]
    return float(np.percentile(some, 90) - np.percentile(some, 4))


def show_through(
    strips: Sequence[Array], read: Callable[[Sequence[int]], Sequence[tuple[str, float]]]
) -> tuple[float, float] | None:
    """(depth of the show-through, depth of the ink), if the page has any; else None.

    Lines much lighter than the page's ink are suspected; `read`, which gives (text, confidence) of
    strips by index, tries the longest of them: light lines that read well are this side's own, faded or in another ink.
    """
    if len(strips) < 4:
        return None
    depths = [depth(strip) for strip in strips]
    full = float(np.percentile(depths, 75))
    light = [i for i, d in enumerate(depths) if d < _LIGHTER * full]
    if len(light) < 2:
        return None
    tried = sorted(light, key=lambda i: -max(strips[i].shape) / min(strips[i].shape[:2]))[:_TRIED]
    sure = read(tried)
    limits = [_FAINT_WEAK if depths[i] < _FAINT * full else _WEAK for i in tried]
    weak = [i for i, (_, c), limit in zip(tried, sure, limits, strict=True) if c < limit]
    return (max(depths[i] for i in weak), full) if len(weak) >= max(2, len(tried) / 2) else None


def wash(image: Array, light: float, full: float) -> Array:
    """The image with what is not deeper than `light` made paper; ink as deep as `full` stays as it is."""
    import cv2

    paper = _paper(image)
    below = (paper - image.astype(np.float32)).max(axis=2, keepdims=True)
    keep = np.clip((below - light) / (0.35 * (full - light)), 0, 1)
    washed = paper - (paper - image) * keep
    return np.asarray(cv2.convertScaleAbs(washed))


def _paper(image: Array) -> Array:
    """The paper beneath the writing: the image's local median, float32, same shape."""
    import cv2

    height, width = image.shape[:2]
    factor = max(1, min(height, width) // 150)
    small = cv2.resize(
        image, (max(1, width // factor), max(1, height // factor)), interpolation=cv2.INTER_AREA
    )
    smooth = cv2.medianBlur(small, 21)
    return np.asarray(cv2.resize(smooth, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.float32)

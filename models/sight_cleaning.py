"""Show-through: the writing of the other side of the leaf, lighter than this side's, and how to wash it out.

Pure functions on images (uint8, height × width × 3) and on measured depths of ink (grey levels below paper).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.sight_geometry import Array

#: A line below this confidence may be show-through; above _READ it is this side's writing.
_WEAK, _READ = 0.75, 0.9
#: Show-through is at most this deep, against this side's ink.
_LIGHTER = 0.72


def depth(strip: Array) -> float:
    """How many grey levels a line's ink lies below its paper."""
    grey = strip.mean(axis=2)
    return float(np.percentile(grey, 90) - np.percentile(grey, 4))


def show_through(strips: Sequence[Array], confidences: Sequence[float]) -> tuple[float, float] | None:
    """(depth of the show-through, depth of the ink) where weak lines are lighter than read ones; else None."""
    ink = [depth(s) for s, c in zip(strips, confidences, strict=True) if c >= _READ]
    weak = [depth(s) for s, c in zip(strips, confidences, strict=True) if c < _WEAK]
    if len(ink) < 3 or not weak:
        return None
    full = float(np.median(ink))
    light = [d for d in weak if d < _LIGHTER * full]
    return (float(np.max(light)), full) if len(light) >= max(2, 0.05 * len(strips)) else None


def wash(image: Array, light: float, full: float) -> Array:
    """The image with what is not deeper than `light` made paper; ink as deep as `full` stays as it is."""
    import cv2

    paper = _paper(image)
    below = (paper - image.astype(np.float32)).max(axis=2, keepdims=True)
    start, end = 0.8 * light, 0.8 * light + 0.4 * (full - 0.8 * light)
    keep = np.clip((below - start) / (end - start), 0, 1)
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

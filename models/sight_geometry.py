"""Geometry of reading: quads, turns, skew, crops. Pure functions on numpy arrays.

A quad is float32 of shape (4, 2): top left, top right, bottom right, bottom left, in pixels (x, y).
An image is uint8 of shape (height, width, 3), blue green red.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Box = tuple[int, int, int, int]

#: A box this many times as high as wide is a column.
TALL = 1.5


def quad_of(points: Array) -> Array:
    """Four corners in any order as a quad; its top edge is the one nearest to level."""
    middle = points.mean(axis=0)
    around = np.argsort(np.arctan2(points[:, 1] - middle[1], points[:, 0] - middle[0]))
    ring = points[around].astype(np.float32)  # clockwise, as y grows downwards
    edges = np.roll(ring, -1, axis=0) - ring
    level_edge = np.argmax(edges[:, 0] / np.maximum(np.linalg.norm(edges, axis=1), 1e-6))
    return np.roll(ring, -int(level_edge), axis=0)


def sides(quad: Array) -> tuple[float, float]:
    """(width, height) of a quad."""
    width = max(math.dist(quad[0], quad[1]), math.dist(quad[3], quad[2]))
    height = max(math.dist(quad[0], quad[3]), math.dist(quad[1], quad[2]))
    return width, height


def turn_image(image: Array, rotation: int) -> Array:
    """The image turned clockwise by 0, 90, 180 or 270 degrees."""
    return np.ascontiguousarray(np.rot90(image, k=(-rotation // 90) % 4))


def turn_points(points: Array, rotation: int, size: tuple[int, int]) -> Array:
    """Where points (…, 2) of an image of `size` (width, height) lie once it is turned clockwise."""
    width, height = size
    x, y = points[..., 0], points[..., 1]
    turned = {0: (x, y), 90: (height - y, x), 180: (width - x, height - y), 270: (y, width - x)}[rotation]
    return np.stack(turned, axis=-1).astype(np.float32)


def turn_quads(quads: Sequence[Array], rotation: int, size: tuple[int, int]) -> list[Array]:
    """Quads of an image turned clockwise, their corners named anew."""
    corner = rotation // 90
    return [np.roll(turn_points(quad, rotation, size), corner, axis=0) for quad in quads]


def skew(quads: Sequence[Array], *, vertical: bool) -> float:
    """Degrees that lines lean clockwise (−20 to 20): the median over quads, each weighing its length."""
    angles, weights = [], []
    for quad in quads:
        width, height = sides(quad)
        long, short = (height, width) if vertical else (width, height)
        if long < 3 * short:
            continue
        dx, dy = (
            (quad[3] - quad[0] + quad[2] - quad[1]) if vertical else (quad[1] - quad[0] + quad[2] - quad[3])
        )
        angle = math.degrees(math.atan2(-dx, dy) if vertical else math.atan2(dy, dx))
        if abs(angle) <= 20:
            angles.append(angle)
            weights.append(long)
    if not angles:
        return 0.0
    order = np.argsort(angles)
    half = np.cumsum(np.asarray(weights)[order])
    return float(angles[order[int(np.searchsorted(half, half[-1] / 2))]])


def level(quad: Array, angle: float) -> tuple[float, float, float, float]:
    """(x, y, width, height) of a quad after the page, leaning `angle` degrees, is set straight."""
    turn = math.radians(-angle)
    spin = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    points = quad @ spin.T
    (x, y), (right, bottom) = points.min(axis=0), points.max(axis=0)
    return float(x), float(y), float(right - x), float(bottom - y)


def unlevel(box: tuple[float, float, float, float], angle: float) -> Array:
    """The quad, on the page leaning `angle` degrees, of a box that `level` gave."""
    x, y, width, height = box
    turn = math.radians(angle)
    spin = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    corners = np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]])
    return np.asarray(corners @ spin.T, dtype=np.float32)


def crop(image: Array, quad: Array) -> Array:
    """The quad's part of the image, set straight, as high and wide as the quad."""
    import cv2

    width, height = (max(1, round(side)) for side in sides(quad))
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
    matrix = cv2.getPerspectiveTransform(quad.astype(np.float32), target)
    return np.asarray(
        cv2.warpPerspective(
            image, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        )
    )


def part(quad: Array, left: float, top: float, right: float, bottom: float) -> Array:
    """The part of a quad between fractions (0–1) of its width and height."""

    def at(u: float, v: float) -> Array:
        upper = quad[0] + (quad[1] - quad[0]) * u
        lower = quad[3] + (quad[2] - quad[3]) * u
        return np.asarray(upper + (lower - upper) * v)

    corners = [at(left, top), at(right, top), at(right, bottom), at(left, bottom)]
    return np.stack(corners).astype(np.float32)


def bounding_box(points: Array, scale: float, limit: tuple[int, int]) -> Box:
    """Whole-pixel (x, y, width, height) around points times `scale`, inside an image of `limit` (width, height)."""
    low = np.floor(points.reshape(-1, 2).min(axis=0) * scale)
    high = np.ceil(points.reshape(-1, 2).max(axis=0) * scale)
    x, y = (int(min(max(low[i], 0), limit[i] - 1)) for i in (0, 1))
    right, bottom = (int(min(max(high[i], 1), limit[i])) for i in (0, 1))
    return x, y, max(1, right - x), max(1, bottom - y)


def ink(image: Array) -> Array:
    """Where there is ink: bool (height, width), by Otsu's threshold on grey."""
    import cv2

    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    _, dark = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
    return np.asarray(dark) > 0


def cells(strip: Array, most: int) -> list[Array]:
    """Up to `most` character cells of a strip (long side across), cut at the blanks nearest the pitch."""
    height, width = strip.shape[:2]
    profile = ink(strip).sum(axis=0)
    inked = np.flatnonzero(profile)
    if not len(inked):
        return []
    found: list[Array] = []
    start, pitch, slack = int(inked[0]), 0.95 * height, 0.3 * height
    while len(found) < most and start < width - slack:
        low, high = int(start + pitch - slack), min(width, int(start + pitch + slack))
        if low >= high:
            break
        off = np.abs(np.arange(low, high) - (start + pitch)) / height
        end = low + int(np.argmin(profile[low:high] + off))
        found.append(strip[:, start:end])
        after = np.flatnonzero(profile[end:])
        if not len(after):
            break
        start = end + int(after[0])
    return found


def stand_up(strip: Array, most: int) -> Array | None:
    """The strip's characters each turned clockwise by 90° and set side by side; None when there are too few."""
    turned = [np.rot90(cell, k=-1) for cell in cells(strip, most)]
    if len(turned) < 2:
        return None
    height = max(cell.shape[0] for cell in turned)
    paper = np.percentile(strip.reshape(-1, 3), 80, axis=0).astype(np.uint8)
    out = []
    for cell in turned:
        sheet = np.empty((height, cell.shape[1], 3), dtype=np.uint8)
        sheet[:] = paper
        top = (height - cell.shape[0]) // 2
        sheet[top : top + cell.shape[0]] = cell
        out.append(sheet)
    return np.concatenate(out, axis=1)

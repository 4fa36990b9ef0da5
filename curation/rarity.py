"""Rare and beautiful 少而精: few of their kind, well scanned, never shown. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: Pixels of the long side from which a scan is good to show: A4 at 200 dpi (DA/T 31-2017) is 2,339 long.
GOOD, FAIR = 2_300, 1_200
#: Nearest others that say how alone a record is.
ALONE_AMONG = 5
#: Of one kind this many or fewer are few.
FEW = 3


@dataclass(frozen=True)
class Kept:
    """What is asked about a record. scans: pages with an image, 0 for none; pixels: the shortest long side of
    them; unread: pages whose reading failed; shown: times it was shown."""

    genre: str
    decade: str
    scans: int
    pixels: int
    unread: int
    shown: int


@dataclass(frozen=True)
class Rare:
    """place: of the record in what was asked; alike: records of its kind and decade, itself among them; pixels:
    as in Kept; score: between records of one set only."""

    place: int
    score: float
    alike: int
    pixels: int


def rare(kept: Sequence[Kept], vectors: NDArray[np.float32], most: int) -> list[Rare]:
    """The rarest that are scanned and were never shown, best first. vectors: (n, dimension), rows of length 1."""
    kinds = Counter((one.genre, one.decade) for one in kept)
    candidates = [n for n, one in enumerate(kept) if one.scans and not one.shown and one.pixels >= FAIR]
    found = []
    for n, alone in zip(candidates, _alone(vectors, candidates), strict=True):
        one = kept[n]
        alike = kinds[one.genre, one.decade]
        scan = min(1.0, one.pixels / GOOD) - 0.5 * one.unread / one.scans
        found.append(Rare(n, scan + min(1.0, FEW / alike) + 2 * float(alone), alike, one.pixels))
    return sorted(found, key=lambda r: (-r.score, r.place))[:most]


def _alone(vectors: NDArray[np.float32], chosen: Sequence[int]) -> NDArray[np.float32]:
    """1 less the mean cosine to the nearest others, (chosen,)."""
    count = min(ALONE_AMONG, len(vectors) - 1)
    if count < 1:
        return np.ones(len(chosen), np.float32)
    out = np.empty(len(chosen), np.float32)
    for start in range(0, len(chosen), 500):
        part = np.asarray(chosen[start : start + 500], np.int64)
        cosines = vectors[part] @ vectors.T
        cosines[np.arange(len(part)), part] = -2.0  # not itself
        nearest = np.partition(cosines, -count, axis=1)[:, -count:]
        out[start : start + 500] = 1 - nearest.mean(axis=1)
    return out

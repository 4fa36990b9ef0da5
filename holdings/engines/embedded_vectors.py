"""The meaning leg: signs of the centred vectors find candidates, the rows themselves rescore them.

A vector's sign bits (64 bytes at 512 dimensions) are compared by Hamming distance with faiss; the best
RESCORED rows are then scored exactly. Up to EXACT rows are scored without that detour. A filter is a
mask over rows; it never costs recall, for the candidates are sought among the rows that pass.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from holdings.engines.embedded_columns import Mask, Numbers
from holdings.engines.port import Vector

Rows = NDArray[np.float16]
Signs = NDArray[np.uint8]
Scores = NDArray[np.float32]

#: Rows rescored exactly after the search by signs.
RESCORED = 2_000
#: At most this many rows: score them all.
EXACT = 4_000
#: Rows at which the centring mean is first taken; until then every search is exact.
MEAN_AT = 5_000
#: The mean is taken again when the rows have grown by this factor since.
MEAN_AGAIN = 10
#: Rows the mean is taken from at most, spread evenly.
MEAN_SAMPLE = 100_000
#: A filter that lets fewer rows through than this share: gather their signs, and scan only those.
GATHER_SHARE = 0.04
#: Rows asked to learn what share a filter lets through.
SAMPLED = 2_000
#: Most rows a filtered scan looks at before it asks the filter of every row (faiss keeps 4 KB for each).
MOST_OVERSAMPLED = 50_000

_BLOCK = 8_192


def load_faiss() -> Any:
    """faiss, imported when first needed, and untyped: its stubs lack what we call."""
    return import_module("faiss")


def mean_of(rows: Rows) -> Vector:
    """The centring mean of evenly spread rows, shape (dimension,)."""
    step = max(1, len(rows) // MEAN_SAMPLE)
    total = np.zeros(rows.shape[1], np.float64)
    count = 0
    for start in range(0, len(rows), step * _BLOCK):
        block = rows[start : start + step * _BLOCK : step].astype(np.float32)
        total += block.sum(0, dtype=np.float64)
        count += len(block)
    return (total / max(1, count)).astype(np.float32)


def signs_of(vectors: Rows | Vector, mean: Vector) -> Signs:
    """One bit a dimension: above the mean or not. Shape (n, ceil(dimension / 8))."""
    return np.packbits(vectors.astype(np.float32) > mean, axis=-1)


def exact_scores(rows: Rows, chosen: Numbers, vector: Vector) -> Scores:
    """Cosines of the chosen rows, to 6 decimals, so that equal vectors tie wherever they lie.

    faiss scores half floats as they are (0.7 ms for 2,000 rows of 512; widened first it takes 1.5).
    """
    scores = np.empty(len(chosen), np.float32)
    if len(chosen):
        faiss = load_faiss()
        dimension = rows.shape[1]
        halves = faiss.ScalarQuantizer.QT_fp16
        index = faiss.IndexScalarQuantizer(dimension, halves, faiss.METRIC_INNER_PRODUCT)
        index.add_sa_codes(np.ascontiguousarray(rows[chosen]).view(np.uint8))
        found, at = index.search(np.ascontiguousarray(vector, np.float32)[None], len(chosen))
        scores[at[0]] = found[0]
    return np.round(scores, 6)


def nearest_signs(signs: Signs, query: Signs, count: int) -> Numbers:
    """Row numbers of the `count` smallest Hamming distances, nearest first."""
    faiss = load_faiss()
    count = min(count, len(signs))
    distances = np.empty(count, np.int32)
    labels = np.empty(count, np.int64)
    faiss.hammings_knn_mc(
        faiss.swig_ptr(query), faiss.swig_ptr(signs), 1, len(signs), count, signs.shape[1],
        faiss.swig_ptr(distances), faiss.swig_ptr(labels),
    )  # fmt: skip
    return labels[labels >= 0]


def selected_signs(signs: Signs, query: Signs, mask: Mask, count: int) -> Numbers:
    """The same among the rows of a mask, at least `count` of them."""
    faiss = load_faiss()
    distances = np.empty(count, np.int32)
    labels = np.empty(count, np.int64)
    heap = faiss.int_maxheap_array_t()
    heap.nh, heap.k = 1, count
    heap.ids, heap.val = faiss.swig_ptr(labels), faiss.swig_ptr(distances)
    bits = np.packbits(mask, bitorder="little")
    faiss.hammings_knn_hc(
        heap, faiss.swig_ptr(query), faiss.swig_ptr(signs), len(signs), signs.shape[1], 1,
        faiss.EXACT_TOPK, faiss.IDSelectorBitmap(bits),
    )  # fmt: skip
    return labels[labels >= 0]


@dataclass(frozen=True)
class Vectors:
    """Rows of one snapshot. `signs` and `mean` are None until there are MEAN_AT rows.

    alive: rows of live documents, shape (rows,); living: how many.
    """

    rows: Rows
    signs: Signs | None
    mean: Vector | None
    alive: Mask
    living: int

    def search(self, vector: Vector, passing: Mask | None, rescored: int) -> tuple[Numbers, Scores]:
        """Candidate rows among those alive and passing, with exact scores; in no order.

        At least min(rescored, rows that pass) rows come back.
        """
        mask = self.alive if passing is None else self.alive & passing
        count = self.living if passing is None else int(np.count_nonzero(mask))
        chosen = self._candidates(vector, mask, count, rescored)
        return chosen, exact_scores(self.rows, chosen, vector)

    def likely(
        self, vector: Vector, passes: Callable[[Numbers], Mask], rescored: int
    ) -> tuple[Numbers, Scores] | None:
        """The same under a filter that is asked of the nearest rows only, shape (rows asked,): how far to
        look is told by a sample. None when that would not be exact: then the whole filter must be known."""
        if self.signs is None or self.mean is None:
            return None
        sample = np.arange(0, len(self.rows), max(1, len(self.rows) // SAMPLED))
        share = np.count_nonzero(self.alive[sample] & passes(sample)) / len(sample)
        reach = int(1.3 * rescored / max(share, 1e-9)) + 100
        if reach > min(MOST_OVERSAMPLED, len(self.rows) // 8):
            return None
        found = nearest_signs(self.signs, signs_of(vector, self.mean), reach)
        found = found[self.alive[found] & passes(found)][:rescored]
        return (found, exact_scores(self.rows, found, vector)) if len(found) == rescored else None

    def _candidates(self, vector: Vector, mask: Mask, count: int, rescored: int) -> Numbers:
        if self.signs is None or self.mean is None or count <= max(EXACT, rescored):
            return np.flatnonzero(mask)
        query = signs_of(vector, self.mean)
        if count == len(self.rows):
            return nearest_signs(self.signs, query, rescored)
        if count < GATHER_SHARE * len(self.rows):
            numbers = np.flatnonzero(mask)
            return numbers[nearest_signs(self.signs[numbers], query, rescored)]
        return self._filtered(query, mask, count, rescored)

    def _filtered(self, query: Signs, mask: Mask, count: int, rescored: int) -> Numbers:
        """Scan all and keep what passes: exact when enough of the nearest pass, and twice as fast as
        asking the filter of every row, which is what is left when they do not."""
        assert self.signs is not None
        reach = int(1.2 * rescored * len(self.rows) / count) + 100
        found = nearest_signs(self.signs, query, min(reach, MOST_OVERSAMPLED))
        found = found[mask[found]]
        return (
            found[:rescored] if len(found) >= rescored else selected_signs(self.signs, query, mask, rescored)
        )

"""Joining two ranked lists into one: weighted reciprocal rank fusion.

    score(d) = Σ over legs of weight / (k + rank of d in the leg), rank from 1; absent legs add nothing.

Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion outperforms Condorcet and individual rank learning
methods", SIGIR 2009 (there k = 60). A smaller k trusts the head of each list more. Tuned on the development
halves of both judged sets (benchmarks/README.md): k = 10 and 1:1.5 for words:meaning is best or near it on
each; 1:1 loses recall on questions in other words than the texts', 1:2 loses keyword questions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from holdings.engines.legs import Leg

K = 10.0
WORDS_WEIGHT = 1.0
MEANING_WEIGHT = 1.5

Ranks = NDArray[np.int64]


class Fused(NamedTuple):
    """One document of the joined list, with its rank (from 1) in each leg; None: not found by that leg."""

    id: str
    words_rank: int | None
    meaning_rank: int | None


class Fusion(Sequence[Fused]):
    """The joined list, best first, of which twenty are looked at: ids are read, and equal scores put in
    their order, only there.

    words_ranks, meaning_ranks: shape (documents,), from 1, 0 where that leg has not found it.
    scores: shape (documents,), descending.
    """

    def __init__(
        self, words: Leg, meaning: Leg, words_ranks: Ranks, meaning_ranks: Ranks, scores: NDArray[np.floating]
    ) -> None:
        self._legs = words, meaning
        self._ranks = words_ranks, meaning_ranks
        self._scores = scores

    def __len__(self) -> int:
        return len(self._scores)

    @overload
    def __getitem__(self, at: int) -> Fused: ...
    @overload
    def __getitem__(self, at: slice) -> list[Fused]: ...
    def __getitem__(self, at: int | slice) -> Fused | list[Fused]:
        if isinstance(at, int):
            return self[range(len(self))[at] :][0]
        start, stop, step = at.indices(len(self))
        if start >= stop:
            return []
        falling = -self._scores
        first = int(np.searchsorted(falling, falling[start], "left"))
        last = int(np.searchsorted(falling, falling[stop - 1], "right"))
        found = sorted(zip(falling[first:last].tolist(), self._fused(first, last), strict=True))
        return [fused for _, fused in found[start - first : stop - first : step]]

    def _fused(self, first: int, last: int) -> list[Fused]:
        words, meaning = (ranks[first:last] for ranks in self._ranks)
        ids = np.empty(last - first, object)
        by_words = words > 0
        ids[by_words] = self._legs[0].ids_at(words[by_words] - 1)
        ids[~by_words] = self._legs[1].ids_at(meaning[~by_words] - 1)
        rows = zip(ids.tolist(), words.tolist(), meaning.tolist(), strict=True)
        return [Fused(id_, in_words or None, in_meaning or None) for id_, in_words, in_meaning in rows]


def fuse(
    words: Leg,
    meaning: Leg,
    *,
    k: float = K,
    words_weight: float = WORDS_WEIGHT,
    meaning_weight: float = MEANING_WEIGHT,
) -> Fusion:
    """Join two legs of one answer. Best first; ties by id."""
    keys, at = np.unique(np.concatenate([words.keys, meaning.keys]), return_inverse=True)
    ranks = np.zeros((2, len(keys)), np.int64)
    scores = np.zeros(len(keys))
    parts = (at[: len(words)], words_weight), (at[len(words) :], meaning_weight)
    for leg, (found, weight) in enumerate(parts):
        ranks[leg, found] = np.arange(1, len(found) + 1)
        scores[found] += weight / (k + ranks[leg, found])
    order = np.argsort(-scores, kind="stable")
    return Fusion(words, meaning, ranks[0, order], ranks[1, order], scores[order])


def in_turn(words: Leg, meaning: Leg) -> Fusion:
    """The meaning leg in its order, then what only the words leg has, in its own. By id: a words leg that no
    word ranks may have keys of its own."""
    known = set(meaning.ids()) if len(words) else set()
    fresh = [id_ not in known for id_ in words.ids()] if known else np.ones(len(words), np.bool_)
    rest = np.flatnonzero(fresh) + 1
    nearest = np.arange(1, len(meaning) + 1)
    return Fusion(
        words,
        meaning,
        np.concatenate([np.zeros_like(nearest), rest]),
        np.concatenate([nearest, np.zeros_like(rest)]),
        -np.arange(len(nearest) + len(rest), dtype=np.float64),
    )

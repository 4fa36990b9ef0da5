"""Joining two ranked lists into one: weighted reciprocal rank fusion.

    score(d) = Σ over legs of weight / (k + rank of d in the leg), rank from 1; absent legs add nothing.

Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion outperforms Condorcet and individual rank learning
methods", SIGIR 2009 (there k = 60). A smaller k trusts the head of each list more. Tuned on the development
halves of both judged sets (benchmarks/README.md): k = 10 and 1:1.5 for words:meaning is best or near it on
each; 1:1 loses recall on questions in other words than the texts', 1:2 loses keyword questions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, overload

K = 10.0
WORDS_WEIGHT = 1.0
MEANING_WEIGHT = 1.5


class Fused(NamedTuple):
    """One document of the joined list, with its rank (from 1) in each leg; None: not found by that leg."""

    id: str
    words_rank: int | None
    meaning_rank: int | None


@dataclass(frozen=True)
class Fusion(Sequence[Fused]):
    """The joined list, best first. ids: its order; ranks: id → rank in that leg."""

    ids: Sequence[str]
    words_ranks: Mapping[str, int]
    meaning_ranks: Mapping[str, int]

    def __len__(self) -> int:
        return len(self.ids)

    @overload
    def __getitem__(self, at: int) -> Fused: ...
    @overload
    def __getitem__(self, at: slice) -> list[Fused]: ...
    def __getitem__(self, at: int | slice) -> Fused | list[Fused]:
        if isinstance(at, slice):
            return [self._fused(id_) for id_ in self.ids[at]]
        return self._fused(self.ids[at])

    def _fused(self, id_: str) -> Fused:
        return Fused(id_, self.words_ranks.get(id_), self.meaning_ranks.get(id_))


def ranks(ids: Sequence[str]) -> dict[str, int]:
    return dict(zip(ids, range(1, len(ids) + 1), strict=True))


def fuse(
    words: Sequence[str],
    meaning: Sequence[str],
    *,
    k: float = K,
    words_weight: float = WORDS_WEIGHT,
    meaning_weight: float = MEANING_WEIGHT,
) -> Fusion:
    """Join two legs' ids, each best first and without repeats. Best first; ties by id."""
    scores = dict(zip(words, _lost(len(words), k, words_weight), strict=True))
    for id_, lost in zip(meaning, _lost(len(meaning), k, meaning_weight), strict=True):
        scores[id_] = scores.get(id_, 0.0) + lost
    ordered = sorted(zip(scores.values(), scores, strict=True))
    return Fusion([id_ for _, id_ in ordered], ranks(words), ranks(meaning))


@lru_cache(maxsize=64)
def _lost(count: int, k: float, weight: float) -> tuple[float, ...]:
    """-weight / (k + rank) for the ranks from 1: below zero, so that the best comes first."""
    return tuple(-weight / (k + rank) for rank in range(1, count + 1))

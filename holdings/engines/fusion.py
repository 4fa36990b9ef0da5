"""Joining two ranked lists into one: weighted reciprocal rank fusion.

    score(d) = Σ over legs of weight / (k + rank of d in the leg), rank from 1; absent legs add nothing.

Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion outperforms Condorcet and individual rank learning
methods", SIGIR 2009 (there k = 60). A smaller k trusts the head of each list more. Tuned on the development
halves of both judged sets (benchmarks/README.md): k = 10 and 1:1.5 for words:meaning is best or near it on
each; 1:1 loses recall on questions in other words than the texts', 1:2 loses keyword questions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

K = 10.0
WORDS_WEIGHT = 1.0
MEANING_WEIGHT = 1.5


class Fused(NamedTuple):
    """One document of the joined list, with its rank (from 1) in each leg; None: not found by that leg."""

    id: str
    words_rank: int | None
    meaning_rank: int | None


def fuse(
    words: Sequence[str],
    meaning: Sequence[str],
    *,
    k: float = K,
    words_weight: float = WORDS_WEIGHT,
    meaning_weight: float = MEANING_WEIGHT,
) -> list[Fused]:
    """Join two legs' ids, each best first and without repeats. Best first; ties by id."""
    words_ranks = {id_: rank for rank, id_ in enumerate(words, 1)}
    meaning_ranks = {id_: rank for rank, id_ in enumerate(meaning, 1)}
    scores = {id_: words_weight / (k + rank) for id_, rank in words_ranks.items()}
    for id_, rank in meaning_ranks.items():
        scores[id_] = scores.get(id_, 0.0) + meaning_weight / (k + rank)
    ordered = sorted((-score, id_) for id_, score in scores.items())
    return [Fused(id_, words_ranks.get(id_), meaning_ranks.get(id_)) for _, id_ in ordered]

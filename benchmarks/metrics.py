"""How good a ranking is, and how long things took. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

#: Document → grade: 0 not relevant, 1 a little, 2 relevant, 3 just what was asked. Unjudged counts as 0.
Grades = Mapping[str, int]


def ndcg(ranking: Sequence[str], grades: Grades, depth: int = 10) -> float:
    """Normalised discounted cumulative gain of the first `depth`; 0 where nothing relevant is known.

    Gain is the grade itself, discount log2(rank + 1): trec_eval's `ndcg_cut`. With grades of 0 and 1 the
    exponential form gives the same.
    """
    ideal = _gain(sorted(grades.values(), reverse=True)[:depth])
    return _gain([grades.get(id_, 0) for id_ in ranking[:depth]]) / ideal if ideal else 0.0


def _gain(grades: Sequence[int]) -> float:
    return sum(grade / math.log2(rank + 1) for rank, grade in enumerate(grades, 1))


def recall(ranking: Sequence[str], grades: Grades, depth: int = 100) -> float:
    """Share of the relevant documents (grade at least 1) among the first `depth`; 0 where none is known."""
    relevant = {id_ for id_, grade in grades.items() if grade > 0}
    return len(relevant & set(ranking[:depth])) / len(relevant) if relevant else 0.0


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` (0–1) of the values do not exceed (nearest rank)."""
    if not values:
        raise ValueError("no values")
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]

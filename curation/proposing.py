"""A series' candidates in order, each with its reasons. Pure.

A round joins up to three orders by reciprocal ranks (as a search joins its legs): where the searches for the
series' questions found a record, how near it is to what was accepted, and what its words say. The last two
begin once there are examples, and weigh more with every choice made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from curation.learning import Lesson, telling, unit

#: The k of reciprocal rank fusion (Cormack et al. 2009), as small as in the house's searches.
K = 10
#: Choices after which what was learned weighs its full weight.
LEARNED_AFTER = 20
#: Weights of meaning and words beside the searches', once learned in full.
BY_MEANING, BY_WORDS = 2.0, 2.0
#: Words a reason names.
WORDS_TOLD = 5


@dataclass(frozen=True)
class Candidate:
    """A record that a search of the series found, or that is near to what was accepted.

    found: question → its rank there, from 1.  vector: shape (dimension,), length 1; None while it has none.
    """

    id: str
    words: frozenset[str]
    vector: NDArray[np.float32] | None = None
    found: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Proposal:
    """A candidate and why. questions: those that found it, with its rank.  like: the accepted record it is
    nearest to; "" for none.  words: those of its words that accepted records have and rejected ones lack."""

    id: str
    questions: tuple[tuple[str, int], ...] = ()
    like: str = ""
    words: tuple[str, ...] = ()


def lesson(
    described: NDArray[np.float32] | None, accepted: Sequence[Candidate], rejected: Sequence[Candidate]
) -> Lesson:
    """What the choices teach. described: vectors of the description and the questions, (n, dimension)."""
    question = unit(described.sum(axis=0)) if described is not None and len(described) else None
    return Lesson(
        question,
        _stacked(accepted),
        _stacked(rejected),
        telling([c.words for c in accepted], [c.words for c in rejected]) if accepted and rejected else {},
    )


def propose(
    candidates: Sequence[Candidate],
    taught: Lesson,
    accepted: Sequence[Candidate],
    *,
    excluded: Sequence[str] = (),
    choices: int = 0,
) -> list[Proposal]:
    """The candidates, best first. excluded: words of which a candidate may have none; choices: how many were
    accepted or rejected, seeds among them."""
    left = [c for c in candidates if not any(word in c.words for word in excluded)]
    share = min(1.0, choices / LEARNED_AFTER)
    examples = [c for c in accepted if c.vector is not None]
    orders: list[tuple[float, dict[str, int]]] = [(1.0, _by_searches(left))]
    if len(taught.accepted):
        orders.append((BY_MEANING * share, _order(left, lambda c: _meaning(taught, c))))
    if taught.words:
        orders.append((BY_WORDS * share, _order(left, lambda c: taught.said(c.words)[0])))
    scores = {
        c.id: sum(weight / (K + order[c.id]) for weight, order in orders if c.id in order) for c in left
    }
    best = sorted(left, key=lambda c: (-scores[c.id], c.id))
    return [_proposal(c, taught, examples) for c in best]


def _by_searches(candidates: Sequence[Candidate]) -> dict[str, int]:
    """id → place among those that the searches found, by reciprocal ranks over the questions."""
    scores = {c.id: sum(1 / (K + rank) for rank in c.found.values()) for c in candidates if c.found}
    return {id_: n for n, id_ in enumerate(sorted(scores, key=lambda i: (-scores[i], i)), 1)}


def _order(candidates: Sequence[Candidate], score: Callable[[Candidate], float | None]) -> dict[str, int]:
    scored = [(value, c.id) for c in candidates if (value := score(c)) is not None]
    return {id_: n for n, (_, id_) in enumerate(sorted(scored, key=lambda pair: (-pair[0], pair[1])), 1)}


def _meaning(taught: Lesson, candidate: Candidate) -> float | None:
    return taught.meaning(candidate.vector) if candidate.vector is not None else None


def _proposal(candidate: Candidate, taught: Lesson, examples: Sequence[Candidate]) -> Proposal:
    near = taught.nearest(candidate.vector) if candidate.vector is not None else None
    _, words = taught.said(candidate.words)
    questions = sorted(candidate.found.items(), key=lambda pair: pair[1])
    like = examples[near].id if near is not None else ""
    return Proposal(candidate.id, tuple(questions), like, tuple(words[:WORDS_TOLD]))


def _stacked(candidates: Sequence[Candidate]) -> NDArray[np.float32]:
    vectors = [c.vector for c in candidates if c.vector is not None]
    return np.stack(vectors) if vectors else np.zeros((0, 1), np.float32)

"""What a series has learned from what was accepted and rejected. Pure.

By meaning: Rocchio, "Relevance feedback in information retrieval" (1971), with the weights of Manning, Raghavan
and Schütze, "Introduction to Information Retrieval" (2008), section 9.1.1: the question moves towards the middle
of what was accepted and a little away from that of what was rejected. A series has many sides, so beside the
middle the nearest examples count: the mean cosine to the NEAREST accepted less that to the nearest rejected.

By words: the log odds of a word among the accepted against the rejected, smoothed by a half (Robertson and
Sparck Jones, "Relevance weighting of search terms", 1976).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]

#: Rocchio's weights: of the question, of the accepted, of the rejected.
ALPHA, BETA, GAMMA = 1.0, 0.75, 0.15
#: Examples that a record is held against.
NEAREST = 3
#: Words of an example series that are kept, and the least records a word stands in.
MOST_WORDS, LEAST = 60, 2


@dataclass(frozen=True)
class Lesson:
    """What is known of a series. question: the middle of what it was described by, (dimension,) of length 1;
    None without vectors.  accepted, rejected: vectors of examples, (n, dimension).  words: word → weight."""

    question: Vector | None
    accepted: NDArray[np.float32]
    rejected: NDArray[np.float32]
    words: Mapping[str, float] = field(default_factory=dict)

    def profile(self) -> Vector | None:
        """Where to ask from: Rocchio's moved question, of length 1; None without any vector."""
        parts = [ALPHA * self.question] if self.question is not None else []
        if len(self.accepted):
            parts.append(BETA * self.accepted.mean(axis=0))
        if not parts:
            return None
        moved = np.sum(parts, axis=0)
        if len(self.rejected):
            moved = moved - GAMMA * self.rejected.mean(axis=0)
        return unit(moved)

    def meaning(self, vector: Vector) -> float:
        """How near a record is by meaning; higher is nearer, cosines added."""
        profile = self.profile()
        score = float(profile @ vector) if profile is not None else 0.0
        return score + _near(self.accepted, vector) - _near(self.rejected, vector)

    def said(self, own: Collection[str]) -> tuple[float, list[str]]:
        """What a record's words say for it, and those that say most, the best first."""
        weights = {word: self.words[word] for word in own if word in self.words}
        telling = sorted((w for w in weights if weights[w] > 0), key=lambda w: (-weights[w], w))
        return sum(weights.values()) / math.sqrt(len(own) or 1), telling

    def nearest(self, vector: Vector) -> int | None:
        """Which accepted example is nearest; None without any."""
        return int(np.argmax(self.accepted @ vector)) if len(self.accepted) else None


def unit(vector: NDArray[np.floating]) -> Vector:
    """The same direction, of length 1, float32."""
    found: Vector = (vector / (float(np.linalg.norm(vector)) or 1.0)).astype(np.float32)
    return found


def telling(accepted: Sequence[Iterable[str]], rejected: Sequence[Iterable[str]]) -> dict[str, float]:
    """word → log odds of standing in an accepted record against a rejected one, for words that examples
    share; the MOST_WORDS heaviest."""
    yes = Counter(word for own in accepted for word in set(own))
    no = Counter(word for own in rejected for word in set(own))
    weights = {
        word: _log_odds(yes[word], len(accepted)) - _log_odds(no[word], len(rejected))
        for word in yes.keys() | no.keys()
        if yes[word] + no[word] >= LEAST
    }
    heaviest = sorted(weights, key=lambda word: (-abs(weights[word]), word))[:MOST_WORDS]
    return {word: weights[word] for word in heaviest}


def _log_odds(count: int, of: int) -> float:
    return math.log((count + 0.5) / (of - count + 0.5))


def _near(examples: NDArray[np.float32], vector: Vector) -> float:
    """Mean cosine to the nearest examples; 0 without any."""
    if not len(examples):
        return 0.0
    cosines = np.sort(examples @ vector)[::-1]
    return float(cosines[:NEAREST].mean())

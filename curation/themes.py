"""Themes of a set of records: groups by meaning with what a person needs to judge them. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curation.grouping import Arranged, Fineness, Tell, arrange
from curation.naming import distinguishing
from curation.rarity import Kept, rare
from curation.words import words_of
from models.words import Segmenter

#: Core records told of a group, places told, and records told as rare.
CORE, PLACES, RARE = 12, 8, 24


@dataclass(frozen=True)
class Point:
    """A record as theme discovery takes it. years: first and last, None undated.  places: as described."""

    id: str
    text: str
    years: tuple[int, int] | None
    places: tuple[str, ...]
    kept: Kept


@dataclass(frozen=True)
class Theme:
    """A group. words: the most telling first.  years: decade → records.  core: ids nearest to its middle."""

    words: list[str]
    size: int
    first: int | None
    last: int | None
    decades: dict[int, int]
    places: list[tuple[str, int]]
    core: list[str]


@dataclass(frozen=True)
class RareOne:
    id: str
    alike: int
    pixels: int


@dataclass(frozen=True)
class Themes:
    """ids, places and groups go together, one each record; themes[n] is group n, −1 is in none."""

    ids: list[str]
    places: list[tuple[float, float]]
    groups: list[int]
    themes: list[Theme]
    rare: list[RareOne]


def discover(
    points: Sequence[Point],
    vectors: NDArray[np.float32],
    segmenter: Segmenter,
    *,
    seed: int = 0,
    fineness: Fineness = "medium",
    tell: Tell,
) -> Themes:
    """Groups of these records. vectors: (n, dimension), rows of length 1, in the order of `points`."""
    tell("words", 0.0)
    words = [words_of(segmenter, point.text) for point in points]
    found = arrange(vectors, seed=seed, fineness=fineness, tell=tell)
    groups = [int(group) for group in found.groups]
    names = distinguishing(words, groups)
    return Themes(
        ids=[point.id for point in points],
        places=[(round(float(x), 4), round(float(y), 4)) for x, y in found.places],
        groups=groups,
        themes=[
            _theme(points, vectors, found, group, names.get(group, []))
            for group in range(max(groups, default=-1) + 1)
        ],
        rare=[
            RareOne(points[r.place].id, r.alike, r.pixels)
            for r in rare([p.kept for p in points], vectors, RARE)
        ],
    )


def _theme(
    points: Sequence[Point], vectors: NDArray[np.float32], found: Arranged, group: int, words: list[str]
) -> Theme:
    own = np.flatnonzero(found.groups == group)
    middle = vectors[own].sum(axis=0)
    nearest = own[np.argsort(-(vectors[own] @ middle), kind="stable")]
    inside = [points[n] for n in own]
    years = [point.years for point in inside if point.years]
    decades = Counter(decade for span in years for decade in _decades(*span))
    places = Counter(place for point in inside for place in point.places)
    return Theme(
        words=words,
        size=len(own),
        first=min((first for first, _ in years), default=None),
        last=max((last for _, last in years), default=None),
        decades=dict(sorted(decades.items())),
        places=sorted(places.items(), key=lambda pair: (-pair[1], pair[0]))[:PLACES],
        core=[points[n].id for n in nearest[:CORE]],
    )


def _decades(first: int, last: int) -> range:
    """Decades a span touches; of one over a century only the first, for it says nothing of the others."""
    return range(first // 10 * 10, (last if last - first <= 100 else first) // 10 * 10 + 1, 10)

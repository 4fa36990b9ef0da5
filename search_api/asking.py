"""A request's parameters → the engine's question. Pure."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from holdings.engines.port import (
    FACETS,
    YEARS,
    DateRange,
    FacetIn,
    Node,
    Question,
    Sort,
    Undated,
    Vector,
)
from holdings.errors import BadQuery
from holdings.text import facet_value
from search_api.cursors import fingerprint
from search_api.schema import Mode
from search_api.understand import Understood

#: Request parameter → facet. `within` is a place in the holdings: everything that lies in it.
FILTERS: dict[str, str] = {name: name for name in FACETS if name != "ancestors"} | {"within": "ancestors"}

DEPTH = 1000


@dataclass(frozen=True)
class Asked:
    """A search as it was asked, checked but not yet understood.

    filters: facet → values chosen.  exclude: (facet, value).  years: (from, to), inclusive, None open.
    """

    text: str = ""
    mode: Mode = "hybrid"
    sort: Sort | None = None
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    exclude: Sequence[tuple[str, str]] = ()
    year_from: int | None = None
    year_to: int | None = None
    undated: bool = False
    plain: tuple[str, ...] = ()
    facets: tuple[str, ...] = ()
    histogram: bool = False
    size: int = 20

    @property
    def wants_meaning(self) -> bool:
        """By date or code there is nothing for nearness to order."""
        return self.mode != "words" and self.sort in (None, Sort.RELEVANCE)

    def fingerprint(self, audience: str) -> str:
        return fingerprint(
            audience,
            self.text,
            self.mode,
            self.sort,
            sorted((k, tuple(sorted(v))) for k, v in self.filters.items()),
            sorted(self.exclude),
            (self.year_from, self.year_to, self.undated, self.plain),
        )


def parse_exclude(values: Sequence[str]) -> list[tuple[str, str]]:
    """ "fonds:J045" → ("fonds", "J045"). Errors: BadQuery."""
    pairs = []
    for value in values:
        name, _, chosen = value.partition(":")
        if name not in FILTERS or not chosen:
            raise BadQuery(f"看不懂排除条件“{value}”。", advice="写法：exclude=genre:通知。")
        pairs.append((FILTERS[name], chosen))
    return pairs


def parse_facets(text: str) -> tuple[str, ...]:
    """ "fonds,genre" → names. Errors: BadQuery for a facet that does not exist."""
    names = tuple(dict.fromkeys(n.strip() for n in text.split(",") if n.strip()))
    for name in names:
        if name not in FACETS:
            raise BadQuery(f"没有“{name}”这个分面。", advice=f"可选：{'、'.join(FACETS)}。")
    return names


def question(asked: Asked, understood: Understood, vector: Vector | Future[Vector] | None) -> Question:
    """What the engine is asked. In meaning mode the words only constrain what was required of them; by
    date or code it is the whole constrained set. Beside meaning any word suffices to rank, while totals and
    facets count what the words match together."""
    post: dict[str, Node] = {name: _among(name, values) for name, values in asked.filters.items() if values}
    if asked.undated:
        post[YEARS] = Undated()
    elif asked.year_from is not None or asked.year_to is not None:
        first = asked.year_from * 10000 + 101 if asked.year_from is not None else None
        last = asked.year_to * 10000 + 1231 if asked.year_to is not None else None
        post[YEARS] = DateRange(first, last)
    meaning_only = asked.mode == "meaning" and vector is not None
    unranked = asked.mode == "meaning" and not asked.wants_meaning
    words = None if meaning_only or unranked else understood.words
    ranked = words is not None or vector is not None
    beside_meaning = words is not None and vector is not None and understood.any_word != words
    return Question(
        words=understood.any_word if beside_meaning else words,
        counted=words if beside_meaning else None,
        vector=vector,
        must=understood.must,
        must_not=(*understood.must_not, *(_among(name, (value,)) for name, value in asked.exclude)),
        post_filters=post,
        facets=asked.facets,
        histogram=asked.histogram,
        sort=asked.sort or (Sort.RELEVANCE if ranked else Sort.CODE),
        depth=DEPTH,
        meaning_only=meaning_only,
    )


def _among(facet: str, values: Sequence[str]) -> FacetIn:
    return FacetIn(facet, tuple(facet_value(facet, value) for value in values))

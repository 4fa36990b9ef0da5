"""What Elasticsearch answered, in the port's words. Pure: nothing here speaks to a server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from holdings.engines.common import UNDATED_YEAR, order_of
from holdings.engines.elasticsearch_mapping import NUMBER, OFFERED, PAGE, ROWS
from holdings.engines.elasticsearch_query import COUNTED, FACET, WORDS, place_of, write_place
from holdings.engines.legs import NOTHING, Leg
from holdings.engines.port import (
    YEARS,
    Answer,
    FacetCount,
    Question,
    Sort,
)

#: Decimals of a cosine that say something: an int8 encoder itself errs in the second.
DIGITS = 4

#: Hits whose passages are asked for at once.
MOST_LOOKED_AT = 200

Passages = tuple[tuple[int, int], ...]


def composed(
    question: Question, found: dict[str, Any], meaning: Leg, numbering: dict[str, int], snapshot: str
) -> Answer:
    """The answer of all searches but the meaning leg's, joined with that leg."""
    words, after = (NOTHING, None) if question.meaning_only else _words(question, found[WORDS], numbering)
    years = _years(question, found)
    return Answer(
        words=words,
        meaning=meaning,
        total=total_of(found[COUNTED if COUNTED in found else WORDS]),
        facets={name: _facet(question, found, name) for name in question.facets},
        undated=years.pop(UNDATED_YEAR, 0),
        years=years,
        after=after,
        snapshot=snapshot,
    )


def total_of(found: Any) -> int:
    return int(found["hits"]["total"]["value"])


def hits_of(found: Any) -> list[Any]:
    """The hits of one search; what is empty is left out of the answer."""
    return list(found.get("hits", {}).get("hits", ()))


def _words(question: Question, found: Any, numbering: dict[str, int]) -> tuple[Leg, str | None]:
    """The words leg, and where it goes on. Ids and scores stand among the sort values."""
    hits = hits_of(found)
    if not hits or question.depth <= 0:
        return NOTHING, None
    order = order_of(question)
    kept = [place_of(order, hit["sort"]) for hit in hits[: question.depth]]
    scores = [values[0] for values in kept] if order is Sort.RELEVANCE else None
    leg = Leg.of([values[-1] for values in kept], numbering, scores)
    return leg, write_place(order, kept[-1]) if len(hits) > question.depth else None


def _facet(question: Question, found: dict[str, Any], name: str) -> tuple[FacetCount, ...]:
    if question.facet_size <= 0:
        return ()
    buckets = _aggregation(found, FACET + name)["buckets"]
    return tuple(FacetCount(bucket["key"], bucket["doc_count"]) for bucket in buckets)


def _years(question: Question, found: dict[str, Any]) -> dict[int, int]:
    if not question.histogram:
        return {}
    buckets = _aggregation(found, YEARS)["buckets"]
    return dict(sorted((int(bucket["key"]), int(bucket["doc_count"])) for bucket in buckets))


def _aggregation(found: dict[str, Any], name: str) -> Any:
    """A search of its own holds it, or the one whose set it counts."""
    holder = next(part for part in (name, COUNTED, WORDS) if part in found)
    return found[holder]["aggregations"][name]


def _cosine(hit: Any) -> float:
    """Rounded: equal vectors differ in the last bits by where they stand in a segment, and tie by id only so."""
    return round(2 * float(hit["_score"]) - 1, DIGITS)


def cut_falls(found: Any, depth: int, wanted: int) -> bool:
    """Whether no hit beyond those found scores as much as the last one within the depth."""
    hits = hits_of(found)
    return len(hits) < wanted or _cosine(hits[-1]) < _cosine(hits[depth - 1])


def meaning_leg(
    found: Any,
    depth: int,
    numbering: dict[str, int],
    find: Callable[[list[str]], Awaitable[dict[str, Passages]]],
) -> Leg:
    """By score descending, then id. find: the best passages of these ids."""
    hits = sorted(hits_of(found), key=lambda hit: (-_cosine(hit), hit["_id"]))[:depth]
    if not hits:
        return NOTHING
    ids, scores = [hit["_id"] for hit in hits], [_cosine(hit) for hit in hits]
    return PassagesLater(Leg.of(ids, numbering, scores), find)


def passages_of(found: Any) -> dict[str, Passages]:
    """id → its best passages."""
    return {
        hit["_id"]: tuple(
            (part["fields"][PAGE][0], part["fields"][NUMBER][0])
            for part in hit["inner_hits"][ROWS]["hits"]["hits"]
        )
        for hit in hits_of(found)
    }


class PassagesLater(Leg):
    """A leg whose passages are asked for when they are wanted: for a thousand hits they cost far more than
    the hits themselves, and twenty are shown.

    find: the best passages of these ids.
    """

    def __init__(self, leg: Leg, find: Callable[[list[str]], Awaitable[dict[str, Passages]]]) -> None:
        super().__init__(leg.keys, leg.scores, leg.ids_of, self._known)
        self._find = find
        self._found: dict[str, Passages] = {}

    def _known(self, at: int) -> Passages:
        return self._found.get(self.ids(at, at + 1)[0], ())

    async def look(self, positions: Iterable[int]) -> None:
        ids = self.ids()
        wanted = [id_ for id_ in (ids[at] for at in positions) if id_ not in self._found]
        for start in range(0, len(wanted), MOST_LOOKED_AT):
            self._found |= await self._find(wanted[start : start + MOST_LOOKED_AT])


def offered_values(found: Any, text: str, size: int) -> list[str]:
    """Offered values that contain the text, most frequent first, then by value."""
    pairs = (value.split("\0", 1) for hit in hits_of(found) for value in hit["fields"].get(OFFERED, ()))
    counts = Counter(shown for shown, normal in pairs if text in normal)
    return sorted(counts, key=lambda shown: (-counts[shown], shown))[:size]

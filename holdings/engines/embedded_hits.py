"""Ordered hits, exact facets and completions from one Tantivy searcher.

Tantivy breaks ties by insertion, the house by id: so hits are fetched past the cut until the score
falls, and each run of equal scores is sorted by id.
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tantivy
from numpy.typing import NDArray

from holdings.engines.common import MOST_LOOKED, facet_field
from holdings.engines.embedded_columns import Columns, Numbers
from holdings.engines.embedded_words import NUMBER, SORT_FIELDS, Query, id_of_key
from holdings.engines.legs import NOTHING, Leg
from holdings.engines.port import (
    FacetCount,
    Sort,
)
from holdings.errors import BadCursor

#: Above any field's cardinality: no segment cuts its counts before they are joined, so all are exact.
ALL_TERMS = 100_000_000
#: Tantivy ends an aggregation that would give more buckets than 65,000.
MOST_BUCKETS = 60_000
#: Hits fetched beyond the cut at first: a run of equal scores mostly ends within them. A thousand cost half a
#: millisecond, all of it under Python's lock; a second search costs several.
SLACK = 250
#: Name of the count among a pass's aggregations; no facet's.
TOTAL = "total"

#: What hits are ordered by, ascending: (-score, id), or (sort key,).
Key = tuple[Any, ...]


@dataclass(frozen=True)
class Place:
    """Where an answer of the words leg ended: how many hits lie behind, and the last one's key."""

    snapshot: str
    behind: int
    key: Key

    def to_text(self) -> str:
        packed = json.dumps([self.snapshot, self.behind, self.key], ensure_ascii=False)
        return base64.urlsafe_b64encode(packed.encode()).decode()

    @staticmethod
    def from_text(text: str, sort: Sort) -> Place:
        """Raises BadCursor for what this engine did not give for this order."""
        try:
            snapshot, behind, key = json.loads(base64.urlsafe_b64decode(text.encode()))
            kinds = [float, str] if sort is Sort.RELEVANCE else [str]
            if [type(part) for part in key] != kinds or not 0 <= behind < 1 << 40:
                raise ValueError(key)
            return Place(str(snapshot), behind, tuple(key))
        except (ValueError, TypeError) as error:
            raise BadCursor("翻页标记无效。", advice="请从第一页重新检索。") from error


@dataclass(frozen=True)
class Page:
    """A stretch of the words leg. `ended`: nothing lies beyond. `last`: key of its last hit."""

    hits: Leg
    ended: bool
    last: Key = ()


class Hits:
    """Reads one snapshot: a searcher and the columns of the same commit."""

    def __init__(self, searcher: tantivy.Searcher, columns: Columns) -> None:
        self._searcher = searcher
        self._columns = columns

    def count(self, query: Query) -> int:
        """Documents that match: an aggregation scores none, which a search for the count would."""
        return self.tally(query, (), 0)[0]

    def numbers(self, query: Query, limit: int) -> list[int]:
        """Numbers of the matching documents, the best `limit` of them."""
        hits = self._searcher.search(query, max(1, limit), count=False).hits
        return self._numbers([address for _, address in hits])

    def page(self, query: Query, sort: Sort, depth: int, after: Place | None, *, same: bool) -> Page:
        """`depth` hits after a place. `same`: the place is of this very snapshot, so its count holds."""
        if depth <= 0:
            return Page(NOTHING, ended=True)
        behind = after.behind if after else 0
        if sort is not Sort.RELEVANCE:
            if after and (not same or behind + depth > MOST_BUCKETS):
                return self._after_key(query, SORT_FIELDS[sort], depth, after)
            return self._by_key(query, SORT_FIELDS[sort], behind, depth)
        if after and not same:
            return self._after_score(query, depth, after)
        return _scored(*self._by_score(query, behind, depth))

    def _by_key(self, query: Query, field: str, skip: int, depth: int) -> Page:
        """In the order of a field of unique strings: its first terms, as an aggregation reads them from
        the dictionary in one go (Tantivy's `order_by_field` looks each up, at 13 µs a hit and segment)."""
        end = skip + depth
        asked = {"terms": {"field": field, "size": end, "segment_size": end, "order": {"_key": "asc"}}}
        found = self._searcher.aggregate(query, {field: asked})[field]
        keys = [bucket["key"] for bucket in found["buckets"]]
        total = len(keys) + found["sum_other_doc_count"]
        return _keyed(keys[skip:], end >= total)

    def _after_key(self, query: Query, field: str, depth: int, after: Place) -> Page:
        """Go on after a key: however deep, and in a newer state of the index. A microsecond a match."""
        sources = [{field: {"terms": {"field": field}}}]
        asked = {
            "composite": {"size": depth + 1, "sources": sources, "after": {field: f"str:{after.key[0]}"}}
        }
        found = self._searcher.aggregate(query, {field: asked})[field]["buckets"]
        keys = [bucket["key"][field] for bucket in found]
        return _keyed(keys[:depth], len(keys) <= depth)

    def _after_score(self, query: Query, depth: int, after: Place) -> Page:
        """Go on in a newer state of the index: by the last hit's score and id, wherever that stands now."""
        reach = after.behind + 2 * depth
        while True:
            leg, ended = self._by_score(query, 0, reach)
            keys = zip((-leg.scores).tolist(), leg.ids(), strict=True)
            start = sum(key <= after.key for key in keys)
            if ended or len(leg) - start > depth:
                part = self._leg(leg.keys[start : start + depth], leg.scores[start : start + depth])
                return _scored(part, len(leg) - start <= depth)
            reach *= 2

    def _by_score(self, query: Query, skip: int, depth: int) -> tuple[Leg, bool]:
        """A stretch by score descending, then id; and whether nothing lies beyond."""
        end = skip + depth
        limit = end + SLACK
        while True:
            # Not counted: what cannot come among the best is then passed over (half the time at p95).
            scored = self._searcher.search(query, limit, count=False).hits
            if len(scored) < limit or scored[-1][0] < scored[end - 1][0]:
                break
            limit *= 4
        if len(scored) <= skip:
            return NOTHING, True
        falling = np.array([-score for score, _ in scored])
        # Only the run of equal scores at each end of the cut has to be looked at beside the cut itself.
        first = int(np.searchsorted(falling, falling[skip], "left"))
        last = int(np.searchsorted(falling, falling[min(end, len(falling)) - 1], "right"))
        numbers = np.array(self._numbers([address for _, address in scored[first:last]]), np.int64)
        order = by_score_and_id(falling[first:last], numbers, self._columns.ids)[skip - first : end - first]
        return self._leg(numbers[order], -falling[first:last][order]), len(scored) <= end

    def _leg(self, numbers: Numbers, scores: NDArray[np.floating]) -> Leg:
        return Leg(numbers, scores, self._columns.ids)

    def _numbers(self, addresses: Sequence[tantivy.DocAddress]) -> list[int]:
        if not addresses:
            return []
        return [int(number or 0) for number in self._searcher.fast_field_values(NUMBER, list(addresses))]

    def tally(
        self, query: Query, facets: Sequence[str], size: int
    ) -> tuple[int, dict[str, tuple[FacetCount, ...]]]:
        """How many match, and exact counts of the most frequent `size` values of each facet, ties by value:
        one pass for all."""
        asked = {facet: _terms(facet_field(facet), size + 1) for facet in facets} if size > 0 else {}
        found = self._searcher.aggregate(query, {TOTAL: {"value_count": {"field": NUMBER}}, **asked})
        counted = dict.fromkeys(facets, ()) | {
            facet: self._cut(query, facet, _buckets(found[facet]), size) for facet in asked
        }
        return int(found[TOTAL]["value"]), counted

    def _cut(
        self, query: Query, facet: str, counts: list[tuple[str, int]], size: int
    ) -> tuple[FacetCount, ...]:
        """The first `size` by count, then value. When the cut falls inside a run of equal counts, ask
        again for the values that reach this count, in the order of values: `size` of them hold all needed."""
        if len(counts) > size and counts[size - 1][1] == counts[size][1]:
            least = counts[size][1]
            asked = _terms(facet_field(facet), size, min_doc_count=least, order={"_key": "asc"})
            tied = _buckets(self._searcher.aggregate(query, {facet: asked})[facet])
            counts = [pair for pair in counts if pair[1] > least] + [p for p in tied if p[1] == least]
        counts.sort(key=lambda pair: (-pair[1], pair[0]))
        return tuple(FacetCount(value, count) for value, count in counts[:size])

    def years(self, query: Query, field: str) -> dict[int, int]:
        """Documents per year, ascending; the undated under UNDATED_YEAR."""
        counts = _buckets(self._searcher.aggregate(query, {field: _terms(field, 10_000)})[field])
        return dict(sorted((int(year), count) for year, count in counts))

    def suggestions(self, query: Query, text: str, size: int) -> list[str]:
        """Offered values that contain the text, most frequent first, then by value.

        Counted exactly while at most MOST_LOOKED documents match; of more, among the best matching,
        which are those where the text is the larger part of what is offered.
        """
        numbers = self.numbers(query, MOST_LOOKED)
        offered = self._columns.suggestions(numbers)
        counts = Counter(shown for shown, normal in offered if text in normal)
        return sorted(counts, key=lambda shown: (-counts[shown], shown))[:size]


def by_score_and_id(
    falling: NDArray[np.floating], numbers: Numbers, ids: Callable[[Numbers], list[str]]
) -> Numbers:
    """The order of documents by score, then id. falling: negative scores, ascending. Ids are read only of
    those that share their score with a neighbour."""
    order = np.arange(len(numbers))
    same = falling[1:] == falling[:-1]
    if same.any():
        tied = np.zeros(len(numbers), np.bool_)
        tied[1:] |= same
        tied[:-1] |= same
        at = np.flatnonzero(tied)
        runs = sorted(zip(falling[at].tolist(), ids(numbers[at]), at.tolist(), strict=True))
        order[at] = [position for _, _, position in runs]
    return order


def _keyed(keys: Sequence[str], ended: bool) -> Page:
    """Hits in the order of a sort field: its terms end in the id."""
    return Page(Leg.of([id_of_key(key) for key in keys]), ended, (keys[-1],) if keys else ())


def _scored(leg: Leg, ended: bool) -> Page:
    last = (-float(leg.scores[-1]), leg.ids(len(leg) - 1)[0]) if len(leg) else ()
    return Page(leg, ended, last)


def _buckets(found: dict[str, Any]) -> list[tuple[Any, int]]:
    return [(bucket["key"], bucket["doc_count"]) for bucket in found["buckets"]]


def _terms(field: str, size: int, **more: object) -> dict[str, Any]:
    return {"terms": {"field": field, "size": size, "segment_size": ALL_TERMS, **more}}

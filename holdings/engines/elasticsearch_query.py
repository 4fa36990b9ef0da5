"""The port's questions in Elasticsearch's words. Pure: nothing here speaks to a server.

Of one question come several searches, named: "words" (hits, and what shares its set), "counted" (total
and facets where they count another set), "facet <name>" and "years" where that facet is chosen in, and
"meaning". Scores are BM25 per field, weighted and summed, as in the embedded engine.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

from holdings.engines.common import NO_DAY, UNDATED_YEAR, bound_by, facet_field, order_of
from holdings.engines.elasticsearch_mapping import (
    CODE,
    DAYS,
    FIRST,
    ID,
    NUMBER,
    PAGE,
    SUGGEST_CHARS,
    VECTOR,
    line,
    whole,
)
from holdings.engines.port import (
    BIGRAM_FIELD,
    BIGRAM_WEIGHT,
    TEXT_FIELDS,
    YEARS,
    AnyOf,
    DateRange,
    FacetIn,
    Node,
    Phrase,
    Question,
    Sort,
    Undated,
    Vector,
    Word,
)
from holdings.errors import BadCursor, BadQuery

Body = dict[str, Any]
NONE: Body = {"match_none": {}}
EVERYTHING: Body = {"match_all": {}}
WORDS, COUNTED, FACET, MEANING = "words", "counted", "facet ", "meaning"

#: Words a prefix may stand for after other words; Elasticsearch's own default is 50.
EXPANSIONS = 1_000_000
#: Values each shard counts where there are several, so that what is joined is exact.
SHARD_VALUES = 1_000_000
#: Years an index may hold.
MOST_YEARS = 10_000
#: Passages shown of a hit.
PASSAGES = 3
#: Hits of the meaning leg sought beyond its depth at first: a run of equal scores mostly ends within them.
SLACK = 20
#: Fewest candidates each shard looks at, and the most that Elasticsearch allows.
LEAST_CANDIDATES, MOST_CANDIDATES = 1_500, 10_000
#: Candidates scored again by their whole vectors, for each wanted.
OVERSAMPLE = 1.5

_ORDERS: dict[Sort, list[Body]] = {
    Sort.RELEVANCE: [{"_score": "desc"}, {ID: "asc"}],
    Sort.CODE: [{CODE: "asc"}, {ID: "asc"}],
    Sort.DATE: [{FIRST: {"order": "asc", "missing": NO_DAY}}, {CODE: "asc"}, {ID: "asc"}],
    Sort.DATE_DESC: [{FIRST: {"order": "desc", "missing": 0}}, {CODE: "asc"}, {ID: "asc"}],
}
_KINDS: dict[Sort, list[type]] = {
    Sort.RELEVANCE: [float, str],
    Sort.CODE: [str, str],
    Sort.DATE: [int, str, str],
    Sort.DATE_DESC: [int, str, str],
}


# ── leaves ──────────────────────────────────────────────────────────────────────


def leaf(node: Node) -> Body:
    """What a node matches. Raises BadQuery for names no field has."""
    if isinstance(node, Word):
        return _any(_word(node))
    if isinstance(node, Phrase):
        return _any(_worded(node.tokens, node.bigrams, node.fields, 1.0))
    if isinstance(node, AnyOf):
        return _any_of(node)
    if isinstance(node, FacetIn):
        return {"terms": {facet_field(node.facet): list(node.values), "boost": 0.0}}
    if isinstance(node, DateRange):
        return _days(node)
    if isinstance(node, Undated):
        return {"term": {YEARS: {"value": UNDATED_YEAR, "boost": 0.0}}}
    return {"terms": {ID: list(node.ids), "boost": 0.0}}


def _any(clauses: Sequence[Body], required: int = 1) -> Body:
    if not clauses:
        return NONE
    if len(clauses) == 1:
        return clauses[0]
    return {"bool": {"should": list(clauses), "minimum_should_match": required}}


def _any_of(node: AnyOf) -> Body:
    required = max(1, node.required)
    children = [leaf(child) for child in node.children]
    if required > len(children):
        return NONE
    return {"bool": {"must": children}} if required == len(children) else _any(children, required)


def _word(word: Word) -> list[Body]:
    clauses = _worded((), word.bigrams, word.fields, word.weight)
    for tokens in filter(None, word.alternatives):
        clauses += _worded(tokens, (), word.fields, word.weight)
    if word.prefix and word.alternatives and word.alternatives[0]:
        for name in _fields(word.fields):
            clauses.append(_prefixed(name, word.alternatives[0], word.weight * TEXT_FIELDS[name]))
    return clauses


def _worded(
    tokens: Sequence[str], bigrams: Sequence[str], fields: Sequence[str], weight: float
) -> list[Body]:
    """The tokens in each field; the bigrams only when no field is named, for theirs mixes several."""
    names = _fields(fields)
    clauses = [_sequence(name, tokens, weight * TEXT_FIELDS[name]) for name in names if tokens]
    if bigrams and not fields:
        clauses.append(_sequence(BIGRAM_FIELD, bigrams, weight * BIGRAM_WEIGHT))
    return clauses


def _fields(fields: Sequence[str]) -> Sequence[str]:
    unknown = [name for name in fields if name not in TEXT_FIELDS]
    if unknown:
        raise BadQuery(f"没有这个检索项：{', '.join(unknown)}")
    return fields or tuple(TEXT_FIELDS)


def _sequence(name: str, tokens: Sequence[str], weight: float) -> Body:
    if len(tokens) == 1:
        return {"term": {name: {"value": whole(tokens[0]), "boost": weight}}}
    return {"match_phrase": {name: {"query": line(tokens), "boost": weight}}}


def _prefixed(name: str, tokens: Sequence[str], weight: float) -> Body:
    """The last token stands for every token that starts with it."""
    if len(tokens) == 1:
        return {"prefix": {name: {"value": whole(tokens[0]), "boost": weight}}}
    asked = {"query": line(tokens), "max_expansions": EXPANSIONS, "boost": weight}
    return {"match_phrase_prefix": {name: asked}}


def _days(node: DateRange) -> Body:
    if node.first is None and node.last is None:
        return {"exists": {"field": DAYS, "boost": 0.0}}
    bounds = {"gte": node.first, "lte": node.last}
    given = {name: day for name, day in bounds.items() if day is not None}
    return {"range": {DAYS: {**given, "relation": "intersects", "boost": 0.0}}}


def constrained(words: Node | None, must: Sequence[Node], must_not: Sequence[Node]) -> Body:
    """Words rank; must and must_not only let through."""
    parts: Body = {"filter": [leaf(node) for node in must], "must_not": [leaf(node) for node in must_not]}
    if words is not None:
        parts["must"] = [leaf(words)]
    parts = {name: clauses for name, clauses in parts.items() if clauses}
    return {"bool": parts} if parts else EVERYTHING


def containing(text: str) -> Body:
    """Documents one of whose offered values contains the text."""
    return _sequence(SUGGEST_CHARS, list(text), 1.0)


# ── searches ────────────────────────────────────────────────────────────────────


def searches(question: Question, shards: int) -> dict[str, Body]:
    """All but the meaning leg, by name."""
    found: dict[str, Body] = {}
    apart = question.meaning_only or question.counted is not None
    if not question.meaning_only:
        found[WORDS] = _hits(question)
    if apart:
        found[COUNTED] = {"query": _counted(question), "size": 0, "track_total_hits": True}
    shared = [name for name in question.facets if name not in question.post_filters]
    aggregations = {FACET + name: _terms(name, question.facet_size, shards) for name in shared}
    if question.histogram and YEARS not in question.post_filters:
        aggregations[YEARS] = {"terms": {"field": YEARS, "size": MOST_YEARS}}
    if aggregations:
        found[COUNTED if apart else WORDS]["aggs"] = aggregations
    for name in question.facets:
        if name in question.post_filters:
            found[FACET + name] = _apart(question, name, _terms(name, question.facet_size, shards))
    if question.histogram and YEARS in question.post_filters:
        found[YEARS] = _apart(question, YEARS, {"terms": {"field": YEARS, "size": MOST_YEARS}}, YEARS)
    return found


def _hits(question: Question) -> Body:
    query = constrained(question.words, bound_by(question), question.must_not)
    order = order_of(question)
    body: Body = {"size": 0, "track_total_hits": True, "query": query}
    if question.depth <= 0:
        return body
    # One more than wanted says whether anything lies beyond.
    body |= {"size": question.depth + 1, "sort": _ORDERS[order], "stored_fields": "_none_"}
    if question.after:
        body["search_after"] = read_place(question.after, order)
    return body


def _counted(question: Question, without: str = "") -> Body:
    """The set that totals, facets and the histogram count."""
    words = None if question.meaning_only else question.counted or question.words
    return constrained(words, bound_by(question, without), question.must_not)


def _apart(question: Question, name: str, terms: Body, key: str = "") -> Body:
    """One facet's counts without the choice made in it."""
    body: Body = {"query": _counted(question, name), "size": 0, "track_total_hits": False}
    return body | {"aggs": {key or FACET + name: terms}}


def _terms(facet: str, size: int, shards: int) -> Body:
    """A facet's most frequent values, ties by value. One shard counts exactly by itself."""
    asked: Body = {"field": facet_field(facet), "size": max(1, size)}
    if shards > 1:
        asked["shard_size"] = SHARD_VALUES
    return {"terms": asked}


def nearest(question: Question, vector: Vector, wanted: int) -> Body:
    """The meaning leg: the `wanted` records whose best passages lie nearest."""
    knn = _knn(vector, wanted)
    if bound_by(question) or question.must_not:
        knn["filter"] = constrained(None, bound_by(question), question.must_not)
    return {"knn": knn, "size": wanted, "_source": False, "track_total_hits": False}


def best_passages(vector: Vector, ids: Sequence[str]) -> Body:
    """The passages of these records that lie nearest."""
    knn = _knn(vector, len(ids))
    knn["filter"] = {"terms": {ID: list(ids)}}
    knn["inner_hits"] = {"size": PASSAGES, "_source": False, "docvalue_fields": [PAGE, NUMBER]}
    return {"knn": knn, "size": len(ids), "_source": False, "track_total_hits": False}


def _knn(vector: Vector, wanted: int) -> Body:
    return {
        "field": VECTOR,
        "query_vector": vector.tolist(),
        "k": wanted,
        "num_candidates": min(MOST_CANDIDATES, max(wanted, LEAST_CANDIDATES)),
        "rescore_vector": {"oversample": OVERSAMPLE},
    }


# ── places ──────────────────────────────────────────────────────────────────────


def write_place(order: Sort, values: Sequence[Any]) -> str:
    """Where an answer of the words leg ended."""
    packed = json.dumps([order.value, list(values)], ensure_ascii=False)
    return base64.urlsafe_b64encode(packed.encode()).decode()


def read_place(text: str, order: Sort) -> list[Any]:
    """Raises BadCursor for what this engine did not give for this order."""
    try:
        found, values = json.loads(base64.urlsafe_b64decode(text.encode()))
        if found != order.value or [type(value) for value in values] != _KINDS[order]:
            raise ValueError(values)
    except (ValueError, TypeError) as error:
        raise BadCursor("翻页标记无效。", advice="请从第一页重新检索。") from error
    return list(values)


def place_of(order: Sort, values: Sequence[Any]) -> list[Any]:
    """A hit's own sort values, the id last; within a point in time the cluster adds one of its own."""
    return list(values[: len(_KINDS[order])])

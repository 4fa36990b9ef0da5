"""One question's meaning leg on one snapshot: constraints become a mask, rows become documents.

Constraints on columns (facets, dates) are a mask at once. Constraints on words (required phrases, NOT,
named ids) are Tantivy's to decide: gathered whole where few documents match or few do not, otherwise
asked of the candidates only.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from holdings.engines.embedded_columns import Columns, Mask, Numbers, is_columnar
from holdings.engines.embedded_hits import Hits, by_score_and_id
from holdings.engines.embedded_vectors import RESCORED, Scores, Vectors
from holdings.engines.embedded_words import Query, QueryBuilder
from holdings.engines.legs import NOTHING, Leg
from holdings.engines.port import (
    AnyOf,
    Node,
    Vector,
)

#: At most this many documents are gathered from Tantivy without a second thought (a fifth of a
#: microsecond each).
FEW = 20_000
#: A constraint that this share of the documents meets is asked of the candidates only.
ASKED_SHARE = 0.4
#: Candidates are sought this many times over when a constraint on words is asked of them afterwards.
OVERSAMPLED = 2
PASSAGES = 3

Constraints = tuple[tuple[Node, ...], tuple[Node, ...]]


class Meaning:
    """The meaning leg of one snapshot. Safe for several threads."""

    def __init__(self, columns: Columns, hits: Hits, queries: QueryBuilder, vectors: Vectors) -> None:
        self._columns = columns
        self._hits = hits
        self._queries = queries
        self._vectors = vectors

    def search(self, vector: Vector, must: Sequence[Node], must_not: Sequence[Node], depth: int) -> Leg:
        """The best `depth` documents, or as many as the RESCORED nearest passages belong to."""
        columnar = tuple(filter(is_columnar, must)), tuple(filter(is_columnar, must_not))
        if columnar == (tuple(must), tuple(must_not)):
            rows, scores = self._columnar(vector, columnar)
        else:
            rows, scores = self._worded(vector, self._row_mask(columnar), must, must_not)
        return self._documents(rows, scores, depth)

    def forget(self) -> None:
        """Let go of the masks: there is a newer snapshot, and this one only serves who turns pages."""
        self._columns.kept.clear()

    def _columnar(self, vector: Vector, constraints: Constraints) -> tuple[Numbers, Scores]:
        if not any(constraints):
            return self._vectors.search(vector, None, RESCORED)
        owners = self._columns.row_keys[:, 0]

        def passes(rows: Numbers) -> Mask:
            return self._columns.constrained(*constraints, owners[rows])

        likely = self._vectors.likely(vector, passes, RESCORED)
        return likely or self._vectors.search(vector, self._row_mask(constraints), RESCORED)

    def _row_mask(self, constraints: Constraints) -> Mask | None:
        """Rows of every document that meets columnar constraints; None when there are none."""
        if not any(constraints):
            return None
        return self._rows_of(self._columns.constrained(*constraints))

    def _rows_of(self, documents: Mask) -> Mask:
        return documents[self._columns.row_keys[:, 0]]

    def _worded(
        self, vector: Vector, passing: Mask | None, must: Sequence[Node], must_not: Sequence[Node]
    ) -> tuple[Numbers, Scores]:
        """Candidates under constraints of which some only Tantivy can decide."""
        wanted = self._queries.constrained(None, must, must_not)
        required = [node for node in must if not is_columnar(node)]
        refused = [node for node in must_not if not is_columnar(node)]
        living = self._columns.state.docs - self._columns.state.deaths
        if required:
            matching = self._hits.count(wanted)
            if matching <= FEW:
                return self._vectors.search(vector, self._gathered(wanted, matching), RESCORED)
            share = self._hits.count(self._queries.constrained(None, required, refused)) / living
        else:
            against = self._queries.node(AnyOf(tuple(refused)))
            refusing = self._hits.count(against)
            if refusing <= FEW:
                kept = ~self._gathered(against, refusing)
                return self._vectors.search(vector, kept if passing is None else kept & passing, RESCORED)
            share = 1 - refusing / living
        if share >= ASKED_SHARE:
            rows, scores = self._vectors.search(vector, passing, OVERSAMPLED * RESCORED)
            asked = self._asked(wanted, rows)
            if np.count_nonzero(asked) >= RESCORED // 2:
                return rows[asked], scores[asked]
        return self._vectors.search(vector, self._gathered(wanted, self._hits.count(wanted)), RESCORED)

    def _gathered(self, query: Query, count: int) -> Mask:
        """Rows of every document the query matches."""
        documents = np.zeros(self._columns.state.docs, np.bool_)
        if count:
            documents[self._hits.numbers(query, count)] = True
        return self._rows_of(documents)

    def _asked(self, query: Query, rows: Numbers) -> Mask:
        """Which of these rows' documents the query matches, shape (len(rows),)."""
        owners = self._columns.row_keys[rows, 0]
        distinct = np.unique(owners).tolist()
        among = self._queries.both(query, self._queries.numbers(distinct))
        matched = self._hits.numbers(among, len(distinct))
        return np.isin(owners, np.array(matched, np.uint32))

    def _documents(self, rows: Numbers, scores: Scores, depth: int) -> Leg:
        if depth <= 0 or not len(rows):
            return NOTHING
        order = np.lexsort((rows, -scores))
        rows, scores = rows[order], scores[order]
        keys = self._columns.row_keys[rows]
        owners, first = np.unique(keys[:, 0], return_index=True)
        best = np.argsort(first)
        owners, tops = owners[best], scores[first[best]]
        if len(owners) > depth:
            reach = int(np.searchsorted(-tops, -tops[depth - 1], "right"))
            owners, tops = owners[:reach], tops[:reach]
        numbers = owners.astype(np.int64)
        order = by_score_and_id(-tops, numbers, self._columns.ids)[:depth]
        numbers = numbers[order]

        def passages(at: int) -> tuple[tuple[int, int], ...]:
            own = keys[keys[:, 0] == numbers[at]][:PASSAGES].tolist()
            return tuple((page, number) for _, page, number in own)

        return Leg(numbers, tops[order], self._columns.ids, passages)

"""One question's meaning leg on one snapshot: constraints become a mask, rows become documents.

Constraints on columns (facets, dates) are a mask at once. Constraints on words (required phrases, NOT,
named ids) are Tantivy's to decide: gathered whole where few documents match or few do not, otherwise
asked of the candidates only.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from holdings.engines.embedded_columns import Columns, Mask, Numbers, is_columnar
from holdings.engines.embedded_hits import Hits
from holdings.engines.embedded_vectors import RESCORED, Scores, Vectors
from holdings.engines.embedded_words import Query, QueryBuilder
from holdings.engines.port import AnyOf, MeaningHit, Node, Vector

#: At most this many documents are gathered from Tantivy without a second thought (a fifth of a
#: microsecond each).
FEW = 20_000
#: A constraint that this share of the documents meets is asked of the candidates only.
ASKED_SHARE = 0.4
#: Candidates are sought this many times over when a constraint on words is asked of them afterwards.
OVERSAMPLED = 2
PASSAGES = 3
_KEPT_MASKS = 16

Constraints = tuple[tuple[Node, ...], tuple[Node, ...]]


class Meaning:
    """The meaning leg of one snapshot. Safe for several threads."""

    def __init__(self, columns: Columns, hits: Hits, queries: QueryBuilder, vectors: Vectors) -> None:
        self._columns = columns
        self._hits = hits
        self._queries = queries
        self._vectors = vectors
        self._masks: dict[Constraints, Mask] = {}

    def search(
        self, vector: Vector, must: Sequence[Node], must_not: Sequence[Node], depth: int
    ) -> tuple[MeaningHit, ...]:
        """The best `depth` documents, or as many as the RESCORED nearest passages belong to."""
        columnar = tuple(filter(is_columnar, must)), tuple(filter(is_columnar, must_not))
        passing = self._row_mask(columnar)
        if columnar == (tuple(must), tuple(must_not)):
            rows, scores = self._vectors.search(vector, passing, RESCORED)
        else:
            rows, scores = self._worded(vector, passing, must, must_not)
        return self._documents(rows, scores, depth)

    def forget(self) -> None:
        """Let go of the masks: there is a newer snapshot, and this one only serves who turns pages."""
        self._masks.clear()

    def _row_mask(self, constraints: Constraints) -> Mask | None:
        if not any(constraints):
            return None
        known = self._masks.get(constraints)
        if known is not None:
            return known
        must, must_not = constraints
        documents = np.ones(self._columns.state.docs, np.bool_)
        for node in must:
            documents &= self._columns.mask(node)
        for node in must_not:
            documents &= ~self._columns.mask(node)
        if len(self._masks) >= _KEPT_MASKS:
            self._masks.clear()
        mask = self._masks[constraints] = self._rows_of(documents)
        return mask

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

    def _documents(self, rows: Numbers, scores: Scores, depth: int) -> tuple[MeaningHit, ...]:
        if depth <= 0 or not len(rows):
            return ()
        order = np.lexsort((rows, -scores))
        rows, scores = rows[order], scores[order]
        keys = self._columns.row_keys[rows]
        owners, first = np.unique(keys[:, 0], return_index=True)
        best = np.argsort(first)
        owners, tops = owners[best], scores[first[best]]
        if len(owners) > depth:
            reach = int(np.searchsorted(-tops, -tops[depth - 1], "right"))
            owners, tops = owners[:reach], tops[:reach]
        ids = self._columns.ids(owners.astype(np.int64))
        ranked = sorted(zip((-tops).tolist(), ids, owners.tolist(), strict=True))[:depth]
        passages: dict[int, list[tuple[int, int]]] = {owner: [] for _, _, owner in ranked}
        for owner, page, number in keys[np.isin(keys[:, 0], owners)].tolist():
            found = passages.get(owner)
            if found is not None and len(found) < PASSAGES:
                found.append((page, number))
        return tuple(MeaningHit(id_, -score, tuple(passages[owner])) for score, id_, owner in ranked)

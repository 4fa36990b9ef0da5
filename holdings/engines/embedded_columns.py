"""Columns beside Tantivy, by dense document number and dense row number: ids, versions, days, facets.

A filter on a column costs a pass over integers instead of a walk through posting lists, and gives the
meaning leg its mask. Numbers are given once in a generation and never used again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from holdings.engines.common import days_of
from holdings.engines.embedded_layout import GrowingFile, MappedFiles, State
from holdings.engines.port import FACETS, AnyOf, DateRange, Document, FacetIn, Node, Row, Undated
from holdings.errors import BadQuery

Mask = NDArray[np.bool_]
Numbers = NDArray[np.int64]
#: Documents by number, or EVERY one.
Chosen = slice | NDArray[np.integer]
EVERY = slice(None)

IDS, SUGGEST, DOCS, DAYS, DEATHS, ROW_KEYS, ROWS = (
    "ids.bin", "suggest.bin", "docs.u64", "days.i32", "deaths.u32", "row-keys.u32", "rows.f16",
)  # fmt: skip


#: Facet masks a snapshot keeps, a byte a document each.
_KEPT_MASKS = 16


def facet_file(facet: str) -> str:
    return f"facet-{facet}.u32"


def signs_file(number: int) -> str:
    return f"signs-{number}.u8"


def mean_file(number: int) -> str:
    return f"mean-{number}.f32"


def column_lengths(state: State, dimension: int) -> dict[str, int]:
    """Bytes of every column as of a commit."""
    lengths = {
        IDS: state.id_bytes,
        SUGGEST: state.suggest_bytes,
        DOCS: state.docs * 24,
        DAYS: state.docs * 8,
        DEATHS: state.deaths * 4,
        ROW_KEYS: state.rows * 12,
        ROWS: state.rows * dimension * 2,
    }
    lengths.update({facet_file(name): state.pairs.get(name, 0) * 12 for name in FACETS})
    return lengths


@lru_cache(maxsize=65_536)
def fingerprint(value: str) -> tuple[int, int]:
    """64 bits of a facet value as (low, high); among 10 million values a clash has odds of 1 in 370,000."""
    number = int.from_bytes(blake2b(value.encode(), digest_size=8).digest(), "little")
    return number & 0xFFFFFFFF, number >> 32


def pack_suggestions(document: Document) -> bytes:
    """A line each: as shown, NUL, normalised."""
    lines = (f"{' '.join(shown.split())}\0{normal}" for shown, normal in dict.fromkeys(document.suggest))
    return "\n".join(line.replace("\n", " ") for line in lines).encode()


def is_columnar(node: Node) -> bool:
    """Whether the columns alone can decide this constraint."""
    if isinstance(node, AnyOf):
        return all(is_columnar(child) for child in node.children)
    return isinstance(node, FacetIn | DateRange | Undated)


class ColumnWriter:
    """Appends documents' columns. Ends are cumulative, so a document's part is a slice."""

    def __init__(self, files: dict[str, GrowingFile], state: State) -> None:
        self._files = files
        self.id_bytes, self.suggest_bytes = state.id_bytes, state.suggest_bytes
        self.docs, self.rows, self.deaths = state.docs, state.rows, state.deaths
        self.pairs = {name: state.pairs.get(name, 0) for name in FACETS}

    def add(self, document: Document) -> int:
        """Append one document; its number."""
        number = self.docs
        encoded, offered = document.id.encode(), pack_suggestions(document)
        self._files[IDS].append(encoded)
        self._files[SUGGEST].append(offered)
        self.id_bytes += len(encoded)
        self.suggest_bytes += len(offered)
        self.add_rows(number, document.rows)
        ends = np.array([document.version, self.id_bytes, self.suggest_bytes], np.uint64)
        self._files[DOCS].append(ends.tobytes())
        self._files[DAYS].append(np.array(days_of(document), np.int32).tobytes())
        for facet, values in document.facets.items():
            distinct = dict.fromkeys(values)
            pairs = np.array([(number, *fingerprint(value)) for value in distinct], np.uint32)
            self._files[facet_file(facet)].append(pairs.tobytes())
            self.pairs[facet] += len(distinct)
        self.docs += 1
        return number

    def add_rows(self, number: int, rows: Sequence[Row]) -> None:
        """Append rows of a document."""
        if not rows:
            return
        keys = np.array([(number, row.page, row.number) for row in rows], np.uint32)
        vectors = np.stack([row.vector for row in rows]).astype(np.float16)
        self._files[ROW_KEYS].append(keys.tobytes())
        self._files[ROWS].append(vectors.tobytes())
        self.rows += len(rows)

    def bury(self, number: int) -> None:
        """Note that a document's number is dead."""
        self._files[DEATHS].append(np.uint32(number).tobytes())
        self.deaths += 1


@dataclass(frozen=True)
class Columns:
    """The columns as of one commit; arrays are views of read-only maps. kept: masks of facets asked lately."""

    files: MappedFiles
    state: State
    dimension: int
    kept: dict[FacetIn, Mask] = field(default_factory=dict, compare=False, repr=False)

    def _array(self, name: str, dtype: type[np.generic], width: int, count: int) -> NDArray[np.generic]:
        size = count * width * np.dtype(dtype).itemsize
        return self.files.view(name, size).view(dtype).reshape(count, width)

    @property
    def docs(self) -> NDArray[np.uint64]:
        """(docs, 3): version, end in ids.bin, end in suggest.bin."""
        return self._array(DOCS, np.uint64, 3, self.state.docs)  # type: ignore[return-value]

    @property
    def row_keys(self) -> NDArray[np.uint32]:
        """(rows, 3): document number, page, passage number."""
        return self._array(ROW_KEYS, np.uint32, 3, self.state.rows)  # type: ignore[return-value]

    @property
    def rows(self) -> NDArray[np.float16]:
        """(rows, dimension)"""
        return self._array(ROWS, np.float16, self.dimension, self.state.rows)  # type: ignore[return-value]

    def deaths(self, start: int = 0) -> NDArray[np.uint32]:
        dead = self._array(DEATHS, np.uint32, 1, self.state.deaths)
        return dead[start:, 0]  # type: ignore[return-value]

    def ids(self, numbers: Sequence[int] | Numbers) -> list[str]:
        """Ids of documents."""
        return self._texts(IDS, self.state.id_bytes, 1, numbers)

    def suggestions(self, numbers: Sequence[int] | Numbers) -> Iterator[tuple[str, str]]:
        """(as shown, normalised) of each value the documents offer, a document's own only once."""
        for text in self._texts(SUGGEST, self.state.suggest_bytes, 2, numbers):
            for line in text.split("\n") if text else ():
                shown, _, normal = line.partition("\0")
                yield shown, normal

    def _texts(self, name: str, size: int, column: int, numbers: Sequence[int] | Numbers) -> list[str]:
        if len(numbers) == 0:
            return []
        ends = self.docs[:, column]
        wanted = np.asarray(numbers, np.int64)
        stops = ends[wanted].astype(np.int64)
        starts = np.where(wanted > 0, ends[np.maximum(wanted - 1, 0)].astype(np.int64), 0)
        data = self.files.view(name, size).data
        return [
            str(data[start:stop], "utf-8")
            for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)
        ]

    def rows_of(self, numbers: Sequence[int] | NDArray[np.integer]) -> Numbers:
        """Row numbers of these documents, ascending: a document's rows lie together as far as they came
        together. A pass over every row's owner (2 ms a million)."""
        owners = self.row_keys[:, 0]
        if len(numbers) == 1:
            return np.flatnonzero(owners == numbers[0])
        wanted = np.zeros(self.state.docs, np.bool_)
        wanted[np.asarray(numbers, np.int64)] = True
        return np.flatnonzero(wanted[owners])

    def has_rows(self) -> Mask:
        """Which documents have any, shape (docs,)."""
        mask = np.zeros(self.state.docs, np.bool_)
        mask[self.row_keys[:, 0]] = True
        return mask

    def constrained(self, must: Sequence[Node], must_not: Sequence[Node], chosen: Chosen = EVERY) -> Mask:
        """Which of the chosen documents meet columnar constraints, shape (chosen,)."""
        count = self.state.docs if isinstance(chosen, slice) else len(chosen)
        passing = np.ones(count, np.bool_)
        for node in must:
            passing &= self.mask(node, chosen)
        for node in must_not:
            passing &= ~self.mask(node, chosen)
        return passing

    def mask(self, node: Node, chosen: Chosen = EVERY) -> Mask:
        """Which of the chosen documents a columnar constraint lets through, shape (chosen,). Dates of a few
        are looked up, not scanned."""
        if isinstance(node, FacetIn):
            return self._facet_mask(node)[chosen]
        days: NDArray[np.int32] = self._array(DAYS, np.int32, 2, self.state.docs)[chosen]  # type: ignore[assignment]
        if isinstance(node, AnyOf):
            votes = np.zeros(len(days), np.uint16)
            for child in node.children:
                votes += self.mask(child, chosen)
            return np.asarray(votes >= max(1, node.required))
        if isinstance(node, Undated):
            return np.asarray(days[:, 0] == 0)
        if isinstance(node, DateRange):
            mask = days[:, 0] != 0
            if node.last is not None:
                mask &= days[:, 0] <= node.last
            if node.first is not None:
                mask &= days[:, 1] >= node.first
            return np.asarray(mask)
        raise TypeError(f"not a columnar constraint: {node}")

    def _facet_mask(self, node: FacetIn) -> Mask:
        if node.facet not in FACETS:
            raise BadQuery(f"没有这个分面：{node.facet}")
        if (known := self.kept.get(node)) is not None:
            return known
        pairs = self._array(facet_file(node.facet), np.uint32, 3, self.state.pairs.get(node.facet, 0))
        mask = np.zeros(self.state.docs, np.bool_)
        for value in node.values:
            low, high = fingerprint(value)
            found = np.flatnonzero(pairs[:, 1] == low)
            found = found[pairs[found, 2] == high]
            mask[pairs[found, 0]] = True
        if len(self.kept) >= _KEPT_MASKS:
            self.kept.clear()
        self.kept[node] = mask
        return mask


def live_mask(columns: Columns) -> Mask:
    """Documents not buried, shape (docs,)."""
    alive = np.ones(columns.state.docs, np.bool_)
    alive[columns.deaths()] = False
    return alive


def live_versions(columns: Columns, alive: Mask) -> dict[str, int]:
    numbers = np.flatnonzero(alive)
    return dict(zip(columns.ids(numbers), columns.docs[numbers, 0].tolist(), strict=True))

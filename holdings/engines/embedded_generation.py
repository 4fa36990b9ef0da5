"""Writing one generation of one audience's index.

A commit appends to the columns, fsyncs them, then commits Tantivy, whose commit carries the columns'
lengths (embedded_layout.State): whatever instant a kill strikes, readers and the next writer see the
whole of one commit and nothing of the next.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from holdings.engines.common import check_document, check_rows
from holdings.engines.embedded_columns import (
    ROW_KEYS,
    Columns,
    ColumnWriter,
    column_lengths,
    live_mask,
    live_versions,
    mean_file,
    signs_file,
)
from holdings.engines.embedded_hits import Hits
from holdings.engines.embedded_layout import (
    Generation,
    GrowingFile,
    MappedFiles,
    State,
    sync_all,
    sync_folder,
    write_atomically,
)
from holdings.engines.embedded_vectors import MEAN_AGAIN, MEAN_AT, Rows, mean_of, signs_of
from holdings.engines.embedded_words import (
    ID,
    NUMBER,
    STATE_KEY,
    STATE_VALUE,
    QueryBuilder,
    build_schema,
    locking,
    make_document,
    open_index,
    read_state,
    state_document,
)
from holdings.engines.port import Document, Row
from holdings.errors import Conflict, NotReady

#: Bytes Tantivy gathers before it writes a segment.
HEAP = 128_000_000
_BLOCK = 65_536
#: How often a deletion that was lost is tried again.
TRIES = 5

log = logging.getLogger("danghai.index")


class GenerationWriter:
    """Writes one generation. Not for several threads at once."""

    def __init__(self, generation: Generation, fsyncs: ThreadPoolExecutor) -> None:
        self.generation = generation
        self.made_with = generation.made_with()
        self.dimension = self.made_with.dimension
        self._fsyncs = fsyncs
        self._schema = build_schema()
        self._queries = QueryBuilder(self._schema)
        self._index = open_index(str(generation.tantivy), self._schema)
        try:
            with locking():
                self._writer = self._index.writer(HEAP, 1)
        except ValueError as error:
            raise Conflict(
                f"另一进程正在写索引 {generation.folder.parent.name}。", advice="只能有一个投影进程。"
            ) from error
        # A kill may leave a deletion file whose name the next commit would give again, and fail on.
        self._writer.garbage_collect_files()
        self._maps = MappedFiles(generation.folder)
        self._see_commit()
        self._bury_risen()
        lengths = column_lengths(self.state, self.dimension)
        self._files = {name: GrowingFile(generation.folder / name, size) for name, size in lengths.items()}
        self._signs: GrowingFile | None = None
        if self.state.mean_rows:
            self._open_signs()
        self._columns = ColumnWriter(self._files, self.state)
        self._changed = False
        self._withdrawn = self.state.withdrawn
        self._pending: dict[str, int] = {}
        self._gone: set[str] = set()
        if not self.state.commit:
            self._changed = True
            self.commit()

    def _see_commit(self) -> None:
        with locking():
            self._index.reload()
        self._searcher = self._index.searcher()
        text = read_state(self._searcher, self._schema)
        self.state = State.from_json(text) if text else State()

    def _bury_risen(self) -> None:
        """Delete again what the columns have buried and Tantivy still holds: of a deletion beside the opening of an
        index it loses one now and then (seen 3 times in 6,240 commits, tests/faults). Errors: NotReady."""
        for _ in range(TRIES):
            if self._searcher.num_docs <= self.state.docs - self.state.deaths + 1:
                return
            columns = Columns(self._maps, self.state, self.dimension)
            dead = columns.deaths().tolist()
            for start in range(0, len(dead), _BLOCK):
                block = dead[start : start + _BLOCK]
                risen = Hits(self._searcher, columns).numbers(self._queries.numbers(block), len(block))
                if risen:
                    log.warning("index %s: documents %s had come back", self.generation.folder, risen)
                    self._writer.delete_documents_by_query(self._queries.numbers(risen))
            self._writer.delete_documents_by_term(STATE_KEY, STATE_VALUE)
            self._writer.add_document(state_document(self.state.to_json(), self._schema))
            self._writer.commit()
            self._see_commit()
        raise NotReady(
            f"索引 {self.generation.folder.parent.name} 删不掉已收回的条目。",
            advice="请运行：danghai index rebuild",
        )

    def _open_signs(self) -> None:
        """The current signs; those of former means go, for no commit names them any more."""
        folder, state = self.generation.folder, self.state
        for number in range(1, state.signs):
            (folder / signs_file(number)).unlink(missing_ok=True)
            (folder / mean_file(number)).unlink(missing_ok=True)
        self._mean = np.fromfile(folder / mean_file(state.signs), np.float32)
        size = state.rows * ((self.dimension + 7) // 8)
        self._signs = GrowingFile(folder / signs_file(state.signs), size)

    # ── writing ─────────────────────────────────────────────────────────────────

    def write(self, documents: Sequence[Document], deletes: Iterable[str]) -> None:
        """Raises BadInput before anything is written."""
        for document in documents:
            check_document(document, self.dimension)
        made = [make_document(document, self._schema) for document in documents]
        deletes = list(deletes)
        known = self._numbers_of([*deletes, *(document.id for document in documents)])
        for id_ in deletes:
            if self._bury(id_, known):
                self._withdrawn += 1
        for document, ready in zip(documents, made, strict=True):
            self._bury(document.id, known)
            number = self._columns.add(document)
            ready.add_unsigned(NUMBER, number)
            self._writer.add_document(ready)
            self._pending[document.id] = number
            self._changed = True

    def add_rows(self, rows: Mapping[str, Sequence[Row]]) -> list[str]:
        """The ids that are not here. Raises BadInput before anything is written."""
        for id_, own in rows.items():
            check_rows(id_, own, self.dimension)
        known = self._numbers_of(list(rows)) | self._pending
        numbers = {id_: known[id_] for id_ in rows if id_ in known}
        had = self._keys_of(list(numbers.values()))
        for id_, number in numbers.items():
            fresh = [row for row in rows[id_] if (number, row.page, row.number) not in had]
            self._columns.add_rows(number, fresh)
            self._changed = self._changed or bool(fresh)
        return [id_ for id_ in rows if id_ not in numbers]

    def _keys_of(self, numbers: Sequence[int]) -> set[tuple[int, ...]]:
        """(document number, page, passage number) of every row these documents have by now."""
        if not numbers:
            return set()
        self._files[ROW_KEYS].flush()
        columns = Columns(self._maps, self._pending_state(), self.dimension)
        return set(map(tuple, columns.row_keys[columns.rows_of(numbers)].tolist()))

    def _numbers_of(self, ids: Sequence[str]) -> dict[str, int]:
        """Numbers of those ids that the last commit holds and that were not buried since."""
        wanted = [id_ for id_ in dict.fromkeys(ids) if id_ not in self._gone and id_ not in self._pending]
        if not wanted or not self.state.docs:
            return {}
        columns = Columns(self._maps, self.state, self.dimension)
        numbers = Hits(self._searcher, columns).numbers(self._queries.ids(wanted), len(wanted))
        return dict(zip(columns.ids(numbers), numbers, strict=True))

    def _bury(self, id_: str, known: dict[str, int]) -> bool:
        """Delete what is there under this id; whether there was something."""
        number = self._pending.pop(id_, None)
        if number is None:
            number = None if id_ in self._gone else known.get(id_)
            if number is None:
                return False
            self._gone.add(id_)
        self._writer.delete_documents_by_term(ID, id_)
        self._columns.bury(number)
        self._changed = True
        return True

    # ── committing ──────────────────────────────────────────────────────────────

    def commit(self) -> None:
        if not self._changed:
            return
        for file in self._files.values():
            file.flush()
        state = self._signed(self._pending_state())
        files = [*self._files.values(), *([self._signs] if self._signs else [])]
        sync_all(files, self._fsyncs)
        sync_folder(self.generation.folder)
        self._writer.delete_documents_by_term(STATE_KEY, STATE_VALUE)
        self._writer.add_document(state_document(state.to_json(), self._schema))
        self._writer.commit()
        self._see_commit()
        self._bury_risen()
        self._pending.clear()
        self._gone.clear()
        self._changed = False

    def _pending_state(self) -> State:
        columns = self._columns
        return State(
            commit=self.state.commit + 1,
            docs=columns.docs,
            rows=columns.rows,
            deaths=columns.deaths,
            id_bytes=columns.id_bytes,
            suggest_bytes=columns.suggest_bytes,
            withdrawn=self._withdrawn,
            mean_rows=self.state.mean_rows,
            signs=self.state.signs,
            pairs=dict(columns.pairs),
        )

    def _signed(self, state: State) -> State:
        """Append the new rows' signs; take the mean (again) when there are many more rows than it saw."""
        rows = Columns(self._maps, state, self.dimension).rows
        due = max(MEAN_AT, state.mean_rows * MEAN_AGAIN)
        if self.dimension and state.rows >= due:
            state = self._resign(state, rows)
            start = 0
        else:
            start = self.state.rows
        if self._signs:
            for at in range(start, state.rows, _BLOCK):
                block = signs_of(rows[at : min(state.rows, at + _BLOCK)], self._mean)
                self._signs.append(block.tobytes())
        return state

    def _resign(self, state: State, rows: Rows) -> State:
        """A new mean in a new signs file; the old one stays for those who still read it."""
        folder, number = self.generation.folder, state.signs + 1
        self._mean = mean_of(rows)
        write_atomically(folder / mean_file(number), self._mean.tobytes())
        if self._signs:
            self._signs.close()
        self._signs = GrowingFile(folder / signs_file(number), 0)
        return replace(state, mean_rows=state.rows, signs=number)

    # ── looking ─────────────────────────────────────────────────────────────────

    def versions(self) -> dict[str, int]:
        for file in self._files.values():
            file.flush()
        columns = Columns(self._maps, self._pending_state(), self.dimension)
        return live_versions(columns, live_mask(columns))

    def close(self) -> None:
        """Let go without committing; what was not committed is as if never written."""
        self._writer.rollback()
        self._writer.wait_merging_threads()
        for file in [*self._files.values(), *([self._signs] if self._signs else [])]:
            file.close()

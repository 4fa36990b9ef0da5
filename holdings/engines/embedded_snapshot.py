"""What a reader sees: one commit of one generation, swapped as a whole."""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import tantivy

from holdings.engines.common import REBUILD, check_readable
from holdings.engines.embedded_columns import (
    DOCS,
    IDS,
    ROW_KEYS,
    ROWS,
    Columns,
    Mask,
    column_lengths,
    live_mask,
    live_versions,
    mean_file,
    signs_file,
)
from holdings.engines.embedded_hits import Hits
from holdings.engines.embedded_layout import (
    AudienceFolder,
    Generation,
    MappedFiles,
    State,
)
from holdings.engines.embedded_meaning import Meaning
from holdings.engines.embedded_vectors import Vectors
from holdings.engines.embedded_words import QueryBuilder, build_schema, locking, open_index, read_state
from holdings.engines.port import IndexStatus, MadeWith
from holdings.errors import IndexMissing

#: Snapshots kept for those who turn pages, and seconds each is kept.
KEPT, KEPT_FOR = 8, 600.0
#: Seconds a generation is held after the switch to another, for questions still on their way.
GRACE = 10.0
#: A row file up to this size is read at opening; a larger one behind it.
WARM_AT_ONCE = 64_000_000
_CHUNK = 8_000_000

Signature = tuple[int, ...]


@dataclass(frozen=True)
class Snapshot:
    """Searcher, columns and alive rows of one commit. `meaning` is None until its files are warm."""

    name: str
    generation: str
    searcher: tantivy.Searcher
    columns: Columns
    alive: Mask
    rows_alive: Mask
    queries: QueryBuilder
    hits: Hits
    meaning: Meaning | None

    @property
    def state(self) -> State:
        return self.columns.state

    def versions(self) -> dict[str, int]:
        return live_versions(self.columns, self.alive)


class GenerationReader:
    """One generation, opened for reading."""

    def __init__(self, generation: Generation, made_with: MadeWith | None, token: str) -> None:
        self.generation = generation
        self._held = generation.hold()
        self.made_with = generation.made_with()
        self.mismatch = check_readable(self.made_with, made_with, generation.folder.parent.name)
        self._token = token
        self._schema = build_schema()
        self._queries = QueryBuilder(self._schema)
        self._index = open_index(str(generation.tantivy), self._schema)
        self._maps = MappedFiles(generation.folder)
        self._commit = str(generation.tantivy / "meta.json")
        self._seen: Signature = ()
        self._count = 0
        self._warm = threading.Event()
        self.latest = self._snapshot(None)
        self._start_warming()

    def stale(self) -> bool:
        """Whether there is a newer commit, or a meaning leg whose files are warm by now."""
        return self._signature() != self._seen or (self.latest.meaning is None and self._warm.is_set())

    def look(self) -> bool:
        """Take up a newer commit, or the meaning leg once its files are warm."""
        if not self.stale():
            return False
        before, self.latest = self.latest, self._snapshot(self.latest)
        if before.meaning:
            before.meaning.forget()
        return True

    def _signature(self) -> Signature:
        return _signature(self._commit)

    def _snapshot(self, before: Snapshot | None) -> Snapshot:
        self._seen = self._signature()
        with locking():
            self._index.reload()
        searcher = self._index.searcher()
        state = State.from_json(read_state(searcher, self._schema) or State().to_json())
        columns = Columns(self._maps, state, self.made_with.dimension)
        alive, rows_alive = _alive(columns, before)
        self._count += 1
        snapshot = Snapshot(
            name=f"{self._token}.{self.generation.name}.{self._count}",
            generation=self.generation.name,
            searcher=searcher,
            columns=columns,
            alive=alive,
            rows_alive=rows_alive,
            queries=self._queries,
            hits=Hits(searcher, columns),
            meaning=None,
        )
        return self._with_meaning(snapshot) if self._warm.is_set() else snapshot

    def _with_meaning(self, snapshot: Snapshot) -> Snapshot:
        columns, state = snapshot.columns, snapshot.state
        signs = mean = None
        if state.mean_rows:
            width = (self.made_with.dimension + 7) // 8
            signs = self._maps.view(signs_file(state.signs), state.rows * width).reshape(state.rows, width)
            mean = np.fromfile(self.generation.folder / mean_file(state.signs), np.float32)
        living = int(np.count_nonzero(snapshot.rows_alive))
        vectors = Vectors(columns.rows, signs, mean, snapshot.rows_alive, living)
        return replace(snapshot, meaning=Meaning(columns, snapshot.hits, self._queries, vectors))

    def _start_warming(self) -> None:
        state = self.latest.state
        if self.mismatch:
            return  # never warm: a question of another model must not meet these vectors
        if state.rows * self.made_with.dimension * 2 <= WARM_AT_ONCE:
            self._warm.set()
            self.latest = self._with_meaning(self.latest)
        else:
            threading.Thread(target=self._read_rows, args=(state,), name="index-warm", daemon=True).start()

    def _read_rows(self, state: State) -> None:
        """Read in order what the meaning leg touches at random: a thousand cold reads took 17 s."""
        lengths = column_lengths(state, self.made_with.dimension)
        names = [signs_file(state.signs)] if state.mean_rows else []
        for name in (*names, IDS, DOCS, ROW_KEYS, ROWS):
            _read_through(self.generation.folder / name, lengths.get(name))
        self._warm.set()

    def close(self) -> None:
        self._held.close()


class AudienceReader:
    """Follows one audience's current generation. Safe for several threads.

    `_following` is held while an index opens, which can take a second; `_keeping` never for long.
    """

    def __init__(self, folder: AudienceFolder, made_with: MadeWith | None, token: str) -> None:
        self._folder = folder
        self._made_with = made_with
        self._token = token
        self._following = threading.Lock()
        self._keeping = threading.Lock()
        self._pointer = str(folder.folder / "CURRENT")
        self._pointed: Signature = ()
        self._reader: GenerationReader | None = None
        self._left: list[tuple[float, GenerationReader]] = []
        self._kept: OrderedDict[str, tuple[float, Snapshot]] = OrderedDict()

    def stale(self) -> bool:
        """Whether `look` may find something new. Never waits."""
        reader = self._reader
        try:
            return reader is None or _signature(self._pointer) != self._pointed or reader.stale()
        except OSError:
            return True

    def look(self) -> None:
        """Follow CURRENT and take up a newer commit."""
        with self._following:
            self._follow()

    def _follow(self) -> GenerationReader:
        self._release(time.monotonic() - GRACE)
        pointed: Signature = ()
        with suppress(FileNotFoundError):
            pointed = _signature(self._pointer)  # before it is read: a switch in between shows as stale
        current = self._folder.current()
        reader = self._reader
        if reader is None or reader.generation != current:
            # Not served on when the new one cannot be read: it may lack what was withdrawn.
            self._leave()
            self._reader = reader = self._opened()
            self._pointed = pointed
            return reader
        self._pointed = pointed
        before = reader.latest.state.withdrawn
        if reader.look() and reader.latest.state.withdrawn != before:
            self._forget()
        return reader

    def _opened(self) -> GenerationReader:
        for _ in range(3):
            try:
                return GenerationReader(self._folder.current(), self._made_with, self._token)
            except FileNotFoundError:
                continue  # the writer switched and removed it between our two looks
        raise IndexMissing(f"索引不全：{self._folder.folder.name}。", advice=REBUILD)

    def _leave(self) -> None:
        """Serve the current generation no more; those still answering from it have GRACE seconds."""
        if self._reader:
            self._left.append((time.monotonic(), self._reader))
        self._reader = None
        self._forget()

    def _release(self, before: float) -> None:
        for left, reader in self._left:
            if left <= before:
                reader.close()
        self._left = [pair for pair in self._left if pair[0] > before]

    def _forget(self) -> None:
        with self._keeping:
            self._kept.clear()

    def ready(self, name: str | None) -> Snapshot | None:
        """The same as `snapshot` without ever waiting; None while the index is not open."""
        reader = self._reader
        return self._choose(reader, name) if reader else None

    def snapshot(self, name: str | None = None) -> Snapshot:
        """An earlier snapshot while it is kept, else the latest."""
        reader = self._reader
        if reader is None:
            with self._following:
                reader = self._reader or self._follow()
        return self._choose(reader, name)

    def _choose(self, reader: GenerationReader, name: str | None) -> Snapshot:
        with self._keeping:
            kept = self._kept.get(name) if name else None
        return kept[1] if kept else reader.latest

    def keep(self, snapshot: Snapshot) -> None:
        """Hold a snapshot for the next page, unless something was withdrawn meanwhile."""
        with self._keeping:
            reader = self._reader
            if reader is None or reader.generation.name != snapshot.generation:
                return
            if reader.latest.state.withdrawn != snapshot.state.withdrawn:
                return
            now = time.monotonic()
            self._kept[snapshot.name] = now, snapshot
            self._kept.move_to_end(snapshot.name)
            while len(self._kept) > KEPT or now - next(iter(self._kept.values()))[0] > KEPT_FOR:
                self._kept.popitem(last=False)

    def status(self) -> IndexStatus:
        snapshot = self.snapshot()
        reader = self._reader
        assert reader is not None
        state, kept, building = snapshot.state, self._folder.kept, self._folder.building
        return IndexStatus(
            audience=self._folder.folder.name,
            documents=int(np.count_nonzero(snapshot.alive)),
            rows=int(np.count_nonzero(snapshot.rows_alive)),
            generation=reader.generation.name,
            words_ready=True,
            meaning_ready=snapshot.meaning is not None,
            bytes_on_disk=reader.generation.bytes_on_disk(),
            made_with=reader.made_with,
            dead=state.deaths,
            rebuild_due=state.withdrawn > 0 or state.deaths * 3 > max(state.docs, 1_000),
            with_rows=int(np.count_nonzero(snapshot.columns.has_rows() & snapshot.alive)),
            mismatch=reader.mismatch,
            building=building.name if building else "",
            kept=kept.name if kept else "",
            kept_bytes=kept.bytes_on_disk() if kept else 0,
        )

    def close(self) -> None:
        with self._following:
            self._leave()
            self._release(time.monotonic())


def _signature(path: str) -> Signature:
    """Changes whenever the file is replaced."""
    stat = os.stat(path)
    return stat.st_ino, stat.st_mtime_ns, stat.st_size


def _alive(columns: Columns, before: Snapshot | None) -> tuple[Mask, Mask]:
    """Live documents (docs,) and their rows (rows,), from the former snapshot's where there is one."""
    state = columns.state
    if before is None:
        alive = live_mask(columns)
        return alive, alive[columns.row_keys[:, 0]]
    alive = np.ones(state.docs, np.bool_)
    alive[: len(before.alive)] = before.alive
    rows_alive = np.ones(state.rows, np.bool_)
    rows_alive[: len(before.rows_alive)] = before.rows_alive
    dead = columns.deaths(before.state.deaths)
    if len(dead):
        alive[dead] = False
        rows_alive[columns.rows_of(dead)] = False
    return alive, rows_alive


def _read_through(path: Path, length: int | None) -> None:
    """Bring a file's first bytes into the page cache."""
    if length == 0 or not path.exists():
        return
    buffer = bytearray(_CHUNK)
    with open(path, "rb", buffering=0) as handle:
        while handle.readinto(buffer):
            pass

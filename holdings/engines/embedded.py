"""The reading side of the embedded engine: Tantivy for words, signs and rows for meaning, in one process.

A reader never writes. It follows the writer by looking, twice a second, at Tantivy's meta file and at
CURRENT, and swaps searcher, columns and alive rows as one Snapshot. Answers are computed on threads;
Tantivy and faiss let go of Python's lock, so the two legs of one question run side by side.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import threading
from collections.abc import Awaitable, Callable, Sequence
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from holdings import time_limit
from holdings.engines.common import UNDATED_YEAR, bound_by, check_question, middle, order_of
from holdings.engines.embedded_columns import is_columnar
from holdings.engines.embedded_hits import Page, Place
from holdings.engines.embedded_layout import AudienceFolder
from holdings.engines.embedded_snapshot import AudienceReader, Snapshot
from holdings.engines.embedded_vectors import load_faiss
from holdings.engines.embedded_words import Query
from holdings.engines.legs import NOTHING, Leg
from holdings.engines.port import (
    YEARS,
    Answer,
    FacetCount,
    IndexStatus,
    MadeWith,
    Question,
    Row,
    Vector,
)
from holdings.errors import DanghaiError, IndexMissing
from holdings.time_limit import BoundedThreads

#: Seconds between two looks for a new commit.
LOOK_EVERY = 0.5
#: Documents whose rows are read together.
AT_ONCE = 2_000

T = TypeVar("T")
_log = logging.getLogger(__name__)


def _one_thread_each() -> None:
    """faiss must not start a team of threads for each thread of ours."""
    load_faiss().omp_set_num_threads(1)


class EmbeddedEngine:
    """holdings.engines.port.SearchEngine on the files of `index_dir`.

    made_with: what this process segments and embeds with; None reads anything (status, verification).
    """

    def __init__(self, index_dir: Path, made_with: MadeWith | None = None) -> None:
        self._index_dir = index_dir
        self._made_with = made_with
        self._readers: dict[str, AudienceReader] = {}
        self._complaints: dict[str, str] = {}
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._looker: threading.Thread | None = None
        self._token = secrets.token_hex(4)
        self._threads = BoundedThreads(2 * (os.cpu_count() or 2) + 4, "search", _one_thread_each)

    async def _run(self, work: Callable[..., T], *arguments: object) -> T:
        """On a thread; not begun any more once the answer's time is over. Errors: Busy, TooSlow; of work."""
        within = copy_context()

        def begin() -> T:
            time_limit.check()
            return work(*arguments)

        return await asyncio.get_running_loop().run_in_executor(self._threads, within.run, begin)

    # ── following the writer ────────────────────────────────────────────────────

    async def open(self) -> None:
        """Open the indexes that exist; others are taken up when they appear. Mismatches show when asked."""
        await self._run(self._look)
        if self._looker is None:
            self._looker = threading.Thread(target=self._keep_looking, name="index-look", daemon=True)
            self._looker.start()

    def _keep_looking(self) -> None:
        while not self._stop.wait(LOOK_EVERY):
            self._look()

    def _look(self) -> None:
        for folder in sorted(self._index_dir.glob("*/CURRENT")):
            try:
                self._reader(folder.parent.name).look()
            except (DanghaiError, OSError) as error:
                # Whoever asks this audience next meets the same error; the others go on.
                self._complain(folder.parent.name, str(error))

        for audience in [a for a in list(self._readers) if not AudienceFolder(self._index_dir / a).points]:
            with self._lock:
                reader = self._readers.pop(audience, None)
            if reader is not None:  # its index was deleted
                reader.close()

    def _complain(self, audience: str, message: str) -> None:
        """Once a message, not twice a second."""
        if self._complaints.get(audience) != message:
            self._complaints[audience] = message
            _log.warning("index %s: %s", audience, message)

    def _reader(self, audience: str) -> AudienceReader:
        with self._lock:
            reader = self._readers.get(audience)
            if reader is None:
                folder = AudienceFolder(self._index_dir / audience)
                if not folder.points:
                    raise IndexMissing(f"尚无索引：{audience}。", advice="请运行：danghai ingest")
                reader = self._readers[audience] = AudienceReader(folder, self._made_with, self._token)
        return reader

    async def refresh(self) -> None:
        """Where nothing was written since the last look, a few calls of stat and no thread."""
        if not self._readers or any(reader.stale() for reader in list(self._readers.values())):
            await self._run(self._look)

    async def close(self) -> None:
        self._stop.set()
        if self._looker:
            await self._run(self._looker.join)
        for reader in self._readers.values():
            reader.close()
        self._threads.shutdown()

    # ── answering ───────────────────────────────────────────────────────────────

    async def search(self, audience: str, question: Question) -> Answer:
        check_question(question)
        reader = self._reader(audience)
        ready = reader.ready(question.snapshot)
        snapshot: Snapshot = ready if ready else await self._run(reader.snapshot, question.snapshot)
        after = Place.from_text(question.after, order_of(question)) if question.after else None
        # Two at a time, for more wait for each other's hold on Python's lock longer than they gain: counts begin
        # when a leg is through. Meaning first: it soon lets go of that lock for long.
        two = asyncio.Semaphore(2)
        meaning, page, counts = await asyncio.gather(
            _in_turn(two, partial(self._meaning, snapshot, question)),
            _in_turn(two, partial(self._run, _words, snapshot, question, after)),
            _in_turn(two, partial(self._run, _counts, snapshot, question)),
        )
        on = None
        if not page.ended and page.hits:
            behind = (after.behind if after else 0) + len(page.hits)
            on = Place(snapshot.name, behind, page.last).to_text()
        if page.hits or meaning:
            reader.keep(snapshot)  # whoever pages on, within these hits or beyond, goes on in the same state
        undated = counts.years.pop(UNDATED_YEAR, 0)
        return Answer(
            page.hits, meaning, counts.total, counts.facets, counts.years, undated, on, snapshot.name
        )

    def has_meaning(self, audience: str) -> bool:
        reader = self._readers.get(audience)
        snapshot = reader.ready(None) if reader else None
        return snapshot is not None and snapshot.meaning is not None

    async def _meaning(self, snapshot: Snapshot, question: Question) -> Leg:
        if question.vector is None or snapshot.meaning is None:
            return NOTHING
        vector = await question.vector if isinstance(question.vector, asyncio.Future) else question.vector
        bound, refused = bound_by(question), question.must_not
        return await self._run(snapshot.meaning.search, vector, bound, refused, question.depth)

    async def complete(self, audience: str, prefix: str, *, size: int = 10) -> list[str]:
        reader = self._reader(audience)
        return await self._run(lambda: _complete(reader.snapshot(), prefix, size))

    async def vectors(self, audience: str, record_id: str) -> list[Row]:
        reader = self._reader(audience)
        return await self._run(lambda: _vectors(reader.snapshot(), record_id))

    async def middles(self, audience: str, ids: Sequence[str]) -> dict[str, Vector]:
        reader = self._reader(audience)
        return await self._run(lambda: _middles(reader.snapshot(), ids))

    async def versions(self, audience: str) -> dict[str, int]:
        reader = self._reader(audience)
        return await self._run(lambda: reader.snapshot().versions())

    def snapshot(self, audience: str) -> Snapshot:
        """What this process sees now; for measurements."""
        return self._reader(audience).snapshot()

    async def status(self, audience: str) -> IndexStatus:
        reader = self._reader(audience)
        return await self._run(reader.status)


async def _in_turn(turns: asyncio.Semaphore, work: Callable[[], Awaitable[T]]) -> T:
    async with turns:
        return await work()


def _counted(snapshot: Snapshot, question: Question, without: str = "") -> Query:
    """The set that totals, facets and the histogram count."""
    words = None if question.meaning_only else question.counted or question.words
    return snapshot.queries.constrained(words, bound_by(question, without), question.must_not)


@dataclass(frozen=True)
class _Counts:
    """Of the set that is counted, which is not always the one that is ranked."""

    total: int
    facets: dict[str, tuple[FacetCount, ...]]
    years: dict[int, int]


def _counts(snapshot: Snapshot, question: Question) -> _Counts:
    total, facets = _tally(snapshot, question)
    return _Counts(total, facets, _years(snapshot, question) if question.histogram else {})


def _words(snapshot: Snapshot, question: Question, after: Place | None) -> Page:
    """Nothing in meaning mode: words rank nothing there."""
    if question.meaning_only:
        return Page(NOTHING, ended=True)
    query = snapshot.queries.constrained(question.words, bound_by(question), question.must_not)
    same = after is not None and after.snapshot == snapshot.name
    return snapshot.hits.page(query, order_of(question), question.depth, after, same=same)


def _tally(snapshot: Snapshot, question: Question) -> tuple[int, dict[str, tuple[FacetCount, ...]]]:
    """The total, and the facets: those without a choice of their own share its pass, each other takes one."""
    bound = bound_by(question)
    if question.meaning_only and not question.facets and all(map(is_columnar, (*bound, *question.must_not))):
        passing = snapshot.columns.constrained(bound, question.must_not)
        return int(np.count_nonzero(passing & snapshot.alive)), {}
    shared = [name for name in question.facets if name not in question.post_filters]
    total, found = snapshot.hits.tally(_counted(snapshot, question), shared, question.facet_size)
    for name in question.facets:
        if name in question.post_filters:
            query = _counted(snapshot, question, name)
            found |= snapshot.hits.tally(query, [name], question.facet_size)[1]
    return total, found


def _years(snapshot: Snapshot, question: Question) -> dict[int, int]:
    return snapshot.hits.years(_counted(snapshot, question, YEARS), YEARS)


def _complete(snapshot: Snapshot, prefix: str, size: int) -> list[str]:
    if not prefix or size <= 0:
        return []
    return snapshot.hits.suggestions(snapshot.queries.containing(prefix), prefix, size)


def _vectors(snapshot: Snapshot, record_id: str) -> list[Row]:
    numbers = snapshot.hits.numbers(snapshot.queries.ids([record_id]), 1)
    if not numbers:
        return []
    columns = snapshot.columns
    own = columns.rows_of(numbers)
    keys = columns.row_keys[own].tolist()
    vectors = columns.rows[own].astype(np.float32)
    rows = [Row(page, number, vector) for (_, page, number), vector in zip(keys, vectors, strict=True)]
    return sorted(rows, key=lambda row: (row.page, row.number))


def _middles(snapshot: Snapshot, ids: Sequence[str]) -> dict[str, Vector]:
    columns = snapshot.columns
    found: dict[str, Vector] = {}
    for start in range(0, len(ids), AT_ONCE):
        some = list(ids[start : start + AT_ONCE])
        own = columns.rows_of(snapshot.hits.numbers(snapshot.queries.ids(some), len(some)))
        owners = columns.row_keys[own, 0]
        order = np.argsort(owners, kind="stable")  # rows that came later lie apart
        numbers, starts = np.unique(owners[order], return_index=True)
        of_each = np.split(columns.rows[own[order]], starts[1:]) if len(numbers) else []
        found |= dict(zip(columns.ids(numbers), map(middle, of_each), strict=True))
    return found

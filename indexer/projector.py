"""The one writer of the indexes: follows the catalogue's outbox into every audience's index.

Started by `danghai serve`, or by `danghai ingest` when none runs; a file lock keeps it alone
(invariant 10). Everything it does is derived and idempotent: killed at any instant, the outbox still
holds what the indexes lack, and doing it twice is the same as once.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import takewhile

from holdings.access import AUDIENCES, STAFF, narrowest_first
from holdings.catalogue import Catalogue, OutboxItem, Stage
from holdings.engines.port import Document, IndexWriter
from holdings.errors import BadInput, EngineAway, IndexMismatch, IndexMissing
from indexer.documents import Material, document, rows_of
from indexer.embedder import Embedder, Lacking, Vectors
from indexer.embeddings import EmbeddingStore
from models.meaning import Encoder
from models.words import Segmenter

log = logging.getLogger("danghai.projector")

#: Records a round: small enough that a commit follows within a second or two; and read at once to be embedded.
ROUND, SOME = 256, 16
#: Seconds without new work before a queued rebuild starts, so that many withdrawals cost one rebuild.
QUIET = 20.0
POLL = 0.2
#: Seconds between two tries while the indexes were made with something else.
MISMATCHED = 5.0


class Projector:
    """Moves what changed in the catalogue into the indexes, a round at a time. While it does, what comes
    next is embedded (indexer/embedder.py).

    encoder None: the meaning leg stays empty and says so; everything else works.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        writer: IndexWriter,
        segmenter: Segmenter,
        encoder: Encoder | None,
        embeddings: EmbeddingStore,
    ) -> None:
        self._catalogue = catalogue
        self._writer = writer
        self._segmenter = segmenter
        self._embeddings = embeddings
        self._embedder = Embedder(encoder, embeddings) if encoder else None
        self._ahead: asyncio.Task[None] | None = None
        self._embedded: set[int] = set()  # seq of outbox items whose vectors are made
        self._last_work = time.monotonic()
        # Each audience of a round asks for the same texts again.
        self._cut_once = lru_cache(maxsize=8 * ROUND)(self._cut)

    async def open(self) -> None:
        """Make or mend the indexes, and load what the first record would otherwise wait for.

        Asks for the rebuild of indexes that another encoder made: their words go on, meaning waits for it.
        """
        await asyncio.gather(self._writer.open(), asyncio.to_thread(self._segmenter.warm))
        if audiences := await self._writer.without_meaning():
            ask = self._catalogue.outbox.ask_rebuild
            await asyncio.to_thread(ask, audiences, "another embedding model")

    async def close(self) -> None:
        await self._settle()
        await self._writer.close()
        self._embeddings.close()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until told to stop. While the engine's cluster is away what waits stays in the outbox."""
        considered = False
        while not stop.is_set():
            try:
                if not considered:
                    await self.give_meaning(stop)
                    considered = True
                await self._round(stop)
            except IndexMissing as error:
                log.error("%s", error)
                ask = self._catalogue.outbox.ask_rebuild
                await asyncio.to_thread(ask, list(AUDIENCES), "index lost")
                await _sleep(stop, MISMATCHED)
            except EngineAway as error:
                log.error("%s", error)
                await _sleep(stop, error.retry_after)

    async def _round(self, stop: asyncio.Event) -> None:
        try:
            moved = await self.step()
        except IndexMismatch as error:
            # Only a rebuild helps: do it where it was asked for, else wait until somebody does.
            moved = await self.rebuild_wanted(stop)
            if not moved:
                log.error("%s", error)
                await _sleep(stop, MISMATCHED)
        if moved:
            self._last_work = time.monotonic()
            return
        if time.monotonic() - self._last_work > QUIET:
            await self.rebuild_wanted(stop)
        await _sleep(stop, POLL)

    async def step(self) -> int:
        """One round: the most pressing stage's next items. Returns how many; 0 when nothing waits."""
        items = await asyncio.to_thread(self._catalogue.outbox.take, 2 * ROUND)
        if not items:
            return 0
        stage = items[0].stage
        if stage < Stage.DESCRIPTION_VECTORS:
            items = items[:ROUND]
            self._embed_beside(items if stage == Stage.WORDS else ())
        else:
            items = await self._with_vectors(items)
            if not items:  # interrupted within one long record: what was made is kept
                return 1
        materials = await asyncio.to_thread(self._materials, [item.record_id for item in items])
        lacking = await self._project_each(items, materials)
        if stage == Stage.WITHDRAWAL:  # before the items are done: a kill between the two asks twice
            await self._queue_rebuilds(materials)
        await asyncio.to_thread(self._catalogue.outbox.done, items, lacking)
        self._embedded.difference_update(item.seq for item in items)
        return len(items)

    async def _project_each(self, items: Sequence[OutboxItem], materials: dict[str, Material]) -> Lacking:
        """The round at once; where an engine refuses a document, one by one, so that it stops no other."""
        try:
            return await self._project(items, materials)
        except (BadInput, ValueError) as error:
            if len(items) == 1:
                log.error("%s is left out of the indexes: %s", items[0].record_id, error)
                return {}
        lacking: dict[Stage, list[str]] = {}
        for item in items:
            for stage, ids in (await self._project_each([item], materials)).items():
                lacking.setdefault(stage, []).extend(ids)
        return dict(lacking)

    async def _project(self, items: Sequence[OutboxItem], materials: dict[str, Material]) -> Lacking:
        """Write and commit in every audience, the most open first: whole documents, or the vectors of those
        that have been written. Returns what vectors still lack."""
        late = items[0].stage >= Stage.DESCRIPTION_VECTORS
        vectors, lacking = await asyncio.to_thread(self._known, materials)
        ids = list(dict.fromkeys(item.record_id for item in items))
        drawn: dict[tuple[str, bool], Document] = {}  # all but staff see a record alike
        for audience in narrowest_first(AUDIENCES):
            seen = [i for i in ids if i in materials and audience in materials[i].stored.audiences]
            whole = seen
            if late:
                whole = await self._writer.add_rows(audience, {i: rows_of(vectors[i]) for i in seen})
            staff = audience == STAFF
            fresh = [materials[i] for i in whole if (i, staff) not in drawn]
            for made in await asyncio.to_thread(self._drawn_up, fresh, audience, vectors):
                drawn[made.id, staff] = made
            documents = [drawn[i, staff] for i in whole if (i, staff) in drawn]
            await self._writer.write(audience, documents, [i for i in ids if i not in set(seen)])
            await self._writer.commit(audience)
        return lacking

    async def _queue_rebuilds(self, materials: dict[str, Material]) -> None:
        """Deleted documents keep weighing in idf until rewritten: the audiences they left are built anew."""
        left = {a for m in materials.values() for a in AUDIENCES if a not in m.stored.audiences}
        if left:
            ask = self._catalogue.outbox.ask_rebuild
            await asyncio.to_thread(ask, sorted(left), "withdrawal")

    # ── vectors, made ahead ────────────────────────────────────────────────────

    async def _with_vectors(self, items: Sequence[OutboxItem]) -> list[OutboxItem]:
        """The first of these items, as far as their vectors are made; those of the rest are begun."""
        if self._embedder is None:
            return list(items[:ROUND])
        await self._settle()
        ready = self._ready(items)
        if not ready:
            await asyncio.to_thread(self._embed, items)
            ready = self._ready(items)
        if rest := items[len(ready) :]:
            self._ahead = asyncio.create_task(asyncio.to_thread(self._embed, rest))
        return ready

    def _ready(self, items: Sequence[OutboxItem]) -> list[OutboxItem]:
        return list(takewhile(lambda item: item.seq in self._embedded, items[:ROUND]))

    def _embed_beside(self, words: Sequence[OutboxItem]) -> None:
        """While words are projected, which keeps one core busy, embed on the other: what waits for its
        vectors, or else what those words belong to."""
        if self._embedder is not None and (self._ahead is None or self._ahead.done()):
            self._ahead = asyncio.create_task(asyncio.to_thread(self._embed_waiting, words))

    def _embed_waiting(self, words: Sequence[OutboxItem]) -> None:
        waiting = self._catalogue.outbox.take(ROUND, Stage.DESCRIPTION_VECTORS)
        fresh = [item for item in waiting if item.seq not in self._embedded]
        self._embed(fresh or words, beside=True)

    def _embed(self, items: Sequence[OutboxItem], *, beside: bool = False) -> None:
        """Make what vectors these records lack at their stage, until something more pressing waits."""
        if self._embedder is None or not items:
            return
        stop = None if beside else lambda: self._catalogue.outbox.has(Stage.WORDS)
        through = self._embedder.make(self._wanted(self._embedder, items), stop)
        self._embedded.update(item.seq for item in items[:through])

    def _wanted(self, embedder: Embedder, items: Sequence[OutboxItem]) -> Iterator[list[str]]:
        """What each is to be embedded of; read from the catalogue some at a time."""
        for start in range(0, len(items), SOME):
            some = items[start : start + SOME]
            materials = self._materials([item.record_id for item in some])
            for item in some:
                found = materials.get(item.record_id)
                yield embedder.wanted(found, item.stage) if found else []

    async def _settle(self) -> None:
        """Wait for what was begun. Errors: the encoder's."""
        if self._ahead is not None:
            ahead, self._ahead = self._ahead, None
            await ahead

    def _known(self, materials: dict[str, Material]) -> tuple[dict[str, Vectors], Lacking]:
        if self._embedder is None:
            return {i: {} for i in materials}, {}
        return self._embedder.known(materials)

    # ── rebuilds ───────────────────────────────────────────────────────────────

    async def give_meaning(self, stop: asyncio.Event | None = None) -> None:
        """Build anew, before all else, what another encoder made: its meaning leg is off until then."""
        if await self._writer.without_meaning():
            await self.rebuild_wanted(stop)

    async def rebuild_wanted(self, stop: asyncio.Event | None = None) -> int:
        """Do the rebuilds that were asked for, in one pass over the catalogue; how many were finished.

        All begin before the first fills: what lags meanwhile is written to every audience, and an index
        made with something else takes it only once its rebuild has begun.
        """
        wanted = await asyncio.to_thread(self._catalogue.outbox.rebuilds)
        audiences = narrowest_first(rebuild.audience for rebuild in wanted)
        for rebuild in wanted:
            log.info("rebuilding %s: %s", rebuild.audience, rebuild.reason)
            await self._writer.begin_rebuild(rebuild.audience)
        if not await self._fill(audiences, stop):
            for audience in audiences:
                await self._writer.abandon_rebuild(audience)
            return 0
        for audience in audiences:
            await self._writer.finish_rebuild(audience)
        for rebuild in wanted:
            await asyncio.to_thread(self._catalogue.outbox.rebuilt, rebuild)
        return len(wanted)

    async def _fill(self, audiences: Sequence[str], stop: asyncio.Event | None) -> bool:
        """Every record into the new generations; False when told to stop on the way."""
        for ids in self._catalogue.records.ids(batch=ROUND) if audiences else ():
            if stop is not None and stop.is_set():
                return False
            while await asyncio.to_thread(self._catalogue.outbox.has, Stage.WORDS):
                await self.step()
            materials = await asyncio.to_thread(self._materials, ids)
            vectors, lacking = await asyncio.to_thread(self._known, materials)
            for audience in audiences:
                seen = [m for m in materials.values() if audience in m.stored.audiences]
                documents = await asyncio.to_thread(self._drawn_up, seen, audience, vectors)
                await self._fill_each(audience, documents)
            # Another model's vectors are of no use: what this one has not made yet follows.
            await asyncio.to_thread(self._catalogue.outbox.done, (), lacking)
        return True

    async def _fill_each(self, audience: str, documents: Sequence[Document]) -> None:
        try:
            await self._writer.fill(audience, documents)
        except (BadInput, ValueError) as error:
            if len(documents) == 1:
                log.error("%s is left out of %s: %s", documents[0].id, audience, error)
                return
            for one in documents:
                await self._fill_each(audience, [one])

    # ── from the catalogue ─────────────────────────────────────────────────────

    def _drawn_up(
        self, materials: Sequence[Material], audience: str, vectors: dict[str, Vectors]
    ) -> list[Document]:
        return [document(m, audience, self._cut_once, vectors[m.stored.record.id]) for m in materials]

    def _cut(self, text: str) -> tuple[str, ...]:
        return tuple(token.text for token in self._segmenter.cut(text))

    def _materials(self, ids: Sequence[str]) -> dict[str, Material]:
        """What the catalogue knows now of these records; those it no longer has are left out."""
        unique = list(dict.fromkeys(ids))
        stored = self._catalogue.records.many(unique)
        pages = self._catalogue.pages.of_many(list(stored))
        texts = self._catalogue.records.attachment_texts(list(stored))
        above = self._catalogue.records.ancestors(list(stored))
        return {
            i: Material.of(s, pages.get(i, []), texts.get(i, []), [a.record.id for a in above[i]])
            for i, s in stored.items()
        }


async def _sleep(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)

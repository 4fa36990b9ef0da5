"""The one writer of the indexes: follows the catalogue's outbox into every audience's index.

Started by `danghai serve`, or by `danghai ingest` when none runs; a file lock keeps it alone
(invariant 10). Everything it does is derived and idempotent: killed at any instant, the outbox still
holds what the indexes lack, and doing it twice is the same as once.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import takewhile

from holdings.access import STAFF, narrowest_first
from holdings.catalogue import Catalogue, OutboxItem, Stage
from holdings.catalogue.audiences import NEW
from holdings.catalogue.outbox import WITHDRAWAL
from holdings.documents import Material, document, rows_of
from holdings.engines.port import Document, IndexWriter
from holdings.errors import BadInput, Conflict, EngineAway, EngineChanged, IndexMismatch, IndexMissing
from indexer.embedder import Embedder, Lacking, SeenVectors, nobody
from indexer.embeddings import EmbeddingStore
from indexer.materials import materials
from indexer.rebuilding import ROUND, Rebuilding
from models.meaning import Encoder
from models.words import Segmenter

log = logging.getLogger("danghai.projector")

#: Records read at once to be embedded.
SOME = 16
#: Seconds without new work before a queued rebuild starts, so that many withdrawals cost one rebuild.
QUIET = 20.0
POLL = 0.2
#: Seconds between two tries while the indexes were made with something else.
MISMATCHED = 5.0


class Projector:
    """Moves what changed in the catalogue into the indexes, a round at a time. While it does, what comes
    next is embedded (indexer/embedder.py).

    encoder None: the meaning leg stays empty and says so; everything else works. elsewhere: whether workers of
    other processes embed now, so that their vectors are waited for.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        writer: IndexWriter,
        segmenter: Segmenter,
        encoder: Encoder | None,
        embeddings: EmbeddingStore,
        engine: str = "",
        elsewhere: Callable[[], bool] = nobody,
    ) -> None:
        """engine: the name of the writer's, where it may be moved away from (holdings/catalogue/engine_choice.py)."""
        self._catalogue = catalogue
        self._writer = writer
        self._segmenter = segmenter
        self._embeddings = embeddings
        self._engine = engine
        self.rebuilding = Rebuilding(catalogue, writer, self._draw, self.catch_up)
        self._embedder = Embedder(encoder, embeddings, elsewhere) if encoder else None
        self._ahead: asyncio.Task[None] | None = None
        self._embedded: set[int] = set()  # seq of outbox items whose vectors are made
        self._last_work = time.monotonic()
        self._busy_rebuilding = False
        # Each audience of a round asks for the same texts again.
        self._cut_once = lru_cache(maxsize=8 * ROUND)(self._cut)

    async def open(self) -> None:
        """Make or mend the indexes, and load what the first record would otherwise wait for.

        Asks for the rebuild of indexes that another encoder made: their words go on, meaning waits for it.
        """
        await self.open_beside()
        if audiences := await self._writer.without_meaning():
            ask = self._catalogue.outbox.ask_rebuild
            await asyncio.to_thread(ask, audiences, "another embedding model")
        wanted = {wish.audience for wish in await asyncio.to_thread(self._catalogue.outbox.rebuilds)}
        for audience in await self._writer.rebuilding():
            if audience not in wanted:  # nobody asks for it any more
                await self._writer.abandon_rebuild(audience)

    async def open_beside(self) -> None:
        """The same for the engine that does not answer: nothing is asked for."""
        await asyncio.gather(self._writer.open(), asyncio.to_thread(self._segmenter.warm))

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
                await asyncio.to_thread(ask, self._catalogue.audiences.names(), "index lost")
                await _sleep(stop, MISMATCHED)
            except Conflict as error:  # a rebuild that was given up
                log.error("%s", error)
                self._last_work = time.monotonic()
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
        if time.monotonic() - self._last_work > QUIET or await asyncio.to_thread(self._is_awaited):
            await self.rebuild_wanted(stop)
        await _sleep(stop, POLL)

    def _is_awaited(self) -> bool:
        """Whether a new audience waits for its first index."""
        return any(rebuild.reason == NEW for rebuild in self._catalogue.outbox.rebuilds())

    async def step(self) -> int:
        """One round: the most pressing stage's next items. Returns how many; 0 when nothing waits."""
        if not self._busy_rebuilding:
            await self._drop_unwanted()
        items = await asyncio.to_thread(self._catalogue.outbox.take, 2 * ROUND)
        if not items:
            await asyncio.to_thread(self._still_answers)
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
        done = self._catalogue.outbox.done
        if not await asyncio.to_thread(done, items, lacking, into=self._engine):
            raise _changed()
        self._embedded.difference_update(item.seq for item in items)
        return len(items)

    def _still_answers(self) -> None:
        """Errors: EngineChanged, where another engine was moved to."""
        if self._engine and self._catalogue.engine.chosen(self._engine) != self._engine:
            raise _changed()

    async def _project_each(self, items: Sequence[OutboxItem], materials: dict[str, Material]) -> Lacking:
        """The round at once; where an engine refuses a document, one by one, so that it stops no other."""
        try:
            return await self._project(items, materials)
        except (BadInput, ValueError) as error:
            if len(items) == 1:
                log.error("%s is left out of the indexes: %s", items[0].record_id, error)
                self.rebuilding.refused.add(items[0].record_id)
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
        for audience in narrowest_first(await asyncio.to_thread(self._catalogue.audiences.names)):
            seen = [i for i in ids if i in materials and audience in materials[i].stored.audiences]
            whole = seen
            if late:
                whole = await self._writer.add_rows(
                    audience, {i: rows_of(vectors[i, audience == STAFF]) for i in seen}
                )
            staff = audience == STAFF
            fresh = [materials[i] for i in whole if (i, staff) not in drawn]
            for made in await asyncio.to_thread(self._drawn_up, fresh, audience, vectors):
                drawn[made.id, staff] = made
            documents = [drawn[i, staff] for i in whole if (i, staff) in drawn]
            await self._writer.write(audience, documents, [i for i in ids if i not in set(seen)])
            await self._writer.commit(audience)
        return lacking

    async def _queue_rebuilds(self, materials: dict[str, Material]) -> None:
        """Deleted and redacted words keep weighing in idf until rewritten: the audiences they left are built
        anew."""
        names = await asyncio.to_thread(self._catalogue.audiences.names)
        left = {
            a
            for m in materials.values()
            for a in names
            if a not in m.stored.audiences or (m.outer is not None and a != STAFF)
        }
        if left:
            ask = self._catalogue.outbox.ask_rebuild
            await asyncio.to_thread(ask, sorted(left), WITHDRAWAL)

    async def _drop_unwanted(self) -> None:
        """Delete the indexes of audiences that were removed, or whose last day is past."""
        for audience in await asyncio.to_thread(self._catalogue.audiences.unwanted):
            log.info("deleting the index of %s", audience)
            await self._writer.drop(audience)
            await asyncio.to_thread(self._catalogue.audiences.dropped, audience)

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

    def _known(self, materials: dict[str, Material]) -> tuple[SeenVectors, Lacking]:
        if self._embedder is None:
            return {(i, staff): {} for i in materials for staff in (True, False)}, {}
        return self._embedder.known(materials)

    # ── rebuilds ───────────────────────────────────────────────────────────────

    async def give_meaning(self, stop: asyncio.Event | None = None) -> None:
        """Build anew, before all else, what another encoder made, its meaning leg being off until then, and go
        on with what was cut short."""
        if await self._writer.without_meaning() or await self._writer.rebuilding():
            await self.rebuild_wanted(stop)

    async def rebuild_wanted(self, stop: asyncio.Event | None = None) -> int:
        """Do the rebuilds that were asked for; how many were finished. Errors: Conflict."""
        names = set(await asyncio.to_thread(self._catalogue.audiences.names))
        asked = await asyncio.to_thread(self._catalogue.outbox.rebuilds)
        wanted = [rebuild for rebuild in asked if rebuild.audience in names]
        if not wanted:
            return 0
        self._busy_rebuilding = True  # what a rebuild fills is not dropped under it
        try:
            return await self.rebuilding.do(wanted, stop)
        finally:
            self._busy_rebuilding = False

    async def catch_up(self) -> None:
        """Everything but vectors that waits."""
        while await asyncio.to_thread(self._catalogue.outbox.has, Stage.WORDS):
            await self.step()

    async def bring(self, record_ids: Sequence[str]) -> None:
        """These records into the indexes as the catalogue has them now, whole, whatever the outbox says."""
        items = [OutboxItem(0, record_id, Stage.WORDS) for record_id in record_ids]
        if items:
            await self._project_each(items, await asyncio.to_thread(self._materials, record_ids))

    # ── from the catalogue ─────────────────────────────────────────────────────

    def _draw(
        self, ids: Sequence[str], audiences: Sequence[str]
    ) -> tuple[dict[str, list[Document]], Lacking]:
        """Each audience's documents of the records it may see, and which vectors those lack."""
        materials = self._materials(ids)
        vectors, lacking = self._known(materials)
        seen = {a: [m for m in materials.values() if a in m.stored.audiences] for a in audiences}
        return {a: self._drawn_up(own, a, vectors) for a, own in seen.items()}, lacking

    def _drawn_up(self, materials: Sequence[Material], audience: str, vectors: SeenVectors) -> list[Document]:
        staff = audience == STAFF
        return [
            document(m.seen(staff=staff), audience, self._cut_once, vectors[m.stored.record.id, staff])
            for m in materials
        ]

    def _cut(self, text: str) -> tuple[str, ...]:
        return tuple(token.text for token in self._segmenter.cut(text))

    def _materials(self, ids: Sequence[str]) -> dict[str, Material]:
        return materials(self._catalogue, ids)


def _changed() -> EngineChanged:
    return EngineChanged("检索引擎刚刚换了。", advice="再次运行同一命令即接着做。")


async def _sleep(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)

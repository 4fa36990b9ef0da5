"""What a serving process holds: made cheaply, opened at start-up, closed at the end."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from holdings.access import AUDIENCES, Caller
from holdings.catalogue import Catalogue
from holdings.catalogue.seen_pages import PageView
from holdings.catalogue.seen_records import RecordView
from holdings.engines.making import made_with, search_engine
from holdings.engines.port import Answer, Ids, IndexStatus, Question, Row, SearchEngine, Vector
from holdings.errors import CatalogueUnavailable
from holdings.settings import Settings
from holdings.store import FileStore
from holdings.time_limit import BoundedThreads, unlimited
from models.errors import ModelsError
from models.loading import load_encoder
from models.meaning import Encoder
from models.words import JiebaSegmenter, Segmenter
from search_api.auditing import Auditing
from search_api.cursors import Cursors, new_key
from search_api.images import PageImages
from search_api.oidc import Oidc
from search_api.presence import Presence
from search_api.rates import rates
from search_api.signing_in import SigningIn
from search_api.theme_work import ThemeWork
from search_api.visits import VisitCounter

#: Seconds after which nobody waits any more for an answer of an engine that was moved away from.
LAST_QUESTIONS = 60.0

log = logging.getLogger("danghai.api")


class House:
    """Catalogue, engine and models of one serving process.

    The words leg answers as soon as `open` returns; the encoder warms behind it. Questions go through
    `ask`, `suggest` and `vectors`, never to the engine itself: what was withdrawn is out of every answer
    from the catalogue's commit on, whether or not a projector has taken it out of the index yet.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.catalogue = Catalogue(settings.catalogue_url, settings.request_seconds)
        self.threads = BoundedThreads(min(32, (os.cpu_count() or 1) + 4), "work")
        self.audit = Auditing(settings, self.catalogue)
        self.store = FileStore(settings.store_dir)
        self.images = PageImages(self.store, settings.home / "cache" / "images", settings.max_pixels)
        self.cursors = Cursors(lambda: self.catalogue.secrets.get("cursors", new_key))
        self.segmenter: Segmenter = JiebaSegmenter()
        self.encoder: Encoder | None = load_encoder(settings.models_dir)
        self.engine: SearchEngine = search_engine(settings, made_with(self.segmenter, self.encoder))
        self._engine_name: str = settings.engine
        self._switching = asyncio.Lock()
        self._left: list[asyncio.Task[None]] = []
        self.presence = Presence(self.catalogue, settings)
        self.signing_in = SigningIn(self.catalogue, settings)
        self.oidc = Oidc(settings, lambda: self.catalogue.secrets.get("oidc", new_key))
        self.rates = rates(settings)
        self.themes = ThemeWork()
        self.visits = VisitCounter(self.catalogue)
        self.encoder_ready = False
        self.encoder_broken = False
        self._warming: asyncio.Task[None] | None = None

    async def open(self) -> None:
        asyncio.get_running_loop().set_default_executor(self.threads)
        await asyncio.to_thread(self.segmenter.warm)
        await (await self.present_engine()).open()
        self.presence.open()
        self.visits.open()
        self._warming = asyncio.create_task(self._warm())

    async def _warm(self) -> None:
        if self.encoder is not None:
            try:
                await asyncio.to_thread(self.encoder.warm)
                self.encoder_ready = True
            except ModelsError as error:
                self.encoder_broken = True
                log.error("检索只用词，不用意：%s", error)
        # Dictionaries and libraries stay for good: a full collection need not walk them (80 ms a time).
        gc.collect()
        gc.freeze()

    async def warm(self) -> None:
        """Wait until the encoder is up too."""
        if self._warming is not None:
            await self._warming

    def embedding(self, audience: str, sentence: str) -> asyncio.Future[Vector] | None:
        """The question's vector, begun at once; None where nothing is said, or encoder or index cannot
        answer it (yet)."""
        if self.encoder is None or not self.encoder_ready or not sentence.strip():
            return None
        if not self.engine.has_meaning(audience):
            return None
        return asyncio.ensure_future(asyncio.to_thread(self.encoder.encode_question, sentence))

    # ── what hangs on records ──────────────────────────────────────────────────

    def pages(self, caller: Caller) -> PageView:
        """The pages as this caller sees them; what is redacted is there for staff alone."""
        return self.catalogue.pages if caller.is_staff else self.catalogue.seen_pages

    def records(self, caller: Caller) -> RecordView:
        """The records as this caller sees them; what a public form hides is there for staff alone."""
        return self.catalogue.records if caller.is_staff else self.catalogue.seen_records

    # ── asking the engine ──────────────────────────────────────────────────────

    async def ask(self, audience: str, question: Question) -> Answer:
        """The engine's answer without what is being withdrawn. Errors: the engine's; NotAllowed for an
        audience that was removed or has ended."""
        await self._check(audience)
        if gone := await self._withdrawn():
            question = replace(question, must_not=(*question.must_not, Ids(gone)))
        return await self.engine.search(audience, question)

    async def suggest(self, audience: str, prefix: str, size: int) -> list[str]:
        """Completions; none for the moment in which something is withdrawn: a value does not say whose it is."""
        await self._check(audience)
        return [] if await self._withdrawn() else await self.engine.complete(audience, prefix, size=size)

    async def vectors(self, audience: str, record_id: str) -> list[Row]:
        await self._check(audience)
        await self.engine.refresh()
        return await self.engine.vectors(audience, record_id)

    async def middles(self, audience: str, ids: Sequence[str]) -> dict[str, Vector]:
        """id → the middle of its vectors, without what is being withdrawn."""
        await self._check(audience)
        gone = set(await self._withdrawn())
        return await self.engine.middles(audience, [i for i in ids if i not in gone])

    async def status(self, audience: str) -> IndexStatus:
        """The index's status, its counts without what is being withdrawn."""
        await self._check(audience)
        gone = await self._withdrawn()
        status = await self.engine.status(audience)
        if not gone:
            return status
        left = (await self.engine.search(audience, Question(must_not=(Ids(gone),), depth=0))).total
        rows = sum([len(await self.engine.vectors(audience, record_id)) for record_id in gone])
        return replace(status, documents=left, rows=status.rows - rows)

    async def _check(self, audience: str) -> None:
        """Errors: NotAllowed, IndexMissing, of an audience that was added."""
        if audience not in AUDIENCES:
            await asyncio.to_thread(self.catalogue.audiences.check, audience)

    async def _withdrawn(self) -> tuple[str, ...]:
        """What is withdrawn and perhaps still indexed. In this order: once it is gone from the outbox it is
        gone from the index of the engine that then answers, as that sees it."""
        gone, engine = await asyncio.to_thread(self._looked)
        await self._follow(engine)
        await self.engine.refresh()
        return gone

    def _looked(self) -> tuple[tuple[str, ...], str]:
        return self.catalogue.outbox.withdrawing(), self.catalogue.engine.chosen(self.settings.engine)

    async def present_engine(self) -> SearchEngine:
        """The engine that answers by now; the last one while the catalogue is away."""
        with suppress(CatalogueUnavailable):
            await self._follow(await asyncio.to_thread(self.catalogue.engine.chosen, self.settings.engine))
        return self.engine

    async def _follow(self, engine: str) -> None:
        """Ask this engine from now on; the former one closes when its last questions are answered."""
        if engine == self._engine_name:
            return
        async with self._switching:
            if engine == self._engine_name:
                return
            made = made_with(self.segmenter, self.encoder)
            taken = search_engine(self.settings, made, engine)
            await taken.open()
            left, self.engine, self._engine_name = self.engine, taken, engine
            with unlimited():  # no part of the answer that met the move
                self._left.append(asyncio.create_task(_close_after(left, LAST_QUESTIONS)))
            log.warning("检索引擎换为 %s。", engine)

    async def close(self) -> None:
        await self.themes.close()
        if self._warming is not None:
            await asyncio.gather(self._warming, return_exceptions=True)
        for closing in self._left:
            closing.cancel()
        await asyncio.gather(*self._left, return_exceptions=True)
        await self.presence.close()
        await self.visits.close()
        self.images.close()
        await self.engine.close()
        await self.audit.close()
        self.catalogue.close()


async def _close_after(engine: SearchEngine, seconds: float) -> None:
    """At once where the house itself closes."""
    with suppress(asyncio.CancelledError):
        await asyncio.sleep(seconds)
    await engine.close()

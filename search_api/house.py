"""What a serving process holds: made cheaply, opened at start-up, closed at the end."""

from __future__ import annotations

import asyncio

from holdings.catalogue import Catalogue
from holdings.engines.making import made_with, search_engine
from holdings.engines.port import SearchEngine, Vector
from holdings.settings import Settings
from holdings.store import FileStore
from models.loading import load_encoder
from models.meaning import Encoder
from models.words import JiebaSegmenter, Segmenter
from search_api.images import PageImages


class House:
    """Catalogue, engine and models of one serving process.

    The words leg answers as soon as `open` returns; the encoder warms behind it.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.catalogue = Catalogue(settings.catalogue_url)
        self.store = FileStore(settings.store_dir)
        self.images = PageImages(self.store, settings.home / "cache" / "images")
        self.segmenter: Segmenter = JiebaSegmenter()
        self.encoder: Encoder | None = load_encoder(settings.models_dir)
        self.engine: SearchEngine = search_engine(settings, made_with(self.segmenter, self.encoder))
        self.encoder_ready = False
        self._warming: asyncio.Task[None] | None = None

    async def open(self) -> None:
        await asyncio.to_thread(self.segmenter.warm)
        await self.engine.open()
        self._warming = asyncio.create_task(self._warm())

    async def _warm(self) -> None:
        if self.encoder is not None:
            await asyncio.to_thread(self.encoder.warm)
            self.encoder_ready = True

    async def warm(self) -> None:
        """Wait until the encoder is up too."""
        if self._warming is not None:
            await self._warming

    async def vector(self, sentence: str) -> Vector | None:
        """The question's vector; None while the encoder is not there or nothing is said."""
        if self.encoder is None or not self.encoder_ready or not sentence.strip():
            return None
        return await asyncio.to_thread(self.encoder.encode_question, sentence)

    async def close(self) -> None:
        if self._warming is not None:
            await asyncio.gather(self._warming, return_exceptions=True)
        await self.engine.close()
        self.catalogue.close()

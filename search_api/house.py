"""What a serving process holds: made cheaply, opened at start-up, closed at the end."""

from __future__ import annotations

import asyncio
import logging

from holdings.catalogue import Catalogue
from holdings.engines.embedded import EmbeddedEngine
from holdings.engines.port import MadeWith, SearchEngine, Vector
from holdings.settings import Settings
from holdings.store import FileStore
from holdings.text import NORMALISER
from models.errors import ModelsError
from models.meaning import Encoder, OnnxEncoder
from models.store import default_models_dir, locate
from models.words import JiebaSegmenter, Segmenter
from search_api.images import PageImages

log = logging.getLogger("danghai.api")


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
        self.encoder: Encoder | None = load_encoder(settings)
        self.engine: SearchEngine = EmbeddedEngine(
            settings.index_dir, made_with(self.segmenter, self.encoder)
        )
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


def load_encoder(settings: Settings) -> Encoder | None:
    """The embedding model, not yet warm; None, and a log line that says so, when its files are not here."""
    try:
        return OnnxEncoder(locate(settings.models_dir or default_models_dir()))
    except ModelsError as error:
        log.warning("no meaning leg: %s", error)
        return None


def made_with(segmenter: Segmenter, encoder: Encoder | None) -> MadeWith:
    """What an index must have been made with to be searched here (invariant 7)."""
    return MadeWith(
        normaliser=NORMALISER,
        segmenter=segmenter.name,
        lexicon=segmenter.lexicon,
        encoder=encoder.name if encoder else "",
        dimension=encoder.dimension if encoder else 0,
    )

"""What the way in needs, put together from the settings."""

from __future__ import annotations

import time
from collections.abc import Callable

from holdings.catalogue import Catalogue
from holdings.engines.making import index_writer, made_with
from holdings.engines.port import MadeWith
from holdings.errors import ModelMissing
from holdings.settings import Settings
from holdings.store import FileStore
from indexer.embedder import Embedder
from indexer.embeddings import EmbeddingStore
from indexer.pool import OcrPool
from indexer.projector import Projector
from indexer.reading import ScanReading
from indexer.work import Work
from indexer.work_kinds import EmbedWork, Kind, OcrWork, check_store
from models.loading import load_encoder
from models.meaning import Encoder
from models.words import JiebaSegmenter

#: Seconds between two looks at who shares in the work.
LOOK_EVERY = 3.0


class Workshop:
    """The parts of the way in over one data folder. Cheap to make: each part is made when asked for."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.catalogue = Catalogue(settings.catalogue_url)
        self.store = FileStore(settings.store_dir)

    @property
    def engine(self) -> str:
        """The engine that answers."""
        return self.catalogue.engine.chosen(self.settings.engine)

    @property
    def made_with(self) -> MadeWith:
        """What this installation makes indexes with."""
        return made_with(JiebaSegmenter(), load_encoder(self.settings.models_dir))

    def projector(self, engine: str = "") -> Projector:
        """The one writer; hold `holdings.locks.projector_lock` while it works (or `moving_lock`, for the engine
        that does not answer)."""
        segmenter = JiebaSegmenter()
        encoder = load_encoder(self.settings.models_dir)
        engine = engine or self.engine
        return Projector(
            self.catalogue,
            index_writer(self.settings, made_with(segmenter, encoder), engine),
            segmenter,
            encoder,
            self.embeddings(encoder),
            engine,
            self.elsewhere("embed", lambda: encoder.name if encoder else ""),
        )

    def embeddings(self, encoder: Encoder | None = None) -> EmbeddingStore:
        """Vectors made before, of this encoder or the one installed: in a file beside the indexes, or where the
        catalogue's PostgreSQL is."""
        encoder = encoder or load_encoder(self.settings.models_dir)
        url = self.settings.catalogue_url
        alone = self.settings.index_dir / "embeddings.sqlite"
        return EmbeddingStore(alone if url.startswith("sqlite") else url, encoder.name if encoder else "")

    def elsewhere(self, kind: str, maker: Callable[[], str]) -> Callable[[], bool]:
        """Whether `danghai work` does this work with this model now, looked up every few seconds."""
        looked, there = 0.0, False

        def look() -> bool:
            nonlocal looked, there
            if time.monotonic() - looked > LOOK_EVERY:
                there = bool(self.catalogue.workers.present(kind, maker(), self.settings.work_gone))
                looked = time.monotonic()
            return there

        return look

    def scan_reading(self) -> ScanReading:
        """The OCR; hold `holdings.locks.reading_lock` while it works."""
        pool = OcrPool(self.settings.ocr_workers)
        return ScanReading(self.catalogue, self.store, pool, self.elsewhere("ocr", lambda: pool.reader_name))

    def work(self, kind: str, name: str) -> Work:
        """A worker that shares in this kind of work. Errors: StoreAway, ModelMissing."""
        self.settings.home.mkdir(parents=True, exist_ok=True)
        return Work(self.catalogue, self._kind(kind), self.settings.work_url, name, self.settings.work_gone)

    def _kind(self, kind: str) -> Kind:
        if kind == "ocr":
            check_store(self.catalogue, self.store)
            return OcrWork(self.catalogue, self.store, OcrPool(1))
        encoder = load_encoder(self.settings.models_dir)
        if encoder is None:
            raise ModelMissing("未装向量模型，不能做 embed。", advice="请运行：danghai models pull")
        encoder.warm()
        return EmbedWork(self.catalogue, Embedder(encoder, self.embeddings(encoder)), encoder.name)

    def close(self) -> None:
        self.catalogue.close()

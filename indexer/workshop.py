"""What the way in needs, put together from the settings."""

from __future__ import annotations

from holdings.catalogue import Catalogue
from holdings.engines.making import index_writer, made_with
from holdings.engines.port import MadeWith
from holdings.settings import Settings
from holdings.store import FileStore
from indexer.embeddings import EmbeddingStore
from indexer.pool import OcrPool
from indexer.projector import Projector
from indexer.reading import ScanReading
from models.loading import load_encoder
from models.meaning import Encoder
from models.words import JiebaSegmenter


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
        )

    def embeddings(self, encoder: Encoder | None = None) -> EmbeddingStore:
        """The vectors that were kept, of this encoder or the one installed."""
        encoder = encoder or load_encoder(self.settings.models_dir)
        return EmbeddingStore(self.settings.index_dir / "embeddings.sqlite", encoder.name if encoder else "")

    def scan_reading(self) -> ScanReading:
        """The OCR; hold `holdings.locks.reading_lock` while it works."""
        pool = OcrPool(self.settings.ocr_workers)
        return ScanReading(self.catalogue, self.store, pool)

    def close(self) -> None:
        self.catalogue.close()

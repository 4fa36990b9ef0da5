"""Which engine this installation runs, and what its indexes must have been made with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from holdings.engines.port import IndexWriter, MadeWith, SearchEngine
from holdings.settings import Settings
from holdings.text import NORMALISER

if TYPE_CHECKING:
    from holdings.engines.elasticsearch_client import Cluster


class Words(Protocol):
    """What an index remembers of a segmenter."""

    @property
    def name(self) -> str: ...
    @property
    def lexicon(self) -> str: ...


class Meaning(Protocol):
    """What an index remembers of an encoder."""

    @property
    def name(self) -> str: ...
    @property
    def dimension(self) -> int: ...


def made_with(segmenter: Words, encoder: Meaning | None) -> MadeWith:
    """What an index must have been made with to be searched or written here (invariant 7)."""
    return MadeWith(
        normaliser=NORMALISER,
        segmenter=segmenter.name,
        lexicon=segmenter.lexicon,
        encoder=encoder.name if encoder else "",
        dimension=encoder.dimension if encoder else 0,
    )


def search_engine(settings: Settings, made: MadeWith | None, engine: str = "") -> SearchEngine:
    """The reading side. made None: only status and verification are wanted. engine: another than the settings'."""
    if (engine or settings.engine) == "elasticsearch":
        from holdings.engines.elasticsearch import ElasticsearchEngine

        return ElasticsearchEngine(_cluster(settings), made)
    from holdings.engines.embedded import EmbeddedEngine

    return EmbeddedEngine(settings.index_dir, made)


def index_writer(settings: Settings, made: MadeWith, engine: str = "") -> IndexWriter:
    """The writing side; one holder per data folder and engine."""
    if (engine or settings.engine) == "elasticsearch":
        from holdings.engines.elasticsearch_writer import ElasticsearchWriter

        return ElasticsearchWriter(_cluster(settings), made)
    from holdings.engines.embedded_writer import EmbeddedWriter

    return EmbeddedWriter(settings.index_dir, made)


def _cluster(settings: Settings) -> Cluster:
    from holdings.engines.elasticsearch_client import Cluster

    key = settings.elastic_api_key
    return Cluster(
        settings.elastic_urls,
        settings.elastic_prefix,
        key.get_secret_value() if key else "",
        settings.elastic_ca,
        settings.elastic_shards,
        settings.elastic_replicas,
    )

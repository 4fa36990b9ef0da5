"""Which engine this installation runs, and what its indexes must have been made with."""

from __future__ import annotations

from typing import Protocol

from holdings.engines.embedded import EmbeddedEngine
from holdings.engines.embedded_writer import EmbeddedWriter
from holdings.engines.port import IndexWriter, MadeWith, SearchEngine
from holdings.errors import BadInput
from holdings.settings import Settings
from holdings.text import NORMALISER


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


def search_engine(settings: Settings, made: MadeWith | None) -> SearchEngine:
    """The reading side. made None: only status and verification are wanted. Errors: BadInput."""
    _only_embedded(settings)
    return EmbeddedEngine(settings.index_dir, made)


def index_writer(settings: Settings, made: MadeWith) -> IndexWriter:
    """The writing side; one holder per data folder. Errors: BadInput."""
    _only_embedded(settings)
    return EmbeddedWriter(settings.index_dir, made)


def _only_embedded(settings: Settings) -> None:
    if settings.engine != "embedded":
        raise BadInput(f"没有“{settings.engine}”这个检索引擎。", advice="请设 DANGHAI_ENGINE=embedded。")

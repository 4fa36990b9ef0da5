"""The port every search engine stands behind. One contract suite (tests/contracts) holds all to it.

What crosses the port is plain: tokens already segmented, integers, float32 vectors. An engine
never segments, embeds, reads the catalogue or decides who may see what: the audience's index holds
exactly what that audience may see.

Words travel as *leaves*. A leaf names what was written and how it was segmented, on the normalised
text (holdings.text.normalise); the same normalisation and segmenter were used on the documents.
"""

from __future__ import annotations

from asyncio import Future
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from holdings.engines.legs import NOTHING, Leg

Vector = NDArray[np.float32]

#: Text fields an engine indexes, with the weight each has in the words leg. A match in a short field is
#: worth more by BM25 itself (short, and few records have the word there), so short fields need little
#: weight beside the body: a title at 3 cost STARD a third of its nDCG (benchmarks/README.md).
TEXT_FIELDS: dict[str, float] = {
    "title": 0.5,
    "identifiers": 2.0,  # reference code and its parts, former codes, document number
    "creators": 0.3,
    "names": 0.3,  # persons
    "places": 0.3,
    "keywords": 0.3,
    "abstract": 0.5,
    "body": 1.0,  # page texts, attachments' texts
    "other": 0.2,  # remaining described fields; for staff also columns no field takes
}
#: Overlapping character pairs of title, abstract and body: finds what the segmenter cut differently.
BIGRAM_FIELD = "bigrams"
BIGRAM_WEIGHT = 1.0

#: Keyword facets. Values are shown as they are; a document may have several in each.
FACETS: tuple[str, ...] = (
    "fonds", "series", "genre", "creators", "persons", "places", "keywords", "category",
    "decade", "access_status", "retention", "medium", "level", "parent", "ancestors", "has_scan",
)  # fmt: skip

#: The name of the year histogram among `Question.post_filters`.
YEARS = "years"

#: Days are integers YYYYMMDD. An undated document has neither day.
Day = int


@dataclass(frozen=True)
class Row:
    """One passage's vector. `page` and `number` are those of holdings.records.Passage."""

    page: int
    number: int
    vector: Vector  # shape (dimension,), float32, length 1


@dataclass(frozen=True)
class Document:
    """One record as an index sees it. Everything is derived and can be thrown away.

    text: field of TEXT_FIELDS → tokens in reading order. Each inner list is one value (a title, a page);
          phrases never match across values.
    bigrams: the same values as overlapping pairs.
    sort_code: natural-order key of the reference code (holdings.text.natural_key).
    version: the catalogue's version number of this record; written back by `versions`.
    suggest: what may be offered while a person types: (as shown, normalised) of the title and the names.
    """

    id: str
    version: int
    text: Mapping[str, Sequence[Sequence[str]]]
    bigrams: Sequence[Sequence[str]] = ()
    facets: Mapping[str, Sequence[str]] = field(default_factory=dict)
    first_day: Day | None = None
    last_day: Day | None = None
    sort_code: str = ""
    rows: Sequence[Row] = ()
    suggest: Sequence[tuple[str, str]] = ()


# ── the question ────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Word:
    """One word of the question. Matches a document when any alternative does, in any text field.

    alternatives: each a token sequence: one token matches as a term, several as a phrase. The segmented
    form comes first; variants (old place names, other spellings) widen this leaf only.
    bigrams: the word's overlapping pairs; a phrase of them in the bigram field also matches. Empty for
    words of one character, identifiers and Latin words.
    prefix: the last token of the first alternative is a prefix ("沈家门*").
    fields: only these text fields; empty: all.
    """

    alternatives: tuple[tuple[str, ...], ...]
    bigrams: tuple[str, ...] = ()
    prefix: bool = False
    fields: tuple[str, ...] = ()
    weight: float = 1.0


@dataclass(frozen=True)
class AnyOf:
    """At least `required` of the children match (OR is required=1, AND is required=len)."""

    children: tuple[Node, ...]
    required: int = 1


@dataclass(frozen=True)
class Phrase:
    """The tokens in this order, adjacent, in one value of one field. Also found by `bigrams`."""

    tokens: tuple[str, ...]
    bigrams: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class FacetIn:
    """The document has at least one of these values in this facet."""

    facet: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class DateRange:
    """The document's days overlap first..last (inclusive; None is open). Undated never matches."""

    first: Day | None = None
    last: Day | None = None


@dataclass(frozen=True)
class Undated:
    """The document has no date."""


@dataclass(frozen=True)
class Ids:
    """The document is one of these."""

    ids: tuple[str, ...]


Node = Word | AnyOf | Phrase | FacetIn | DateRange | Undated | Ids


class Sort(StrEnum):
    RELEVANCE = "relevance"
    DATE = "date"  # first day ascending, undated last, then sort_code, then id
    DATE_DESC = "date_desc"  # first day descending, undated last, then sort_code, then id
    CODE = "reference_code"  # sort_code, then id


@dataclass(frozen=True)
class Question:
    """What an engine is asked. Both legs are bound by `must`, `must_not` and nothing else decides.

    words: what ranks the words leg; None: every document under the constraints matches, in `sort` order.
    counted: what total, facets and histogram count, where that is less than `words` match; None: `words`.
    vector: shape (dimension,), float32, length 1, already centred by nobody (the engine centres), or a task
            that will give it: the words leg need not wait while the sentence is embedded; None: no meaning
            leg.
    must / must_not: hold for both legs: filters, required phrases, NOT.
    facets: facet names to count, exactly, over the words matches (over the whole constrained set when
            `words` is None or `meaning_only`).
    post_filters: constraint by facet name, chosen in that facet: bind both legs and the totals, but not
            that facet's own counts (multi-select). The name YEARS stands for the histogram.
    histogram: also count documents per year (a document of several years counts in each).
    depth: how many hits of each leg are wanted from the start (at most 1,000).
    after: where a former answer of the words leg ended; opaque, the engine's own.
    snapshot: go on in the same state of the index as an earlier answer, while the engine still has it.
    """

    words: Node | None = None
    counted: Node | None = None
    vector: Vector | Future[Vector] | None = None
    must: tuple[Node, ...] = ()
    must_not: tuple[Node, ...] = ()
    post_filters: Mapping[str, Node] = field(default_factory=dict)
    facets: tuple[str, ...] = ()
    facet_size: int = 50
    histogram: bool = False
    sort: Sort = Sort.RELEVANCE
    depth: int = 1000
    after: str | None = None
    snapshot: str | None = None
    meaning_only: bool = False


# ── the answer ──────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class FacetCount:
    value: str
    count: int


@dataclass(frozen=True)
class Answer:
    """Both legs, best first: score descending, then id (or the asked sort, then id).

    total: exact number of documents the words leg matches, or `counted` where that was given (the
           constrained set when words is None or meaning_only).
    facets: count descending, then value; every count exact and at least 1.
    years: year → documents; undated: documents without a date.
    after: pass it back to go on in the words leg; None: this was the end.
    """

    words: Leg = NOTHING
    meaning: Leg = NOTHING
    total: int = 0
    facets: Mapping[str, tuple[FacetCount, ...]] = field(default_factory=dict)
    years: Mapping[int, int] = field(default_factory=dict)
    undated: int = 0
    after: str | None = None
    snapshot: str = ""


@dataclass(frozen=True)
class MadeWith:
    """What an index was made with (invariant 7). Other words are an IndexMismatch; with another encoder the
    words leg goes on, meaning is off, and `IndexStatus.mismatch` says so."""

    normaliser: str
    segmenter: str
    lexicon: str
    encoder: str  # "" when no embedding model was there
    dimension: int  # 0 when no embedding model was there

    def words_unlike(self, wanted: MadeWith) -> str:
        """How an index's words differ from `wanted`, for people; "" if they do not."""
        return self._unlike(wanted, ("normaliser", "segmenter", "lexicon"))

    def meaning_unlike(self, wanted: MadeWith) -> str:
        """How its vectors differ; "" where `wanted` has no encoder, for then none are asked for."""
        return self._unlike(wanted, ("encoder", "dimension")) if wanted.encoder else ""

    def _unlike(self, wanted: MadeWith, names: Sequence[str]) -> str:
        pairs = [(n, getattr(self, n), getattr(wanted, n)) for n in names]
        return "；".join(f"{n}: {mine!r} ≠ {other!r}" for n, mine, other in pairs if mine != other)


@dataclass(frozen=True)
class IndexStatus:
    audience: str
    documents: int
    rows: int
    generation: str
    words_ready: bool
    meaning_ready: bool
    bytes_on_disk: int
    made_with: MadeWith | None
    dead: int = 0  # documents replaced or deleted since the last rebuild
    rebuild_due: bool = False  # something was withdrawn, or a third of the index is dead
    with_rows: int = 0  # documents that have vectors
    mismatch: str = ""  # why the meaning leg is off for good, and the command that helps
    building: str = ""  # the generation that is being filled
    kept: str = ""  # the generation that a rebuild left, and that can be gone back to
    kept_bytes: int = 0


class SearchEngine(Protocol):
    """The reading side: any number of processes may hold one. Constructors are cheap; `open` is not.

    Errors: IndexMissing (no index for the audience yet), IndexMismatch, NotReady.
    """

    async def open(self) -> None:
        """Open what exists; the words leg answers first, the meaning leg warms behind it.

        Until the meaning leg is up, `search` answers without it and `status` says so.
        """

    async def search(self, audience: str, question: Question) -> Answer:
        """Answer from one audience's index, on one snapshot: hits, totals and facets agree."""

    def has_meaning(self, audience: str) -> bool:
        """Whether the meaning leg answers now. Never waits."""

    async def complete(self, audience: str, prefix: str, *, size: int = 10) -> list[str]:
        """Values of `Document.suggest` of *live* documents whose normalised form starts with or contains
        `prefix` (normalised by the caller), as shown, most frequent first, then by value."""

    async def vectors(self, audience: str, record_id: str) -> list[Row]:
        """The rows of one live document; [] when it has none or is not here."""

    async def middles(self, audience: str, ids: Sequence[str]) -> dict[str, Vector]:
        """id → the middle of its rows (`common.middle`), for live documents that have any: what groups by
        meaning and what learns from choices asks of many at once."""

    async def versions(self, audience: str) -> dict[str, int]:
        """id → version of every live document (to verify, and to find what lags)."""

    async def status(self, audience: str) -> IndexStatus:
        """Counts and readiness; IndexMissing when there is none."""

    async def refresh(self) -> None:
        """See every commit made before this call."""

    async def close(self) -> None: ...


class IndexWriter(Protocol):
    """The writing side: exactly one holder per data folder (invariant 10).

    Nothing is visible before `commit`; a commit is atomic per audience and survives kill -9.
    Errors: IndexMismatch where the index has other words, or vectors and no encoder is here.
    Writing a document whose id is there replaces it. Deleting an unknown id does nothing.
    """

    async def open(self) -> None:
        """Make what is missing; mend what a kill left."""

    async def write(
        self, audience: str, documents: Sequence[Document], deletes: Sequence[str] = ()
    ) -> None: ...

    async def add_rows(self, audience: str, rows: Mapping[str, Sequence[Row]]) -> list[str]:
        """Vectors, by id, for documents that are there; a row (page, number) that a document has stays as it is,
        so twice is the same as once. Returns the ids it has not given theirs to, which the caller writes whole:
        those that are not there, and for an engine that cannot add, all of them."""

    async def commit(self, audience: str) -> None:
        """Durable and visible to every reader (within two seconds without their asking)."""

    async def begin_rebuild(self, audience: str, *, back: bool = False) -> None:
        """Start a new, empty generation, unseen by readers, or go on with one that was cut short: it outlives
        `close` and kill -9 with what a `commit` made durable, and `versions` says what it holds. From now on,
        and again from `open` on, `write` and `commit` go to both generations: nothing lags, and a withdrawal is
        at once, while the rebuild goes on.

        back: begin with the generation that was kept; it lacks what changed since it was left, and holds
        nothing that was withdrawn since. Errors: Conflict where none is kept, IndexMismatch where it was made
        with something else.
        """

    async def rebuilding(self) -> list[str]:
        """Audiences whose new generation is not finished."""

    async def fill(self, audience: str, documents: Sequence[Document]) -> None:
        """Put documents into the new generation only. An id that `write` has put or deleted since
        `begin_rebuild` is left as it is: what was written is newer."""

    async def finish_rebuild(self, audience: str, *, keep: bool = False) -> None:
        """Commit and switch readers to the new generation in one step; the old one is removed once no reader
        uses it.

        keep: it stays instead, for `begin_rebuild(back=True)`, and the one kept before goes. What is written
        or deleted from now on leaves the kept one.
        """

    async def abandon_rebuild(self, audience: str) -> None: ...

    async def drop_kept(self, audience: str) -> None:
        """Remove the generation that was kept."""

    async def drop(self, audience: str) -> None:
        """Remove all there is of an audience, before `open` too."""

    async def versions(self, audience: str) -> dict[str, int]:
        """id → version of what the writer would commit now; of the new generation while there is one."""

    async def without_meaning(self) -> list[str]:
        """Audiences whose live index another encoder made (or none): it takes documents without rows."""

    async def close(self) -> None: ...

"""Label drafts: put together from a record's own sentences, each with its page. Nothing is written that the record
does not say; a draft is a draft until a person approves it. Pure.

Which sentences: those of the scope note 范围和提要 as they stand, then those of the pages that share most words with
the record's title, scope note and subject words, a word counting more the fewer of the record's sentences have it.
"""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from curation.checks import LABEL, counted
from curation.words import words_of
from holdings.records import FIELD_BY_NAME, PageText, Record
from holdings.redaction import GAP
from holdings.text import HAN, description_text
from models.words import Segmenter

#: Characters of a sentence that may stand in a label.
SENTENCE = (10, 110)
#: Of a quotation under it.
QUOTED = (8, 60)
#: Sentences of the pages that are weighed against each other; sentences in one draft.
WEIGHED, IN_ONE = 12, 5
#: Of a line that a reader was less sure of nothing is taken.
SURE = 0.85
#: A line so much shorter than the longest is the last of its paragraph.
SHORT_LINE = 0.8
#: What a sentence of the description counts beside the best one of the pages.
DESCRIBED = 1.5
#: Fields that fill up what is too short.
FILLING = ("creators", "photographer", "places", "keywords", "document_number", "medium", "acquisition")

_END = re.compile(r"(?<=[。！？!?])[」』”’》）)]*")
_ENDS = re.compile(r"[。！？!?][」』”’》）)]*$")
_BREAK = re.compile(f"(?<=[{HAN}，。、；：！？])\n(?=[{HAN}「『“（《])")
#: The number before an entry of a list.
_NUMBER = re.compile(r"^[\s（(]*[一二三四五六七八九十\d]{1,3}[、.．）)]+\s*")


@dataclass(frozen=True)
class Sentence:
    """page: 0 the description, then of `field`.  words: as the source has them, white space aside.  said: as it
    enters a label."""

    words: str
    page: int
    place: int
    field: str = ""

    @property
    def said(self) -> str:
        term = FIELD_BY_NAME[self.field].term if self.field in FILLING else ""
        text = f"{term}：{self.words}" if term else self.words
        return text if text[-1] in "。！？!?”」』" else f"{text.rstrip('；;，,、：:')}。"


@dataclass(frozen=True)
class Draft:
    """label: 80 to 150 characters where the record says as much.  sentences: what it is made of, in order."""

    label: str
    sentences: tuple[Sentence, ...]

    @property
    def length(self) -> int:
        return counted(self.label)

    @property
    def fits(self) -> bool:
        return LABEL[0] <= self.length <= LABEL[1]


def drafts(record: Record, pages: Mapping[int, PageText], segmenter: Segmenter, most: int = 3) -> list[Draft]:
    """Different drafts, the best first; none where the record says nothing. record, pages: as the public reads them,
    so that no draft holds what is redacted."""
    described = list(_of_field(record, "abstract"))
    from_pages = weighed(record, sentences_of(pages), segmenter)[:WEIGHED]
    filling = [one for name in FILLING for one in _of_field(record, name)]
    best = max((weight for _, weight in from_pages), default=1.0) or 1.0
    pool = [(one, DESCRIBED) for one in described] + [(one, weight / best) for one, weight in from_pages]
    made: list[Draft] = []
    for _ in range(most):
        used = {one for draft in made for one in draft.sentences if one.page}
        draft = _best([p for p in pool if p[0] not in used], filling)
        if draft is None or draft in made:
            break
        made.append(draft)
    return made


def quotations(
    record: Record, pages: Mapping[int, PageText], segmenter: Segmenter, most: int = 5
) -> list[Sentence]:
    """Sentences of the pages that may be quoted, the best first."""
    least, longest = QUOTED
    found = weighed(record, sentences_of(pages), segmenter)
    return [one for one, _ in found if least <= counted(one.words) <= longest][:most]


def sentences_of(pages: Mapping[int, PageText]) -> list[Sentence]:
    """The whole sentences of pages, in reading order: nothing redacted, nothing badly read; an entry of a list
    without its number."""
    found: list[Sentence] = []
    for number in sorted(pages):
        for words in _split(pages[number]):
            said = _NUMBER.sub("", words)
            if SENTENCE[0] <= counted(said) <= SENTENCE[1] and GAP not in said:
                found.append(Sentence(said, number, len(found)))
    return found


def weighed(
    record: Record, sentences: Sequence[Sentence], segmenter: Segmenter
) -> list[tuple[Sentence, float]]:
    """The sentences with what they say of the record's subject, most first; of equals the earlier first."""
    about = "\n".join((record.title, record.abstract, *record.keywords, *record.places))
    subject = set(words_of(segmenter, about))
    each = [set(words_of(segmenter, one.words)) for one in sentences]
    common = Counter(word for words in each for word in words)
    total = len(sentences) + 1
    weights = [
        sum(math.log(total / common[word]) + 0.1 for word in words & subject) / math.sqrt(3 + len(words))
        for words in each
    ]
    order = sorted(range(len(sentences)), key=lambda n: (-weights[n], n))
    return [(sentences[n], weights[n]) for n in order]


def described(record: Record) -> str:
    """All that a sentence of page 0 may stand in: the description, and the fields that fill up."""
    return "\n\n".join(
        (description_text(record), *(one.words for n in FILLING for one in _of_field(record, n)))
    )


def _best(pool: Sequence[tuple[Sentence, float]], filling: Sequence[Sentence]) -> Draft | None:
    """Of all choices of up to IN_ONE sentences that fit a label the weightiest; filled up from fields where what there
    is is too short; else what comes nearest."""
    least, most = LABEL
    lengths = {one: counted(one.said) for one, _ in pool}
    fitting: tuple[float, tuple[Sentence, ...]] | None = None
    short: tuple[int, tuple[Sentence, ...]] = (0, ())
    for size in range(1, IN_ONE + 1):
        for chosen in itertools.combinations(pool[: WEIGHED + 4], size):
            length = sum(lengths[one] for one, _ in chosen)
            if length > most:
                continue
            some = tuple(one for one, _ in chosen)
            weight = sum(weight for _, weight in chosen) - 0.05 * size
            if length >= least and (fitting is None or weight > fitting[0]):
                fitting = (weight, some)
            if length > short[0]:
                short = (length, some)
    chosen_ones = fitting[1] if fitting else _filled(short[1], filling)
    return _draft(chosen_ones) if chosen_ones else None


def _filled(some: tuple[Sentence, ...], filling: Sequence[Sentence]) -> tuple[Sentence, ...]:
    chosen, length = list(some), sum(counted(one.said) for one in some)
    for one in filling:
        if length >= LABEL[0]:
            break
        if length + counted(one.said) <= LABEL[1] and not any(one.words in said.words for said in chosen):
            chosen.append(one)
            length += counted(one.said)
    return tuple(chosen)


def _draft(some: Sequence[Sentence]) -> Draft:
    """The description first, then the pages in reading order, then what fills up."""
    ordered = sorted(some, key=lambda one: (one.field in FILLING, one.page, one.place))
    return Draft("".join(one.said for one in ordered), tuple(ordered))


def _of_field(record: Record, name: str) -> list[Sentence]:
    value = getattr(record, name)
    if name in FILLING:
        words = value if isinstance(value, str) else "、".join(value)
        return [Sentence(words, 0, FILLING.index(name), name)] if words.strip() else []
    parts = [part.strip() for part in _END.split(value) if part.strip()]
    return [Sentence(part, 0, n, name) for n, part in enumerate(parts) if counted(part) <= SENTENCE[1]]


def _split(page: PageText) -> list[str]:
    """A page's sentences as they stand, lines joined where they merely were full; only those that end as sentences
    do, of lines that were surely read."""
    longest = max((len(line.text) for line in page.lines), default=0)
    found: list[str] = []
    running: list[str] = []
    doubtful = False
    for line in page.lines:
        running.append(line.text.strip())
        doubtful = doubtful or line.confidence < SURE
        if len(line.text) < SHORT_LINE * longest or _ENDS.search(line.text.rstrip()):
            found += [] if doubtful else _sentences("\n".join(running))
            running, doubtful = [], False
    if running and not doubtful:
        found += _sentences("\n".join(running))
    return found


def _sentences(paragraph: str) -> list[str]:
    """Those that end as sentences do."""
    parts = [part.strip() for part in _END.split(_BREAK.sub("", paragraph))]
    return [part for part in parts if _ENDS.search(part)]

"""What a question means: quoted phrases, exclusions, dates, places, identifiers, fields, words. Pure.

Everything understood is shown back as a chip; a chip the person removes comes back as `plain` and is
then read as mere words. The parts that are not words bind both legs of the search (invariant 4).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from holdings.dates import FoundDate, find_dates
from holdings.engines.port import AnyOf, DateRange, Node, Phrase, Word
from holdings.errors import BadQuery
from holdings.places import find_places
from holdings.records import FIELDS
from holdings.text import bigrams, normalise
from models.words import Segmenter, Token

#: Longest question in characters; an abstract pasted whole still fits.
MAX_LENGTH = 1000
#: More words than this say no more about what is meant, and each costs the engine a query.
MAX_WORDS = 24

ChipKind = Literal["place", "date", "phrase", "not", "identifier", "field", "prefix"]

_QUOTED = re.compile(r"(?P<no>[-－]|NOT\s+|不含|不包括)?[“\"「『](?P<text>[^”\"」』]+)[”\"」』]")
#: 不要 and 排除 are common words of titles too (不要随地吐痰, 排除水雷): they exclude only behind a break.
_EXCLUDED = re.compile(
    r"(?:(?<![^\s，,。；;])[-－](?=[^\s\d-])|\bNOT\s+"
    r"|[，,；;\s]*(?:但|且)?(?:不含(?!糊)|不包括|不包含)(?:有关|关于)?"
    r"|[，,；;\s]+(?:但|且)?(?:不要|排除)(?:有关|关于)?)"
    r"(?P<text>[^\s，,。；;？?！!“”\"]+)"
)
#: Not the 除 of 扫除, 废除, 解除 …; 外 alone ends it only where the thing left out ends too.
_BESIDES = re.compile(
    r"(?<![扫清废解排开拆免消铲根破剔删切驱革岁戒])除(?:了|去)?(?P<text>[^\s，,。；;？?！!]{1,12}?)"
    r"(?:以外|之外|外(?=[的，,\s]|$))(?:的)?"
)
_DIGIT_DATE = r"(?:1\d{3}|20\d{2})(?:[01]\d(?:[0-3]\d)?)?(?!\d)"
_IDENTIFIER = re.compile(
    # a reference code: J045-1-12-3, J102-WS·2011-Y-0003, gov-001
    r"(?<![A-Za-z0-9])(?=[A-Za-z0-9·/-]*\d)[A-Za-z]{1,8}\d{0,6}(?:[-·/][A-Za-z0-9·]+)+"
    # numbers that are no date and no span: 000014349/2019-00007, 12-3-45
    rf"|(?<![A-Za-z0-9.-])(?!{_DIGIT_DATE})(?:\d+(?:[-/·][A-Za-z0-9]+){{2,}}|\d{{5,}}[-/]\d+)"
    r"|[\u4e00-\u9fff]{1,8}[〔\[（(【﹝]\s*\d{2,4}\s*[〕\]）)】﹞]\s*第?\d+号"  # 定政〔1953〕12号
    r"|[\u4e00-\u9fff]{1,6}字第[一二三四五六七八九十百千〇零\d]+[号號]"  # 漁字第三十七號
)
_PREFIX = re.compile(r"(?P<text>[^\s，,。*＊“”\"]{1,20})[*＊]")
_OR = re.compile(r"(?:^|(?<=\s))(?:OR|\|\||｜)(?=\s|$)|\s*\|\s*")
#: Said by those who know other catalogues; here words belong together unless OR parts them.
_AND = re.compile(r"(?:^|(?<=\s))(?:AND|&&)(?=\s|$)")

#: A named field in the question → the engine's text fields.
_FIELD_OF: dict[str, tuple[str, ...]] = {
    "title": ("title",),
    "creators": ("creators",),
    "reference_code": ("identifiers",),
    "document_number": ("identifiers",),
    "persons": ("names",),
    "places": ("places",),
    "keywords": ("keywords",),
    "abstract": ("abstract",),
    "text": ("body",),
}
_FIELD_NAMES = (
    {f.term: f.name for f in FIELDS if f.name in _FIELD_OF} | {n: n for n in _FIELD_OF} | {"全文": "text"}
)
_FIELDED = re.compile(
    rf"(?:(?<=\s)|^)(?P<field>{'|'.join(sorted(_FIELD_NAMES, key=len, reverse=True))})[:：]\s*(?P<text>[^\s，,。；;]+)"
)


@dataclass(frozen=True)
class Chip:
    """One thing understood. `text` is what was written; given back as `plain` it is read as words.

    also: other spellings and old names that widen it.  first, last: ISO days of a date (None is open).
    """

    kind: ChipKind
    text: str
    label: str = ""
    also: tuple[str, ...] = ()
    first: str | None = None
    last: str | None = None


@dataclass(frozen=True)
class Understood:
    """words: what matches and ranks (None: nothing to rank by).  must, must_not: bind both legs.

    any_word: what ranks beside meaning: a document with any of the words, for there nothing is lost by a
    word too few, and the best by both legs come first anyway.
    sentence: the question for the encoder, exclusions taken out; empty where the question only names
    identifiers, for a number has no meaning to be near to.
    needles: normalised words to mark on text and scans.
    """

    words: Node | None = None
    any_word: Node | None = None
    must: tuple[Node, ...] = ()
    must_not: tuple[Node, ...] = ()
    chips: tuple[Chip, ...] = ()
    sentence: str = ""
    needles: tuple[str, ...] = ()


_DROPPED = (_EXCLUDED, _BESIDES)


@dataclass
class _Reading:
    """The question while it is taken apart: what is understood is blanked out of `rest`.

    welcome: texts whose words may rank but are not asked for.
    """

    rest: str
    sentence: str
    plain: frozenset[str]
    words: list[Node] = field(default_factory=list)
    must: list[Node] = field(default_factory=list)
    must_not: list[Node] = field(default_factory=list)
    chips: list[Chip] = field(default_factory=list)
    needles: list[str] = field(default_factory=list)
    welcome: list[str] = field(default_factory=list)

    def matches(self, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
        """Matches in what is left, except those the person wants read as words; each is blanked out."""
        for match in list(pattern.finditer(self.rest)):
            if _said(match) not in self.plain:
                self.blank(match.start(), match.end())
                yield match
            elif pattern in _DROPPED or match.groupdict().get("no"):
                self.drop(match.start(), match.end())

    def drop(self, start: int, end: int) -> None:
        """A date or an exclusion taken back: its words are welcome, never required."""
        self.welcome.append(self.rest[start:end])
        self.blank(start, end)

    def blank(self, start: int, end: int) -> None:
        self.rest = self.rest[:start] + " " * (end - start) + self.rest[end:]


def understand(text: str, segmenter: Segmenter, *, plain: Sequence[str] = ()) -> Understood:
    """Take a question apart.

    plain: chip texts the person removed: they are read as mere words; those of a date or an exclusion
    may rank, but nothing must have them.
    Errors: BadQuery when it is too long.
    """
    if len(text) > MAX_LENGTH:
        raise BadQuery(f"检索词有 {len(text)} 字，最多 {MAX_LENGTH} 字。", advice="请缩短后再试。")
    reading = _Reading(text, text, frozenset(p.strip() for p in plain))
    _quoted(reading, segmenter)
    _excluded(reading, segmenter)
    _identifiers(reading, segmenter)
    _fielded(reading, segmenter)
    _prefixes(reading, segmenter)
    _dates(reading)
    _rest(reading, segmenter)
    welcome = [node for part in reading.welcome for node in _words(reading, part, segmenter)]
    return Understood(
        words=_welcoming(_together(reading.words), welcome),
        any_word=_any([*reading.words, *welcome]),
        must=tuple(reading.must),
        must_not=tuple(reading.must_not),
        chips=tuple(reading.chips),
        sentence="" if _only_identifiers(reading) else " ".join(reading.sentence.split()),
        needles=tuple(dict.fromkeys(n for n in reading.needles if n)),
    )


def _only_identifiers(reading: _Reading) -> bool:
    named = sum(chip.kind == "identifier" for chip in reading.chips)
    return 0 < named == len(reading.words) and not reading.welcome


def mere_words(text: str, segmenter: Segmenter) -> Understood:
    """Text that is no question, a title: its words and places, nothing else understood."""
    reading = _Reading(text, text, frozenset())
    nodes = _words(reading, text, segmenter)
    return Understood(words=_together(nodes), needles=tuple(dict.fromkeys(reading.needles)))


def required(count: int) -> int:
    """How many of so many words a document must have: all of two, then ever fewer of many.

    A keyword question means every word of it; of a whole sentence half its words is much.
    """
    return count if count <= 2 else max(2, round(0.5 * count)) if count <= 6 else 3


def _said(match: re.Match[str]) -> str:
    """What was written, without the break before it."""
    return match.group().strip(" \t\n\u3000，,；;")


def _together(nodes: list[Node]) -> Node | None:
    if not nodes:
        return None
    return nodes[0] if len(nodes) == 1 else AnyOf(tuple(nodes), required(len(nodes)))


def _any(nodes: list[Node]) -> Node | None:
    return AnyOf(tuple(nodes)) if len(nodes) > 1 else nodes[0] if nodes else None


def _welcoming(core: Node | None, more: list[Node]) -> Node | None:
    """What matches the core matches; what holds any of `more` too ranks higher."""
    if core is None or not more:
        return core or _together(more)
    return AnyOf((core, AnyOf((core, AnyOf(tuple(more), 1)), 2)), 1)


# ── the parts, in the order they are taken out ─────────────────────────────────


def _quoted(reading: _Reading, segmenter: Segmenter) -> None:
    for match in reading.matches(_QUOTED):
        said = normalise(match["text"]).text.strip()
        phrase = Phrase(_tokens(segmenter, said), tuple(bigrams(said)))
        if not phrase.tokens:
            continue
        if match["no"]:
            reading.must_not.append(phrase)
            reading.chips.append(Chip("not", _said(match), match["text"]))
            reading.sentence = reading.sentence.replace(match.group(), " ")
        else:
            reading.must.append(phrase)
            reading.words.append(Word((phrase.tokens,), phrase.bigrams))
            reading.needles.append(said)
            reading.chips.append(Chip("phrase", _said(match), match["text"]))


def _excluded(reading: _Reading, segmenter: Segmenter) -> None:
    for pattern in (_EXCLUDED, _BESIDES):
        for match in reading.matches(pattern):
            said = normalise(match["text"]).text
            for name in re.split(r"[、和或及]", said):
                if leaf := _word(segmenter, name):
                    reading.must_not.append(leaf)
            reading.chips.append(Chip("not", _said(match), match["text"]))
            reading.sentence = reading.sentence.replace(match.group(), " ")


def _identifiers(reading: _Reading, segmenter: Segmenter) -> None:
    for match in reading.matches(_IDENTIFIER):
        said = normalise(match.group()).text
        if tokens := _tokens(segmenter, said):
            reading.words.append(Word((tokens,), fields=("identifiers", "body", "title", "other")))
            reading.needles.append(said)
            reading.chips.append(Chip("identifier", match.group()))


def _fielded(reading: _Reading, segmenter: Segmenter) -> None:
    for match in reading.matches(_FIELDED):
        fields = _FIELD_OF[_FIELD_NAMES[match["field"]]]
        said = normalise(match["text"]).text
        if leaf := _word(segmenter, said, fields=fields):
            reading.words.append(leaf)
            reading.must.append(leaf)
            reading.needles.append(said)
            reading.sentence = reading.sentence.replace(match.group(), match["text"])
            reading.chips.append(Chip("field", _said(match), f"{match['field']}：{match['text']}"))


def _prefixes(reading: _Reading, segmenter: Segmenter) -> None:
    for match in reading.matches(_PREFIX):
        said = normalise(match["text"]).text
        if tokens := _tokens(segmenter, said):
            reading.words.append(Word((tokens,), tuple(bigrams(said)), prefix=True))
            reading.needles.append(said)
            reading.sentence = reading.sentence.replace(match.group(), match["text"])
            reading.chips.append(Chip("prefix", match.group()))


def _dates(reading: _Reading) -> None:
    for found in find_dates(reading.rest):
        if not _says_a_date(found):
            continue
        if found.text.strip() in reading.plain:
            reading.drop(found.start, found.end)
            continue
        first, last = found.bounds
        reading.must.append(DateRange(_day(first), _day(last)))
        reading.chips.append(Chip("date", found.text.strip(), first=first, last=last))
        reading.blank(found.start, found.end)


def _says_a_date(found: FoundDate) -> bool:
    first, last = found.bounds
    return first is not None or last is not None


def _rest(reading: _Reading, segmenter: Segmenter) -> None:
    """What is left are words; places among them are widened by their other names."""
    alternatives = [part for part in _OR.split(_AND.sub(" ", reading.rest)) if part.strip()]
    if len(alternatives) > 1:
        nodes = [n for part in alternatives if (n := _together(_words(reading, part, segmenter)))]
        if nodes:
            reading.words.append(AnyOf(tuple(nodes), 1))
    elif alternatives:
        reading.words += _words(reading, alternatives[0], segmenter)


def _words(reading: _Reading, part: str, segmenter: Segmenter) -> list[Node]:
    said = normalise(part).text
    nodes: list[Node] = []
    taken: list[tuple[int, int]] = []
    for place in find_places(said):
        if place.text in reading.plain:
            continue
        also = tuple(normalise(name).text for name in place.also)
        names = dict.fromkeys((place.text, *also))
        sequences = tuple(t for name in names if (t := _tokens(segmenter, name)))
        if not sequences:
            continue
        nodes.append(Word(sequences, tuple(bigrams(place.text)) if len(place.text) > 1 else ()))
        reading.chips.append(Chip("place", place.text, also=tuple(place.also)))
        reading.needles += names
        taken.append((place.start, place.end))
    for token in segmenter.words(said):
        inside = any(start < token.end and token.start < end for start, end in taken)
        if not token.is_stop and not inside and len(nodes) < MAX_WORDS:
            nodes.append(_leaf(token))
            reading.needles.append(token.text)
    return nodes


def _leaf(token: Token) -> Word:
    return Word(((token.text,),), tuple(bigrams(token.text)) if len(token.text) > 1 else ())


def _word(segmenter: Segmenter, said: str, fields: tuple[str, ...] = ()) -> Word | None:
    tokens = _tokens(segmenter, said)
    return Word((tokens,), tuple(bigrams(said)) if len(said) > 1 else (), fields=fields) if tokens else None


def _tokens(segmenter: Segmenter, said: str) -> tuple[str, ...]:
    return tuple(token.text for token in segmenter.words(said))


def _day(iso: str | None) -> int | None:
    return int(iso.replace("-", "")) if iso else None

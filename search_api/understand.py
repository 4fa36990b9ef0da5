"""What a question means: quoted phrases, exclusions, dates, places, identifiers, fields, words. Pure.

Everything understood is shown back as a chip; a chip the person removes comes back as `plain` and is
then read as mere words. The parts that are not words bind both legs of the search (invariant 4).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from holdings.dates import FoundDate, find_dates
from holdings.engines.port import AnyOf, DateRange, Phrase, Word
from holdings.errors import BadQuery
from holdings.records import FIELDS
from holdings.text import bigrams, normalise
from models.words import Segmenter
from search_api.alternatives import BETWEEN, beside_or, groups, sides_or_words
from search_api.question_parts import (
    Chip,
    Reading,
    Understood,
    any_of,
    said,
    together,
    tokens,
    welcoming,
    word,
    words,
)

__all__ = ["MAX_LENGTH", "Chip", "Understood", "mere_words", "understand"]

#: Longest question in characters; an abstract pasted whole still fits.
MAX_LENGTH = 1000

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


def understand(text: str, segmenter: Segmenter, *, plain: Sequence[str] = ()) -> Understood:
    """Take a question apart.

    plain: chip texts the person removed: they are read as mere words; those of a date or an exclusion
    may rank, but nothing must have them.
    Errors: BadQuery when it is too long.
    """
    if len(text) > MAX_LENGTH:
        raise BadQuery(f"检索词有 {len(text)} 字，最多 {MAX_LENGTH} 字。", advice="请缩短后再试。")
    reading = Reading.of(text, plain)
    _quoted(reading, segmenter)
    _excluded(reading, segmenter)
    _identifiers(reading, segmenter)
    _fielded(reading, segmenter)
    _prefixes(reading, segmenter)
    _dates(reading)
    reading.rest = _AND.sub(lambda match: " " * len(match.group()), reading.rest)
    groups(reading, segmenter)
    sides_or_words(reading, segmenter)
    welcome = [node for part in reading.welcome for node in words(reading, part, segmenter)]
    nodes = [one.node for one in reading.words]
    return Understood(
        words=welcoming(together(nodes), welcome),
        any_word=any_of([*nodes, *welcome]),
        must=tuple(reading.must),
        must_not=tuple(reading.must_not),
        chips=tuple(reading.chips),
        sentence="" if _only_identifiers(reading) else " ".join(reading.sentence.split()),
        needles=tuple(dict.fromkeys(n for n in reading.needles if n)),
    )


def _only_identifiers(reading: Reading) -> bool:
    return bool(reading.words) and not reading.spoken and not reading.welcome


def mere_words(text: str, segmenter: Segmenter) -> Understood:
    """Text that is no question, a title: its words and places, nothing else understood."""
    reading = Reading.of(text)
    nodes = words(reading, text, segmenter)
    return Understood(words=together(nodes), needles=tuple(dict.fromkeys(reading.needles)))


# ── the parts, in the order they are taken out ─────────────────────────────────


def _quoted(reading: Reading, segmenter: Segmenter) -> None:
    for match in reading.matches(_QUOTED, dropped=lambda match: bool(match["no"])):
        text = normalise(match["text"]).text.strip()
        phrase = Phrase(tokens(segmenter, text), tuple(bigrams(text)))
        if not phrase.tokens:
            continue
        if match["no"]:
            reading.must_not.append(phrase)
            reading.chips.append(Chip("not", said(match), match["text"]))
            reading.sentence = reading.sentence.replace(match.group(), " ")
            continue
        if not beside_or(reading, match):
            reading.must.append(phrase)
        reading.rank(match, Word((phrase.tokens,), phrase.bigrams))
        reading.needles.append(text)
        reading.chips.append(Chip("phrase", said(match), match["text"]))


def _excluded(reading: Reading, segmenter: Segmenter) -> None:
    for pattern in (_EXCLUDED, _BESIDES):
        for match in reading.matches(pattern, dropped=lambda match: True):
            text = normalise(match["text"]).text
            for name in re.split(r"[、和或及]", text):
                if leaf := word(segmenter, name):
                    reading.must_not.append(leaf)
            reading.chips.append(Chip("not", said(match), match["text"]))
            reading.sentence = reading.sentence.replace(match.group(), " ")


def _identifiers(reading: Reading, segmenter: Segmenter) -> None:
    for match in reading.matches(_IDENTIFIER):
        text = normalise(match.group()).text
        if found := tokens(segmenter, text):
            leaf = Word((found,), fields=("identifiers", "body", "title", "other"))
            reading.rank(match, leaf, spoken=False)  # a number has no meaning to be near to
            reading.needles.append(text)
            reading.chips.append(Chip("identifier", match.group()))


def _fielded(reading: Reading, segmenter: Segmenter) -> None:
    for match in reading.matches(_FIELDED):
        fields = _FIELD_OF[_FIELD_NAMES[match["field"]]]
        text = normalise(match["text"]).text
        if leaf := word(segmenter, text, fields=fields):
            if not beside_or(reading, match):
                reading.must.append(leaf)
            reading.rank(match, leaf)
            reading.needles.append(text)
            reading.sentence = reading.sentence.replace(match.group(), match["text"])
            reading.chips.append(Chip("field", said(match), f"{match['field']}：{match['text']}"))


def _prefixes(reading: Reading, segmenter: Segmenter) -> None:
    for match in reading.matches(_PREFIX):
        text = normalise(match["text"]).text
        if found := tokens(segmenter, text):
            reading.rank(match, Word((found,), tuple(bigrams(text)), prefix=True))
            reading.needles.append(text)
            reading.sentence = reading.sentence.replace(match.group(), match["text"])
            reading.chips.append(Chip("prefix", match.group()))


def _dates(reading: Reading) -> None:
    """Each binds; of two with nothing but an OR between them either does."""
    before = 0
    for found in find_dates(reading.rest):
        if not _says_a_date(found):
            continue
        if found.text.strip() in reading.plain:
            reading.drop(found.start, found.end)
            continue
        first, last = found.bounds
        dates = DateRange(_day(first), _day(last))
        if before and BETWEEN.fullmatch(reading.rest, before, found.start):
            reading.blank(before, found.start)
            reading.must[-1] = AnyOf((reading.must[-1], dates))
        else:
            reading.must.append(dates)
        reading.chips.append(Chip("date", found.text.strip(), first=first, last=last))
        reading.blank(found.start, found.end)
        before = found.end


def _says_a_date(found: FoundDate) -> bool:
    first, last = found.bounds
    return first is not None or last is not None


def _day(iso: str | None) -> int | None:
    return int(iso.replace("-", "")) if iso else None

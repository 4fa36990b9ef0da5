"""What in a record's words speaks against opening it, and where it stands. Pure: it sees, it decides nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from holdings.access import DECLASSIFIED, NO_MARKS, Marks
from holdings.identifiers import find_numbers
from holdings.records import Line, PageText, Record
from holdings.secrecy import FoundMark, marks_on, notices_on
from holdings.text import description_text, normalise

Kind = Literal[
    "secrecy-mark", "classification", "id-card", "bank-card", "telephone", "address", "minor", "term"
]
#: Age under which a person named is a minor (Law on the Protection of Minors, art. 2).
ADULT = 18

_HOME = re.compile(
    r"(?:家庭住址|家庭地址|现住址?|家住|住址|户籍地址?|户口所在地)[::为在于]?\s*[^\s,。;、()]{3,40}"
)
_DOOR = re.compile(
    r"[一-鿿]{2,12}(?:路|街|巷|弄|里|村|坊)\s?[\d一二三四五六七八九十百]+号(?:[\d一二三四五六七八九十]+(?:幢|栋|单元|室|楼))+"
)
_AGE = re.compile(
    r"(?:年龄?[::]?\s?|现年|年方|时年)?(?<![\d一二三四五六七八九十])(\d{1,2}|[一二三四五六七八九]?十?[一二三四五六七八九]?)(?:周岁|岁)"
)
_PLACES = {"head": "页首", "stamp": "印章处", "star": "★ 前"}
_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")}


@dataclass(frozen=True)
class Term:
    """One row of the house's list of sensitive terms."""

    term: str
    category: str
    reason: str = ""


@dataclass(frozen=True)
class Seen:
    """One thing seen.

    page: from 1; 0 is the description.  line: from 0 within the page.  start, end: in the page's text as shown.
    category: of a term.  reason: the coded reason it speaks for ("" : none of itself).
    """

    kind: Kind
    page: int
    line: int
    start: int
    end: int
    text: str
    why: str
    category: str = ""
    reason: str = ""


def signals(
    record: Record, pages: Mapping[int, PageText], sizes: Mapping[int, tuple[int, int]], terms: Sequence[Term]
) -> list[Seen]:
    """Everything seen in the description and on the pages, in reading order.

    pages: number → text.  sizes: number → width and height of the stored image in pixels (0: none).
    """
    said = PageText(tuple(Line(t) for t in description_text(record).split("\n")), "description")
    found = [*_classified(record)]
    for number, text in sorted({0: said, **pages}.items()):
        if number:
            found += _marks(number, text, sizes.get(number, (0, 0)))
        found += _within(number, text, terms, year_of(record))
    return sorted(found, key=lambda s: (s.page, s.start, s.end, s.kind, s.category))


def year_of(record: Record) -> int | None:
    """The year a record is of, to tell a person's age by."""
    return int(record.date.first[:4]) if record.date.first else None


# ── secrecy ────────────────────────────────────────────────────────────────────


def _classified(record: Record) -> Iterator[Seen]:
    marks, text = Marks.of(record, quarantined=False), record.classification
    if text not in NO_MARKS | {DECLASSIFIED}:
        yield Seen("classification", 0, 0, 0, 0, text, f"著录密级为“{text}”", reason="secret")
    elif marks.was_secret and not marks.declassification_known:
        why = "曾定密，缺解密日期或解密机关"
        yield Seen("classification", 0, 0, 0, 0, text or DECLASSIFIED, why, reason="secret")


def _marks(number: int, text: PageText, size: tuple[int, int]) -> Iterator[Seen]:
    """Secrecy marks in a mark's place (those of a record that the security officer released), and notices."""
    for found in marks_on(text, *size):
        yield _placed("密级标志", number, text, found)
    for found in notices_on(text, *size):
        yield _placed("内部标志", number, text, found)


def _placed(what: str, number: int, text: PageText, found: FoundMark) -> Seen:
    start = sum(len(line.text) + 1 for line in text.lines[: found.line])
    shown = normalise(found.text)
    # OCR sets marks wide: 机 密.
    match = re.search(r"\s*".join(map(re.escape, found.mark)), shown.text)
    a, b = shown.span(*match.span()) if match else (0, len(found.text))
    why = f"{what}（{_PLACES[found.place]}）"
    return Seen(
        "secrecy-mark", number, found.line, start + a, start + b, found.text[a:b], why, reason="secret"
    )


# ── persons ────────────────────────────────────────────────────────────────────


def _within(number: int, text: PageText, terms: Sequence[Term], year: int | None) -> Iterator[Seen]:
    """Over the whole page, not line by line: a term may run on into the next line."""
    form = normalise(text.text)
    for kind, span, why, term in _said(form.text, terms, year):
        start, end = form.span(*span)
        category, reason = (term.category, term.reason) if term else ("", "personal")
        line = text.text.count("\n", 0, start)
        yield Seen(kind, number, line, start, end, text.text[start:end], why, category, reason)


def _said(
    text: str, terms: Sequence[Term], year: int | None
) -> Iterator[tuple[Kind, tuple[int, int], str, Term | None]]:
    """(kind, span, why, the term it is)."""
    for found in find_numbers(text):
        span = found.start, found.end
        yield found.kind, span, found.why, None
        if found.born and year and 0 <= year - found.born.year < ADULT:
            yield "minor", span, f"{found.born.year} 年生，形成时未满 {ADULT} 岁", None
    for span in _addresses(text):
        yield "address", span, "住址", None
    for match in _AGE.finditer(text):
        age = _number(match.group(1))
        if age is not None and 0 < age < ADULT:
            yield "minor", match.span(), f"{age} 岁，未成年人", None
    for term, span in _terms(text, terms):
        yield "term", span, f"敏感词（{term.category}）", term


def _addresses(text: str) -> Iterator[tuple[int, int]]:
    homes = [match.span() for match in _HOME.finditer(text)]
    yield from homes
    for match in _DOOR.finditer(text):
        if not any(a < match.end() and match.start() < b for a, b in homes):
            yield match.span()


def _terms(text: str, terms: Iterable[Term]) -> Iterator[tuple[Term, tuple[int, int]]]:
    for term in terms:
        wanted = normalise(term.term).text.strip()
        at = text.find(wanted) if wanted else -1
        while at >= 0:
            yield term, (at, at + len(wanted))
            at = text.find(wanted, at + len(wanted))


def _number(said: str) -> int | None:
    """12, 十二, 二十: as a number under 100."""
    if said.isdigit():
        return int(said)
    tens, ten, ones = said.rpartition("十")
    if not said:
        return None
    if not ten:
        return _DIGITS.get(said)
    return 10 * (_DIGITS.get(tens, 1) if tens else 1) + (_DIGITS.get(ones, 0) if ones else 0)

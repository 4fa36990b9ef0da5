"""Dates as archives write them → the days they cover. Pure functions.

`parse_date` reads one catalogue cell; `find_dates` finds the dates in a question. Qing dates are
lunar and are converted (holdings.eras), Republican and later ones are Gregorian unless 农历 is said.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal

from holdings.eras import BRANCHES, ERAS, STEMS, cyclic_year, era_year, lunar_span, number, plain
from holdings.errors import BadInput
from holdings.records import DateSpan

Relation = Literal["in", "before", "after", "around"]
_Span = tuple[date, date, bool]  # first, last, approximate

_ADVICE = "请写成 19530612、1953-06-12、1953年6月或 1950-1953 等形式；不知的月日写 00，推断的加方括号。"
_UNDATED = frozenset(
    {"", "无", "不详", "未详", "无日期", "日期不详", "时间不详", "年代不详", "-", "—", "n.d."}
)

_N = r"(?:[0-9]{1,2}|[〇一二三四五六七八九十廿卅]{1,4})"
_ERA = "|".join(ERAS)
_CYCLE = f"[{STEMS}][{BRANCHES}]"
_YEAR = r"(?:公元|西元)?(?P<year>[0-9]{3,4}|[〇一二三四五六七八九]{4})年(?!代)(?:度|份)?"
_ERA_YEAR = (
    rf"(?:大?清|中华)?(?P<era>{_ERA})"
    rf"(?:(?P<era_year>元|{_N})年(?:\(?{_CYCLE}年?\)?)?|(?P<cycle>{_CYCLE})年?)"
)
_MONTH = rf"(?P<lunar>农历|阴历|旧历|夏历)?(?P<leap>闰)?(?P<month>正|冬|腊|{_N})月(?:份)?"
_DAY = rf"(?P<day>初[一二三四五六七八九十]|{_N})(?:日|号)?"
_PART = r"(?P<part>[上中下]旬|[上下]半[年月]|第?[一二三四1-4]季度|[年月]?[初中末底]|[春夏秋冬]季?)"
_WRITTEN = re.compile(rf"(?:{_YEAR}|{_ERA_YEAR})(?:{_MONTH}(?:{_DAY})?)?(?:{_PART})?")
_NUMERIC = re.compile(
    r"(?P<year>[0-9]{4})(?:(?P<sep>[-./])(?P<month>[0-9]{1,2})(?:(?P=sep)(?P<day>[0-9]{1,2}))?)?"
)
_COMPACT = re.compile(r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})?")
_DECADE = re.compile(
    r"(?:(?P<century>[0-9]{2}|十[七八九]|二十|廿一?|二十一)世纪)?(?P<head>[0-9]{2})?(?P<tens>[0-9]0|[一二三四五六七八九]十)年代"
    r"(?P<part>[初中末前后]期?)?"
)
_CENTURY = re.compile(r"(?P<century>[0-9]{2}|十[七八九]|二十一?|廿一?)世纪(?P<part>[上下]半叶|[初中末]叶?)?")
_ERA_WHOLE = re.compile(rf"(?:大?清|中华)?(?P<era>{_ERA})(?P<part>时期|年间|朝|初年?|末年?|间)")

#: Spans that have a name of their own. Dinghai was taken on 17 May 1950, and held by Japan from June 1939.
PERIODS: dict[str, tuple[str, str]] = {
    "清代": ("1644-02-08", "1912-02-12"),
    "清朝": ("1644-02-08", "1912-02-12"),
    "清末": ("1840-06-28", "1912-02-12"),
    "晚清": ("1840-06-28", "1912-02-12"),
    "鸦片战争时期": ("1840-06-28", "1842-08-29"),
    "抗战时期": ("1937-07-07", "1945-09-02"),
    "抗日战争时期": ("1937-07-07", "1945-09-02"),
    "沦陷时期": ("1939-06-23", "1945-09-02"),
    "日据时期": ("1939-06-23", "1945-09-02"),
    "解放战争时期": ("1945-09-03", "1950-05-17"),
    "新中国成立初期": ("1949-10-01", "1956-12-31"),
    "建国初期": ("1949-10-01", "1956-12-31"),
    "解放初期": ("1950-05-17", "1956-12-31"),
    "大跃进时期": ("1958-01-01", "1960-12-31"),
    "文革时期": ("1966-05-16", "1976-10-06"),
    "文革期间": ("1966-05-16", "1976-10-06"),
    "文化大革命时期": ("1966-05-16", "1976-10-06"),
}
#: Events that questions date by, always with 前, 后 or 以来 after them.
EVENTS: dict[str, tuple[str, str]] = {
    "新中国成立": ("1949-10-01", "1949-10-01"),
    "建国": ("1949-10-01", "1949-10-01"),
    "解放": ("1950-05-17", "1950-05-17"),
    "鸦片战争": ("1840-06-28", "1842-08-29"),
    "辛亥革命": ("1911-10-10", "1912-02-12"),
    "抗战": ("1937-07-07", "1945-09-02"),
    "抗日战争": ("1937-07-07", "1945-09-02"),
    "抗战胜利": ("1945-09-02", "1945-09-02"),
    "改革开放": ("1978-12-18", "1978-12-18"),
    "文革": ("1966-05-16", "1976-10-06"),
}

_SEASONS = {"春": (2, 5), "夏": (5, 8), "秋": (8, 11), "冬": (11, 14)}  # lunar seasons, in Gregorian months


def parse_date(text: str) -> DateSpan:
    """The days that a catalogue's date covers; undated cells give a span without days.

    Raises BadInput, with what to do, for days that never were (19531332) and for what is no date.
    """
    shown = text.strip()
    core = re.sub(r"[ T][0-9]{2}:[0-9]{2}(:[0-9.]+)?$", "", plain(shown)).replace(" ", "").strip("。,")
    inferred = bool(re.search(r"[\[\]〔〕]", core))
    core = re.sub(r"[\[\]〔〕]", "", core)
    loose = re.sub(r"^(?:大?约于?)|(?:左右|前后|\?)$", "", core)
    if loose in _UNDATED or re.fullmatch(r"0+", loose):
        return DateSpan(shown)
    span = _parse(loose) if len(loose) <= 60 else None
    if span is None:
        raise BadInput(f"读不懂日期“{shown[:60]}”。", advice=_ADVICE)
    first, last, approximate = span
    certainty: Literal["exact", "inferred", "approximate"] = (
        "approximate" if approximate or loose != core else "inferred" if inferred else "exact"
    )
    return DateSpan(shown, first.isoformat(), last.isoformat(), certainty)


@lru_cache(maxsize=8192)
def _parse(text: str) -> _Span | None:
    """One date or two with something between; None when it is neither. BadInput for impossible days."""
    if found := _single(text):
        return found
    if len(text) == 16 and text.isdecimal():
        text = f"{text[:8]}-{text[8:]}"
    bad: BadInput | None = None
    # From the right: in 1950-03-01-1951 the longest left side that is a date is the right one.
    for cut in reversed(list(re.finditer(r"[-–—―~至到/、;]+|(?<=[0-9年月日])\.+", text))):
        try:
            span = _two(text[: cut.start()].removeprefix("自").removeprefix("从"), text[cut.end() :])
        except BadInput as error:
            bad = error
            continue
        if span:
            return span
    if bad:
        raise bad
    return None


def _two(left: str, right: str) -> _Span | None:
    """A span whose sides may lean on each other: 1950年3-5月, 民国二十五年至二十七年, 1953.3.1-5."""
    right = right.removesuffix("止")
    for first_text in [left, *(left + unit for unit in "日月年" if unit in right)]:
        first = _try(first_text)
        if not first:
            continue
        for last_text in _completions(first_text, right):
            last = _try(last_text)
            if last and first[0] <= last[1]:
                return first[0], last[1], first[2] or last[2]
            if last and last_text == right:
                raise BadInput(f"日期“{left}—{right}”倒了：止早于起。", advice="请核对起止日期的次序。")
    return None


def _completions(left: str, right: str) -> list[str]:
    """`right` as it stands, then with what it leaves unsaid taken from `left`, longest first."""
    ends = [m.end() for m in re.finditer(rf"[年月./-]|{_ERA}", left)]
    filled = [left[:end] + right for end in reversed(ends)]
    if re.fullmatch(r"[0-9]{4}年?", left) and re.fullmatch(r"[0-9]{2}年?", right):
        filled.append(left[:2] + right)
    return [right, *filled]


def _try(text: str) -> _Span | None:
    try:
        return _single(text)
    except BadInput:
        return None


def _single(text: str) -> _Span | None:
    """One date, decade, century or named period; None when it has none of these forms."""
    if match := _NUMERIC.fullmatch(text) or _COMPACT.fullmatch(text):
        if match["month"] and match.re is _NUMERIC and match["sep"] == "-" and int(match["month"]) > 12:
            return None  # 1950-53
        return _numeric(match, text)
    if match := _WRITTEN.fullmatch(text):
        return _written(match, text)
    if match := _DECADE.fullmatch(text):
        return _decade(match)
    if match := _CENTURY.fullmatch(text):
        century = number(match["century"])
        return _years((century - 1) * 100 + 1, century * 100, match["part"] or "")
    if match := _ERA_WHOLE.fullmatch(text):
        return _era_whole(match["era"], match["part"])
    if text in PERIODS:
        first, last = PERIODS[text]
        return date.fromisoformat(first), date.fromisoformat(last), True
    return None


def _numeric(match: re.Match[str], text: str) -> _Span:
    """Digits: 00 for a month or day that is not known."""
    year = int(match["year"])
    if not 1000 <= year <= 2199:
        raise BadInput(f"日期“{text}”的年份不可能。", advice="年份写四位。" + _ADVICE)
    return (*_days(year, int(match["month"] or 0), int(match["day"] or 0), text), False)


def _days(year: int, month: int, day: int, text: str) -> tuple[date, date]:
    """First and last day of a year, month or day; 0 is unknown."""
    if month == 0:
        if day:
            raise BadInput(f"日期“{text}”有日而没有月。", advice="月份不知时，日也写 00。")
        return date(year, 1, 1), date(year, 12, 31)
    if month > 12:
        raise BadInput(f"日期“{text}”的月份是{month}，不可能。", advice="请核对原件；不知的月日写 00。")
    length = monthrange(year, month)[1]
    if day > length:
        raise BadInput(
            f"日期“{text}”不可能：{year}年{month}月只有{length}天。", advice="请核对原件；不知的日写 00。"
        )
    return (date(year, month, day or 1), date(year, month, day or length))


def _written(match: re.Match[str], text: str) -> _Span | None:
    """1953年6月12日, 民国三十八年三月, 光绪二十六年五月初三, with 上旬, 春, 初 … after it."""
    try:
        month = number(match["month"]) if match["month"] else 0
        day = number(match["day"]) if match["day"] else 0
        era = match["era"]
        if not era:
            year = number(match["year"])
        elif match["cycle"]:
            year = cyclic_year(era, match["cycle"])
        else:
            year = era_year(era, number(match["era_year"]))
    except ValueError:
        return None
    if not 600 <= year <= 2199 or (match["month"] and not month) or (match["day"] and not day):
        raise BadInput(f"日期“{text}”不可能：年份不对，或月日是零。", advice=_ADVICE)
    if (era and ERAS[era].lunar) or match["lunar"] or match["leap"]:
        first, last = lunar_span(year, month or None, day or None, leap=bool(match["leap"]))
    else:
        first, last = _days(year, month, day, text)
    part = match["part"]
    return _narrow(first, last, part, text) if part else (first, last, False)


def _narrow(first: date, last: date, part: str, text: str) -> _Span:
    """A part of a year or a month."""
    if (last - first).days > 31:
        return _part_of_year(first, last, part, text)
    tens = {"上": (1, 10), "中": (11, 20), "下": (21, 31), "初": (1, 10), "末": (21, 31), "底": (21, 31)}
    tens |= {"上半月": (1, 15), "下半月": (16, 31)}
    if first == last or (key := part if part in tens else part.lstrip("月")[0]) not in tens:
        raise BadInput(f"读不懂日期“{text}”。", advice=_ADVICE)
    begin, end = tens[key]
    return first + timedelta(days=begin - 1), min(last, first + timedelta(days=end - 1)), "旬" not in part


def _part_of_year(first: date, last: date, part: str, text: str) -> _Span:
    months = {"上半年": (1, 7), "下半年": (7, 13), "初": (1, 4), "中": (5, 9), "末": (10, 13), "底": (10, 13)}
    exact = part in ("上半年", "下半年")
    if "季度" in part:
        quarter = number(part.removeprefix("第")[0])
        begin, end, exact = quarter * 3 - 2, quarter * 3 + 1, True
    elif (key := part if part in months else part.lstrip("年")[0]) in months:
        begin, end = months[key]
    elif key in _SEASONS:
        begin, end = _SEASONS[key]
    else:
        raise BadInput(f"读不懂日期“{text}”。", advice=_ADVICE)
    start = _months_after(first, begin - 1)
    stop = _months_after(first, end - 1) - timedelta(days=1)
    # A winter goes on into the next year; everything else ends with its own.
    return start, stop if part[0] == "冬" else min(stop, last), not exact


def _months_after(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, 1 if day.day == 1 else min(day.day, 28))


def _decade(match: re.Match[str]) -> _Span | None:
    """1950年代, 五十年代 (of the twentieth century unless it says), 二十世纪五十年代."""
    tens = number(match["tens"])
    if match["century"] and match["head"]:
        return None
    if match["head"]:
        begin = int(match["head"]) * 100 + tens
    else:
        begin = ((number(match["century"]) if match["century"] else 20) - 1) * 100 + tens
    return _years(begin, begin + 9, match["part"] or "")


def _years(begin: int, end: int, part: str) -> _Span:
    """A run of years, or its beginning, middle or end."""
    size = end - begin + 1
    edge = 3 if size == 10 else 20
    parts = {"上": (0, size // 2), "下": (size // 2, size), "初": (0, edge), "前": (0, edge)}
    parts |= {"中": (edge, size - edge), "末": (size - edge, size), "后": (size - edge, size)}
    start, stop = parts[part[0]] if part else (0, size)
    return date(begin + start, 1, 1), date(begin + stop - 1, 12, 31), True


def _era_whole(era: str, part: str) -> _Span:
    """光绪年间, 民国时期, 民国初年."""
    known = ERAS[era]
    if not known.lunar:
        ends = {"初": date(1916, 12, 31)}
        starts = {"末": date(1946, 1, 1)}
        return starts.get(part[0], date(1912, 1, 1)), ends.get(part[0], date(1949, 9, 30)), True
    begin, end = known.first, known.first + known.years - 1
    few = min(5, known.years)
    if part[0] == "初":
        end = begin + few - 1
    elif part[0] == "末":
        begin = end - few + 1
    return lunar_span(begin)[0], lunar_span(end)[1], True


# ── dates in a question ─────────────────────────────────────────────────────────


@dataclass(frozen=True)
class FoundDate:
    """A date in a question: text[start:end], the days it names, and how it was meant.

    start, end take in the word that gives the relation (以前, 左右 …).
    """

    start: int
    end: int
    text: str
    span: DateSpan
    relation: Relation

    @property
    def bounds(self) -> tuple[str | None, str | None]:
        """The days asked for, both inclusive; None is open. 1949年以前 takes in 1949.

        左右 widens by twice the span: a day by a month, a year by two years, never by more than five years.
        """
        first, last = self.span.first, self.span.last
        if self.relation == "before":
            return None, last
        if self.relation == "after":
            return first, None
        if self.relation == "around" and first and last:
            begin, end = date.fromisoformat(first), date.fromisoformat(last)
            wider = timedelta(days=min(max(31, 2 * (end - begin).days + 2), 5 * 365))
            return (begin - wider).isoformat(), (end + wider).isoformat()
        return first, last


def _nameless(pattern: str) -> str:
    return re.sub(r"\(\?P<\w+>", "(?:", pattern)


_ONE = (
    rf"(?:(?:{_nameless(_YEAR)}|{_nameless(_ERA_YEAR)})(?:{_nameless(_MONTH)}(?:{_nameless(_DAY)})?)?"
    rf"(?:{_nameless(_PART)})?(?![〇一二三四五六七八九十0-9])"
    rf"|{_nameless(_DECADE.pattern)}|{_nameless(_CENTURY.pattern)}|{_nameless(_ERA_WHOLE.pattern)}"
    r"|(?<![0-9A-Za-z\-·./〔\[(第])(?:1[0-9]{3}|20[0-9]{2})"
    r"(?:[-./][0-9]{1,2}(?:[-./][0-9]{1,2})?|[01][0-9](?:[0-3][0-9])?)?(?![0-9A-Za-z〕\])·/号]|[-.][0-9](?![0-9]{3}(?![0-9])))"
    rf"|{'|'.join(sorted(PERIODS, key=len, reverse=True))})"
)
#: The year a span ends with: behind its dash none of the guards of `_ONE` holds.
_PLAIN_YEAR = r"(?:1[0-9]{3}|20[0-9]{2})(?![0-9A-Za-z-])"
#: 乾隆四十至四十五年: the year's word stands at the end only.
_ERA_YEARS = rf"(?:{_ERA}){_N}(?:[-–—~]+|至|到){_N}年"
_QUESTION = re.compile(
    rf"(?P<lead>自从?|从|大?约)?(?P<date>{_ERA_YEARS}|{_ONE}(?:(?:[-–—~]+|至|到)(?:{_ONE}|{_PLAIN_YEAR}|{_N}[年月日]))?)"
    r"(?P<tail>及?以前|之前|前后|前|及?以后|之后|以来|以降|后|起|左右|前夕)?"
    rf"|(?P<event>{'|'.join(sorted(EVENTS, key=len, reverse=True))})(?P<when>以前|之前|前后|前(?![进线])|以后|之后|以来|后)"
)


def find_dates(text: str) -> list[FoundDate]:
    """The dates in a question, in order, not overlapping. What cannot be a date is left alone."""
    found = []
    for match in _QUESTION.finditer(plain(text)):
        tail = match["tail"] or match["when"] or ""
        if match["event"]:
            first, last = EVENTS[match["event"]]
            span = DateSpan(match["event"], first, last, "approximate")
        else:
            try:
                span = parse_date(match["date"])
            except BadInput:
                continue
        relation = _relation(match["lead"] or "", match["date"] or "", tail)
        found.append(FoundDate(match.start(), match.end(), text[match.start() : match.end()], span, relation))
    return found


def _relation(lead: str, written: str, tail: str) -> Relation:
    if tail in ("左右", "前后", "前夕") or "约" in lead:
        return "around"
    if "前" in tail:
        return "before"
    if tail or (lead and not re.search(r"[-–—~至到]", written)):
        return "after"
    return "in"

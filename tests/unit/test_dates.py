"""Dates as catalogues and questions write them."""

from __future__ import annotations

import contextlib
import itertools
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdings.dates import find_dates, parse_date
from holdings.eras import ERAS, lunar_span, number, plain
from holdings.errors import BadInput

DAYS = st.dates(date(1000, 1, 1), date(2199, 12, 31))
CHINESE = "〇一二三四五六七八九"


@pytest.mark.parametrize(
    ("text", "first", "last", "certainty"),
    [
        ("19530612", "1953-06-12", "1953-06-12", "exact"),
        ("19530600", "1953-06-01", "1953-06-30", "exact"),
        ("19530000", "1953-01-01", "1953-12-31", "exact"),
        ("1953-06-12 00:00:00", "1953-06-12", "1953-06-12", "exact"),
        ("1953/6/2", "1953-06-02", "1953-06-02", "exact"),
        ("2011年度", "2011-01-01", "2011-12-31", "exact"),
        ("一九五三年三月十二日", "1953-03-12", "1953-03-12", "exact"),
        ("２００１年３月", "2001-03-01", "2001-03-31", "exact"),
        ("[1953]", "1953-01-01", "1953-12-31", "inferred"),
        ("〔1953.6〕", "1953-06-01", "1953-06-30", "inferred"),
        ("约1953年", "1953-01-01", "1953-12-31", "approximate"),
        ("1953?", "1953-01-01", "1953-12-31", "approximate"),
        ("1950-1953", "1950-01-01", "1953-12-31", "exact"),
        ("1950-53", "1950-01-01", "1953-12-31", "exact"),
        ("1950-12", "1950-12-01", "1950-12-31", "exact"),
        ("1950.3.1-1951.2", "1950-03-01", "1951-02-28", "exact"),
        ("1950.3.1-15", "1950-03-01", "1950-03-15", "exact"),
        ("19500301-19511231", "1950-03-01", "1951-12-31", "exact"),
        ("1950030119511231", "1950-03-01", "1951-12-31", "exact"),
        ("1950年3-5月", "1950-03-01", "1950-05-31", "exact"),
        ("1953年3月1日至5日", "1953-03-01", "1953-03-05", "exact"),
        ("民国二十五年至二十七年", "1936-01-01", "1938-12-31", "exact"),
        ("民國三十八年三月", "1949-03-01", "1949-03-31", "exact"),
        ("中華民國廿五年三月三十一日", "1936-03-31", "1936-03-31", "exact"),
        ("1950年代", "1950-01-01", "1959-12-31", "approximate"),
        ("五十年代", "1950-01-01", "1959-12-31", "approximate"),
        ("二十世纪五十年代", "1950-01-01", "1959-12-31", "approximate"),
        ("20世纪80年代初", "1980-01-01", "1982-12-31", "approximate"),
        ("1953年第一季度", "1953-01-01", "1953-03-31", "exact"),
        ("1953年3月上旬", "1953-03-01", "1953-03-10", "exact"),
        ("1953年2月下旬", "1953-02-21", "1953-02-28", "exact"),
        ("1953年冬", "1953-11-01", "1954-01-31", "approximate"),
        ("民国时期", "1912-01-01", "1949-09-30", "approximate"),
        ("光緒年間", "1875-02-06", "1909-01-21", "approximate"),
    ],
)
def test_written_dates(text: str, first: str, last: str, certainty: str) -> None:
    span = parse_date(text)
    assert (span.first, span.last, span.certainty) == (first, last, certainty)
    assert span.text == text


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("道光二十年六月初七", "1840-07-05"),  # the first bombardment of Dinghai
        ("道光二十一年八月十七日", "1841-10-01"),  # Dinghai falls again
        ("道光二十二年七月二十四日", "1842-08-29"),  # Treaty of Nanking
        ("咸豐十年八月廿二日", "1860-10-06"),
        ("光緒二十年七月初一日", "1894-08-01"),  # war declared on Japan
        ("光绪二十四年四月二十三日", "1898-06-11"),  # the Hundred Days begin
        ("光緒二十六年五月初一", "1900-05-28"),  # the eclipse of that day
        ("光緒庚子年五月初三", "1900-05-30"),
        ("宣统三年八月十九", "1911-10-10"),  # Wuchang
        ("宣統三年十二月二十五日", "1912-02-12"),  # the abdication
    ],
)
def test_reign_dates_are_lunar(text: str, day: str) -> None:
    span = parse_date(text)
    assert (span.first, span.last, span.certainty) == (day, day, "exact")


def test_reign_years_begin_at_the_lunar_new_year() -> None:
    assert parse_date("光绪二十六年").first == "1900-01-31"
    assert parse_date("光绪二十六年").last == "1901-02-18"
    assert parse_date("宣统元年").first == "1909-01-22"


@pytest.mark.parametrize(
    ("year", "month"),
    [(1814, 2), (1832, 9), (1851, 8), (1870, 10), (1890, 2), (1898, 3), (1900, 8), (1911, 6)],
)
def test_leap_months_of_the_qing_calendar(year: int, month: int) -> None:
    first, last = lunar_span(year, month, leap=True)
    assert first == lunar_span(year, month)[1] + timedelta(days=1)
    for other in set(range(1, 13)) - {month}:
        with pytest.raises(BadInput):
            lunar_span(year, other, leap=True)
    assert (last - first).days in (28, 29)


def test_eras_follow_each_other_without_a_gap() -> None:
    eras = list(ERAS.values())
    for era, following in itertools.pairwise(eras):
        assert era.first + era.years == following.first


@pytest.mark.parametrize("text", ["", "不详", "无", "00000000", "  "])
def test_undated(text: str) -> None:
    span = parse_date(text)
    assert (span.first, span.last) == (None, None)


@pytest.mark.parametrize(
    "text",
    [
        "19531332", "19530631", "1953年2月30日", "一九五三年二月三十日", "1953.13", "19530012", "530612",
        "3/12/1953", "53年3月", "光绪三十五年", "宣统四年", "光绪丁丑戊寅年", "咸丰十一年闰八月", "道光二十年六月三十一日",
        "1953-1950", "1953年0月", "某年某月", "上月", "1-" * 500,
    ],
)  # fmt: skip
def test_impossible_dates_say_what_to_do(text: str) -> None:
    with pytest.raises(BadInput) as raised:
        parse_date(text)
    assert raised.value.message
    assert raised.value.advice


@given(DAYS)
def test_every_day_reads_back_in_every_form(day: date) -> None:
    month = number_in_chinese(day.month)
    written = [
        day.isoformat(),
        f"{day:%Y%m%d}".rjust(8, "0"),
        f"{day.year}.{day.month}.{day.day}",
        f"{day.year}年{day.month}月{day.day}日",
        "".join(CHINESE[int(c)] for c in str(day.year)) + f"年{month}月{number_in_chinese(day.day)}日",
    ]
    if day.year >= 1912 and day.year < 2060:
        written.append(f"民国{number_in_chinese(day.year - 1911)}年{month}月{number_in_chinese(day.day)}日")
    for text in written:
        assert (parse_date(text).first, parse_date(text).last) == (day.isoformat(), day.isoformat()), text


def number_in_chinese(n: int) -> str:
    if n >= 100:
        return str(n % 1000) if n < 100 else "".join(CHINESE[int(c)] for c in str(n))
    tens, ones = divmod(n, 10)
    return ("" if tens < 2 else CHINESE[tens]) + ("十" if tens else "") + (CHINESE[ones] if ones else "")


@given(DAYS, DAYS)
def test_spans_of_two_days(one: date, other: date) -> None:
    first, last = min(one, other), max(one, other)
    for joiner in ("-", "至", "~"):
        span = parse_date(f"{first:%Y%m%d}{joiner}{last:%Y%m%d}")
        assert (span.first, span.last) == (first.isoformat(), last.isoformat())


@given(
    st.lists(
        st.sampled_from(["19", "53", "1950", "0", "6", "12", "年", "月", "日", "-", ".", "至", "十", "五", "廿", "二",
                         "光绪", "民国", "道光", "元", "闰", "初", "末", "冬", "上旬", "世纪", "年代", "约", "[", "]", "农历", "庚子"]),
        max_size=9,
    )
)  # fmt: skip
def test_whatever_is_written_first_is_never_after_last(parts: list[str]) -> None:
    text = "".join(parts)
    try:
        span = parse_date(text)
    except BadInput:
        return
    if span.first is None:
        assert span.last is None
    else:
        assert span.last is not None
        assert date.fromisoformat(span.first) <= date.fromisoformat(span.last)


@given(st.text(max_size=80))
def test_any_text_at_all(text: str) -> None:
    assert len(plain(text)) == len(text)
    for found in find_dates(text):
        assert text[found.start : found.end] == found.text
    with contextlib.suppress(BadInput):
        parse_date(text)


@given(st.integers(1, 99))
def test_numerals(n: int) -> None:
    assert number(number_in_chinese(n)) == n == number(str(n))


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("沈家门渔民登记，1949年以前", [("1949年以前", None, "1949-12-31")]),
        ("建国后的渔业", [("建国后", "1949-10-01", None)]),
        ("解放前的定海縣政府", [("解放前", None, "1950-05-17")]),
        ("民国时期普陀山", [("民国时期", "1912-01-01", "1949-09-30")]),
        ("光緒年間定海", [("光緒年間", "1875-02-06", "1909-01-21")]),
        ("三十年代漁業", [("三十年代", "1930-01-01", "1939-12-31")]),
        ("1950至1953年合作化", [("1950至1953年", "1950-01-01", "1953-12-31")]),
        ("乾隆四十至四十五年的瓷器", [("乾隆四十至四十五年", "1775-01-31", "1781-01-23")]),
        ("1931-1937年冰价", [("1931-1937年", "1931-01-01", "1937-12-31")]),
        ("自1950年至1953年", [("自1950年至1953年", "1950-01-01", "1953-12-31")]),
        ("从1950年起", [("从1950年起", "1950-01-01", None)]),
        ("1956年8月1日前后的台风", [("1956年8月1日前后", "1956-07-01", "1956-09-01")]),
        ("1942年左右", [("1942年左右", "1940-01-02", "1944-12-30")]),
        ("道光二十年六月英军", [("道光二十年六月", "1840-06-29", "1840-07-28")]),
        ("1953年至1955年，及1962年", [("1953年至1955年", "1953-01-01", "1955-12-31"), ("1962年", "1962-01-01", "1962-12-31")]),
        ("改革开放以来", [("改革开放以来", "1978-12-18", None)]),
        ("国发〔2019〕5号", []),
        ("J045-1-12-3", []),
        ("J102-WS·2011-Y-0003", []),
        ("第1953号", []),
        ("解放前线部队", []),
        ("有12年", []),
        ("沈家门渔港", []),
    ],
)  # fmt: skip
def test_dates_in_questions(question: str, found: list[tuple[str, str | None, str | None]]) -> None:
    assert [(f.text, *f.bounds) for f in find_dates(question)] == found

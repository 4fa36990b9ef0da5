"""Reign years and the Chinese lunisolar calendar, as days of the Gregorian calendar.

The months come from `lunar-python` (MIT, pure Python): of the libraries tried it is, with `sxtwl`,
the one that reaches below 1900; the two agree on every day from 1644 to 1912, and on the leap
months that the Qing calendar had. `lunardate` and `zhdate` begin in 1900.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from holdings.errors import BadInput


@dataclass(frozen=True)
class Era:
    """first: the year of 元年.  years: how many the era had.  lunar: its months are lunar months."""

    first: int
    years: int
    lunar: bool = True


#: Simplified names. 民国 goes on after 1949 where an archive holds such papers.
ERAS: dict[str, Era] = {
    "顺治": Era(1644, 18),
    "康熙": Era(1662, 61),
    "雍正": Era(1723, 13),
    "乾隆": Era(1736, 60),
    "嘉庆": Era(1796, 25),
    "道光": Era(1821, 30),
    "咸丰": Era(1851, 11),
    "同治": Era(1862, 13),
    "光绪": Era(1875, 34),
    "宣统": Era(1909, 3),
    "民国": Era(1912, 150, lunar=False),
}

STEMS = "甲乙丙丁戊己庚辛壬癸"
BRANCHES = "子丑寅卯辰巳午未申酉戌亥"

#: One character for one, so that offsets in the plain text are offsets in the shown text.
_PLAIN = str.maketrans(
    "緒統豐慶國華閏臘號約間後紀陰曆農舊順時爭戰鴉憲運動壹貳叁參肆伍陸柒捌玖拾廾○零",
    "绪统丰庆国华闰腊号约间后纪阴历农旧顺时争战鸦宪运动一二三三四五六七八九十廿〇〇",
)
_DIGITS = {c: n for n, c in enumerate("〇一二三四五六七八九")}


def plain(text: str) -> str:
    """Half-width, simplified in the characters that dates use; the same length as `text`."""
    half = "".join(chr(ord(c) - 0xFEE0) if "！" <= c <= "～" else " " if c == "\u3000" else c for c in text)
    return half.translate(_PLAIN)


def number(text: str) -> int:
    """Arabic or Chinese numerals below 100, or Chinese digits by place (一九五三). ValueError otherwise."""
    if text.isascii():
        return int(text)
    named = {"元": 1, "正": 1, "冬": 11, "腊": 12}
    if text in named:
        return named[text]
    text = text.removeprefix("初")
    for joined, tens in (("卅", "三十"), ("廿", "二十")):
        text = text.replace(joined + "十", tens).replace(joined, tens)
    if "十" not in text:
        return int("".join(str(_DIGITS[c]) for c in text)) if set(text) <= _DIGITS.keys() else _bad(text)
    tens, _, ones = text.partition("十")
    if len(tens) > 1 or len(ones) > 1 or not set(tens + ones) <= _DIGITS.keys():
        return _bad(text)
    return (_DIGITS[tens] if tens else 1) * 10 + (_DIGITS[ones] if ones else 0)


def _bad(text: str) -> int:
    raise ValueError(text)


def era_year(era: str, year: int) -> int:
    """The year (lunar for the Qing) that the era's year is. BadInput when the era had no such year."""
    known = ERAS[era]
    if not 1 <= year <= known.years:
        raise BadInput(
            f"{era}没有{year}年（共{known.years}年）。", advice="请核对年号与年数，存疑时用方括号写公元年。"
        )
    return known.first + year - 1


def cyclic_year(era: str, name: str) -> int:
    """The year of the era with this 干支 name, e.g. 光绪, 庚子 → 1900."""
    known = ERAS[era]
    for year in range(known.first, known.first + min(known.years, 60)):
        if STEMS[(year - 4) % 10] + BRANCHES[(year - 4) % 12] == name:
            return year
    raise BadInput(f"{era}没有{name}年。", advice="请核对年号与干支，存疑时用方括号写公元年。")


@lru_cache(maxsize=512)
def _lunar_month(year: int, month: int) -> tuple[date, int] | None:
    """First day and length of a lunar month; a leap month is negative; None where there is none."""
    from lunar_python import LunarMonth

    found = LunarMonth.fromYm(year, month)
    if found is None:
        return None
    # A Julian day counts from noon; ordinal 1 (0001-01-01) is Julian day 1721426.
    return date.fromordinal(int(found.getFirstJulianDay()) - 1721425), int(found.getDayCount())


def lunar_span(
    year: int, month: int | None = None, day: int | None = None, *, leap: bool = False
) -> tuple[date, date]:
    """First and last Gregorian day of a lunar year, month or day. BadInput when there is none."""
    if month is None:
        return _month(year, 1)[0], _month(year + 1, 1)[0] - timedelta(days=1)
    if not 1 <= month <= 12:
        raise BadInput(f"没有农历{month}月。", advice="请核对月份。")
    first, length = _month(year, -month if leap else month)
    if day is None:
        return first, first + timedelta(days=length - 1)
    if not 1 <= day <= length:
        raise BadInput(f"农历{year}年{month}月只有{length}天，没有{day}日。", advice="请核对日期。")
    exact = first + timedelta(days=day - 1)
    return exact, exact


def _month(year: int, month: int) -> tuple[date, int]:
    found = _lunar_month(year, month)
    if found is None:
        raise BadInput(f"农历{year}年没有闰{-month}月。", advice="请核对闰月。")
    return found

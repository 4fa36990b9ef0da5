"""Numbers that name a person or their money: identity cards, bank cards, telephones. Pure.

Each number is proved as far as it can be, so that a ledger's figures are not taken for people: identity cards
by date of birth and check digit (GB 11643-1999, ISO 7064 MOD 11-2), bank cards by the Luhn digit
(ISO/IEC 7812-1). What has no check digit (telephones, the 15-digit card) goes by its shape alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

Kind = Literal["id-card", "bank-card", "telephone"]

_WEIGHTS = tuple(2**power % 11 for power in range(17, 0, -1))
_CHECKS = "10x98765432"
_NOT_IN = r"(?<![0-9a-z])"
_ID = re.compile(_NOT_IN + r"[1-9]\d{5} ?\d{8} ?\d{3}[\dx](?![0-9a-z])")
_OLD_ID = re.compile(_NOT_IN + r"[1-9]\d{5} ?\d{6} ?\d{3}(?![0-9a-z])")
_CARD = re.compile(_NOT_IN + r"[3-6]\d{3}(?:[ -]?\d{4}){2}[ -]?\d{1,4}(?:[ -]?\d{1,3})?(?![0-9a-z])")
_MOBILE = re.compile(_NOT_IN + r"(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?![0-9a-z])")
_LANDLINE = re.compile(_NOT_IN + r"(?:\(?0\d{2,3}\)?[ -])\d{7,8}(?![0-9a-z])|(?<=电话[::])\s*\d{3,8}(?!\d)")


@dataclass(frozen=True)
class Number:
    """A number found. start, end: in the text given.  born: from an identity card."""

    kind: Kind
    start: int
    end: int
    why: str
    born: date | None = None


def find_numbers(text: str) -> list[Number]:
    """Every such number in normalised text (half-width, lower case), in order; none overlaps another."""
    found: list[Number] = []
    for one in (*_identity_cards(text), *_bank_cards(text), *_telephones(text)):
        if all(one.end <= other.start or one.start >= other.end for other in found):
            found.append(one)
    return sorted(found, key=lambda number: number.start)


def check_digit(body: str) -> str:
    """The 18th character of an identity card number from its first 17 digits (GB 11643): "0"–"9" or "x"."""
    total = sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True))
    return _CHECKS[total % 11]


def passes_luhn(digits: str) -> bool:
    """Whether the last digit checks the others (ISO/IEC 7812-1)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _identity_cards(text: str) -> Iterator[Number]:
    for match in _ID.finditer(text):
        digits = match.group().replace(" ", "")
        born = _day(digits[6:14])
        if born and check_digit(digits[:17]) == digits[17]:
            yield Number("id-card", *match.span(), "公民身份号码，校验码相符", born)
    for match in _OLD_ID.finditer(text):
        digits = match.group().replace(" ", "")
        if born := _day(f"19{digits[6:12]}"):
            yield Number("id-card", *match.span(), "15 位居民身份证号码（无校验码）", born)


def _bank_cards(text: str) -> Iterator[Number]:
    for match in _CARD.finditer(text):
        digits = re.sub(r"\D", "", match.group())
        if 15 <= len(digits) <= 19 and len(set(digits)) > 2 and passes_luhn(digits):
            yield Number("bank-card", *match.span(), "银行卡号，校验位相符（Luhn）")


def _telephones(text: str) -> Iterator[Number]:
    for match in _MOBILE.finditer(text):
        yield Number("telephone", *match.span(), "手机号码")
    for match in _LANDLINE.finditer(text):
        yield Number("telephone", *match.span(), "固定电话号码")


def _day(digits: str) -> date | None:
    try:
        day = date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None
    return day if 1880 <= day.year <= 2100 else None

"""Mending what clerks and spreadsheets do to cells: 〃, lost zeros, codes made dates, numbers as text.

A column is surveyed first; a cell is mended only where its siblings show how, and the record is
flagged `restored:<field>`. Where they do not show how, the row is refused rather than guessed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import TypeVar, cast

from indexer.readers.refused import Refused
from indexer.readers.rows import Cell, RawRow, cell_text

DITTOS = frozenset({"〃", "″", '"', "＂", "”", "''", "同上", "同前", "々", "ditto"})
T = TypeVar("T")
CODE_FIELDS = ("reference_code", "fonds_code", "series", "volume", "item", "serial")
_DASHED = re.compile(r"\d{1,4}-\d{1,3}(?:-\d{1,4})?")
_SLASHED = re.compile(
    r"(?P<y>\d{4})[/年](?P<m>\d{1,2})[/月](?P<d>\d{1,2})日?|(?P<m2>\d{1,2})月(?P<d2>\d{1,2})日"
)
_SCIENCE = re.compile(r"\d(?:\.\d+)?[Ee]\+\d+")
_EXCEL_FIRST = date(1899, 12, 30)
_AS_TEXT = "请在 Excel 里把该列设为“文本”格式，按原件重填后再收。"


@dataclass
class Survey:
    """What a sheet's code columns look like. widths: digits in cells that begin with 0, by field."""

    padded: dict[str, Counter[int]] = field(default_factory=dict)
    bare: dict[str, Counter[int]] = field(default_factory=dict)
    dashed: dict[str, list[str]] = field(default_factory=dict)

    def add(self, row: RawRow) -> None:
        for name in CODE_FIELDS:
            cell = row.fields.get(name)
            text = cell_text(cell)
            if text.isdecimal():
                kind = self.padded if text.startswith("0") else self.bare
                kind.setdefault(name, Counter())[len(text)] += 1
            elif isinstance(cell, str) and _DASHED.fullmatch(text):
                samples = self.dashed.setdefault(name, [])
                if len(samples) < 200:
                    samples.append(text)

    def width(self, name: str) -> int | None:
        """How many digits the column's codes have, when its zero-padded cells agree on it."""
        padded = self.padded.get(name, Counter())
        if sum(padded.values()) < 2 or len(padded) != 1:
            return None
        width = next(iter(padded))
        # Shorter cells are the ones that lost zeros: they must be the fewer.
        shorter = sum(n for digits, n in self.bare.get(name, Counter()).items() if digits < width)
        return width if shorter <= padded[width] + self.bare.get(name, Counter())[width] else None


def survey(rows: Iterable[RawRow]) -> Survey:
    found = Survey()
    for row in rows:
        found.add(row)
    return found


def mended(rows: Iterable[RawRow], seen: Survey) -> Iterator[tuple[RawRow, Refused | None]]:
    """Each row mended, or as it was with why it cannot be."""
    above: RawRow | None = None
    for row in rows:
        if above is not None and above.context != row.context:
            above = None  # another volume's table: 〃 does not reach across it
        try:
            filled = _without_dittos(row, above)
            above = filled
            yield _mended_codes(filled, seen), None
        except Refused as error:
            yield row, error


def _without_dittos(row: RawRow, above: RawRow | None) -> RawRow:
    fields = {n: _as_above(n, c, above.fields if above else {}) for n, c in row.fields.items()}
    others = {n: _as_above(n, c, above.others if above else {}) for n, c in row.others.items()}
    return replace(row, fields=fields, others=others)


def _as_above(name: str, cell: T, above: Mapping[str, T]) -> T:
    if not isinstance(cell, str) or cell.strip() not in DITTOS:
        return cell
    if name not in above or above[name] in (None, ""):
        raise Refused(
            "ditto",
            f"“{name}”列写“{cell.strip()}”，而上一行没有可承接的内容。",
            advice="请把该格按原意填全。",
        )
    return above[name]


def _mended_codes(row: RawRow, seen: Survey) -> RawRow:
    fields = dict(row.fields)
    flags = list(row.flags)
    for name in CODE_FIELDS:
        cell = fields.get(name)
        if cell is None or isinstance(cell, list | tuple):
            continue
        whole = _code(name, cast(Cell, cell), seen)
        if whole != cell_text(cell):
            flags.append(f"restored:{name}")
        fields[name] = whole
    if "date" in fields and not isinstance(fields["date"], list | tuple):
        fields["date"] = date_text(cast(Cell, fields["date"]))
    return replace(row, fields=fields, flags=tuple(flags))


def _code(name: str, cell: Cell, seen: Survey) -> str:
    """A code as it was before a spreadsheet had it. Refused when that cannot be told."""
    text = cell_text(cell)
    if isinstance(cell, date):
        return _undated(name, text, (cell.year, cell.month, cell.day), seen)
    if isinstance(cell, str) and (match := _SLASHED.fullmatch(text)):
        parts = [match[g] for g in ("y", "m", "d") if match[g]] or [match["m2"], match["d2"]]
        return _undated(name, text, tuple(int(p) for p in parts), seen)
    if _SCIENCE.fullmatch(text) or (isinstance(cell, float) and abs(cell) >= 1e15):
        raise Refused(
            "code-lost-digits", f"“{name}”列的“{text}”被表格改成了数，末几位已丢。", advice=_AS_TEXT
        )
    width = seen.width(name)
    if width and text.isdecimal() and len(text) < width:
        return text.zfill(width)
    return text


def _undated(name: str, shown: str, parts: tuple[int, ...], seen: Survey) -> str:
    """2011-3-1 that became a day, written again as its siblings are (2011-3-45)."""
    samples = seen.dashed.get(name, [])
    long = [s for s in samples if re.fullmatch(r"\d{4}-\d+-\d+", s)]
    short = [s for s in samples if re.fullmatch(r"\d{1,2}-\d+", s)]
    if len(parts) == 3 and long and not short:
        zeros = any(re.search(r"-0\d", s) for s in long)
        one_digit = any(re.search(r"-\d(?:-|$)", s) for s in long)
        if not (zeros and one_digit):
            year, *rest = parts
            return "-".join([str(year), *(f"{p:02}" if zeros else str(p) for p in rest)])
    elif short and not long and not any(s.startswith("0") or "-0" in s for s in short):
        return "-".join(str(p) for p in parts[-2:])  # 3-1 became the first of March of some year
    raise Refused(
        "code-became-date",
        f"“{name}”列的“{shown}”是日期：表格把编号改成了日期，同列没有可对照的写法。",
        advice=_AS_TEXT,
    )


def date_text(cell: Cell) -> str:
    """A date cell as text; a bare number of five digits is Excel's count of days."""
    text = cell_text(cell)
    is_serial = re.fullmatch(r"[1-7]\d{4}(?:\.\d+)?", text)
    if is_serial and not isinstance(cell, bool):
        return (_EXCEL_FIRST + timedelta(days=int(float(text)))).isoformat()
    return text

"""Catalogues as tables: CSV by the standard library, XLSX and XLS by python-calamine.

calamine reads both formats through one small wheel, never expands XML entities, gives merged ranges,
and reads a 50,000-row sheet in a fraction of openpyxl's time (which reads no XLS at all).
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from indexer.readers.encoding import encoding_of
from indexer.readers.packed import check_packed
from indexer.readers.refused import Refused, damaged, locked
from indexer.readers.rows import Cell, RawSheet

TABLE_ENDINGS = frozenset({".csv", ".tsv", ".xlsx", ".xlsm", ".xls"})
DELIMITERS = ",\t;|"
MAX_FIELD = 10_000_000


def read_table(path: Path, max_unpacked: int) -> tuple[list[RawSheet], str]:
    """(its sheets, its encoding or "" for a workbook). Refused: encoding, locked, bomb, damaged …"""
    if path.suffix.lower() in (".csv", ".tsv"):
        encoding = encoding_of(path)
        delimiter = _delimiter(path, encoding)
        return [RawSheet("", partial(_csv_rows, path, encoding, delimiter))], encoding
    return _workbook(path, max_unpacked), ""


def _delimiter(path: Path, encoding: str) -> str:
    """The delimiter that most evenly cuts the first lines: the one that gives the widest usual row."""
    with path.open(encoding=encoding, newline="") as file:
        sample = file.read(20_000).splitlines()[:30]
    if path.suffix.lower() == ".tsv":
        return "\t"

    def width(delimiter: str) -> int:
        widths = sorted(len(row) for row in csv.reader(sample, delimiter=delimiter))
        return widths[len(widths) // 2] if widths else 0

    return max(DELIMITERS, key=lambda d: (width(d), d == ","))


def _csv_rows(path: Path, encoding: str, delimiter: str) -> Iterator[Sequence[Cell]]:
    csv.field_size_limit(MAX_FIELD)
    with path.open(encoding=encoding, newline="") as file:
        lines = _Remembered(file)
        try:
            for row in csv.reader(lines, delimiter=delimiter):
                # Its end came within quotes: what follows an unpaired one would be swallowed as one cell.
                if lines.ended and _ends_quoted(lines.taken, delimiter):
                    raise _unpaired(path, lines.number - len(lines.taken) + 1)
                lines.taken.clear()
                yield row
        except csv.Error as error:
            raise damaged(f"“{path.name}”", error) from error


class _Remembered:
    """Lines as they are read. taken: those since the last row; number: of the last one; ended: no more."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self.taken: list[str] = []
        self.number = 0
        self.ended = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines, None)
        if line is None:
            self.ended = True
            raise StopIteration
        self.number += 1
        self.taken.append(line)
        return line


def _ends_quoted(lines: Sequence[str], delimiter: str) -> bool:
    """Whether a row's last cell was opened by a quote that nothing closes."""
    try:
        for _ in csv.reader(lines, delimiter=delimiter, strict=True):
            pass
    except csv.Error as error:
        return "unexpected end" in str(error)
    return False


def _unpaired(path: Path, row: int) -> Refused:
    return Refused(
        "damaged",
        f"“{path.name}”第 {row} 行起有一个引号没有配对，后面各行都被当成了一格。",
        advice="请补上或删去这个引号后再收。",
    )


def _workbook(path: Path, max_unpacked: int) -> list[RawSheet]:
    import python_calamine as calamine

    if path.suffix.lower() != ".xls":
        check_packed(path, max_unpacked)
    try:
        book = calamine.CalamineWorkbook.from_path(str(path))
        visible = [s.name for s in book.sheets_metadata if s.visible == calamine.SheetVisibleEnum.Visible]
        return [RawSheet(name, _sheet_rows(book.get_sheet_by_name(name))) for name in visible]
    except calamine.PasswordError as error:
        raise locked(f"“{path.name}”") from error
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise damaged(f"“{path.name}”", error) from error
    except BaseException as error:  # calamine's panics are not Exceptions
        if type(error).__name__ != "PanicException":
            raise
        raise damaged(f"“{path.name}”", error) from error


def _sheet_rows(sheet: Any) -> Callable[[], Iterator[Sequence[Cell]]]:
    """The sheet's rows from row 1, a merged range showing its value in every cell of it."""
    rows: list[list[Cell]] = sheet.to_python(skip_empty_area=False)
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or []:
        if top >= len(rows) or left >= len(rows[top]):
            continue
        value = rows[top][left]
        for row in rows[top : bottom + 1]:
            row[left : right + 1] = [value] * len(row[left : right + 1])
    return lambda: iter(rows)


def no_headers(path: Path, sheet: str) -> Refused:
    where = f"“{path.name}”" + (f"的工作表“{sheet}”" if sheet else "")
    return Refused(
        "no-headers",
        f"{where}里找不到表头：前 30 行没有同时含题名与档号（或其组成部分）的一行。",
        advice="请把表头改成 DA/T 18 的著录项名称（如 档号、题名），或用 --mapping 给出对照文件。",
    )

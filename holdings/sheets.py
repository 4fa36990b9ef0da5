"""Tables that go out to people and come back: CSV and XLSX, from bytes to rows of text and back. Pure."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from typing import Literal

from holdings.errors import BadInput

Format = Literal["csv", "xlsx"]
MEDIA_TYPES: dict[str, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
#: A cell that begins with one of these is a formula to a spreadsheet (OWASP, CSV injection); the full-width ones
#: where the system's language is Chinese or Japanese.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
#: Most bytes a workbook may unfold to, most rows and columns read.
UNPACKED, ROWS, COLUMNS = 200_000_000, 100_000, 100
#: A3 in a workbook's own numbers; points of a line of 11 points; Excel's rows are no higher than 409 points.
_A3, _LINE, _MOST_LINES = 8, 15.5, 26
#: What openpyxl lets pass and XML does not hold.
_NO_CHARACTERS = dict.fromkeys((0xFFFE, 0xFFFF))
_UNREADABLE = "请另存为 XLSX，或 UTF-8 的 CSV 后重试。"


def write(
    form: Format, headers: Sequence[str], rows: Iterable[Sequence[object]], *, widths: Sequence[int] = ()
) -> bytes:
    """A table as a file; every cell is text, none a formula. widths: of a workbook's columns, in characters, for
    one that people read: headers stand, long cells are wrapped."""
    return _csv(headers, rows) if form == "csv" else _xlsx(headers, rows, widths)


def read(data: bytes) -> list[list[str]]:
    """The rows of a CSV (UTF-8, or GB18030 as Excel here writes it) or of an XLSX's first sheet, headers first.

    Errors: BadInput for what is neither.
    """
    rows = _read_xlsx(data) if data[:2] == b"PK" else _read_csv(data)
    kept = [[_plain(cell) for cell in row] for row in rows]
    return [row for row in kept if any(row)]


def _csv(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    for row in (headers, *rows):
        writer.writerow([_safe(cell) for cell in row])
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8", "replace")  # the mark by which Excel knows UTF-8


def _xlsx(headers: Sequence[str], rows: Iterable[Sequence[object]], widths: Sequence[int]) -> bytes:
    from openpyxl import Workbook
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
    from openpyxl.cell.cell import WriteOnlyCell as Cell
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.properties import PageSetupProperties

    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    if widths:
        sheet.freeze_panes = "A2"
        sheet.print_title_rows = "1:1"
        sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", _A3
        sheet.page_setup.fitToHeight = 0
        sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    for column, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(column)].width = width
    for number, row in enumerate((headers, *rows)):
        cells = []
        if widths:
            sheet.row_dimensions[number + 1].height = _LINE * _lines(row, widths)
        for value in row:
            text = ILLEGAL_CHARACTERS_RE.sub("", _text(value)).translate(_NO_CHARACTERS)
            cell = Cell(sheet, text[:32_767])
            cell.data_type = "s"
            if widths:
                cell.alignment = Alignment(wrap_text=True, vertical="top")
                cell.font = Font(bold=not number)
            cells.append(cell)
        sheet.append(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _lines(row: Sequence[object], widths: Sequence[int]) -> int:
    """Lines that the row's longest cell takes; a Chinese character is two wide. Some programs do not reckon it."""
    wide = [sum(1 + (c > "\u2e7f") for c in _text(value)) for value in row]
    return min(_MOST_LINES, max(-(-max(1, n) // (width - 1)) for n, width in zip(wide, widths, strict=True)))


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _safe(value: object) -> str:
    text = _text(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def _plain(cell: str) -> str:
    """As it was before `_safe`."""
    text = cell.strip()
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA) else text


def _read_csv(data: bytes) -> list[list[str]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return list(csv.reader(io.StringIO(data.decode(encoding), newline="")))[:ROWS]
        except (UnicodeDecodeError, csv.Error):
            continue
    raise BadInput("这个文件读不成表格。", advice=_UNREADABLE)


def _read_xlsx(data: bytes) -> list[list[str]]:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(part.file_size for part in packed.infolist()) > UNPACKED:
                raise BadInput("这个工作簿展开后太大。", advice="请分成几份。")
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheet = book.get_sheet_by_index(0).to_python(nrows=ROWS)
    except (CalamineError, zipfile.BadZipFile, ValueError) as error:
        raise BadInput("这个文件读不成工作簿。", advice=_UNREADABLE) from error
    return [[_cell(value) for value in row[:COLUMNS]] for row in sheet]


def _cell(value: object) -> str:
    """A workbook's numbers are floats: 3.0 is 3."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)

"""The list as a workbook: one row an item, fields in the standard's order, citation and note."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from ui import shapes
from ui.state import record_address
from ui.texts import Words

#: One row: the record, its citation, the visitor's note.
Row = tuple[shapes.Record, str, str]
#: Excel's own limit for one cell.
CELL = 32_767
_WIDE = {"title": 46, "abstract": 60, "agency_history": 60, "reference_code": 20, "date": 18}


def workbook(rows: Sequence[Row], table: Sequence[shapes.Field], say: Words, *, base: str) -> bytes:
    """An XLSX file. table: all fields in the standard's order; those no row uses get no column.

    base: the explorer's own address, for the link of each row.
    """
    used = {field["name"] for record, _, _ in rows for field in record["fields"]}
    columns = [field for field in table if field["name"] in used]
    book = Workbook()
    sheet = book.create_sheet(say("sheet"), 0)
    for other in book.worksheets[1:]:
        book.remove(other)
    names = [field["term"] if say.language == "zh" else field["label_en"] for field in columns]
    last = [say("column_citation"), say("column_note"), say("column_address")]
    sheet.append([say("column_number"), *names, *last])
    for number, (record, citation, note) in enumerate(rows, 1):
        values = {field["name"]: _flat(field["value"]) for field in record["fields"]}
        address = base + record_address(record["id"])
        texts = [*(values.get(field["name"], "") for field in columns), citation, note, address]
        sheet.append([number])
        for column, text in enumerate(texts, 2):
            _write(sheet.cell(number + 1, column), text)
    for cell in sheet[1]:
        cell.font = Font(bold=True)
    widths = [6, *(_WIDE.get(field["name"], 14) for field in columns), 60, 30, 30]
    for column, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(column)].width = width
    sheet.freeze_panes = "A2"
    file = BytesIO()
    book.save(file)
    return file.getvalue()


def _write(cell: Cell, text: str) -> None:
    """As text, always: a title that begins with = is no formula."""
    cell.value = ILLEGAL_CHARACTERS_RE.sub("", text)[:CELL]
    cell.data_type = "s"
    cell.alignment = Alignment(wrap_text=True, vertical="top")


def _flat(value: str | list[str]) -> str:
    return value if isinstance(value, str) else "；".join(value)

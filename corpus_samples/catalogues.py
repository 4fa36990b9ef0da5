"""The catalogues, each fonds's in another of the forms that archives keep them in."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from holdings.records import FIELDS, LEVELS

from .files import freeze_zip
from .source import SourceRecord

#: Between several values in one cell.
SEPARATOR = "；"
#: Parts a reference code is joined from, in J045's sheets.
PARTS = ("fonds_code", "series", "volume", "item")
DITTO = "〃"


@dataclass(frozen=True)
class Form:
    """How a fonds's catalogue looks. headers: names used instead of the standard's terms."""

    file: str
    kind: str
    title: str = ""
    headers: dict[str, str] = field(default_factory=dict)


FORMS: dict[str, Form] = {
    "J001": Form("目录.csv", "csv:gb18030"),
    "J045": Form("案卷及卷内文件目录.xlsx", "volumes", "定海县人民政府(样例)"),
    "J102": Form(
        "归档文件目录.xlsx",
        "xlsx",
        "蓬屿市海洋与经济局(样例)归档文件目录",
        {"document_number": "文号", "notes": "备注", "item": "件号"},
    ),
    "M003": Form(
        "目录.csv",
        "csv:utf-8-sig",
        headers={"title": "文件题名", "date": "成文日期", "notes": "备注", "abstract": "内容提要"},
    ),
    "M017": Form(
        "目录.csv", "csv:utf-8", headers={"title": "文件标题", "creators": "作者", "keywords": "关键词"}
    ),
    "P001": Form(
        "照片目录.xlsx",
        "xlsx",
        "舟山影像(样例)照片档案目录",
        {
            "date": "时间",
            "photographer": "拍摄者",
            "places": "地点",
            "persons": "人物",
            "abstract": "内容摘要",
        },
    ),
    "Q001": Form("catalogue.jsonl", "jsonl"),
}


def write_catalogue(fonds: str, records: Sequence[SourceRecord], folder: Path) -> Path:
    """The catalogue of one fonds, in its own form; a fonds without one gets a plain UTF-8 CSV."""
    form = FORMS.get(fonds, Form("目录.csv", "csv:utf-8"))
    path = folder / form.file
    if form.kind == "jsonl":
        path.write_text("".join(_json_line(record) for record in records), "utf-8")
    elif form.kind.startswith("csv:"):
        path.write_bytes(_csv(records, form).encode(form.kind.removeprefix("csv:")))
    elif form.kind == "volumes":
        path.write_bytes(_volume_book(records, form))
    else:
        path.write_bytes(_item_book(records, form))
    return path


def _names(records: Sequence[SourceRecord]) -> list[str]:
    """Fields that any of the records fills, in the standard's order."""
    return [f.name for f in FIELDS if any(_filled(record.fields.get(f.name)) for record in records)]


def _extra_names(records: Iterable[SourceRecord]) -> list[str]:
    found: dict[str, None] = {}
    for record in records:
        found.update(dict.fromkeys(record.fields.get("extra") or {}))
    return list(found)


def _filled(value: Any) -> bool:
    return value not in (None, "", [], {})


def _cell(name: str, value: Any) -> str | int:
    if name == "level":
        return LEVELS[value or "file"][0]
    if isinstance(value, list):
        return SEPARATOR.join(value)
    return value if isinstance(value, int) else str(value or "")


def _headers(names: Sequence[str], form: Form) -> list[str]:
    terms = {f.name: f.term for f in FIELDS}
    return [form.headers.get(name, terms[name]) for name in names]


def _row(record: SourceRecord, names: Sequence[str], extra: Sequence[str]) -> list[str | int]:
    values = [_cell(name, record.fields.get(name)) for name in names]
    own = record.fields.get("extra") or {}
    return values + [str(own.get(name, "")) for name in extra]


def _csv(records: Sequence[SourceRecord], form: Form) -> str:
    names, extra = _names(records), _extra_names(records)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_headers(names, form) + extra)
    writer.writerows(_row(record, names, extra) for record in records)
    return out.getvalue()


def _json_line(record: SourceRecord) -> str:
    """English names; ready text stands in the row itself, as `text`."""
    row = {name: value for name, value in record.fields.items() if name != "extra" and _filled(value)}
    row.update(record.fields.get("extra") or {})
    if record.texts:
        row["text"] = list(record.texts)
    return json.dumps(row, ensure_ascii=False) + "\n"


def _item_book(records: Sequence[SourceRecord], form: Form) -> bytes:
    """One sheet, a title row and a line of remarks above the headers."""
    book = Workbook()
    book.remove(book.worksheets[0])
    sheet = book.create_sheet(form.file.removesuffix(".xlsx"))
    names, extra = _names(records), _extra_names(records)
    rows = [_row(record, names, extra) for record in records]
    _fill(sheet, form.title, "编制单位：蓬屿市档案馆（样例）", _headers(names, form) + extra, rows)
    return _book_bytes(book)


def _volume_book(records: Sequence[SourceRecord], form: Form) -> bytes:
    """案卷目录 for fonds, series and volumes, 卷内文件目录 for files; no 档号 column, only its parts."""
    above = [record for record in records if record.level != "file"]
    files = [record for record in records if record.level == "file"]
    for record in records:
        joined = "-".join(str(record.fields[part]) for part in PARTS if record.fields.get(part))
        if joined != record.reference_code:
            raise ValueError(f"{record.reference_code}: its parts join to {joined}")
    book = Workbook()
    book.remove(book.worksheets[0])
    terms = {
        "series": "目录号",
        "volume": "案卷号",
        "item": "件号",
        "document_number": "文号",
        "notes": "备注",
    }
    first = book.create_sheet("案卷目录")
    names = [name for name in _names(above) if name != "reference_code"]
    headers = Form("", "", headers={**terms, "title": "案卷题名", "date": "起止日期"})
    rows = [_row(record, names, ()) for record in above]
    _fill(
        first,
        form.title + "案卷目录",
        "全宗号：J045　编制单位：蓬屿市档案馆（样例）",
        _headers(names, headers),
        rows,
    )
    second = book.create_sheet("卷内文件目录")
    names = [name for name in _names(files) if name not in {"reference_code", "level"}]
    extra = _extra_names(files)
    headers = Form("", "", headers={**terms, "title": "文件题名", "page_range": "页号"})
    rows = _with_dittos([_row(record, names, extra) for record in files], names)
    _fill(second, form.title + "卷内文件目录", "全宗号：J045　样例", _headers(names, headers) + extra, rows)
    return _book_bytes(book)


def _with_dittos(rows: list[list[str | int]], names: Sequence[str]) -> list[list[str | int]]:
    """〃 where clerks write it: a creator, a series or a period that repeats the cell above, two rows in three."""
    shown = [list(row) for row in rows]
    for column, name in enumerate(names):
        if name not in {"creators", "series", "retention", "storage"}:
            continue
        for index in range(1, len(rows)):
            value = rows[index][column]
            if value and value == rows[index - 1][column] and index % 3:
                shown[index][column] = DITTO
    return shown


def _fill(
    sheet: Worksheet, title: str, remark: str, headers: Sequence[str], rows: Iterable[Sequence[str | int]]
) -> None:
    sheet.append([title])
    sheet.append([remark])
    sheet.append(list(headers))
    for row in rows:
        sheet.append([value if value != "" else None for value in row])
    sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=min(len(headers), 12))
    sheet["A1"].font = Font(bold=True, size=16)
    sheet["A1"].alignment = Alignment(horizontal="center")
    for column, header in enumerate(headers, start=1):
        sheet.cell(3, column).font = Font(bold=True)
        wide = 42 if header in {"文件题名", "案卷题名", "题名", "范围和提要", "内容摘要"} else 13
        sheet.column_dimensions[get_column_letter(column)].width = wide
    sheet.freeze_panes = "A4"


def _book_bytes(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return freeze_zip(out.getvalue())

"""The object list 展品清单 and the loan list 借展清单, as XLSX or CSV; no cell is ever a formula (holdings/sheets.py)."""

from __future__ import annotations

from curation.edition import Edition, Exhibit, OwnerKind, Pictures
from curation.outputs.packed import timeless
from curation.outputs.places import joined
from holdings import sheets

_KINDS: dict[OwnerKind, str] = {"loan": "借展", "museum": "博物馆", "partner": "合作单位", "private": "私人"}
#: Column → its width in characters.
_OBJECTS = {
    "序号": 6, "部分": 14, "展品": 36, "日期": 18, "档号": 18, "所在": 22, "责任者": 20, "文种": 10, "载体": 12, "尺寸": 12,
    "图像页": 8, "说明": 60, "引文": 40, "引文页": 8, "出处": 36, "权利说明": 24,
}  # fmt: skip
_LOANS = {
    "序号": 6, "展品": 30, "日期": 16, "所有者性质": 12, "所有者": 24, "编号": 16, "协议": 24, "载体": 12, "尺寸": 14,
    "部分": 14, "权利说明": 24,
}  # fmt: skip


def objects(edition: Edition, pictures: Pictures, form: sheets.Format = "xlsx") -> bytes:
    """All exhibits, in order."""
    rows = [
        _object(number, section, exhibit) for number, (section, exhibit) in enumerate(_ordered(edition), 1)
    ]
    return _written(form, _OBJECTS, rows, edition)


def objects_csv(edition: Edition, pictures: Pictures) -> bytes:
    return objects(edition, pictures, "csv")


def loans(edition: Edition, pictures: Pictures) -> bytes:
    """What is not of the holdings: whose, under which number and agreement."""
    rows: list[list[object]] = []
    for section, e in _ordered(edition):
        if e.outside is not None:
            o = e.outside
            number, kind = len(rows) + 1, _KINDS[o.kind]
            rows.append(
                [
                    number,
                    e.title,
                    e.date,
                    kind,
                    o.owner,
                    o.number,
                    o.agreement,
                    e.medium,
                    e.size,
                    section,
                    e.rights,
                ]
            )
    return _written("xlsx", _LOANS, rows, edition)


def _object(number: int, section: str, e: Exhibit) -> list[object]:
    quoted = e.quotation
    held = e.archive if e.outside is None else e.outside.owner
    pages = "、".join(str(picture.page) for picture in e.pictures)
    words = joined(quoted.text) if quoted else ""
    return [
        number, section, e.title, e.date, e.reference_code, held, "；".join(e.creators), e.genre, e.medium, e.size,
        pages, e.label, words, quoted.page if quoted else "", e.source, e.rights,
    ]  # fmt: skip


def _ordered(edition: Edition) -> list[tuple[str, Exhibit]]:
    return [(section.title, exhibit) for section in edition.sections for exhibit in section.exhibits]


def _written(
    form: sheets.Format, columns: dict[str, int], rows: list[list[object]], edition: Edition
) -> bytes:
    made = sheets.write(form, list(columns), rows, widths=list(columns.values()))
    return timeless(made, edition.made_on) if form == "xlsx" else made

"""Citations: GB/T 7714-2015 (archival material [A]), RIS, BibTeX. Pure."""

from __future__ import annotations

import re

from holdings.records import Record

MEDIA_TYPES = {
    "gbt7714": "text/plain; charset=utf-8",
    "ris": "application/x-research-info-systems; charset=utf-8",
    "bibtex": "application/x-bibtex; charset=utf-8",
}


def citation(record: Record, archive: str, form: str, *, page: int | None = None) -> str:
    """form: a key of MEDIA_TYPES.  page: the page cited, from 1."""
    match form:
        case "ris":
            return _ris(record, archive, page)
        case "bibtex":
            return _bibtex(record, archive, page)
        case _:
            return _gbt7714(record, archive, page)


def _gbt7714(record: Record, archive: str, page: int | None) -> str:
    """责任者. 题名[A]. 日期. 馆名: 档号: 页. (GB/T 7714-2015, document type A 档案.)"""
    creators = ", ".join(record.creators[:3]) + (", 等" if len(record.creators) > 3 else "")
    parts = [creators, f"{record.title}[A]", _day(record)]
    place = f"{archive}: {record.reference_code}" + (f": {page}" if page else "")
    return _line(". ".join(part for part in [*parts, place] if part) + ".")


def _day(record: Record) -> str:
    date = record.date
    if date.first is None:
        return date.text
    if date.first == date.last:
        return date.first
    return f"{date.first[:4]}" if date.last and date.first[:4] == date.last[:4] else date.text


def _ris(record: Record, archive: str, page: int | None) -> str:
    lines = [("TY", "UNPB"), *(("AU", creator) for creator in record.creators), ("TI", record.title)]
    if record.date.first:
        lines += [("PY", record.date.first[:4]), ("DA", record.date.first.replace("-", "/"))]
    lines += [("AN", record.reference_code), ("PB", archive), ("M3", record.genre), ("AB", record.abstract)]
    lines += [("KW", keyword) for keyword in record.keywords]
    lines += [("SP", str(page) if page else ""), ("LA", "zh"), ("ER", "")]
    return "".join(f"{tag}  - {_line(value)}\r\n" for tag, value in lines if value or tag == "ER")


def _bibtex(record: Record, archive: str, page: int | None) -> str:
    authors = " and ".join(f"{{{_plain(creator)}}}" for creator in record.creators)
    entries = {
        "title": _plain(record.title),
        "author": authors,
        "year": (record.date.first or "")[:4],
        "howpublished": _plain(f"{archive}, {record.reference_code}"),
        "pages": str(page) if page else "",
        "note": _plain(record.date.text),
    }
    body = ",\n".join(f"  {name} = {{{value}}}" for name, value in entries.items() if value)
    key = "".join(c if c.isalnum() and c.isascii() else "_" for c in record.reference_code)
    return f"@misc{{{key},\n{body}\n}}\n"


def _line(value: str) -> str:
    return " ".join(value.split())


def _plain(value: str) -> str:
    """BibTeX's own characters out of the way, LaTeX's escaped."""
    return re.sub(r"([&%$#_])", r"\\\1", _line(value.translate(str.maketrans("", "", "{}\\"))))

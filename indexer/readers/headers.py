"""Which row of a sheet is the header, and which field each column holds.

Headers match the field table (Chinese terms, aliases, English names) or a mapping file:

    [headers]            # header as it stands → field name; "" leaves the column out
    "案卷编号" = "volume"
    [defaults]           # field → value where the sheet has none
    fonds_code = "J045"
    [codes]              # fonds → pattern of its reference codes, with field names as groups
    J102 = '(?P<fonds_code>J102)-(?P<category>\\w+)·(?P<year>\\d{4})-(?P<retention>\\w+)-(?P<item>\\d+)'

TOML, because the order of a pattern's parts, comments and quoting have one meaning in it.
"""

from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from holdings.errors import BadInput
from holdings.records import FIELD_BY_NAME, FIELDS
from holdings.text import normalise
from indexer.readers.rows import Cell, RawRow, RawSheet, cell_text

#: Rows looked at for the header.
HEAD_ROWS = 30
#: Parts of codes that the field table has no row for. "serial" is a running number that says nothing.
PARTS: dict[str, tuple[str, ...]] = {
    "year": ("年度", "归档年度", "立卷年度", "year"),
    "office": ("机构", "机构代码", "机构问题", "问题", "机构或问题"),
    "serial": ("序号", "顺序号", "no", "行号"),
}
#: Kinds of catalogue, by what the title rows, the sheet or the file is called → level of its rows.
KINDS: dict[str, str] = {
    "卷内文件目录": "file",
    "卷内目录": "file",
    "归档文件目录": "file",
    "文件级目录": "file",
    "案卷目录": "volume",
    "案卷级目录": "volume",
    "全宗目录": "fonds",
    "全宗名册": "fonds",
}
_PAIR = re.compile(r"([^\s:：,，;；]{2,8})\s*[:：]\s*([^\s:：,，;；]+)")
_IN_TITLE = frozenset({"reference_code", "fonds_code", "series", "volume", "year", "retention", "category"})


@dataclass(frozen=True)
class HeaderMap:
    """A mapping file's content; empty when there is none."""

    headers: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, re.Pattern[str]] = field(default_factory=dict)


def load_mapping(path: Path | None) -> HeaderMap:
    """Read a mapping file. BadInput, with what to do, when it is no TOML or names unknown fields."""
    if path is None:
        return HeaderMap()
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        if not data or data.keys() - _SECTIONS:
            raise ValueError(f"节名只能是 {'、'.join(f'[{name}]' for name in _SECTIONS)}")
        headers = {header_key(k): _field_named(str(v)) for k, v in data.get("headers", {}).items()}
        defaults = {_field_named(str(k)): str(v) for k, v in data.get("defaults", {}).items()}
        codes = {str(k): re.compile(v) for k, v in data.get("codes", {}).items()}
    except (OSError, ValueError, AttributeError, TypeError, re.error) as error:
        raise BadInput(f"对照文件“{path.name}”读不懂：{error}。", advice=_MAPPING_ADVICE) from error
    groups = {name for pattern in codes.values() for name in pattern.groupindex}
    unknown = {*headers.values(), *defaults, *groups} - {"", *FIELD_BY_NAME, *PARTS}
    if unknown:
        advice = f"可用的著录项：{'、'.join([*FIELD_BY_NAME, *PARTS])}。"
        raise BadInput(f"对照文件里没有这样的著录项：{'、'.join(sorted(unknown))}。", advice=advice)
    return HeaderMap(headers, defaults, codes)


_SECTIONS = dict.fromkeys(("headers", "defaults", "codes"))
_MAPPING_ADVICE = '对照文件是 UTF-8 的 TOML，例如：[headers] 换行 "案卷编号" = "案卷号"。'


def _field_named(name: str) -> str:
    """The field that a mapping file means, by its English name or its term; as written when none is."""
    known = _known().get(header_key(name))
    return name if known is None or name in FIELD_BY_NAME else known[0]


def header_key(text: str) -> str:
    """A header as it is compared: simplified, lower case, without spaces and line breaks."""
    return re.sub(r"[\s_＿*＊]+", "", normalise(text).text)


@lru_cache(maxsize=1)
def _known() -> dict[str, tuple[str, int]]:
    """header key → (field, rank): our own term ranks before an alias."""
    known: dict[str, tuple[str, int]] = {}
    for name, headers in PARTS.items():
        known |= {header_key(h): (name, 50) for h in headers}
    for definition in FIELDS:
        names = (definition.name, definition.term, definition.label_en, *definition.aliases)
        for rank, name in enumerate(names):
            known.setdefault(header_key(name), (definition.name, rank))
    return known


def field_of(header: str, mapping: HeaderMap) -> tuple[str, int] | None:
    """(field or part of a code, rank) that this header names; None when none does."""
    key = header_key(header)
    if key in mapping.headers:
        name = mapping.headers[key]
        return (name, -1) if name else None
    bare = re.sub(r"[(（\[【].*?[)）\]】]", "", key)
    return _known().get(key) or _known().get(bare)


@dataclass(frozen=True)
class Columns:
    """What the columns of one sheet hold. index → field; index → header for what no field takes."""

    fields: Mapping[int, str]
    others: Mapping[int, str]

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self.fields.values())

    @property
    def usable(self) -> bool:
        """There is a title, and a code or the parts of one (title rows may give the rest)."""
        parts = {"reference_code", "fonds_code", "series", "volume", "item", "serial"}
        return "title" in self.names and bool(parts & self.names) and len(self.fields) >= 2


def columns_of(row: Sequence[Cell], mapping: HeaderMap) -> Columns:
    """Give each column its field. Of two that name one field the better-ranked has it."""
    best: dict[str, tuple[int, int]] = {}
    others: dict[int, str] = {}
    for index, cell in enumerate(row):
        header = re.sub(r"\s+", " ", cell_text(cell))
        if not header:
            continue
        found = field_of(header, mapping)
        others[index] = header
        if found and found[1] < best.get(found[0], (99, 0))[0]:
            best[found[0]] = (found[1], index)
    fields = {index: name for name, (_, index) in best.items()}
    left = {i: h for i, h in others.items() if i not in fields and header_key(h) not in mapping.headers}
    return Columns(fields, left)


def title_context(row: Sequence[Cell], mapping: HeaderMap) -> dict[str, str]:
    """What a title row says: 全宗号：J045  案卷号：12, in one cell or in neighbouring ones."""
    texts = [text for text in dict.fromkeys(cell_text(c) for c in row) if text]
    pairs = [pair for text in texts for pair in _PAIR.findall(text)]
    pairs += [(a.rstrip(":： "), b) for a, b in itertools.pairwise(texts) if ":" not in b and "：" not in b]
    context: dict[str, str] = {}
    for header, value in pairs:
        found = field_of(header, mapping)
        if found and found[0] in _IN_TITLE and field_of(value, mapping) is None:
            context.setdefault(found[0], value)
    kind = kind_of("".join(texts))
    if kind:
        context["kind"] = kind
    return context


def kind_of(text: str) -> str:
    """The level that a catalogue of this name describes, or ""."""
    key = header_key(text)
    if key in ("案卷", "卷内文件"):  # what sheets are called
        return "volume" if key == "案卷" else "file"
    return next((level for name, level in KINDS.items() if name in key), "")


def raw_rows(sheet: RawSheet, source: str, mapping: HeaderMap) -> Iterator[RawRow] | None:
    """The sheet's data rows; None when no row of its first 30 is a header."""
    columns = _find_header(sheet, mapping)
    return None if columns is None else _data_rows(sheet, source, mapping, columns)


def _find_header(sheet: RawSheet, mapping: HeaderMap) -> tuple[int, Columns] | None:
    """(row number, columns) of the row that names most fields."""
    best: tuple[int, Columns] | None = None
    for number, row in enumerate(sheet.rows(), start=1):
        if number > HEAD_ROWS:
            break
        columns = columns_of(row, mapping)
        if columns.usable and (best is None or len(columns.fields) > len(best[1].fields)):
            best = number, columns
    return best


def _data_rows(
    sheet: RawSheet, source: str, mapping: HeaderMap, header: tuple[int, Columns]
) -> Iterator[RawRow]:
    header_row, columns = header
    context: dict[str, str] = {}
    if kind := kind_of(sheet.name) or kind_of(Path(source).stem):
        context["kind"] = kind
    for number, row in enumerate(sheet.rows(), start=1):
        if number < header_row:
            context |= title_context(row, mapping)
            continue
        if number == header_row or not any(cell_text(c) for c in row):
            continue
        title = _title_of(row, columns)
        if len(title) <= 12 and field_of(title, mapping) and (again := columns_of(row, mapping)).usable:
            columns = again  # the header again: a sheet printed in several pages, or several volumes
            continue
        if _is_title(row, title, mapping) and (found := title_context(row, mapping)):
            context = {**context, **found}
            continue
        yield RawRow(
            source,
            sheet.name,
            number,
            {name: row[i] for i, name in columns.fields.items() if i < len(row)},
            {name: row[i] for i, name in columns.others.items() if i < len(row) and cell_text(row[i])},
            dict(context),
        )


def _title_of(row: Sequence[Cell], columns: Columns) -> str:
    return next((cell_text(row[i]) for i, n in columns.fields.items() if n == "title" and i < len(row)), "")


def _is_title(row: Sequence[Cell], title: str, mapping: HeaderMap) -> bool:
    """A row between tables: one merged text fills it, or it has no title and begins as title rows do."""
    texts = [text for text in dict.fromkeys(cell_text(c) for c in row) if text]
    begins = bool(_PAIR.match(texts[0]) or kind_of(texts[0]) or field_of(texts[0], mapping))
    return len(texts) == 1 or (not title and begins)

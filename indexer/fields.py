"""A mended row → a Record. Pure. What a row lacks is flagged; what it must not be, refuses it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from holdings.access import UNREVIEWED
from holdings.dates import parse_date
from holdings.errors import BadInput
from holdings.records import FIELD_BY_NAME, FIELDS, DateSpan, Level, PageText, Record, record_id
from indexer import choices, codes
from indexer.readers.headers import HeaderMap
from indexer.readers.refused import Refused
from indexer.readers.rows import RawRow, cell_text
from indexer.readers.texts import page_text

#: Fields whose absence is worth a flag on a file-level record.
WANTED = ("creators", "date", "retention", "access_status")
_PART_NAMES = ("fonds_code", "series", "volume", "item", "category", "retention", "year", "office", "serial")
_CODE_PARTS = frozenset({"fonds_code", "volume", "item", "serial"})
_UNSAFE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_SECRET_ADVICE = (
    "涉密档案不进联网系统：请撤出本条，按保密规定另行保管；已解密的，在密级栏写明解密日期与机关。"
)


@dataclass(frozen=True)
class Draft:
    """A record as its row gives it. parent and id by code are settled by intake, against the catalogue.

    above: codes of the levels over it that its parts name, the highest first.
    """

    record: Record
    above: tuple[tuple[str, Level], ...] = ()
    texts: tuple[PageText, ...] | None = None


def draft(row: RawRow, mapping: HeaderMap, archive_code: str) -> Draft:
    """Raises Refused: missing-code, missing-title, impossible-date, secret, bad-code."""
    values = _values(row, mapping)
    flags = list(row.flags)
    level = _level(values, row, flags)
    written = _reference_code(values, level, row.context)
    code = codes.plain(written)
    try:
        made = _described(row, values, level, code, flags, mapping, archive_code)
    except Refused as error:
        error.reference_code = code
        raise
    if written == code:
        return made
    former = tuple(
        dict.fromkeys((*made.record.former_codes, written))
    )  # whoever asks as it was written finds it
    return replace(made, record=replace(made.record, former_codes=former))


def _described(
    row: RawRow,
    values: dict[str, str],
    level: Level,
    code: str,
    flags: list[str],
    mapping: HeaderMap,
    archive_code: str,
) -> Draft:
    found = codes.split(code, level, mapping.codes)
    if values.get("fonds_code", found.get("fonds_code")) == found.get("fonds_code"):
        values = {k: v for k, v in found.items() if k in FIELD_BY_NAME} | values
    if not values.get("title"):
        raise Refused(
            "missing-title", "缺少题名。", advice="请补上题名；原件无题名的，按内容拟写并加方括号。"
        )
    remarks = _remarks(values)
    _refuse_secret(values.get("classification", ""), remarks, row.texts)
    extra = {name: clean(cell_text(cell)) for name, cell in row.others.items()}
    fields: dict[str, Any] = {name: _field(name, values.get(name, ""), row, flags, extra) for name in _PLAIN}
    fields |= _choices(values, flags, extra)
    own_archive = values.get("archive_code") or archive_code
    record = Record(
        id=record_id(own_archive, code),
        reference_code=code,
        level=level,
        date=_date(values),
        archive_code=own_archive,
        **fields,
        extra={name: value for name, value in extra.items() if value},
    )
    flags += _missing(record, values)
    texts = tuple(page_text(clean(t), "born-digital:text") for t in row.texts) if row.texts else None
    return Draft(
        replace(record, flags=tuple(dict.fromkeys(flags))), tuple(codes.ancestors(code, values)), texts
    )


def clean(text: str) -> str:
    """Without control characters and lone surrogates, which no database takes."""
    return _UNSAFE.sub("", text).strip()


def _values(row: RawRow, mapping: HeaderMap) -> dict[str, str]:
    """field or part of a code → text; what title rows and the mapping's defaults say fills the gaps."""
    values = {name: value for name, value in mapping.defaults.items() if value}
    values |= {k: v for k, v in row.context.items() if k in _PART_NAMES}
    for name, cell in row.fields.items():
        text = "\n".join(str(c) for c in cell) if isinstance(cell, list | tuple) else cell_text(cell)
        if text := clean(text):
            values[name] = text
    return values | {name: _plain_part(name, values[name]) for name in _PART_NAMES if name in values}


def _plain_part(name: str, text: str) -> str:
    """A part of a code in half width; a series named in words keeps its punctuation as written."""
    made = codes.plain(text)
    return made if name in _CODE_PARTS or made.isascii() else text


def _level(values: Mapping[str, str], row: RawRow, flags: list[str]) -> Level:
    if written := values.get("level"):
        found = choices.level(written)
        if found:
            return found  # type: ignore[return-value]
        flags.append("unknown:level")
    return row.context.get("kind", "file")  # type: ignore[return-value]


def _reference_code(values: dict[str, str], level: Level, context: Mapping[str, str]) -> str:
    """The row's code as written, or its parts joined; a file's number in its volume where that code stands above."""
    if level == "file" and "item" not in values and "serial" in values:
        values["item"] = values["serial"]
    code = values.get("reference_code", "")
    if not code and level == "file" and context.get("reference_code") and values.get("item"):
        code = f"{context['reference_code']}-{values['item']}"
    code = re.sub(r"\s+", "", code or codes.join(level, values))
    if not code:
        raise Refused(
            "missing-code",
            "缺少档号，也没有可以组成档号的全宗号、案卷号、件号。",
            advice="请补上档号，或补全各组成部分（全宗号可写在表头上方）。",
        )
    if (length := len(codes.plain(code))) > codes.MAX_CODE:
        raise Refused("bad-code", f"档号有 {length} 个字符，过长。", advice="请核对是否错了列。")
    if not any(character.isalnum() for character in code):
        raise Refused(
            "bad-code",
            f"档号“{code}”里没有字母也没有数字。",
            advice="请填上真正的档号；还没有编号的，编号之后再收。",
        )
    return code


def _date(values: Mapping[str, str]) -> DateSpan:
    text = values.get("date") or values.get("year", "")
    try:
        return parse_date(text)
    except BadInput as error:
        said = error.message if text in error.message else f"日期“{text}”不可能：{error.message}"
        raise Refused("impossible-date", said, advice=error.advice) from error


def _remarks(values: Mapping[str, str]) -> str:
    """Where a row may say when and by whom it was declassified."""
    when = values.get("declassified_on", "")
    changes = values.get("classification_changes", "")
    return "\n".join(part for part in (values.get("notes", ""), changes, when and f"解密 {when}") if part)


def _refuse_secret(mark: str, remarks: str, texts: Sequence[str] | None) -> None:
    found = choices.secret_in_cell(mark, remarks)
    if found:
        raise Refused("secret", f"密级为“{found}”。", advice=_SECRET_ADVICE)
    if "解密" in mark + remarks:
        return
    for number, text in enumerate(texts or (), start=1):
        if found := choices.secret_in_text(text[:2000]):
            raise Refused("secret", f"第 {number} 页正文标有“{found}”。", advice=_SECRET_ADVICE)


def _choices(values: Mapping[str, str], flags: list[str], extra: dict[str, str]) -> dict[str, str]:
    """The fields with fixed choices; what is not understood is kept beside, under its Chinese term."""
    found: dict[str, str] = {}
    readers: dict[str, Callable[[str], str | None]] = {
        "access_status": choices.opening,
        "publicity": choices.publicity,
        "retention": choices.retention,
    }
    for name, read in readers.items():
        written = values.get(name, "")
        value = read(written) if written else ""
        if value is None:
            flags.append(f"unknown:{name}")
            extra[FIELD_BY_NAME[name].term] = written
        found[name] = value or ""
    if found["retention"] == "" and values.get("retention"):
        found["retention"] = values["retention"]
        extra.pop(FIELD_BY_NAME["retention"].term, None)
    if _contradicts(found["access_status"], extra):
        flags.append("contradictory:access_status")
        found["access_status"] = UNREVIEWED
    found["access_status"] = found["access_status"] or UNREVIEWED
    found["access_basis"] = choices.basis(values.get("access_basis", ""))
    mark = values.get("classification", "")
    found["classification"] = choices.classification(mark)
    if found["classification"] not in ("", mark):
        extra[FIELD_BY_NAME["classification"].term] = mark
    return found


def _contradicts(status: str, extra: Mapping[str, str]) -> bool:
    """Whether another column of the same meaning, kept beside, says another status."""
    definition = FIELD_BY_NAME["access_status"]
    names = {definition.name, definition.term, *definition.aliases}
    others = {choices.opening(value) for name, value in extra.items() if name in names and value}
    return bool(others - {status})


def _field(name: str, text: str, row: RawRow, flags: list[str], extra: dict[str, str]) -> Any:
    """One field of kind text, list or integer."""
    kind = FIELD_BY_NAME[name].kind
    if kind == "list":
        cell = row.fields.get(name)
        whole = isinstance(cell, list | tuple)
        return tuple(clean(str(c)) for c in cell if clean(str(c))) if whole else listed(text)  # type: ignore[union-attr]
    if kind == "integer":
        number = _integer(text)
        if text and number is None:
            flags.append(f"unknown:{name}")
            extra[FIELD_BY_NAME[name].term] = text
        return number
    return text


def listed(text: str) -> tuple[str, ...]:
    """Several values of one cell: 、；，and line breaks part them. "Smith, John" is one."""
    pattern = r"[、;；,，\n]" if re.search("[\u3400-\u9fff]", text) else r"[;；\n]"
    return tuple(dict.fromkeys(part.strip() for part in re.split(pattern, text) if part.strip()))


def _integer(text: str) -> int | None:
    match = re.fullmatch(r"(?:共|约)?(\d{1,6})(?:\.0)?\s*[页张面頁張p]?", text)
    return int(match[1]) if match else None


def _missing(record: Record, values: Mapping[str, str]) -> list[str]:
    if record.level != "file":
        return []
    has = {name: bool(values.get(name)) for name in WANTED} | {"date": record.date.first is not None}
    return [f"missing:{name}" for name in WANTED if not has[name]]


#: Fields that need nothing but their kind.
_PLAIN = tuple(
    f.name
    for f in FIELDS
    if f.kind in ("text", "list", "integer")
    and f.name not in ("reference_code", "archive_code", "classification")
)

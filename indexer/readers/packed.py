"""Packed files (XLSX, DOCX, PPTX, OFD) before any library opens them: bombs, locks, entities, damage."""

from __future__ import annotations

import re
import zipfile
import zlib
from pathlib import Path

from indexer.readers.refused import Refused, damaged, locked

#: Unfolding more than this many times its size, beyond FREE bytes, is a bomb. XML packs 10 to 40 times.
MAX_RATIO = 200
FREE = 20_000_000
MAX_ENTRIES = 50_000
CHUNK = 1 << 20
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # a locked OOXML file is an OLE container
_ENTITIES = tuple(
    mark.encode(encoding)
    for mark in ("<!DOCTYPE", "<!ENTITY")
    for encoding in ("ascii", "utf-16-le", "utf-16-be")
)
#: A sheet's reader makes room for every cell up to the last one: one stray cell at XFD1048576 asks for
#: 512 GB and ends the process. So the furthest cell is looked for before the reader opens the sheet.
MAX_CELLS = 40_000_000
_SHEET = re.compile(r"worksheets/[^/]+\.xml$", re.IGNORECASE)
_PLACE = re.compile(rb"<(?:\w+:)?(?:c|row)\b[^>]*?\br=[\"']([A-Z]{0,3})(\d+)[\"']")


def check_packed(path: Path, max_unpacked: int) -> None:
    """Unfold every entry once, within limits.

    The sizes an archive states are checked first; then its bytes are counted as they unfold, and each
    CRC is compared, so that an archive that lies about its sizes is found out.
    Raises Refused: locked, bomb, xml-entities, damaged.
    """
    with path.open("rb") as file:
        if file.read(8) == _OLE:
            raise locked(f"“{path.name}”")
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            _check_sizes(path, entries, max_unpacked)
            for entry in entries:
                if entry.flag_bits & 0x1:
                    raise locked(f"“{path.name}”")
                _unfold(path, archive, entry)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        RuntimeError,
        ValueError,
        NotImplementedError,
    ) as error:
        raise damaged(f"“{path.name}”", error) from error


def _check_sizes(path: Path, entries: list[zipfile.ZipInfo], max_unpacked: int) -> None:
    total = sum(entry.file_size for entry in entries)
    bomb = total > FREE and total > MAX_RATIO * path.stat().st_size
    if total > max_unpacked or bomb or len(entries) > MAX_ENTRIES:
        raise Refused(
            "bomb",
            f"“{path.name}”解压后有 {total:,} 字节、{len(entries):,} 个成员，疑为压缩炸弹。",
            advice="请核对文件来源；确是大文件时拆成几份，或调高 DANGHAI_MAX_UNPACKED。",
        )


def _unfold(path: Path, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    """Read one entry to its end; XML in these formats never has a DTD, so one is refused."""
    is_sheet = _SHEET.search(entry.filename) is not None
    columns = rows = 1
    is_xml = entry.filename.lower().endswith((".xml", ".rels", ".vml"))
    tail = b""
    with archive.open(entry) as stream:
        while chunk := stream.read(CHUNK):
            if is_xml and any(mark in tail + chunk for mark in _ENTITIES):
                raise Refused(
                    "xml-entities",
                    f"“{path.name}”的 {entry.filename} 含有 DTD 或实体定义。",
                    advice="此类文件不应有实体定义，请核对来源后用原软件另存。",
                )
            if is_sheet:
                for letters, digits in _PLACE.findall(tail + chunk):
                    columns, rows = max(columns, _column(letters)), max(rows, int(digits))
            tail = chunk[-64:]
    if columns * rows > MAX_CELLS:
        raise Refused(
            "sheet-too-large",
            f"“{path.name}”的 {entry.filename} 延伸到第 {rows:,} 行第 {columns:,} 列，大多是空格。",
            advice="请删去表格右下方远处的孤立单元格后另存。",
        )


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return max(number, 1)

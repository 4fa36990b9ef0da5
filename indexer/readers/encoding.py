"""Which encoding a text file is in: byte-order mark, then strict UTF-8, then strict GB18030.

Detectors guess wrong on short files, and Big5 decodes as GB18030 without an error. So a GB18030
reading counts only when something else bears it out: headers for a table, common words for a text.
"""

from __future__ import annotations

import codecs
from pathlib import Path

from indexer.readers.refused import Refused

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: Words of nearly every Chinese text, in both scripts.
_COMMON = frozenset("，。、：；（）的一是不了在人有中大国國上年月日为為以及和与與本县縣等民府市第各其之于於")
CHUNK = 1 << 20
_ADVICE = "请在 Excel 或记事本中另存为 UTF-8 后再收。"


def unknown_encoding(path: Path) -> Refused:
    return Refused("encoding", f"“{path.name}”的编码认不出：不是 UTF-8，也读不成 GB18030。", advice=_ADVICE)


def encoding_of(path: Path) -> str:
    """The encoding's Python name; "gb18030" still wants bearing out. Refused when none fits strictly."""
    with path.open("rb") as file:
        start = file.read(4)
    for mark, name in _MARKS:
        if start.startswith(mark):
            if _decodes(path, name):
                return name
            raise unknown_encoding(path)
    for name in ("utf-8", "gb18030"):
        if _decodes(path, name):
            return name
    raise unknown_encoding(path)


def read_text(path: Path, limit: int) -> str:
    """A whole text file. Refused: too large, of no known encoding, or likelier Big5 than GB18030."""
    if path.stat().st_size > limit:
        raise Refused("too-large", f"“{path.name}”超过 {limit} 字节。", advice="请核对文件，或分成几份。")
    data = path.read_bytes()
    encoding = encoding_of(path)
    text = data.decode(encoding)
    if encoding == "gb18030" and _commonness(text) <= _big5_commonness(data):
        raise unknown_encoding(path)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _commonness(text: str) -> int:
    return sum(c in _COMMON for c in text)


def _big5_commonness(data: bytes) -> int:
    """How many common words a Big5 reading has; -1 when it is not Big5 at all."""
    try:
        return _commonness(data.decode("big5"))
    except UnicodeDecodeError:
        return -1


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True

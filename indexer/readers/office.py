"""Attachments: files that are no pages, with their text where a library gives it.

docx by python-docx, pptx by python-pptx, xlsx and xls by calamine, eml and html by the standard
library. Sound, film, doc, ppt, wps, msg and rtf are kept without text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from email import message_from_binary_file, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from indexer.readers.encoding import read_text
from indexer.readers.packed import check_packed
from indexer.readers.refused import damaged
from indexer.readers.rows import cell_text
from indexer.readers.tables import read_table

WITHOUT_TEXT = frozenset(
    {".mp3", ".wav", ".wma", ".m4a", ".aac", ".flac", ".ogg", ".mp4", ".avi", ".mov", ".wmv", ".mkv", ".mpg",
     ".mpeg", ".flv", ".rm", ".rmvb", ".vob", ".doc", ".ppt", ".wps", ".et", ".dps", ".msg", ".rtf", ".zip",
     ".7z", ".rar", ".dwg", ".dxf", ".shp", ".ceb", ".svg"}
)  # fmt: skip
MAX_TEXT = 2_000_000


def attachment_text(path: Path, max_unpacked: int) -> str:
    """The file's text, "" where no library gives any. Refused: locked, bomb, damaged, encoding."""
    ending = path.suffix.lower()
    if ending in WITHOUT_TEXT:
        return ""
    reader = READERS[ending]
    try:
        return _cut(reader(path, max_unpacked))
    except (OSError, ValueError, KeyError, AttributeError, LookupError, RecursionError, SyntaxError) as error:
        raise damaged(f"“{path.name}”", error) from error


def _cut(parts: Iterator[str]) -> str:
    """Lines up to MAX_TEXT characters; lone surrogates and NULs, which no database takes, replaced."""
    lines: list[str] = []
    size = 0
    for part in parts:
        text = part.strip()
        if text:
            lines.append(text[: MAX_TEXT - size])
            size += len(lines[-1]) + 1
        if size >= MAX_TEXT:
            break
    return "\n".join(lines).encode("utf-8", "replace").decode().replace("\x00", "")


def _docx(path: Path, max_unpacked: int) -> Iterator[str]:
    import docx

    check_packed(path, max_unpacked)
    document = docx.Document(str(path))
    for block in document.iter_inner_content():
        if hasattr(block, "rows"):
            for row in block.rows:
                yield "\t".join(dict.fromkeys(cell.text.strip() for cell in row.cells))
        else:
            yield block.text


def _pptx(path: Path, max_unpacked: int) -> Iterator[str]:
    import pptx

    check_packed(path, max_unpacked)
    for slide in pptx.Presentation(str(path)).slides:
        for shape in slide.shapes:
            yield from _shape(shape)
        if slide.has_notes_slide:
            yield slide.notes_slide.notes_text_frame.text


def _shape(shape: Any) -> Iterator[str]:
    if shape.has_text_frame:
        yield shape.text_frame.text
    if getattr(shape, "has_table", False):
        for row in shape.table.rows:
            yield "\t".join(cell.text for cell in row.cells)
    for inner in getattr(shape, "shapes", ()):
        yield from _shape(inner)


def _sheets(path: Path, max_unpacked: int) -> Iterator[str]:
    for sheet in read_table(path, max_unpacked)[0]:
        yield sheet.name
        for row in sheet.rows():
            yield "\t".join(cell_text(cell) for cell in row).strip()


def _mail(path: Path, _: int) -> Iterator[str]:
    with path.open("rb") as file:
        message = message_from_binary_file(file, policy=policy.default)
    for header in ("subject", "from", "to", "date"):
        if value := message.get(header):
            yield f"{header}: {value}"
    if not isinstance(message, EmailMessage):
        return
    body = message.get_body(("plain", "html"))
    if body is not None:
        content = str(body.get_content())
        yield from _html_lines(content) if body.get_content_subtype() == "html" else [content]
    for part in message.iter_attachments():
        if name := part.get_filename():
            yield f"[{name}]"


def _html(path: Path, _: int) -> Iterator[str]:
    yield from _html_lines(read_text(path, 10 * MAX_TEXT))


class _Words(HTMLParser):
    """The words of a page of HTML, without scripts and styles."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("script", "style") and self._hidden > 0

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.append(data)


def _html_lines(text: str) -> list[str]:
    parser = _Words()
    parser.feed(text)
    return [" ".join(word.split()) for word in parser.words]


READERS: dict[str, Callable[[Path, int], Iterator[str]]] = {
    ".docx": _docx, ".pptx": _pptx, ".xlsx": _sheets, ".xlsm": _sheets, ".xls": _sheets, ".csv": _sheets,
    ".eml": _mail, ".html": _html, ".htm": _html,
}  # fmt: skip
ATTACHMENT_ENDINGS = WITHOUT_TEXT | READERS.keys()

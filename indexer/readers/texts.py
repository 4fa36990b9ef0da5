"""Ready texts: plain text files, and the page texts that a JSON Lines row brings."""

from __future__ import annotations

from pathlib import Path

from holdings.records import Line, PageText
from indexer.readers.encoding import read_text
from indexer.readers.pages import FoundPage, check_count

MAX_BYTES = 50_000_000


def read_text_pages(path: Path) -> list[FoundPage]:
    """One page a form feed. Refused: encoding, too-large."""
    pages = read_text(path, MAX_BYTES).removesuffix("\f").split("\f")
    check_count(path.name, len(pages))
    return [
        FoundPage(number, "text", "text/plain", text=page_text(text, "born-digital:text"))
        for number, text in enumerate(pages)
    ]


def page_text(text: str, maker: str) -> PageText:
    """Plain text as a page's text: its lines, without boxes."""
    lines = text.strip("\n").split("\n")
    return PageText(tuple(Line(line.rstrip()) for line in lines), maker)

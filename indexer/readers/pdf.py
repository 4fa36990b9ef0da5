"""PDF by pypdfium2: a page with a text layer gives its text with boxes, any other page is a scan."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

from holdings.page_image import PDFIUM, pdf_pixels, pdf_scale
from holdings.records import Line, PageText
from holdings.settings import Settings
from indexer.readers.pages import FoundPage, check_count, check_size
from indexer.readers.refused import damaged, locked

MAKER = "born-digital:pypdfium2"
#: A text layer counts from this many readable characters; fewer is a stamp or a page number on a scan.
MIN_CHARACTERS = 16
#: … and when no more than this share is unreadable (a font without a map to Unicode).
MAX_UNREADABLE = 0.2
Box = tuple[float, float, float, float]  # left, bottom, right, top, in points


def read_pdf(path: Path, settings: Settings) -> list[FoundPage]:
    """The file's pages. Refused: locked, damaged, too-many-pages, image-too-large, empty."""
    import pypdfium2

    try:
        with PDFIUM, pypdfium2.PdfDocument(path) as document:
            check_count(path.name, len(document))
            return [_page(document[n], n, path.name, settings) for n in range(len(document))]
    except (pypdfium2.PdfiumError, ValueError) as error:
        if "password" in str(error).lower():
            raise locked(f"“{path.name}”") from error
        raise damaged(f"PDF“{path.name}”", error) from error


def _page(page: Any, number: int, name: str, settings: Settings) -> FoundPage:
    width, height = pdf_pixels(*page.get_size())
    check_size(f"{name} 第 {number + 1} 页", width, height, settings)
    text = _text_layer(page)
    kind = "text" if text else "scan"
    page.close()
    return FoundPage(number, kind, "application/pdf", width, height, text)  # type: ignore[arg-type]


def _text_layer(page: Any) -> PageText | None:
    """The page's own text, a Line a line of type; None when there is none worth the name."""
    textpage = page.get_textpage()
    try:
        if textpage.count_chars() < MIN_CHARACTERS or not _readable(textpage.get_text_range()):
            return None
        place = _placer(page)
        pieces = [textpage.get_rect(i) for i in range(textpage.count_rects())]
        lines = [(box, _tidy(textpage.get_text_bounded(*box))) for box in _joined(pieces)]
    finally:
        textpage.close()
    return PageText(tuple(Line(text, place(box)) for box, text in lines if text), MAKER)


def _readable(text: str) -> bool:
    signs = [c for c in text if not c.isspace()]
    bad = sum(unicodedata.category(c) in ("Co", "Cn", "Cc", "Cs") or c == "\ufffd" for c in signs)
    return len(signs) - bad >= MIN_CHARACTERS and bad <= MAX_UNREADABLE * len(signs)


def _tidy(text: str) -> str:
    return " ".join(text.replace("\ufffe", "").split())


def _joined(pieces: list[Box]) -> list[Box]:
    """Boxes of one line made one: a change of font or a wide space parts a line into several."""
    lines: list[Box] = []
    for box in pieces:
        if lines and _same_line(lines[-1], box):
            a = lines[-1]
            lines[-1] = min(a[0], box[0]), min(a[1], box[1]), max(a[2], box[2]), max(a[3], box[3])
        else:
            lines.append(box)
    return lines


def _same_line(a: Box, b: Box) -> bool:
    """They share most of the lower one's height, and b follows a within a few signs' width."""
    shared = min(a[3], b[3]) - max(a[1], b[1])
    height = min(a[3] - a[1], b[3] - b[1])
    return shared > 0.5 * height and -height <= b[0] - a[2] < 6 * max(a[3] - a[1], b[3] - b[1])


def _placer(page: Any) -> Callable[[Box], tuple[int, int, int, int]]:
    """Points of the page → (x, y, width, height) in pixels of the drawn page, its own rotation done."""
    left, bottom, right, top = page.get_cropbox()
    turn = page.get_rotation()
    scale = pdf_scale(*page.get_size())

    def place(box: Box) -> tuple[int, int, int, int]:
        x0, y0, x1, y1 = box[0] - left, top - box[3], box[2] - left, top - box[1]
        width, height = right - left, top - bottom
        if turn == 90:
            x0, y0, x1, y1 = height - y1, x0, height - y0, x1
        elif turn == 180:
            x0, y0, x1, y1 = width - x1, height - y1, width - x0, height - y0
        elif turn == 270:
            x0, y0, x1, y1 = y0, width - x1, y1, width - x0
        return (
            max(0, round(x0 * scale)),
            max(0, round(y0 * scale)),
            max(1, round((x1 - x0) * scale)),
            max(1, round((y1 - y0) * scale)),
        )

    return place

"""A page's image from its stored file, the same for OCR, thumbnails and the explorer, so that boxes agree."""

from __future__ import annotations

from math import ceil
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

    from holdings.redaction import Hides

#: PDF pages are drawn at this many pixels an inch; sizes and boxes of PDF pages are in these pixels.
PDF_DPI = 200
#: No drawn PDF page is longer than this many pixels on a side: a plan of 5 metres is drawn smaller.
PDF_SIDE = 12_000
#: PDFium keeps state of its own and is not thread-safe: one thread of a process at a time.
PDFIUM = Lock()


def pdf_scale(width: float, height: float) -> float:
    """Pixels a point at which a PDF page of this size (in points) is drawn."""
    return min(PDF_DPI / 72, PDF_SIDE / max(width, height, 1.0))


def pdf_pixels(width: float, height: float) -> tuple[int, int]:
    """Size in pixels of a PDF page that measures so many points; as pypdfium2 rounds it."""
    scale = pdf_scale(width, height)
    return ceil(width * scale), ceil(height * scale)


def open_page(path: Path, media_type: str, frame: int) -> Image:
    """The page as it is stored (not turned), loaded. `frame` from 0: page of a PDF, frame of a TIFF.

    Errors: OSError or ValueError when the file does not hold such a page.
    """
    if media_type == "application/pdf":
        return _pdf_page(path, frame)
    from PIL import Image

    with Image.open(path) as image:
        if frame:
            image.seek(frame)
        image.load()
        return image.copy()


def _pdf_page(path: Path, frame: int) -> Image:
    import pypdfium2

    try:
        with PDFIUM, pypdfium2.PdfDocument(path) as document:
            page = document[frame]
            image: Image = page.render(scale=pdf_scale(*page.get_size())).to_pil()
            return image.copy()
    except (pypdfium2.PdfiumError, IndexError) as error:
        raise ValueError(f"page {frame} of the PDF cannot be drawn: {error}") from error


def without(image: Image, hides: Hides) -> Image:
    """A new image whose hidden pixels are black: nothing lies beneath, nor in a comment of the file, which
    Pillow would write into the next one."""
    from PIL import Image as pillow

    if not hides:
        return image
    made = image.convert("L" if image.mode in ("1", "L") else "RGB")
    for x, y, w, h in hides.boxes(made.width, made.height):
        made.paste(pillow.new(made.mode, (w, h)), (x, y))
    made.info.clear()
    return made

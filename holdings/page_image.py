"""A page's image from its stored file, the same for OCR, thumbnails and the explorer, so that boxes agree."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

#: PDF pages are drawn at this many pixels an inch; sizes and boxes of PDF pages are in these pixels.
PDF_DPI = 200


def pdf_pixels(width: float, height: float) -> tuple[int, int]:
    """Size in pixels of a PDF page that measures so many points; as pypdfium2 rounds it."""
    from math import ceil

    return ceil(width * (PDF_DPI / 72)), ceil(height * (PDF_DPI / 72))


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
        document = pypdfium2.PdfDocument(path)
        try:
            image: Image = document[frame].render(scale=PDF_DPI / 72).to_pil()
            return image.copy()
        finally:
            document.close()
    except (pypdfium2.PdfiumError, IndexError) as error:
        raise ValueError(f"page {frame} of the PDF cannot be drawn: {error}") from error

"""What the public gets of a page: a derivative of its image and its text, never the stored file itself.

Pages come from `catalogue.seen_pages`: redacted words are gone from their text, redacted pixels go here.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, replace

from holdings.catalogue import StoredPage
from holdings.page_image import open_page, without
from holdings.records import Line, PageText
from holdings.store import FileStore

#: The longest side of a public image, in pixels: reads well, and is not the preservation copy.
LONGEST = 2400
QUALITY = 82


@dataclass(frozen=True)
class PublicPage:
    """image: JPEG without what the stored file says of itself (EXIF, layers), b"" where there is none.
    text: in pixels of that image."""

    image: bytes
    width: int
    height: int
    text: PageText | None


def public_page(store: FileStore, page: StoredPage) -> PublicPage:
    """Errors: OSError or ValueError when the file cannot be drawn."""
    if not page.width:
        return PublicPage(b"", 0, 0, page.text)
    image = open_page(store.path(page.sha256), page.media_type, page.frame)
    image = without(image.convert("L" if image.mode in ("1", "L") else "RGB"), page.hides)
    scale = min(1.0, LONGEST / max(image.size))
    if scale < 1:
        image = image.resize((max(1, round(image.width * scale)), max(1, round(image.height * scale))))
    image.info.clear()
    out = io.BytesIO()
    image.save(out, "JPEG", quality=QUALITY)
    return PublicPage(out.getvalue(), image.width, image.height, _scaled(page.text, scale))


def _scaled(text: PageText | None, scale: float) -> PageText | None:
    if text is None or scale == 1:
        return text
    return replace(text, lines=tuple(_line(line, scale) for line in text.lines))


def _line(line: Line, scale: float) -> Line:
    if line.box is None:
        return line
    x, y, width, height = (round(value * scale) for value in line.box)
    return replace(line, box=(x, y, width, height))

"""Page images by Pillow. Each frame's size is checked before it is decoded, then decoded once to its end."""

from __future__ import annotations

from pathlib import Path

from holdings.settings import Settings
from indexer.readers.pages import MAX_PAGES, FoundPage, check_count, check_size
from indexer.readers.refused import damaged

IMAGE_ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".webp", ".gif", ".jp2", ".jpf"})
#: What is opened, whatever the file is called: no format that runs another program (EPS).
FORMATS = ("JPEG", "PNG", "TIFF", "BMP", "WEBP", "GIF", "JPEG2000")


def read_image(path: Path, settings: Settings, *, decode: bool) -> list[FoundPage]:
    """One page a frame of a TIFF, one of any other image. Refused: image-too-large, damaged …

    decode=False trusts the pixels (the same bytes were decoded at an earlier intake).
    """
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # Pillow warns at one size and raises at twice it; check_size is exact
    pages: list[FoundPage] = []
    try:
        with Image.open(path, formats=FORMATS) as image:
            media_type = Image.MIME.get(image.format or "", "application/octet-stream")
            several = image.format == "TIFF"
            while True:
                check_size(path.name, *image.size, settings)
                if decode:
                    image.load()
                pages.append(FoundPage(len(pages), "scan", media_type, *image.size))
                if not several or len(pages) > MAX_PAGES:
                    break
                try:
                    image.seek(len(pages))
                except EOFError:
                    break
    except (OSError, ValueError, SyntaxError, EOFError, KeyError, TypeError, IndexError) as error:
        raise damaged(f"图像“{path.name}”", error) from error
    check_count(path.name, len(pages))
    return pages

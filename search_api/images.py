"""Page files → images a browser shows. Rendered once, kept in a cache folder that can be deleted."""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path

from PIL import Image

from holdings.catalogue import StoredPage
from holdings.errors import NotFound
from holdings.page_image import open_page
from holdings.store import FileStore

THUMBNAIL = 240
#: Widths a caller may ask for are rounded up to these, so that the cache stays small.
WIDTHS = (240, 480, 800, 1200, 1600, 2400)
QUALITY = 82
_ORIENTATION = 0x0112


class PageImages:
    """JPEGs of pages, by file, frame, width and turn."""

    def __init__(self, store: FileStore, cache: Path) -> None:
        self._store = store
        self._cache = cache

    def get(self, page: StoredPage, *, width: int | None = None, turn: int = 0) -> Path:
        """The page's image as JPEG, `turn` degrees clockwise, at most `width` pixels wide.

        A JPEG asked for as it is comes from the store unchanged. Errors: NotFound for a page without an image.
        """
        if not page.width:
            raise NotFound("这一页没有图像。")
        source = self._store.path(page.sha256)
        fitted = next((w for w in WIDTHS if width is not None and w >= width), None)
        if fitted is not None and fitted >= page.width:
            fitted = None
        if page.media_type == "image/jpeg" and not turn and fitted is None and _shown_as_stored(source):
            return source
        name = hashlib.sha256(f"{page.sha256}/{page.frame}/{fitted}/{turn}".encode()).hexdigest()
        target = self._cache / name[:2] / f"{name}.jpg"
        if not target.exists():
            _keep(open_page(source, page.media_type, page.frame), target, fitted, turn)
        return target


def _shown_as_stored(source: Path) -> bool:
    """Whether a browser would show this JPEG as it is stored: an EXIF turn would move the boxes."""
    with Image.open(source) as file:
        return bool(file.getexif().get(_ORIENTATION, 1) == 1)


def _keep(image: Image.Image, target: Path, width: int | None, turn: int) -> None:
    if turn:
        image = image.rotate(-turn, expand=True)
    if width is not None and width < image.width:
        image = image.resize(
            (width, max(1, round(image.height * width / image.width))), Image.Resampling.LANCZOS
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{secrets.token_hex(6)}.part")
    image.convert("RGB" if image.mode != "L" else "L").save(part, "JPEG", quality=QUALITY)
    part.replace(target)

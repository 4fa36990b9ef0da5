"""Page files → images a browser shows. Rendered once, kept in a cache folder that can be deleted."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import BoundedSemaphore
from typing import TypeVar

from PIL import Image

from holdings.catalogue import StoredPage
from holdings.errors import Busy, NotFound
from holdings.page_image import open_page, without
from holdings.store import FileStore

log = logging.getLogger("danghai.api")
T = TypeVar("T")

THUMBNAIL = 240
#: Widths a caller may ask for are rounded up to these, so that the cache stays small.
WIDTHS = (240, 480, 800, 1200, 1600, 2400)
QUALITY = 82
#: Pages drawn at once, and asked for at once; a page of A4 at 200 dpi takes some 50 ms.
WORKERS, WAITING = 2, 64
#: Seconds one picture is waited for.
SECONDS = 20.0
_ORIENTATION = 0x0112


class PageImages:
    """JPEGs of pages, by file, frame, width and turn. Drawn by workers of their own, so that whatever a page
    holds, the rest of the API answers; a page whose file says more than `most_pixels` is not unfolded."""

    def __init__(self, store: FileStore, cache: Path, most_pixels: int) -> None:
        self._store = store
        self._cache = cache
        self._workers = ThreadPoolExecutor(WORKERS, "images")
        self._places = BoundedSemaphore(WAITING)
        Image.MAX_IMAGE_PIXELS = most_pixels // 2  # Pillow refuses beyond twice this, and warns between
        warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)

    async def drawn(
        self, page: StoredPage, *, width: int | None = None, longest: int | None = None, turn: int = 0
    ) -> tuple[Path, str]:
        """`get`, waited for. Errors: Busy when too many wait, or this one takes too long; those of `get`."""
        try:
            return await self.bounded(partial(self.get, page, width=width, longest=longest, turn=turn))
        except TimeoutError as error:
            log.error("page %s/%s takes too long to draw", page.record_id, page.number)
            raise Busy("这一页的图像一时画不出来。", advice="请稍后再试；文字仍可检索。") from error

    async def bounded(self, look: Callable[[], T]) -> T:
        """What unfolds an image, by one of the workers. Errors: Busy when too many wait; TimeoutError; its own."""
        if not self._places.acquire(blocking=False):
            raise Busy("同时要看的图像太多。", advice="请稍后再试。")
        looking = self._workers.submit(look)
        looking.add_done_callback(lambda _: self._places.release())
        return await asyncio.wait_for(asyncio.wrap_future(looking), SECONDS)

    def close(self) -> None:
        self._workers.shutdown(wait=False, cancel_futures=True)

    def get(
        self, page: StoredPage, *, width: int | None = None, longest: int | None = None, turn: int = 0
    ) -> tuple[Path, str]:
        """(the page's image as JPEG, `turn` degrees clockwise; a name of this very picture).

        width: pixels wanted across the turned page, rounded up to one of WIDTHS; never enlarged. A JPEG
        asked for as it is comes from the store unchanged, unless something of the page is hidden.
        longest: instead of it, the longer side, exactly (curation.edition.fitted); never the stored file.
        Errors: NotFound for a page without an image, or whose file cannot be drawn.
        """
        if not page.width:
            raise NotFound("这一页没有图像。")
        source = self._store.path(page.sha256)
        across = page.width if turn in (0, 180) else page.height
        fitted = next((w for w in WIDTHS if width is not None and width <= w < across), None)
        if longest is not None and longest < max(page.width, page.height):
            fitted = max(1, across * longest // max(page.width, page.height))
        black = page.hides.boxes(page.width, page.height)
        said = f"{page.sha256}/{page.frame}/{fitted}/{turn}" + (f"/{sorted(black)}" if black else "")
        name = hashlib.sha256(said.encode()).hexdigest()
        target = self._cache / name[:2] / f"{name}.jpg"
        try:
            as_is = not turn and fitted is None and longest is None and page.media_type == "image/jpeg"
            if as_is and not page.hides and _shown_as_stored(source):
                return source, name
            if not target.exists():
                image = open_page(source, page.media_type, page.frame)
                _keep(without(image, page.hides), target, fitted, turn)
            if page.hides:  # the stored file's SHA-256 is of what is hidden, too
                name = hashlib.sha256(target.read_bytes()).hexdigest()
        except (OSError, ValueError, Image.DecompressionBombError) as error:
            log.error("page %s/%s cannot be drawn: %s", page.record_id, page.number, error)
            raise NotFound("这一页的图像打不开。", advice="文字仍可检索；请告知馆员。") from error
        return target, name


def _shown_as_stored(source: Path) -> bool:
    """Whether a browser would show this JPEG as it is stored: an EXIF turn would move the boxes."""
    with Image.open(source) as file:
        return bool(file.getexif().get(_ORIENTATION, 1) == 1)


def _keep(image: Image.Image, target: Path, width: int | None, turn: int) -> None:
    image = image.convert("L" if image.mode in ("1", "L") else "RGB")  # resizing needs more than bits
    if turn:
        image = image.rotate(-turn, expand=True)
    if width is not None and width < image.width:
        image = image.resize(
            (width, max(1, round(image.height * width / image.width))), Image.Resampling.LANCZOS
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{secrets.token_hex(6)}.part")
    image.save(part, "JPEG", quality=QUALITY)
    part.replace(target)

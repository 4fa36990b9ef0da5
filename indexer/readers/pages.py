"""What page readers give, and the limits they hold to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from holdings.records import PageText
from holdings.settings import Settings
from indexer.readers.refused import Refused

#: Pages of one file. More is a mistake or an attack; the catalogue reads 10,000 pages a record.
MAX_PAGES = 10_000


@dataclass(frozen=True)
class FoundPage:
    """One page of a file. `data`: the page's image where it had to be taken out of the file.

    width, height: pixels of the page image; 0 when there is none.
    """

    frame: int = 0
    kind: Literal["scan", "text"] = "scan"
    media_type: str = "image/jpeg"
    width: int = 0
    height: int = 0
    text: PageText | None = None
    data: bytes | None = None


def check_size(name: str, width: int, height: int, settings: Settings) -> None:
    """Refused when a page image is larger than the settings allow, before it is decoded."""
    if max(width, height) > settings.max_side or width * height > settings.max_pixels:
        raise Refused(
            "image-too-large",
            f"“{name}”有 {width:,}×{height:,} 像素，超过上限（边长 {settings.max_side:,}，"
            f"共 {settings.max_pixels:,} 像素）。",
            advice="请降低分辨率或切分后再收；确有需要时调高 DANGHAI_MAX_SIDE 与 DANGHAI_MAX_PIXELS。",
        )


def check_count(name: str, pages: int) -> None:
    if pages > MAX_PAGES:
        raise Refused(
            "too-many-pages",
            f"“{name}”有 {pages:,} 页，超过一个文件 {MAX_PAGES:,} 页的上限。",
            advice="请按件或按卷分成几个文件。",
        )
    if pages == 0:
        raise Refused("empty", f"“{name}”里没有页。", advice="请核对文件，重新导出。")

"""OFD (GB/T 33190) by ofdkit: its text, and a page's picture where one picture is the page.

Nothing offline draws an OFD page (easyofd fails, and pulls AGPL code in), so a page of text has no
image: it comes with width and height 0, and shows as text. A scanned OFD page holds one picture as
large as the page; that picture is taken out and becomes the page's image.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from holdings.records import Line, PageText
from holdings.settings import Settings
from indexer.readers.images import FORMATS
from indexer.readers.packed import check_packed
from indexer.readers.pages import FoundPage, check_count, check_size
from indexer.readers.refused import damaged

MAKER = "born-digital:ofdkit"
MEDIA_TYPE = "application/ofd"
#: A picture that covers this much of the page is the page.
PAGE_SHARE = 0.7


def read_ofd(path: Path, settings: Settings) -> list[FoundPage]:
    """The file's pages. Refused: locked, bomb, xml-entities, damaged, too-many-pages, empty."""
    import ofdkit

    check_packed(path, settings.max_unpacked)
    try:
        with ofdkit.open(path) as document, zipfile.ZipFile(path) as archive:
            check_count(path.name, len(document.pages))
            pictures = _pictures(archive)
            return [_page(page, archive, pictures, settings) for page in document.pages]
    except (
        ofdkit.OFDError,
        zipfile.BadZipFile,
        ElementTree.ParseError,
        KeyError,
        OSError,
        ValueError,
    ) as error:
        raise damaged(f"OFD“{path.name}”", error) from error


def _page(page: Any, archive: zipfile.ZipFile, pictures: dict[str, str], settings: Settings) -> FoundPage:
    text = str(page.text()).strip()
    lines = tuple(Line(line.strip()) for line in text.split("\n") if line.strip())
    member = _page_picture(page, archive, pictures)
    if lines or member is None:
        # A page with neither text nor a picture of its size (a drawing) is kept: it is a page, of no words.
        return FoundPage(page.index, "text", MEDIA_TYPE, text=PageText(lines, MAKER))
    return _picture_page(page.index, archive.read(member), member, settings)


def _picture_page(number: int, data: bytes, member: str, settings: Settings) -> FoundPage:
    import io

    from PIL import Image

    with Image.open(io.BytesIO(data), formats=FORMATS) as image:
        check_size(member, *image.size, settings)
        image.load()
        return FoundPage(0, "scan", Image.MIME[image.format or "JPEG"], *image.size, data=data)


def _pictures(archive: zipfile.ZipFile) -> dict[str, str]:
    """Resource ID → entry of the picture, from every resource file of the package."""
    found: dict[str, str] = {}
    names = {name.casefold(): name for name in archive.namelist()}
    for name in archive.namelist():
        if not re.search(r"Res[^/]*\.xml$", name, re.IGNORECASE):
            continue
        root = ElementTree.fromstring(archive.read(name))
        base = root.get("BaseLoc", "")
        folder = name.rpartition("/")[0]
        for media in _all(root, "MultiMedia"):
            file = "".join(f.text or "" for f in _all(media, "MediaFile")).strip()
            for place in (f"{folder}/{base}/{file}", f"{folder}/{file}", f"{base}/{file}", file):
                entry = names.get(re.sub(r"/\.?/|//+", "/", place).strip("/").casefold())
                if entry:
                    found.setdefault(media.get("ID", ""), entry)
                    break
    return found


def _page_picture(page: Any, archive: zipfile.ZipFile, pictures: dict[str, str]) -> str | None:
    """The entry of the picture that is the page, if one is."""
    if page.location is None or not pictures:
        return None
    root = ElementTree.fromstring(archive.read(page.location))
    for image in _all(root, "ImageObject"):
        boundary = [float(number) for number in image.get("Boundary", "0 0 0 0").split()]
        if len(boundary) == 4 and boundary[2] * boundary[3] >= PAGE_SHARE * page.width * page.height:
            return pictures.get(image.get("ResourceID", ""))
    return None


def _all(root: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [e for e in root.iter() if isinstance(e.tag, str) and e.tag.rpartition("}")[2] == name]

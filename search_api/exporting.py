"""An exhibition's page set as files: a folder, or one zip."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from curation.edition import Edition, Pictures
from curation.outputs import viewer
from curation.outputs.packed import entry
from curation.outputs.site import Drawn, File, page_set
from holdings.errors import BadInput
from search_api.house import House
from search_api.published import SeenPictures, published

#: One path and its file.
Entry = tuple[str, File]
_WEB = ("https://", "http://")


def write_page_set(
    house: House,
    slug: str,
    folder: Path,
    address: str,
    watched: Callable[[Sequence[Entry]], Iterable[Entry]] = lambda entries: entries,
) -> tuple[int, bool]:
    """Write a published exhibition into a folder; how many files, and whether the deep zoom is among them.

    address: where the folder will be found, for IIIF; "": as the edition says. Errors: NotFound, BadInput.
    """
    if address and not address.startswith(_WEB):
        raise BadInput(f"“{address}”不是网址。", advice="例如 https://www.example.cn/zhanlan/dongji。")
    edition = published(house, slug)
    zoom = viewer.script(house.settings.models_dir)
    files = sorted(page_set(edition, viewer=zoom, address=address or edition.address).items())
    pictures = SeenPictures(house)
    for path, file in watched(files):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(_content(file, pictures))
    return len(files), bool(zoom)


def zipped(house: House, edition: Edition) -> bytes:
    """The same as one zip."""
    zoom = viewer.script(house.settings.models_dir)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for path, content in _contents(edition, zoom, SeenPictures(house)):
            packed.writestr(entry(f"{edition.slug}/{path}"), content)
    return out.getvalue()


def _contents(edition: Edition, zoom: dict[str, bytes], pictures: Pictures) -> Iterator[tuple[str, bytes]]:
    for path, file in sorted(page_set(edition, viewer=zoom, address=edition.address).items()):
        yield path, _content(file, pictures)


def _content(file: File, pictures: Pictures) -> bytes:
    return pictures.jpeg(file.picture, longest=file.longest) if isinstance(file, Drawn) else file()

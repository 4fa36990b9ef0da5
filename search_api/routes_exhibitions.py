"""/exhibitions: published exhibitions as pages, with their pictures and IIIF documents.

Everybody is told the same, whoever asks: what the public may see now. A browser asks again each time, by ETag.
"""

from __future__ import annotations

import asyncio
from hashlib import blake2b
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import FileResponse

from curation.outputs import viewer
from curation.outputs.places import IMAGES
from curation.outputs.site import MEDIA_TYPES, Drawn, File, asset, file_at, index_of
from holdings.errors import NotFound
from search_api.callers import InHouse, get_visitor
from search_api.exhibition_parts import first_pictured, for_file
from search_api.files import PRIVATE, StoredFile
from search_api.guarding import EXHIBITIONS
from search_api.house import House
from search_api.problems import NO_SUCH_THING
from search_api.published import SeenPictures, turn_of

#: What any other site's page may fetch: IIIF viewers are such.
_ANYWHERE = {"Access-Control-Allow-Origin": "*"}
_OPEN = ("iiif/", IMAGES)


router = APIRouter(prefix=EXHIBITIONS, tags=["展览 exhibitions"], dependencies=[Depends(get_visitor)])


@router.get("", summary="全部展览 All exhibitions", response_class=Response)
async def get_index(request: Request, house: InHouse) -> Response:
    """已发布的展览，一页。"""
    editions = await asyncio.to_thread(first_pictured, house)
    folders = {edition.slug: f"exhibitions/{edition.slug}/" for edition in editions}
    body = await asyncio.to_thread(index_of, editions, folders)
    return _answer(request, body, "html")


@router.get("/site.css", include_in_schema=False)
async def get_css(request: Request) -> Response:
    return _answer(request, asset("site.css"), "css")


@router.get("/icon.svg", include_in_schema=False)
async def get_icon(request: Request) -> Response:
    return _answer(request, asset("icon.svg"), "svg")


@router.get("/{slug}", include_in_schema=False)
async def get_folder(slug: str) -> Response:
    """页面在 `/exhibitions/{slug}/` 之下，其中的链接都是相对的。"""
    return Response(status_code=308, headers={"Location": f"./{quote(slug, safe='')}/"})


@router.get(
    "/{slug}/{path:path}", summary="展览的一个文件 A file of an exhibition", response_class=FileResponse
)
async def get_file(request: Request, house: InHouse, slug: str, path: str) -> Response:
    """页面（HTML、CSS）、图像，及 IIIF Presentation 3 清单（`iiif/collection.json`）与 Image API 3（0 级）。"""
    path = path or "index.html"
    file = await asyncio.to_thread(_file, house, slug, path, f"{request.base_url}exhibitions/{slug}/")
    if file is None:
        raise NotFound(NO_SUCH_THING)
    open_ = _ANYWHERE if path.startswith(_OPEN) else {}
    if isinstance(file, Drawn):
        answer = await _picture(request, house, file)
        answer.headers.update(open_)
        return answer
    body = await asyncio.to_thread(file)
    return _answer(request, body, path.rpartition(".")[2], open_)


def _file(house: House, slug: str, path: str, address: str) -> File | None:
    edition = for_file(house, slug, path)
    return file_at(edition, path, viewer=viewer.script(house.settings.models_dir), address=address)


async def _picture(request: Request, house: House, file: Drawn) -> Response:
    page = await asyncio.to_thread(SeenPictures(house).page, file.picture)
    path, name = await house.images.drawn(page, longest=file.longest, turn=turn_of(page))
    if _has(request, name):
        return Response(status_code=304, headers=PRIVATE | {"ETag": f'"{name}"'})
    return StoredFile(path, name, media_type="image/jpeg")


def _answer(request: Request, body: bytes, ending: str, headers: dict[str, str] | None = None) -> Response:
    name = blake2b(body, digest_size=16).hexdigest()
    said = {**PRIVATE, **(headers or {}), "ETag": f'"{name}"'}
    if _has(request, name):
        return Response(status_code=304, headers=said)
    return Response(body, media_type=MEDIA_TYPES[ending], headers=said)


def _has(request: Request, name: str) -> bool:
    return f'"{name}"' in request.headers.get("If-None-Match", "")

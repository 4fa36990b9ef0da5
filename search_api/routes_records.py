"""/v1/records/{id} and what hangs on it: pages, images, texts, matches, citations, attachments."""

from __future__ import annotations

import asyncio
import re
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import FileResponse

from holdings.access import OPEN, Caller
from holdings.catalogue import StoredPage
from holdings.errors import BadInput, NotFound
from holdings.records import PageText
from search_api.callers import AnyCaller, InHouse, Opener, Staff
from search_api.citing import MEDIA_TYPES, citation
from search_api.closing import direct, until_gone
from search_api.files import PRIVATE, StoredFile
from search_api.house import House
from search_api.images import THUMBNAIL
from search_api.marks import Marker, boxes
from search_api.records import corrected, readable, record_out, visible
from search_api.schema import (
    AccessChange,
    Changed,
    CitationOut,
    Correction,
    LineOut,
    MatchesOut,
    PageMatches,
    PageTextOut,
    RecordOut,
    TextVersionOut,
)
from search_api.understand import understand

#: A page's or attachment's number; more than the catalogue's integers hold is nobody's.
Number = Annotated[int, Path(ge=0, le=2**31 - 1)]

router = APIRouter(prefix="/v1/records", tags=["条目 records"])

#: What ends a line or shows nothing; some databases take none of it.
_NO_LINE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\x85\u2028\u2029]")


@router.get("/{record_id}", summary="条目 One record")
async def get_record(house: InHouse, caller: AnyCaller, record_id: str) -> RecordOut:
    """著录项按标准次序，所在全宗、目录、案卷，各页与附件。"""
    stored = await readable(house, caller, record_id)
    return await asyncio.to_thread(record_out, house, caller, stored)


@router.get("/{record_id}/pages/{number}", summary="一页的文字 A page's text")
async def get_page(
    house: InHouse, caller: AnyCaller, record_id: str, number: Number, version: int | None = None
) -> PageTextOut:
    """一页的文字：各行、位置、可信度，以及所有版本。"""
    page = await _page(house, caller, record_id, number)
    versions = await asyncio.to_thread(house.pages(caller).versions, record_id, number)
    chosen = next((v for v in versions if v.version == (version or page.text_version)), None)
    if version is not None and chosen is None:
        raise NotFound("这一页没有这个文字版本。")
    text = chosen.text if chosen else PageText((), "")
    return PageTextOut(
        number=number,
        status=page.status,
        width=page.width,
        height=page.height,
        text=text.text,
        lines=[LineOut(text=li.text, box=li.box, confidence=li.confidence) for li in text.lines],
        maker=text.maker,
        version=chosen.version if chosen else 0,
        rotation=text.rotation,
        vertical=text.vertical,
        versions=[
            TextVersionOut(version=v.version, maker=v.text.maker, made_at=v.made_at.isoformat())
            for v in versions
        ],
    )


@router.get(
    "/{record_id}/pages/{number}/image", summary="页面图像 A page's image", response_class=FileResponse
)
async def get_image(
    request: Request,
    house: InHouse,
    caller: AnyCaller,
    record_id: str,
    number: Number,
    width: Annotated[int | None, Query(ge=1, le=10_000)] = None,
    rotate: Annotated[Literal["0", "90", "180", "270"], Query(description="顺时针度数")] = "0",
) -> Response:
    """页面图像（JPEG），可定宽、可旋转（顺时针度数）。"""
    page = await _page(house, caller, record_id, number)
    return await image_answer(house, request, page, width, int(rotate))


@router.get(
    "/{record_id}/pages/{number}/thumbnail", summary="缩略图 A page's thumbnail", response_class=FileResponse
)
async def get_thumbnail(
    request: Request, house: InHouse, caller: AnyCaller, record_id: str, number: Number
) -> Response:
    """缩略图，已按识读结果转正。"""
    page = await _page(house, caller, record_id, number)
    return await image_answer(house, request, page, THUMBNAIL, page.text.rotation if page.text else 0)


@router.get("/{record_id}/matches", summary="检索词的位置 Where a question's words stand")
async def get_matches(
    house: InHouse,
    caller: AnyCaller,
    record_id: str,
    q: Annotated[str, Query(min_length=1, examples=["渔民登记"])],
) -> MatchesOut:
    """检索词在各页文字与图像上的位置。"""
    await readable(house, caller, record_id)
    marker = Marker(understand(q, house.segmenter).needles)
    pages = await asyncio.to_thread(house.pages(caller).of, record_id)
    found = [(p, marker.spans(p.text.text)) for p in pages if p.text is not None]
    return MatchesOut(
        pages=[
            PageMatches(page=p.number, marks=spans, boxes=boxes(p.text, spans))
            for p, spans in found
            if spans and p.text
        ]
    )


@router.get("/{record_id}/citation", summary="引用 Citation")
async def get_citation(
    house: InHouse,
    caller: AnyCaller,
    record_id: str,
    form: Annotated[Literal["gbt7714", "ris", "bibtex"], Query(alias="format")] = "gbt7714",
    page: Annotated[int | None, Query(ge=1)] = None,
) -> CitationOut:
    """引用格式：GB/T 7714、RIS、BibTeX。"""
    stored = await readable(house, caller, record_id)
    text = citation(stored.record, house.settings.archive_name, form, page=page)
    return CitationOut(format=form, media_type=MEDIA_TYPES[form], text=text)


@router.get("/{record_id}/attachments/{number}", summary="附件 An attachment", response_class=FileResponse)
async def get_attachment(house: InHouse, caller: AnyCaller, record_id: str, number: Number) -> Response:
    """附件原件，作为下载。"""
    await readable(house, caller, record_id)
    files = await asyncio.to_thread(house.records(caller).attachments, record_id)
    if not 1 <= number <= len(files):
        raise NotFound("没有这个附件。")
    file = files[number - 1]
    path = house.store.path(file.sha256)
    return StoredFile(path, file.sha256, media_type="application/octet-stream", filename=file.name)


@router.put("/{record_id}/access", summary="改开放标识 Open or close")
async def put_access(house: InHouse, caller: Opener, record_id: str, change: AccessChange) -> Changed:
    """收回或限制，在各索引都撤下之后才返回；开放须经开放审核（/v1/reviews），除非设置为一人审核。"""
    stored = await visible(house, caller, record_id)
    said = await asyncio.to_thread(direct, house, stored, change)
    how = "withdrawal" if said.status != OPEN else "single"
    changed = await asyncio.to_thread(house.catalogue.decisions.set, record_id, said, caller, how)
    await until_gone(house, record_id)
    return Changed(id=record_id, detail="已记入目录库。", extra={"audiences": sorted(changed.audiences)})


@router.put("/{record_id}/pages/{number}/text", summary="校对 Correct a page's text")
async def put_text(
    house: InHouse, caller: Staff, record_id: str, number: Number, given: Correction
) -> Changed:
    """校对一页文字：成为新版本，旧版本保留。"""
    await visible(house, caller, record_id)
    page = await _page(house, caller, record_id, number)
    old = page.text.lines if page.text else ()
    if any(_NO_LINE.search(line) for line in given.lines):
        raise BadInput("每行不能含换行或控制字符。", advice="请按行分开，去掉控制字符。")
    text = PageText(
        corrected(old, given.lines),
        f"person:{given.by}",
        page.text.rotation if page.text else 0,
        page.text.vertical if page.text else False,
    )
    version = await asyncio.to_thread(house.catalogue.pages.correct, record_id, number, text)
    return Changed(id=record_id, detail="已存为新版本。", extra={"version": version})


async def image_answer(
    house: House, request: Request, page: StoredPage, width: int | None, turn: int
) -> Response:
    """The image, or 304 when the browser has it. The tag names the picture, not when it was drawn."""
    path, name = await house.images.drawn(page, width=width, turn=turn)
    if f'"{name}"' in request.headers.get("If-None-Match", ""):
        return Response(status_code=304, headers=PRIVATE | {"ETag": f'"{name}"'})
    return StoredFile(path, name, media_type="image/jpeg")


async def _page(house: House, caller: Caller, record_id: str, number: int) -> StoredPage:
    await readable(house, caller, record_id)
    page = await asyncio.to_thread(house.pages(caller).get, record_id, number)
    if page is None:
        raise NotFound("没有这一页。")
    return page

"""Redaction 涂黑: regions marked by staff, undone by staff, and the page as all others see it."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import FileResponse

from holdings.catalogue import StoredPage
from holdings.catalogue.redactions import Redaction
from holdings.errors import BadInput, NotFound
from holdings.redaction import REASONS, Box, Hides
from search_api.callers import InHouse, Opener, Staff
from search_api.closing import until_gone
from search_api.house import House
from search_api.problems import NO_SUCH_THING
from search_api.records import visible
from search_api.routes_records import Number, image_answer
from search_api.schema import Changed, LineOut
from search_api.schema_redactions import LeftOut, RedactionIn, RedactionOut

router = APIRouter(prefix="/v1/records", tags=["涂黑 redaction"])

Regions = Annotated[
    str, Query(max_length=8000, description="尚未保存的区域：x,y,宽,高，以分号分隔；whole 为整页")
]
RedactionNumber = Annotated[int, Path(ge=1, le=2**53)]


@router.get("/{record_id}/redactions", summary="涂黑记录 Redactions")
async def list_redactions(house: InHouse, caller: Staff, record_id: str) -> list[RedactionOut]:
    """全部区域，撤销的也在内。"""
    await visible(house, caller, record_id)
    found = await asyncio.to_thread(house.catalogue.redactions.history, record_id)
    return [_out(one) for one in found]


@router.post("/{record_id}/redactions", summary="涂黑 Redact", status_code=201)
async def add_redaction(house: InHouse, caller: Opener, record_id: str, given: RedactionIn) -> Changed:
    """馆员以外，这些区域的像素与文字从图像、文字与检索中去除；各索引撤下之后才返回。"""
    await visible(house, caller, record_id)
    if given.whole == bool(given.regions):
        raise BadInput("请划出区域，或整页遮去，二者取一。", advice="regions 与 whole 只给一个。")
    regions: list[Box | None] = [None] if given.whole else list(given.regions)
    made = await asyncio.to_thread(
        lambda: house.catalogue.redactions.add(
            record_id, given.page, regions, code=given.code, note=given.note, by=caller.signature
        )
    )
    await until_gone(house, record_id)
    return Changed(id=record_id, detail="已涂黑。", extra={"redactions": made})


@router.delete("/{record_id}/redactions/{number}", summary="撤销涂黑 Undo a redaction")
async def undo_redaction(house: InHouse, caller: Opener, record_id: str, number: RedactionNumber) -> Changed:
    """撤销一处；记录保留。"""
    await visible(house, caller, record_id)
    await asyncio.to_thread(lambda: house.catalogue.redactions.undo(record_id, number, by=caller.signature))
    return Changed(id=record_id, detail="已撤销。")


@router.get(
    "/{record_id}/pages/{number}/outer/image",
    summary="涂黑后的图像 The image as all others see it",
    response_class=FileResponse,
)
async def outer_image(
    request: Request, house: InHouse, caller: Staff, record_id: str, number: Number, regions: Regions = ""
) -> Response:
    """馆员预览：公众所见，连同尚未保存的区域。"""
    await visible(house, caller, record_id)
    page = await _outer(house, record_id, number, regions)
    return await image_answer(house, request, page, None, 0)


@router.get("/{record_id}/pages/{number}/outer", summary="涂黑后的文字 The text as all others read it")
async def outer_text(
    house: InHouse, caller: Staff, record_id: str, number: Number, regions: Regions = ""
) -> LeftOut:
    """馆员预览：公众所读，连同尚未保存的区域。"""
    await visible(house, caller, record_id)
    page = await _outer(house, record_id, number, regions)
    lines = page.text.lines if page.text else ()
    shown = [LineOut(text=line.text, box=line.box, confidence=line.confidence) for line in lines]
    return LeftOut(page=number, text="\n".join(line.text for line in lines), lines=shown)


async def _outer(house: House, record_id: str, number: int, regions: str) -> StoredPage:
    """The page with what is hidden of it and what would be. Errors: NotFound, BadInput."""
    more = _regions(regions)
    page = await asyncio.to_thread(house.catalogue.pages.get, record_id, number)
    if page is None:
        raise NotFound(NO_SUCH_THING)
    hidden = await asyncio.to_thread(house.catalogue.redactions.hidden, [record_id])
    old = hidden.get(record_id, {}).get(number, Hides())
    hides = Hides((*old.regions, *more.regions), old.whole or more.whole)
    return replace(page, hides=hides, text=hides.of_text(page.text) if page.text else None)


def _regions(text: str) -> Hides:
    if text == "whole":
        return Hides(whole=True)
    boxes: list[Box] = []
    for part in filter(None, text.split(";")):
        if not (match := re.fullmatch(r"(\d{1,6}),(\d{1,6}),(\d{1,6}),(\d{1,6})", part, re.ASCII)):
            raise BadInput(f"看不懂区域“{part[:40]}”。", advice="写法：x,y,宽,高，以分号分隔。")
        x, y, w, h = (int(number) for number in match.groups())
        boxes.append((x, y, w, h))
    return Hides(tuple(boxes))


def _out(one: Redaction) -> RedactionOut:
    return RedactionOut(
        id=one.id,
        page=one.page,
        box=one.box,
        code=one.code,
        reason=REASONS.get(one.code, one.code),
        note=one.note,
        made_by=one.made_by,
        made_at=one.made_at.isoformat(),
        undone_by=one.undone_by,
        undone_at=one.undone_at.isoformat() if one.undone_at else None,
    )

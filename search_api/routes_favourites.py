"""/v1/me/favourites: what a registered reader keeps. Without an account the explorer keeps it for the session."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from holdings.access import Caller
from search_api.callers import InHouse, Person
from search_api.house import House
from search_api.records import readable
from search_api.schema import Changed, Shape
from search_api.schema_offers import Told

router = APIRouter(prefix="/v1/me/favourites", tags=["收藏 favourites"])

RecordId = Annotated[str, Field(min_length=1, max_length=255)]


class FavouriteOut(Shape):
    id: str
    reference_code: str
    title: str
    note: str


class FavouritesOut(Shape):
    favourites: list[FavouriteOut]


class FavouriteIn(Shape):
    note: Told = Field("", max_length=1000)


class OrderIn(Shape):
    records: list[RecordId] = Field(max_length=500)


@router.get("", summary="我的收藏 My favourites")
async def get_favourites(house: InHouse, caller: Person) -> FavouritesOut:
    """按自己排的次序；收回了的条目不在其中。"""
    return FavouritesOut(favourites=await asyncio.to_thread(_mine, house, caller))


@router.put("/{record_id}", summary="收藏 Keep a record, or note something on it")
async def put_favourite(house: InHouse, caller: Person, record_id: str, given: FavouriteIn) -> Changed:
    """收在末尾；已在其中则改备注。"""
    await readable(house, caller, record_id)
    await asyncio.to_thread(house.catalogue.favourites.put, _account(caller), record_id, given.note)
    return Changed(id=record_id, detail="已收藏。")


@router.delete("/{record_id}", summary="移除 Drop a favourite")
async def delete_favourite(house: InHouse, caller: Person, record_id: str) -> Changed:
    """不在其中的，也算已移除。"""
    await asyncio.to_thread(house.catalogue.favourites.drop, _account(caller), [record_id])
    return Changed(id=record_id, detail="已移除。")


@router.delete("", summary="全部移除 Drop all")
async def delete_favourites(house: InHouse, caller: Person) -> Changed:
    """清空。"""
    await asyncio.to_thread(house.catalogue.favourites.drop, _account(caller))
    return Changed(id="favourites", detail="已清空。")


@router.put("", summary="排次序 Put in order")
async def put_order(house: InHouse, caller: Person, given: OrderIn) -> Changed:
    """所列的按此次序在前。"""
    await asyncio.to_thread(house.catalogue.favourites.order, _account(caller), given.records)
    return Changed(id="favourites", detail="已排好。")


def _account(caller: Caller) -> int:
    return int(caller.id.removeprefix("account:"))


def _mine(house: House, caller: Caller) -> list[FavouriteOut]:
    kept = house.catalogue.favourites.of(_account(caller))
    stored = house.records(caller).many([one.record_id for one in kept])
    opens = house.catalogue.grants.opens
    seen = {
        i: s.record
        for i, s in stored.items()
        if caller.audience in s.audiences or (s.audiences and opens(caller.id, i))
    }
    return [
        FavouriteOut(
            id=one.record_id,
            reference_code=seen[one.record_id].reference_code,
            title=seen[one.record_id].title,
            note=one.note,
        )
        for one in kept
        if one.record_id in seen
    ]

"""Grants from approved applications: made, listed and revoked by staff; a reader sees their own."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from holdings.access import GRANTING_ROLES, Caller
from holdings.catalogue.grants import Grant
from search_api.callers import AnyCaller, InHouse, get_staff, with_role
from search_api.house import House
from search_api.records import in_sight
from search_api.schema import Changed
from search_api.schema_grants import GrantIn, GrantOut, OpenedOut, OpenedToMe

router = APIRouter(prefix="/v1/grants", tags=["授权 grants"])

Number = Annotated[int, Path(ge=1, le=2**53)]


get_granter = with_role(
    get_staff, GRANTING_ROLES, "此操作限业务人员或业务管理员。", "请由有此角色的同事办理。"
)
Granter = Annotated[Caller, Depends(get_granter)]


@router.post("", summary="批准利用 Open named records to one reader", status_code=201)
async def add_grant(house: InHouse, caller: Granter, given: GrantIn) -> GrantOut:
    """已批准的利用申请：指名的条目，只对这一位读者，按地址可读，到期为止；检索中不出现。"""
    grant = await asyncio.to_thread(
        lambda: house.catalogue.grants.add(
            given.reader, given.records, until=given.until, reason=given.reason, by=caller.signature
        )
    )
    return (await asyncio.to_thread(_shown, house, [grant]))[0]


@router.get("", summary="授权一览 Grants")
async def list_grants(
    house: InHouse,
    caller: Granter,
    reader: Annotated[str | None, Query(max_length=64, description="只看这一位的")] = None,
) -> list[GrantOut]:
    """新的在前；待核涉密的条目不列。"""

    def seen() -> list[GrantOut]:
        grants = house.catalogue.grants.listing(reader)
        known = in_sight(house, sorted({record_id for grant in grants for record_id in grant.records}))
        left = (replace(g, records=tuple(i for i in g.records if i in known)) for g in grants)
        return _shown(house, [grant for grant in left if grant.records])

    return await asyncio.to_thread(seen)


@router.get("/mine", summary="为我开放的条目 What is open to me")
async def my_grants(house: InHouse, caller: AnyCaller) -> OpenedToMe:
    """本账号经批准可读的条目，按地址读，不在检索之中。"""
    return OpenedToMe(records=await asyncio.to_thread(_mine, house, caller) if caller.id else [])


@router.delete("/{number}", summary="撤销授权 Revoke a grant")
async def revoke_grant(house: InHouse, caller: Granter, number: Number) -> Changed:
    """立即生效。"""
    await asyncio.to_thread(lambda: house.catalogue.grants.revoke(number, by=caller.signature))
    return Changed(id=str(number), detail="已撤销。")


def _mine(house: House, caller: Caller) -> list[OpenedOut]:
    until: dict[str, str] = {}
    for grant in house.catalogue.grants.listing(caller.id):
        for record_id in grant.records if grant.stands else ():
            until[record_id] = max(until.get(record_id, ""), grant.until)
    stored = house.records(caller).many(sorted(until))
    return [
        OpenedOut(id=i, reference_code=s.record.reference_code, title=s.record.title, until=until[i])
        for i, s in stored.items()
        if s.audiences  # not what is quarantined since
    ]


def _shown(house: House, grants: list[Grant]) -> list[GrantOut]:
    names = house.catalogue.accounts.real_names({grant.reader for grant in grants})
    return [_out(grant, names.get(grant.reader, "")) for grant in grants]


def _out(grant: Grant, name: str) -> GrantOut:
    return GrantOut(
        id=grant.id,
        reader=grant.reader,
        reader_name=name,
        records=list(grant.records),
        until=grant.until,
        reason=grant.reason,
        made_by=grant.made_by,
        made_at=grant.made_at.isoformat(),
        revoked_by=grant.revoked_by,
        revoked_at=grant.revoked_at.isoformat() if grant.revoked_at else None,
        stands=grant.stands,
    )

"""The security officer's queue: records held back for a secrecy mark, released or confirmed."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Path

from holdings.access import QUARANTINE_ROLES, Caller
from holdings.catalogue.quarantine import Finding
from search_api.callers import InHouse, get_staff, with_role
from search_api.hits import page_address
from search_api.schema import Changed
from search_api.schema_quarantine import FindingOut, Verdict

router = APIRouter(prefix="/v1/quarantine", tags=["涉密待核 quarantine"])

Number = Annotated[int, Path(ge=1, le=2**53)]


get_officer = with_role(get_staff, QUARANTINE_ROLES, "此处只限保密员。", "请由保密员办理。")
Officer = Annotated[Caller, Depends(get_officer)]


@router.get("", summary="待核清单 What is held")
async def list_held(house: InHouse, caller: Officer) -> list[FindingOut]:
    """识读时在密级标志处（页首、印章、★旁）见到密级字样的条目；除保密员外谁也看不到。"""
    return [_out(found) for found in await asyncio.to_thread(house.catalogue.quarantine.listing)]


@router.post("/{number}/release", summary="解除 Release")
async def release(house: InHouse, caller: Officer, number: Number, verdict: Verdict) -> Changed:
    """不涉密：条目回到原来能看到它的范围。"""
    decide = house.catalogue.quarantine.release
    record_id = await asyncio.to_thread(lambda: decide(number, by=caller.signature, reason=verdict.reason))
    return Changed(id=record_id, detail="已解除，条目回到原来的范围。")


@router.post("/{number}/confirm", summary="确认涉密 Confirm")
async def confirm(house: InHouse, caller: Officer, number: Number, verdict: Verdict) -> Changed:
    """确属涉密：继续隐去，由 `danghai quarantine export` 导出并从本系统删除。"""
    decide = house.catalogue.quarantine.confirm
    record_id = await asyncio.to_thread(lambda: decide(number, by=caller.signature, reason=verdict.reason))
    return Changed(id=record_id, detail="已确认。请用 danghai quarantine export 移出本系统。")


def _out(found: Finding) -> FindingOut:
    return FindingOut(
        id=found.id,
        record_id=found.record_id,
        reference_code=found.reference_code,
        title=found.title,
        page=found.page,
        mark=found.mark,
        place=found.place,
        line=found.line,
        box=found.box,
        image=f"{page_address(found.record_id, found.page)}/image",
        state=found.state,
        found_at=found.found_at.isoformat(),
        decided_by=found.decided_by,
        decided_at=found.decided_at.isoformat() if found.decided_at else None,
        reason=found.reason,
        with_it=found.with_it,
    )

"""GET /v1/publish: what the public installation has, and what it has still to lose."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends

from holdings.access import OPENING_ROLES, QUARANTINE_ROLES, Caller
from holdings.catalogue import StoredRecord
from search_api.callers import InHouse, get_staff, with_role
from search_api.house import House
from search_api.schema_publish import (
    HiddenExhibitionOut,
    HiddenOut,
    HiddenRecordOut,
    PackageOut,
    PublishOut,
    TakenDownOut,
    WithdrawalOut,
)

router = APIRouter(tags=["发布 publish"])

#: Withdrawals told one by one.
TOLD = 100

get_publisher = with_role(
    get_staff,
    OPENING_ROLES | QUARANTINE_ROLES,
    "此处限业务人员、开放审核员、业务管理员与保密员。",
    "请由有此角色的同事办理。",
)
Publisher = Annotated[Caller, Depends(get_publisher)]


@router.get("/v1/publish", summary="公众网发布 What the public installation has")
async def read_publish(house: InHouse, caller: Publisher) -> PublishOut:
    """出过的包、公众网的回执，与尚未送到公众网的收回、涂黑、公开著录（条目与展览）及其久暂。待核涉密与已移出的条目只告诉保密员。"""
    return await asyncio.to_thread(_status, house, caller)


def _status(house: House, caller: Caller) -> PublishOut:
    officer = bool(caller.roles & QUARANTINE_ROLES)
    ledger, now = house.catalogue.publishing, datetime.now(UTC)
    ledger.notice()
    waiting, closed = ledger.waiting(every=officer), ledger.closed(TOLD, every=officer)
    known = house.records(caller).many([record_id for record_id, _ in closed])
    hours = round(waiting.hours(now), 2)
    return PublishOut(
        signs=house.settings.publish_key_file.exists(),
        packages=[PackageOut.model_validate(_package(vars(p))) for p in ledger.packages()],
        waiting=[_withdrawal(i, at, now, known.get(i)) for i, at in closed],
        exhibitions=[
            TakenDownOut(slug=slug, title=title, closed_at=at, hours=_hours(at, now))
            for slug, title, at in ledger.taken_down()
        ],
        waiting_in_all=waiting.unpacked,
        unacknowledged=waiting.unacknowledged,
        since=waiting.since,
        hours=hours,
        limit_hours=house.settings.publish_hours,
        overdue=hours > house.settings.publish_hours,
        hidden=_hidden(house, caller, now, officer=officer),
    )


def _hidden(house: House, caller: Caller, now: datetime, *, officer: bool) -> HiddenOut:
    ledger = house.catalogue.publishing
    waiting, hidden = ledger.waiting_hidden(every=officer), ledger.hidden(TOLD, every=officer)
    known = house.records(caller).many([record_id for record_id, _ in hidden])
    hours = round(waiting.hours(now), 2)
    return HiddenOut(
        waiting=[_hidden_record(i, at, now, known.get(i)) for i, at in hidden],
        exhibitions=[
            HiddenExhibitionOut(slug=slug, title=title, hidden_at=at, hours=_hours(at, now))
            for slug, title, at in ledger.hidden_editions(every=officer)
        ],
        waiting_in_all=waiting.unpacked,
        unacknowledged=waiting.unacknowledged,
        since=waiting.since,
        hours=hours,
        overdue=hours > house.settings.publish_hours,
    )


def _hours(since: datetime, now: datetime) -> float:
    return round(max(0.0, (now - since).total_seconds() / 3600), 2)


def _package(values: dict[str, object]) -> dict[str, object]:
    return {name: values[name] for name in PackageOut.model_fields}


def _withdrawal(record_id: str, at: datetime, now: datetime, stored: StoredRecord | None) -> WithdrawalOut:
    record = stored.record if stored else None
    return WithdrawalOut(
        record_id=record_id,
        reference_code=_code(record_id, stored),
        title=record.title if record else "",
        access_status=record.access_status if record else "",
        closed_at=at,
        hours=_hours(at, now),
    )


def _hidden_record(
    record_id: str, at: datetime, now: datetime, stored: StoredRecord | None
) -> HiddenRecordOut:
    return HiddenRecordOut(
        record_id=record_id,
        reference_code=_code(record_id, stored),
        title=stored.record.title if stored else "",
        hidden_at=at,
        hours=_hours(at, now),
    )


def _code(record_id: str, stored: StoredRecord | None) -> str:
    return stored.record.reference_code if stored else record_id.rpartition(":")[2]

"""Browsing, the field table, status, health."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response

from holdings.access import QUARANTINE_ROLES
from holdings.catalogue.publishing import Waiting
from holdings.errors import DanghaiError, NotReady
from holdings.records import FIELDS
from search_api.browsing import browse
from search_api.callers import AnyCaller, InHouse
from search_api.house import House
from search_api.readiness import meaning_away, said
from search_api.schema import BrowseOut, FieldOut, LegStatus, ReadyOut, StatusOut, WithdrawalsOut

router = APIRouter()


@router.get("/v1/browse", summary="浏览 Browse", tags=["浏览 browse"])
async def browse_holdings(
    house: InHouse,
    caller: AnyCaller,
    parent: str | None = None,
    size: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: str | None = None,
) -> BrowseOut:
    """全宗 → 目录 → 案卷 → 件，自然档号次序。"""
    return await browse(house, caller, parent, size, cursor)


@router.get("/v1/fields", summary="著录项表 The field table", tags=["浏览 browse"])
async def get_fields() -> list[FieldOut]:
    """著录项表（DA/T 18），按标准次序；value 是类型。"""
    return [FieldOut(name=f.name, term=f.term, label_en=f.label_en, value=f.kind) for f in FIELDS]


@router.get("/v1/status", summary="概况 Status", tags=["概况 status"])
async def get_status(house: InHouse, caller: AnyCaller) -> StatusOut:
    """本范围的条目数与两路检索的状态；识读进度与积压只给馆员。"""
    status = await house.status(caller.audience)
    reading = lagging = late = hidden = None
    if caller.is_staff:
        reading = await asyncio.to_thread(house.catalogue.pages.states, held=False)
        lagging = await asyncio.to_thread(house.catalogue.outbox.counts)
        officer, ledger = bool(caller.roles & QUARANTINE_ROLES), house.catalogue.publishing
        late = await asyncio.to_thread(_not_carried_over, house, ledger.waiting, officer)
        hidden = await asyncio.to_thread(_not_carried_over, house, ledger.waiting_hidden, officer)
    return StatusOut(
        archive=house.settings.archive_name,
        documents=status.documents,
        passages=status.rows,
        generation=status.generation if caller.is_staff else "",
        legs=LegStatus(words=status.words_ready, meaning=status.meaning_ready and house.encoder_ready),
        meaning_away=meaning_away(house, status),
        reading=reading,
        lagging=lagging,
        withdrawals=late,
        hidden=hidden,
        meaning_model=house.encoder.name if house.encoder else "",
        example_questions=list(house.settings.example_questions),
    )


def _not_carried_over(house: House, counted: Callable[..., Waiting], officer: bool) -> WithdrawalsOut:
    """Of what is held for a secrecy mark the officer alone is told."""
    waiting = counted(every=officer)
    hours = waiting.hours(datetime.now(UTC))
    late = hours > house.settings.publish_hours
    return WithdrawalsOut(waiting=waiting.count, oldest_hours=round(hours, 1), overdue=late)


@router.get("/healthz", summary="存活 Liveness", tags=["概况 status"])
async def healthz() -> dict[str, str]:
    """The process lives."""
    return {"status": "ok"}


@router.get("/readyz", summary="就绪 Readiness", tags=["概况 status"])
async def readyz(house: InHouse, response: Response) -> ReadyOut:
    """Which parts are up; 503 until the words leg and the catalogue answer."""
    detail, words, meaning, catalogue = "", False, False, True
    try:
        status = await (await house.present_engine()).status("public")
        words, meaning = status.words_ready, status.meaning_ready and house.encoder_ready
        detail = said(meaning_away(house, status), status)
    except DanghaiError as error:
        detail = str(error)
    try:
        await asyncio.to_thread(house.catalogue.records.get, "")
    except DanghaiError as error:
        catalogue, detail = False, str(error)
    ready = words and catalogue
    if not ready:
        response.status_code = 503
        response.headers["Retry-After"] = str(NotReady.retry_after)
    return ReadyOut(
        ready=ready, catalogue=catalogue, legs=LegStatus(words=words, meaning=meaning), detail=detail
    )

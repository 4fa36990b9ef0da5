"""GET /v1/audit and GET /metrics."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Response

from holdings.audit.showing import shown, utc
from holdings.audit.trail import Wanted
from search_api.callers import Auditor, InHouse, MetricsReader
from search_api.cursors import Cursor, fingerprint
from search_api.metrics import MEDIA_TYPE
from search_api.schema_audit import AuditEntryOut, AuditOut

router = APIRouter(tags=["审计 audit"])

Text = Annotated[str, Query(max_length=500)]


@router.get("/v1/audit", summary="检索审计记录 Search the audit trail")
async def search_audit(
    house: InHouse,
    caller: Auditor,
    who: Text = "",
    what: Text = "",
    record: Text = "",
    outcome: Text = "",
    since: Text = "",
    until: Text = "",
    size: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: str | None = None,
) -> AuditOut:
    """谁、何事、哪一条目、何时，新的在前。限审计管理员与保密员；这次检索本身也记入审计。"""
    wanted = Wanted(who, what, record, outcome, utc(since), utc(until))
    mark = fingerprint("audit", wanted, caller.id)
    before = house.cursors.decode(cursor, mark).offset if cursor else None
    found = await asyncio.to_thread(house.audit.trail.search, wanted, size=size + 1, before=before)
    entries = [AuditEntryOut(**shown(one)) for one in found[:size]]
    more = house.cursors.encode(Cursor(mark, entries[-1].seq)) if len(found) > size else None
    return AuditOut(entries=entries, next=more)


@router.get("/metrics", summary="运行指标 Prometheus metrics", response_class=Response, tags=["概况 status"])
async def read_metrics(house: InHouse, caller: MetricsReader) -> Response:
    """运行指标（Prometheus 文本格式）。限系统管理员；设 DANGHAI_METRICS_LOOPBACK=1 后本机也可读。"""
    return Response(await asyncio.to_thread(house.audit.metrics.read, house), media_type=MEDIA_TYPE)

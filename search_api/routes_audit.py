"""/v1/audit and GET /metrics."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response

from holdings.audit.showing import shown, utc
from holdings.audit.trail import Found, Wanted
from holdings.sheets import MEDIA_TYPES, write
from search_api.audit_state import state_of
from search_api.callers import Auditor, InHouse, MetricsReader
from search_api.cursors import Cursor, fingerprint
from search_api.house import House
from search_api.metrics import MEDIA_TYPE
from search_api.schema_audit import AuditEntryOut, AuditOut, AuditStateOut

router = APIRouter(tags=["审计 audit"])

Text = Annotated[str, Query(max_length=500)]
#: Most entries of an export.
EXPORTED = 50_000
_HEADERS = (
    "号",
    "时间",
    "谁",
    "姓名",
    "自何处",
    "范围",
    "何类",
    "何事",
    "条目",
    "结果",
    "参数",
    "其他",
    "散列",
)


@dataclass(frozen=True)
class Asked:
    """What is looked for, as the address says it."""

    who: Annotated[Text, Query(description="account:7、key:12、os:1000，或姓名")] = ""
    what: Annotated[Text, Query(description="search、change …，或路径、命令的开头")] = ""
    record: Text = ""
    outcome: Text = ""
    since: Text = ""
    until: Text = ""
    address: Annotated[Text, Query(description="自何处")] = ""

    @property
    def wanted(self) -> Wanted:
        """Errors: BadInput (a time that is none)."""
        since, until = utc(self.since), utc(self.until)
        return Wanted(self.who, self.what, self.record, self.outcome, since, until, self.address)


Question = Annotated[Asked, Depends()]


@router.get("/v1/audit", summary="检索审计记录 Search the audit trail")
async def search_audit(
    house: InHouse,
    caller: Auditor,
    asked: Question,
    size: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: str | None = None,
) -> AuditOut:
    """谁、何事、哪一条目、何时、自何处，新的在前。限审计管理员与保密员；这次检索本身也记入审计。"""
    wanted = asked.wanted
    mark = fingerprint("audit", wanted, caller.id)
    before = house.cursors.decode(cursor, mark).offset if cursor else None
    found = await asyncio.to_thread(house.audit.trail.search, wanted, size=size + 1, before=before)
    entries = [AuditEntryOut(**shown(one)) for one in found[:size]]
    more = house.cursors.encode(Cursor(mark, entries[-1].seq)) if len(found) > size else None
    return AuditOut(entries=entries, next=more)


@router.get("/v1/audit/export", summary="导出审计记录 Entries as a file", response_class=Response)
async def export_audit(
    house: InHouse,
    caller: Auditor,
    asked: Question,
    form: Annotated[Literal["csv", "xlsx"], Query(alias="format")] = "csv",
) -> Response:
    """检索到的记录，至多五万条，新的在前，CSV 或 XLSX；导出本身也记入审计。"""
    found = await asyncio.to_thread(house.audit.trail.search, asked.wanted, size=EXPORTED)
    data = await asyncio.to_thread(write, form, _HEADERS, _rows(found))
    headers = {"Cache-Control": "no-store", "Content-Disposition": f'attachment; filename="audit.{form}"'}
    return Response(data, media_type=MEDIA_TYPES[form], headers=headers)


def _rows(found: list[Found]) -> Iterator[tuple[object, ...]]:
    for one in found:
        e, detail = one.entry, shown(one)["detail"] or {}
        said = [detail.get(name, "") for name in ("name", "address")]
        yield (e.seq, e.at, e.actor, *said, e.audience, e.action, e.what, e.record, e.outcome,
               detail.get("query", ""), e.facts, e.hash)  # fmt: skip


@router.get("/v1/audit/state", summary="审计链的状态 How the chain stands")
async def read_state(house: InHouse, caller: Auditor) -> AuditStateOut:
    """到第几条、最近的日结是否相符、防改触发器是否都在、上次核验的结果。"""
    return await _state(house)


@router.post("/v1/audit/verify", summary="核验审计链 Verify the chain", status_code=202)
async def verify_chain(house: InHouse, caller: Auditor) -> AuditStateOut:
    """从头核验整条链，在后台进行；结果记入审计，由状态一项读出。"""
    house.audit.verifying.begin(caller)
    return await _state(house)


async def _state(house: House) -> AuditStateOut:
    return await asyncio.to_thread(state_of, house.audit)


@router.get("/metrics", summary="运行指标 Prometheus metrics", response_class=Response, tags=["概况 status"])
async def read_metrics(house: InHouse, caller: MetricsReader) -> Response:
    """运行指标（Prometheus 文本格式）。限系统管理员；设 DANGHAI_METRICS_LOOPBACK=1 后本机也可读。"""
    return Response(await asyncio.to_thread(house.audit.metrics.read, house), media_type=MEDIA_TYPE)

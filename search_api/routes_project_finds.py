"""What one colleague meets across projects, and a collection as a table."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from holdings.access import Caller
from holdings.catalogue.project_finds import Find
from holdings.sheets import MEDIA_TYPES, write
from search_api.callers import Colleague, InHouse
from search_api.citing import citation
from search_api.house import House
from search_api.projects_out import parts_out
from search_api.records import visible
from search_api.routes_reviews import NO_STORE
from search_api.schema_projects import FindOut, FindsOut

router = APIRouter(prefix="/v1", tags=["项目 projects"])

_HEADERS = (
    "序号",
    "档号",
    "题名",
    "责任者",
    "日期",
    "文种",
    "开放标识",
    "评级",
    "标签",
    "备注",
    "引用格式",
    "条目号",
)


@router.get("/records/{record_id}/projects", summary="所在项目 Which of my projects hold a record")
async def get_record_projects(house: InHouse, caller: Colleague, record_id: str) -> FindsOut:
    """自己的与共享来的项目中，以这一条目为据的各部分。"""
    await visible(house, caller, record_id)
    found = await asyncio.to_thread(house.catalogue.project_finds.holding, record_id, caller)
    return await _told(house, caller, found)


@router.get("/me/parts", summary="我的项目中的 Parts of my projects")
async def get_my_parts(
    house: InHouse,
    caller: Colleague,
    kind: Annotated[
        str | None, Query(pattern=r"^[a-z]+$", max_length=16, description="某一类，如 task")
    ] = None,
) -> FindsOut:
    """自己的与共享来的项目中某一类的部分；不写 kind，则是条目已撤下的，只说在何处。"""
    finds = house.catalogue.project_finds
    found = await asyncio.to_thread(lambda: finds.of_kind(kind, caller) if kind else finds.withdrawn(caller))
    return await _told(house, caller, found)


@router.get(
    "/projects/{project_id}/export",
    summary="导出条目 The records of a project as a file",
    response_class=Response,
)
async def get_export(
    house: InHouse,
    caller: Colleague,
    project_id: Annotated[int, Path(ge=1, le=2**31 - 1)],
    form: Annotated[Literal["csv", "xlsx"], Query(alias="format")] = "xlsx",
) -> Response:
    """项目中有据的各部分，按次序，附备注、标签、评级与引用格式，CSV 或 XLSX；已撤下的不列。"""
    rows = await asyncio.to_thread(_rows, house, caller, project_id)
    data = await asyncio.to_thread(write, form, _HEADERS, rows)
    headers = NO_STORE | {"Content-Disposition": f'attachment; filename="project-{project_id}.{form}"'}
    return Response(data, media_type=MEDIA_TYPES[form], headers=headers)


def _rows(house: House, caller: Caller, project_id: int) -> list[tuple[object, ...]]:
    parts = [p for p in house.catalogue.project_parts.tree(project_id, caller) if p.record_id]
    stored = house.records(caller).many(sorted({part.record_id for part in parts}))
    seen = [p for p in parts if p.record_id in stored and caller.audience in stored[p.record_id].audiences]
    archive = house.settings.archive_name
    return [
        (
            n, r.reference_code, r.title, "；".join(r.creators), r.date.text, r.genre, r.access_status,
            body.get("rating") or "", "；".join(body.get("tags", ())), body.get("note", ""),
            citation(r, archive, "gbt7714"), r.id,
        )
        for n, (r, body) in enumerate(((stored[p.record_id].record, p.body) for p in seen), 1)
    ]  # fmt: skip


async def _told(house: House, caller: Caller, found: list[Find]) -> FindsOut:
    parts = await parts_out(house, caller, [one.part for one in found])
    return FindsOut(
        found=[
            FindOut(project_id=one.project_id, project_kind=one.project_kind, project=one.project, part=part)
            for one, part in zip(found, parts, strict=True)
        ]
    )

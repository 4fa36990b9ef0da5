"""/v1/themes: theme discovery over a set of records."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from curation.sampling import sampled
from holdings.access import Caller
from holdings.catalogue.theme_runs import ThemeRun
from holdings.errors import Conflict
from holdings.places import position
from search_api.callers import Curator, InHouse
from search_api.house import House
from search_api.proposals import brief
from search_api.schema_curation import (
    PlaceAt,
    PlaceCount,
    PointOut,
    PointsOut,
    RareOut,
    RunOut,
    RunsOut,
    ThemeOut,
    ThemesOut,
    ThemesWanted,
)
from search_api.theming import asked
from search_api.understand import understand

router = APIRouter(prefix="/v1/themes", tags=["编研 curation"])

RunId = Annotated[str, Path(min_length=1, max_length=32, pattern=r"^[0-9a-f]+$")]
#: Points one answer holds at most.
DRAWN = 10_000
_VOID = "其中有条目已撤下，这次结果作废，请重新发现。"


@router.post("", summary="主题发现 Discover themes", status_code=202)
async def post_themes(house: InHouse, caller: Curator, wanted: ThemesWanted) -> RunOut:
    """在一个集合（一次检索、一个全宗、一段年代、某日以来新到的）中按意思分组。随即返回，用 id 查进度与结果。"""
    understand(asked(wanted).text, house.segmenter)  # a question that cannot be understood is told now
    runs = house.catalogue.theme_runs
    run_id = await asyncio.to_thread(runs.begin, wanted.model_dump(mode="json"), caller)
    house.themes.start(house, caller, run_id, wanted)
    return _run(await asyncio.to_thread(runs.get, run_id, caller))


@router.get("", summary="我的主题发现 My theme discoveries")
async def get_runs(house: InHouse, caller: Curator) -> RunsOut:
    """新的在前；保留七天。"""
    return RunsOut(
        runs=[_run(run) for run in await asyncio.to_thread(house.catalogue.theme_runs.mine, caller)]
    )


@router.get("/{run_id}", summary="进度与主题 Progress, and the themes once done")
async def get_themes(house: InHouse, caller: Curator, run_id: RunId) -> ThemesOut:
    """做完后：各主题的用词、规模、年代、地点与核心条目，以及少而精的条目。其中有条目撤下时，结果作废。"""
    return await asyncio.to_thread(_themes, house, caller, run_id)


@router.get("/{run_id}/points", summary="主题图 The map of points")
async def get_points(
    house: InHouse, caller: Curator, run_id: RunId, size: Annotated[int, Query(ge=1, le=DRAWN)] = 5000
) -> PointsOut:
    """图上的点与题名，至多 size 个（按编号均匀抽取）；以及地点，供馆内使用：公开地图须有审图号。"""
    return await asyncio.to_thread(_points, house, caller, run_id, size)


@router.delete("/{run_id}", summary="删去一次主题发现 Drop a run")
async def delete_run(house: InHouse, caller: Curator, run_id: RunId) -> RunOut:
    """删去结果；正在进行的做完即弃。"""
    run = await asyncio.to_thread(house.catalogue.theme_runs.get, run_id, caller)
    await asyncio.to_thread(house.catalogue.theme_runs.drop, run_id)
    return _run(run)


def _run(run: ThemeRun, state: str = "") -> RunOut:
    return RunOut(
        id=run.id,
        state=state or run.state,
        step=run.step,
        share=run.share,
        problem=_VOID if state == "void" else run.problem,
        wanted=ThemesWanted.model_validate(run.asked),
        made_at=run.made_at.isoformat(),
    )


def _held(house: House, caller: Caller, run_id: str) -> tuple[ThemeRun, dict[str, Any] | None]:
    """The run with its result; none of a result whose records are not all here any more, which is dropped."""
    runs = house.catalogue.theme_runs
    run = runs.get(run_id, caller, result=True)
    if run.result is None:
        return run, None
    if not runs.all_here(run.result["ids"]):
        runs.drop(run_id)
        return run, None
    return run, run.result


def _themes(house: House, caller: Caller, run_id: str) -> ThemesOut:
    run, result = _held(house, caller, run_id)
    if result is None:
        return ThemesOut(run=_run(run, "void" if run.state == "done" else ""))
    named = {i for theme in result["themes"] for i in theme["core"]} | {one["id"] for one in result["rare"]}
    stored = house.records(caller).many(sorted(named))
    seen = {i: brief(s) for i, s in stored.items() if caller.audience in s.audiences}
    themes = [
        ThemeOut(
            number=number,
            words=theme["words"],
            size=theme["size"],
            first=theme["first"],
            last=theme["last"],
            decades={int(decade): count for decade, count in theme["decades"].items()},
            places=[PlaceCount(name=name, count=count) for name, count in theme["places"]],
            core=[seen[i] for i in theme["core"] if i in seen],
        )
        for number, theme in enumerate(result["themes"])
    ]
    return ThemesOut(
        run=_run(run),
        total=result["total"],
        taken=len(result["ids"]),
        unplaced=result["unplaced"],
        none=result["groups"].count(-1),
        by=result["by"],
        themes=themes,
        rare=[
            RareOut(record=seen[one["id"]], alike=one["alike"], pixels=one["pixels"])
            for one in result["rare"]
            if one["id"] in seen
        ],
    )


def _points(house: House, caller: Caller, run_id: str, size: int) -> PointsOut:
    """Errors: Conflict while it is not done, or void."""
    run, result = _held(house, caller, run_id)
    if result is None:
        raise Conflict(_VOID if run.state == "done" else "这次主题发现还没有做完。", advice="请看它的进度。")
    ids = result["ids"]
    drawn = set(sampled(ids, size, 0))
    stored = house.records(caller).many([i for i in ids if i in drawn])
    points, counts = [], dict[str, int]()
    for record_id, (x, y), theme in zip(ids, result["places"], result["groups"], strict=True):
        if record_id not in stored or caller.audience not in stored[record_id].audiences:
            continue
        record = stored[record_id].record
        year = int(record.date.first[:4]) if record.date.first else None
        places = list(record.places)
        points.append(
            PointOut(id=record_id, x=x, y=y, theme=theme, title=record.title, year=year, places=places)
        )
        for name in places:
            counts[name] = counts.get(name, 0) + 1
    return PointsOut(drawn=len(points), taken=len(ids), points=points, places=_at(counts))


def _at(counts: dict[str, int]) -> list[PlaceAt]:
    """Where the places lie that we know of, names of one place together."""
    found: dict[str, tuple[tuple[float, float], int]] = {}
    for name, count in counts.items():
        if known := position(name):
            present, at = known
            found[present] = at, found.get(present, (at, 0))[1] + count
    return [
        PlaceAt(name=name, latitude=at[0], longitude=at[1], count=count)
        for name, (at, count) in sorted(found.items(), key=lambda pair: (-pair[1][1], pair[0]))
    ]

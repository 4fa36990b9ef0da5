"""/v1/series, /v1/anniversaries, /v1/showings: series that learn, dates to remember, what was shown."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query

from curation.almanac import Calendar, Remembered, coming, exists
from holdings.catalogue.anniversaries import Anniversary
from holdings.catalogue.series import Definition, Series
from holdings.errors import BadInput, NotFound
from search_api.callers import Curator, InHouse
from search_api.projects_out import seen_records
from search_api.proposals import Wish, briefs, proposed, shown, wish_of
from search_api.schema import Changed
from search_api.schema_curation import (
    AnniversaryIn,
    AnniversaryOut,
    ChoiceOut,
    ChoicesIn,
    ChoicesOut,
    ComingListOut,
    ComingOut,
    ProposalsOut,
    SeriesIn,
    SeriesListOut,
    SeriesOut,
    ShowingIn,
    ShowingOut,
    ShowingsOut,
    Verdict,
)

router = APIRouter(prefix="/v1", tags=["编研 curation"])

Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
Size = Annotated[int, Query(ge=1, le=100)]
#: Most days one calendar shows.
LONGEST = 1_100


# ── series ─────────────────────────────────────────────────────────────────────


@router.get("/series", summary="系列 Series")
async def get_all_series(house: InHouse, caller: Curator) -> SeriesListOut:
    """全部系列及取舍件数。"""
    found = await asyncio.to_thread(house.catalogue.series.listing)
    return SeriesListOut(series=[_out(series) for series in found])


@router.post("/series", summary="新系列 A new series", status_code=201)
async def post_series(house: InHouse, caller: Curator, given: SeriesIn) -> SeriesOut:
    """名称，一句说明，检索用的问题，排除词。"""
    return _out(await asyncio.to_thread(house.catalogue.series.add, _definition(given), caller))


@router.get("/series/{series_id}", summary="一个系列 One series")
async def get_one_series(house: InHouse, caller: Curator, series_id: Number) -> SeriesOut:
    """定义与取舍件数。"""
    return _out(await asyncio.to_thread(house.catalogue.series.get, series_id))


@router.put("/series/{series_id}", summary="改系列 Change a series")
async def put_series(house: InHouse, caller: Curator, series_id: Number, given: SeriesIn) -> SeriesOut:
    """改定义；version 是您所见的，别人先改过时不覆盖。"""
    change = house.catalogue.series.change
    return _out(await asyncio.to_thread(change, series_id, _definition(given), given.version, caller))


@router.delete("/series/{series_id}", summary="删系列 Drop a series")
async def delete_series(house: InHouse, caller: Curator, series_id: Number) -> Changed:
    """连同取舍一并删去。"""
    await asyncio.to_thread(house.catalogue.series.drop, series_id)
    return Changed(id=str(series_id), detail="已删。")


@router.get("/series/{series_id}/proposals", summary="荐选 Proposals with reasons")
async def get_proposals(house: InHouse, caller: Curator, series_id: Number, size: Size = 50) -> ProposalsOut:
    """按定义检索，由已作的取舍学习，排出候选并逐件说明缘由；已取、已舍、待定的不再列。"""
    series = await asyncio.to_thread(house.catalogue.series.get, series_id)
    wish = wish_of(series, await asyncio.to_thread(house.catalogue.series.choices, series_id))
    found = await proposed(house, caller, wish)
    return await asyncio.to_thread(shown, house, caller, found, wish, size)


@router.get("/series/{series_id}/choices", summary="取舍 What was chosen")
async def get_choices(
    house: InHouse, caller: Curator, series_id: Number, verdict: Verdict | None = None
) -> ChoicesOut:
    """收入、不收、待定，新的在前。"""
    found = await asyncio.to_thread(house.catalogue.series.choices, series_id, verdict)
    seen = await asyncio.to_thread(seen_records, house, caller, [choice.record_id for choice in found])
    return ChoicesOut(
        choices=[
            ChoiceOut(
                record=seen[c.record_id],
                verdict=c.verdict,
                seed=c.seed,
                note=c.note,
                by=c.by,
                at=c.at.isoformat(),
            )
            for c in found
            if c.record_id in seen
        ]
    )


@router.post("/series/{series_id}/choices", summary="作取舍 Accept, reject, leave for later")
async def post_choices(house: InHouse, caller: Curator, series_id: Number, given: ChoicesIn) -> Changed:
    """收入、不收或待定；不收的记住，不再荐，并供下一轮学习。verdict 为空则撤回。"""
    number = await asyncio.to_thread(
        lambda: house.catalogue.series.choose(
            series_id, given.records, given.verdict, caller, seed=given.seed, note=given.note
        )
    )
    return Changed(id=str(series_id), detail=f"已记 {number} 件。")


def _definition(given: SeriesIn) -> Definition:
    return Definition(given.name, given.about, tuple(given.questions), tuple(given.excluded))


def _out(series: Series) -> SeriesOut:
    made = series.definition
    return SeriesOut(
        id=series.id,
        name=made.name,
        about=made.about,
        questions=list(made.questions),
        excluded=list(made.excluded),
        version=series.version,
        changed_by=series.changed_by,
        changed_at=series.changed_at.isoformat(),
        counts=dict(series.counts),
    )


# ── anniversaries ──────────────────────────────────────────────────────────────


@router.get("/anniversaries", summary="纪念日历 Dates to remember that come")
async def get_coming(
    house: InHouse,
    caller: Curator,
    first: Annotated[date | None, Query(alias="from", description="自此日；默认今天")] = None,
    last: Annotated[date | None, Query(alias="to", description="至此日；默认一年之内")] = None,
) -> ComingListOut:
    """今后一年（或所给日期之间）的纪念日，农历按当年推算，并算出周年。"""
    start = first or datetime.now(UTC).date()
    try:
        end = last or start + timedelta(days=365)
    except OverflowError as error:
        raise BadInput("日期超出历法范围。") from error
    if not 1900 <= start.year <= 2199 or not 0 <= (end - start).days <= LONGEST:
        raise BadInput("日期范围不合用。", advice=f"1900–2199 年之间，至多 {LONGEST} 天。")
    known = {one.id: one for one in await asyncio.to_thread(house.catalogue.anniversaries.listing)}
    found = await asyncio.to_thread(coming, [_remembered(one) for one in known.values()], start, end)
    return ComingListOut(
        coming=[
            ComingOut(on=c.on, years=c.years, round=c.is_round, anniversary=_anniversary_out(known[c.id]))
            for c in found
        ]
    )


@router.post("/anniversaries", summary="新纪念日 A new date", status_code=201)
async def post_anniversary(house: InHouse, caller: Curator, given: AnniversaryIn) -> AnniversaryOut:
    """公历或农历的月日；year 为事情发生之年，没有则为节日。"""
    return await _put(house, 0, given)


@router.put("/anniversaries/{anniversary_id}", summary="改纪念日 Change a date")
async def put_anniversary(
    house: InHouse, caller: Curator, anniversary_id: Number, given: AnniversaryIn
) -> AnniversaryOut:
    """改名称、日期、检索问题。"""
    return await _put(house, anniversary_id, given)


@router.delete("/anniversaries/{anniversary_id}", summary="删纪念日 Drop a date")
async def delete_anniversary(house: InHouse, caller: Curator, anniversary_id: Number) -> Changed:
    """从日历中删去。"""
    await asyncio.to_thread(house.catalogue.anniversaries.drop, anniversary_id)
    return Changed(id=str(anniversary_id), detail="已删。")


@router.get("/anniversaries/{anniversary_id}/proposals", summary="纪念日荐选 Records for a date")
async def get_anniversary_proposals(
    house: InHouse, caller: Curator, anniversary_id: Number, size: Size = 20
) -> ProposalsOut:
    """按它的问题检索；当年形成的在前。"""
    known = {one.id: one for one in await asyncio.to_thread(house.catalogue.anniversaries.listing)}
    if anniversary_id not in known:
        raise NotFound("没有这个纪念日。")
    one = known[anniversary_id]
    wish = Wish(one.name, one.questions, year=one.year)
    found = await proposed(house, caller, wish)
    return await asyncio.to_thread(shown, house, caller, found, wish, size)


async def _put(house: InHouse, anniversary_id: int, given: AnniversaryIn) -> AnniversaryOut:
    if not exists(given.calendar, given.month, given.day):
        raise BadInput(f"没有 {given.month} 月 {given.day} 日。", advice="农历每月至多三十日。")
    values = given.model_dump() | {"questions": tuple(given.questions), "id": anniversary_id}
    return _anniversary_out(await asyncio.to_thread(house.catalogue.anniversaries.put, Anniversary(**values)))


def _remembered(one: Anniversary) -> Remembered:
    calendar: Calendar = "lunar" if one.calendar == "lunar" else "solar"
    return Remembered(one.id, one.name, one.month, one.day, calendar, one.year)


def _anniversary_out(one: Anniversary) -> AnniversaryOut:
    return AnniversaryOut.model_validate({**vars(one), "questions": list(one.questions)})


# ── showings ───────────────────────────────────────────────────────────────────


@router.post("/showings", summary="记展出 Note what was shown", status_code=201)
async def post_showing(house: InHouse, caller: Curator, given: ShowingIn) -> Changed:
    """这些条目在某次展览、书刊、网页中展出过；“少而精”不再荐。"""
    number = await asyncio.to_thread(
        house.catalogue.showings.note, given.records, given.name, given.on, caller
    )
    return Changed(id=given.name, detail=f"已记 {number} 件。")


@router.get("/showings", summary="展出记录 What was shown where")
async def get_showings(house: InHouse, caller: Curator) -> ShowingsOut:
    """在哪里展出过哪些条目，新的在前。"""

    def seen() -> list[ShowingOut]:
        found = house.catalogue.showings.listing()
        known = briefs(house, caller, [i for _, _, ids in found for i in ids])
        shown_ = ((name, day, [known[i] for i in ids if i in known]) for name, day, ids in found)
        return [
            ShowingOut(name=name, on=date.fromisoformat(day), records=records)
            for name, day, records in shown_
            if records
        ]

    return ShowingsOut(showings=await asyncio.to_thread(seen))


@router.delete("/showings", summary="删展出记录 Drop what was noted")
async def delete_showing(
    house: InHouse,
    caller: Curator,
    name: Annotated[str, Query(min_length=1, max_length=200)],
    record: Annotated[str, Query(max_length=255, description="只删这一条目的；空为全部")] = "",
) -> Changed:
    """记错了的。"""
    await asyncio.to_thread(house.catalogue.showings.drop, name, record)
    return Changed(id=name, detail="已删。")

"""/v1/visits: how often records and exhibitions were looked at, for staff."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query

from search_api.callers import InHouse, Staff
from search_api.records import in_sight
from search_api.schema import Shape

router = APIRouter(prefix="/v1/visits", tags=["浏览 visits"])


class VisitedOut(Shape):
    """what: a record's id, an exhibition's slug, or `<slug>/<page>` of one. days: ISO day → count."""

    what: str
    reference_code: str
    title: str
    total: int
    days: dict[str, int]


class VisitsOut(Shape):
    first: date
    last: date
    visits: list[VisitedOut]


@router.get("", summary="浏览计数 Visits by day")
async def get_visits(
    house: InHouse,
    caller: Staff,
    kind: Literal["record", "exhibition"] = "record",
    first: Annotated[date | None, Query(alias="from", description="自此日；默认三十天内")] = None,
    last: Annotated[date | None, Query(alias="to", description="至此日；默认今天")] = None,
    record: Annotated[str, Query(max_length=300, description="只看这一条目或这个展览")] = "",
) -> VisitsOut:
    """每天看了几次，不知是谁：不用 Cookie，不记地址，不记浏览器；馆员与机器人不计。"""
    end = last or datetime.now(UTC).date()
    start = first or end - timedelta(days=min(29, end.toordinal() - 1))
    most = house.catalogue.visits.most

    def seen() -> list[VisitedOut]:
        found = most(start.isoformat(), end.isoformat(), kind=kind, what=record)
        known = in_sight(house, [one.what for one in found]) if kind == "record" else {}
        return [
            VisitedOut(
                what=one.what,
                reference_code=known[one.what].record.reference_code if kind == "record" else "",
                title=known[one.what].record.title if kind == "record" else one.what,
                total=one.total,
                days=dict(one.days),
            )
            for one in found
            if kind != "record" or one.what in known
        ]

    return VisitsOut(first=start, last=end, visits=await asyncio.to_thread(seen))

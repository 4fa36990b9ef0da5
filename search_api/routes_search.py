"""GET /v1/search, /v1/suggest, /v1/records/{id}/similar."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request

from holdings.engines.port import Sort
from holdings.text import normalise
from search_api.asking import FILTERS, Asked, parse_exclude, parse_facets
from search_api.callers import AnyCaller, InHouse
from search_api.records import visible
from search_api.schema import Mode, SearchOut, SimilarOut, SortName, SuggestOut
from search_api.searching import search, similar

router = APIRouter(tags=["检索 search"])

Values = Annotated[list[str] | None, Query()]
EXAMPLES = {
    "keyword": {"summary": "关键词", "value": "沈家门渔民登记"},
    "dated": {"summary": "带年代", "value": "沈家门渔民登记，1949年以前"},
    "sentence": {"summary": "一句话", "value": "刮台风那天夜里，是哪个当兵的救了小学生？"},
    "exclusion": {"summary": "排除", "value": "灯塔 不含花鸟山"},
    "phrase": {"summary": "精确短语", "value": "“护渔办法”"},
}


@router.get("/v1/search", summary="检索 Search")
async def search_records(
    request: Request,
    house: InHouse,
    caller: AnyCaller,
    q: Annotated[str, Query(description="检索词，一句话也行", openapi_examples=EXAMPLES)] = "",
    mode: Mode = "hybrid",
    sort: SortName | None = None,
    size: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: str | None = None,
    facets: Annotated[str, Query(description="逗号分隔，例如 fonds,genre,decade")] = "",
    histogram: bool = False,
    plain: Annotated[list[str], Query(description="把理解出的条件当普通词：给出该条件的 text")] = [],  # noqa: B006
    exclude: Annotated[list[str], Query(description="facet:值，例如 genre:通知")] = [],  # noqa: B006
    year_from: Annotated[int | None, Query(ge=1, le=9999)] = None,
    year_to: Annotated[int | None, Query(ge=1, le=9999)] = None,
    undated: bool = False,
    fonds: Values = None,
    series: Values = None,
    genre: Values = None,
    creators: Values = None,
    persons: Values = None,
    places: Values = None,
    keywords: Values = None,
    category: Values = None,
    decade: Values = None,
    access_status: Values = None,
    retention: Values = None,
    medium: Values = None,
    level: Values = None,
    parent: Values = None,
    has_scan: Values = None,
    within: Annotated[list[str] | None, Query(description="只在此全宗、目录或案卷之内（条目 id）")] = None,
) -> SearchOut:
    """词与意两路检索，同受条件约束，融合成一列；每条说明为何在此。"""
    given = request.query_params
    asked = Asked(
        text=q.strip(),
        mode=mode,
        sort=Sort(sort) if sort else None,
        filters={
            facet: chosen
            for name, facet in FILTERS.items()
            if (chosen := tuple(filter(None, given.getlist(name))))
        },
        exclude=parse_exclude(exclude),
        year_from=year_from,
        year_to=year_to,
        undated=undated,
        plain=tuple(plain),
        facets=parse_facets(facets),
        histogram=histogram,
        size=size,
    )
    return await search(house, caller, asked, cursor)


@router.get("/v1/suggest", summary="补全 Complete what is being typed")
async def suggest(
    house: InHouse,
    caller: AnyCaller,
    q: Annotated[str, Query(min_length=1, max_length=60, examples=["沈家"])],
    size: Annotated[int, Query(ge=1, le=20)] = 8,
) -> SuggestOut:
    """题名与人名、地名、责任者、主题词的补全，只出自可见的条目。"""
    prefix = normalise(q).text.strip()
    if not prefix:
        return SuggestOut(suggestions=[])
    return SuggestOut(suggestions=await house.suggest(caller.audience, prefix, size))


@router.get("/v1/records/{record_id}/similar", summary="相近条目 Similar records")
async def similar_records(
    house: InHouse, caller: AnyCaller, record_id: str, size: Annotated[int, Query(ge=1, le=50)] = 8
) -> SimilarOut:
    """意思相近的条目；尚无向量时按题名用词。"""
    stored = await visible(house, caller, record_id)
    return await similar(house, caller, stored, size)

"""/v1/reviews: what is due, and the lists a review goes by (reasons, sensitive terms, people)."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Query, Response

from holdings.access import Caller
from holdings.catalogue.due import DueWish
from holdings.errors import BadInput, NotAllowed, NotFound
from holdings.first_opinion import due_day
from holdings.review_rules import REVIEW_ROLES, Reason
from holdings.sheets import MEDIA_TYPES, read, write
from holdings.signals import Term
from search_api.callers import InHouse, Reviewer
from search_api.facets import FondsTitles
from search_api.house import House
from search_api.records import in_sight
from search_api.routes_reviews import NO_STORE
from search_api.schema import Changed
from search_api.schema_reviews import (
    Code,
    DueListOut,
    DueOut,
    PeopleOut,
    Person,
    ReasonIO,
    ReasonsOut,
    TermIO,
    TermsIO,
)

router = APIRouter(prefix="/v1/reviews", tags=["审核 reviews"])

Form = Annotated[Literal["csv", "xlsx"], Query(alias="format")]
Year = Annotated[int | None, Query(ge=1, le=9999)]
#: Most records of an export.
EXPORTED = 50_000
_TERM_HEADERS = ("词", "类别", "理由代码")


# ── due ────────────────────────────────────────────────────────────────────────


@router.get("/due", summary="到期清单 What is due, by fonds and year")
async def get_due(house: InHouse, caller: Reviewer, fonds: str | None = None) -> DueListOut:
    """满二十五年而未审、或延期届满的，按全宗与年份计数；到期不等于开放。"""
    today = _today()
    counts = await asyncio.to_thread(house.catalogue.due.counts, today, DueWish(fonds))

    def shown() -> list[DueOut]:
        titles = FondsTitles(house, caller).of(sorted({c.fonds_code for c in counts}))
        return [DueOut(**vars(c), fonds_title=titles.get(c.fonds_code, "")) for c in counts]

    return DueListOut(today=today, counts=await asyncio.to_thread(shown))


@router.get("/due/export", summary="导出到期清单 The due list as a file", response_class=Response)
async def get_due_export(
    house: InHouse,
    caller: Reviewer,
    form: Form = "xlsx",
    what: Literal["records", "counts"] = "records",
    fonds: str | None = None,
    year_from: Year = None,
    year_to: Year = None,
    early: bool = False,
) -> Response:
    """到期条目（或各全宗各年的计数），CSV 或 XLSX。"""
    wish, today = DueWish(fonds, year_from, year_to, early), _today()
    headers: tuple[str, ...]
    rows: list[tuple[object, ...]]
    if what == "counts":
        counts = await asyncio.to_thread(house.catalogue.due.counts, today, wish)
        headers = ("全宗号", "年份", "到期未审", "延期届满", "可提前", "正在审核")
        rows = [(c.fonds_code, c.year or "", c.due, c.again, c.early, c.busy) for c in counts]
    else:
        headers = ("档号", "题名", "责任者", "日期", "到期日", "开放标识", "到期开放意见", "条目号")
        rows = await asyncio.to_thread(_due_rows, house, wish, today)
    return _file(await asyncio.to_thread(write, form, headers, rows), form, f"due-{today}")


def _due_rows(house: House, wish: DueWish, today: date) -> list[tuple[object, ...]]:
    ids = list(house.catalogue.due.ids(today, wish, limit=EXPORTED))
    stored = in_sight(house, ids)
    return [
        (
            r.reference_code, r.title, "；".join(r.creators), r.date.text, due_day(r) or "", r.access_status,
            r.due_opinion, r.id,
        )
        for r in (stored[i].record for i in ids if i in stored)
    ]  # fmt: skip


def _today() -> date:
    return datetime.now(UTC).date()


def _file(data: bytes, form: str, name: str) -> Response:
    headers = NO_STORE | {"Content-Disposition": f'attachment; filename="{name}.{form}"'}
    return Response(data, media_type=MEDIA_TYPES[form], headers=headers)


# ── reasons, people ────────────────────────────────────────────────────────────


@router.get("/reasons", summary="理由表 Coded reasons")
async def get_reasons(house: InHouse, caller: Reviewer) -> ReasonsOut:
    """审核理由，按本馆次序；不再用的也在，旧意见还要它。"""
    found = await asyncio.to_thread(house.catalogue.review_lists.reasons)
    return ReasonsOut(reasons=[ReasonIO.model_validate(vars(r)) for r in found.values()])


@router.put("/reasons/{code}", summary="改理由 Add or change a reason")
async def put_reason(house: InHouse, caller: Reviewer, code: Code, given: ReasonIO) -> Changed:
    """新增或修改一条理由；停用用 active=false，不删除。"""
    _keeper(caller)
    if code != given.code:
        raise BadInput("地址与正文的代码不同。", advice="请写成一样。")
    reason = Reason(code, given.text, given.basis, tuple(given.states), given.place, given.active)
    await asyncio.to_thread(house.catalogue.review_lists.put_reason, reason)
    return Changed(id=code, detail="已存。")


@router.get("/people", summary="可派的人 People a step may be given to")
async def get_people(house: InHouse, caller: Reviewer) -> PeopleOut:
    """有审核角色的账号，以及不属于任何账号的密钥（账号的密钥就是其本人）。"""
    accounts = await asyncio.to_thread(house.catalogue.accounts.listing)
    people = [
        Person(id=account.caller_id, name=account.real_name, roles=list(account.roles))
        for account in accounts
        if not account.locked and REVIEW_ROLES & set(account.roles)
    ]
    for row in await asyncio.to_thread(house.catalogue.keys.listing):
        roles, free = row["roles"], not row["owner"] and not row["revoked_at"]
        if isinstance(roles, list) and REVIEW_ROLES & set(roles) and free:
            people.append(Person(id=f"key:{row['id']}", name=str(row["name"]), roles=roles))
    return PeopleOut(people=people)


def _keeper(caller: Caller) -> None:
    if not caller.roles & {"reviewer", "admin"}:
        raise NotAllowed("理由表与敏感词表限开放审核员或业务管理员修改。", advice="请由有此角色的同事办理。")


# ── sensitive terms ────────────────────────────────────────────────────────────


@router.get("/terms", summary="敏感词表 Sensitive terms")
async def get_terms(house: InHouse, caller: Reviewer) -> TermsIO:
    """敏感词，按类别。"""
    found = await asyncio.to_thread(house.catalogue.review_lists.terms)
    return TermsIO(terms=[TermIO.model_validate(vars(t)) for t in found])


@router.put("/terms", summary="增改敏感词 Add or change terms")
async def put_terms(house: InHouse, caller: Reviewer, given: TermsIO, replace: bool = False) -> Changed:
    """增改这些词；replace=true 时全表即此。"""
    _keeper(caller)
    terms = [Term(t.term, t.category, t.reason) for t in given.terms]
    await asyncio.to_thread(lambda: house.catalogue.review_lists.put_terms(terms, replace=replace))
    return Changed(id="terms", detail=f"已存 {len(terms)} 词。")


@router.delete("/terms", summary="去掉一词 Drop a term")
async def delete_term(
    house: InHouse, caller: Reviewer, term: Annotated[str, Query(min_length=1, max_length=80)]
) -> Changed:
    """从表中去掉一词。"""
    _keeper(caller)
    if not await asyncio.to_thread(house.catalogue.review_lists.drop_term, term):
        raise NotFound("没有这个词。")
    return Changed(id=term, detail="已去掉。")


@router.get("/terms/export", summary="导出敏感词表 Terms as a file", response_class=Response)
async def get_terms_export(house: InHouse, caller: Reviewer, form: Form = "csv") -> Response:
    """敏感词表，CSV 或 XLSX，可改后导入。"""
    found = await asyncio.to_thread(house.catalogue.review_lists.terms)
    rows = [(t.term, t.category, t.reason) for t in found]
    return _file(await asyncio.to_thread(write, form, _TERM_HEADERS, rows), form, "terms")


@router.post("/terms/import", summary="导入敏感词表 Terms from a file")
async def post_terms_import(
    house: InHouse,
    caller: Reviewer,
    data: Annotated[bytes, Body(media_type="application/octet-stream", description="CSV 或 XLSX")],
    replace: bool = False,
) -> Changed:
    """从文件导入；整份核对无误才写入。"""
    _keeper(caller)
    rows = await asyncio.to_thread(read, data)
    if not rows or tuple(rows[0][:2]) != _TERM_HEADERS[:2]:
        raise BadInput("表头应是：词、类别、理由代码。", advice="请用导出的敏感词表修改。")
    terms = [Term(*[*row, "", ""][:3]) for row in rows[1:]]
    await asyncio.to_thread(lambda: house.catalogue.review_lists.put_terms(terms, replace=replace))
    return Changed(id="terms", detail=f"已导入 {len(terms)} 词。")

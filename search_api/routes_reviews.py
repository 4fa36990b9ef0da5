"""/v1/reviews: batches, one record at a time, opinions. For staff with a part in the review."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Path, Query, Response

from holdings.access import OPEN
from holdings.catalogue.reviews import NewBatch, Review
from holdings.errors import DanghaiError
from holdings.opinion_forms import HEADERS, FormRow, out_row, read_rows
from holdings.review_rules import DONE
from holdings.sheets import MEDIA_TYPES, read, write
from search_api.callers import InHouse, Reviewer
from search_api.closing import until_gone
from search_api.gathering import gathered
from search_api.hits import date_out
from search_api.house import House
from search_api.machine import look, opinion_of, twins
from search_api.previewing import findable, preview, would_hold
from search_api.records import in_sight, visible
from search_api.reviews_out import (
    batch_out,
    decision_out,
    items_out,
    opinion_out,
    said_of,
    transfer_fields,
    why_not,
)
from search_api.schema import Changed
from search_api.schema_reviews import (
    Assignment,
    BatchesOut,
    BatchMade,
    BatchNew,
    BatchOut,
    BatchPreviewOut,
    FormProblem,
    FormTaken,
    HistoryOut,
    ItemsOut,
    LeftOut,
    OpinionIn,
    PreviewOut,
    ReturnIn,
    ReviewOut,
)

router = APIRouter(prefix="/v1/reviews", tags=["审核 reviews"])

Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
#: Records of a batch a preview builds.
PREVIEWED = 100
NO_STORE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


# ── batches ────────────────────────────────────────────────────────────────────


@router.post("/batches", summary="新批次 A new batch")
async def post_batch(house: InHouse, caller: Reviewer, new: BatchNew) -> BatchMade:
    """从到期清单、全宗案卷、检索或点名成批；不能入批的逐件说明。"""
    ids, source = await gathered(house, new)
    wanted = NewBatch(new.name, new.kind, new.announced, source, new.unit)
    made = await asyncio.to_thread(house.catalogue.reviews.make, wanted, ids, caller)
    left = [LeftOut(record_id=i, why=why) for i, why in made.left_out]
    return BatchMade(id=made.batch_id, taken=made.taken, left_out=left)


@router.get("/batches", summary="批次 Batches")
async def get_batches(
    house: InHouse, caller: Reviewer, before: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None
) -> BatchesOut:
    """批次与进度，新的在前；before 为上一页最后一批的号。"""
    found = await asyncio.to_thread(lambda: house.catalogue.reviews.batches(before=before))
    return BatchesOut(batches=[batch_out(batch) for batch in found])


@router.get("/batches/{batch_id}", summary="一批 One batch")
async def get_batch(house: InHouse, caller: Reviewer, batch_id: Number) -> BatchOut:
    """一批的进度与分派。"""
    return batch_out(await asyncio.to_thread(house.catalogue.reviews.batch, batch_id))


@router.put("/batches/{batch_id}/assigned", summary="分派 Assign a batch")
async def put_assigned(house: InHouse, caller: Reviewer, batch_id: Number, given: Assignment) -> BatchOut:
    """各步派给谁；没有派的步，有此角色的人都可办。"""
    people = {str(step): (who.id, who.name) for step, who in given.steps.items()}
    await asyncio.to_thread(house.catalogue.reviews.assign, batch_id, people)
    return batch_out(await asyncio.to_thread(house.catalogue.reviews.batch, batch_id))


@router.get("/batches/{batch_id}/items", summary="一批的条目 Records of a batch")
async def get_items(
    house: InHouse,
    caller: Reviewer,
    batch_id: Number,
    step: Literal["", "first", "second", "final", "done"] = "",
    after: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
    size: Annotated[int, Query(ge=1, le=200)] = 50,
    machine: Annotated[bool, Query(description="附机器初步意见")] = False,
) -> ItemsOut:
    """一批的条目，可只看等在某一步的。"""

    def found() -> ItemsOut:
        reviews = house.catalogue.reviews.of(batch_id, step=step, after_id=after, limit=size)
        terms = house.catalogue.review_lists.terms() if machine else None
        last = reviews[-1].id if len(reviews) == size else None
        return ItemsOut(items=items_out(house, reviews, terms), after=last)

    return await asyncio.to_thread(found)


@router.get("/batches/{batch_id}/preview", summary="一批开放后的样子 What a batch would open")
async def get_batch_preview(house: InHouse, caller: Reviewer, batch_id: Number) -> BatchPreviewOut:
    """按现有意见，公众将新查到什么：条目、题名与名称；不写入任何索引。"""
    reviews = await asyncio.to_thread(house.catalogue.reviews.of, batch_id)
    opening = [r for r in reviews if r.opinions and r.opinions[-1].said.status == OPEN]
    ids = [r.record_id for r in opening[:PREVIEWED]]
    stored = await asyncio.to_thread(in_sight, house, ids)
    documents = await would_hold(house, [stored[i] for i in ids if i in stored])
    names = await findable(house, documents, ("persons", "creators"))
    titles = [LeftOut(record_id=i, why=stored[i].record.title) for i in ids if i in stored]
    new = [name for name in names if name.new]
    return BatchPreviewOut(records=titles, opening=len(opening), new_names=new, looked_at=len(documents))


# ── the unit's opinion ─────────────────────────────────────────────────────────


@router.get("/batches/{batch_id}/form", summary="征求意见表 The unit's form", response_class=Response)
async def get_form(
    house: InHouse,
    caller: Reviewer,
    batch_id: Number,
    form: Annotated[Literal["csv", "xlsx"], Query(alias="format")] = "xlsx",
) -> Response:
    """送形成或移交单位填写的清单（档案法第三十条）。"""

    def made() -> bytes:
        unit = house.catalogue.reviews.batch(batch_id).unit
        reviews = house.catalogue.reviews.of(batch_id)
        stored = in_sight(house, [r.record_id for r in reviews])
        rows = [
            out_row(r.id, stored[r.record_id].record, r.opinions[-1].said.status if r.opinions else "", unit)
            for r in reviews
            if r.record_id in stored
        ]
        return write(form, HEADERS, rows)

    name = f'attachment; filename="review-{batch_id}.{form}"'
    headers = NO_STORE | {"Content-Disposition": name}
    return Response(await asyncio.to_thread(made), media_type=MEDIA_TYPES[form], headers=headers)


@router.post("/batches/{batch_id}/form", summary="收回意见表 Take a form back")
async def post_form(
    house: InHouse,
    caller: Reviewer,
    batch_id: Number,
    data: Annotated[bytes, Body(media_type="application/octet-stream", description="CSV 或 XLSX")],
) -> FormTaken:
    """逐行收回单位意见；有错的行说明原因，别的行照收。"""

    def taken() -> FormTaken:
        batch = house.catalogue.reviews.batch(batch_id)
        reviews = {r.id: r for r in house.catalogue.reviews.of(batch_id)}
        stored = in_sight(house, [r.record_id for r in reviews.values()])
        seen = {i: r.record_id for i, r in reviews.items() if r.record_id in stored}
        codes = {i: stored[record_id].record.reference_code for i, record_id in seen.items()}
        rows = read_rows(read(data), batch.unit, codes, datetime.now(UTC).date())
        problems = [FormProblem(**_row_problem(row, row.problem)) for row in rows if row.problem]
        done = 0
        for row in rows:
            if row.problem:
                continue
            try:
                house.catalogue.reviews.unit_says(row.review_id, row.said, row.unit, caller)
                done += 1
            except DanghaiError as error:
                problems.append(FormProblem(**_row_problem(row, str(error))))
        return FormTaken(taken=done, problems=sorted(problems, key=lambda p: p.row))

    return await asyncio.to_thread(taken)


def _row_problem(row: FormRow, problem: str) -> dict[str, object]:
    return {"row": row.row, "reference_code": row.reference_code, "problem": problem}


# ── one record ─────────────────────────────────────────────────────────────────


@router.get("/items/{review_id}", summary="审一条 One record under review")
async def get_item(house: InHouse, caller: Reviewer, review_id: Number) -> ReviewOut:
    """一条审核：已有意见、移交时所附、历史、机器初步意见与所见、同一文件在别处的处理。"""
    review = await asyncio.to_thread(house.catalogue.reviews.get, review_id)
    batch = await asyncio.to_thread(house.catalogue.reviews.batch, review.batch_id)
    stored = await visible(house, caller, review.record_id)
    terms = await asyncio.to_thread(house.catalogue.review_lists.terms)
    looked = await asyncio.to_thread(look, house, stored, terms)
    record = stored.record
    history = await asyncio.to_thread(house.catalogue.decisions.of, record.id)
    same, away = await twins(house, looked)
    return ReviewOut(
        id=review.id,
        batch_id=batch.id,
        batch_name=batch.name,
        kind="web" if review.kind == "web" else "opening",
        step=review.step,
        version=review.version,
        record_id=record.id,
        reference_code=record.reference_code,
        title=record.title,
        date=date_out(record.date),
        access_status=record.access_status,
        publicity=record.publicity,
        page_count=stored.page_count,
        transfer=transfer_fields(stored),
        opinions=[opinion_out(o) for o in review.opinions],
        history=[decision_out(d) for d in history],
        first_opinion=await opinion_of(house, looked),
        twins=same,
        twins_away=away,
        why_not=why_not(caller, review, batch),
        next=await asyncio.to_thread(_next, house, review),
    )


def _next(house: House, review: Review) -> int | None:
    """The record of the batch that waits at the same step after this one; else the first that does."""
    step = review.step if review.step != DONE else "final"
    for after in (review.id, 0):
        for found in house.catalogue.reviews.of(review.batch_id, step=step, after_id=after, limit=2):
            if found.id != review.id:
                return found.id
    return None


@router.post("/items/{review_id}/opinions", summary="给意见 Give an opinion")
async def post_opinion(house: InHouse, caller: Reviewer, review_id: Number, given: OpinionIn) -> Changed:
    """给出这一步的意见；终审即定，收回或限制在各索引都撤下之后才返回。别人已先审则 409，不覆盖。"""
    reasons = await asyncio.to_thread(house.catalogue.review_lists.reasons)
    review = await asyncio.to_thread(
        house.catalogue.reviews.give, review_id, given.step, given.version, said_of(given), caller, reasons
    )
    if review.step == DONE:
        await until_gone(house, review.record_id)
    return _changed(house, review)


@router.post("/items/{review_id}/return", summary="退回 Send back")
async def post_return(house: InHouse, caller: Reviewer, review_id: Number, given: ReturnIn) -> Changed:
    """终审退回初审，说明缘由。"""
    review = await asyncio.to_thread(
        house.catalogue.reviews.send_back, review_id, given.version, given.words, caller
    )
    return _changed(house, review)


def _changed(house: House, review: Review) -> Changed:
    extra = {"step": review.step, "version": review.version, "next": _next(house, review)}
    return Changed(id=review.record_id, detail="已记入。", extra=extra)


@router.get("/items/{review_id}/preview", summary="开放后的样子 What the public could find")
async def get_preview(house: InHouse, caller: Reviewer, review_id: Number) -> PreviewOut:
    """这一条若开放并上网，公众索引里将有什么；只构造，不写入。"""
    review = await asyncio.to_thread(house.catalogue.reviews.get, review_id)
    stored = await visible(house, caller, review.record_id)
    return await preview(house, stored)


@router.get("/records/{record_id}/history", summary="开放历史 A record's decisions")
async def get_history(house: InHouse, caller: Reviewer, record_id: str) -> HistoryOut:
    """这一条目历来由谁、何时、为何定为什么，新的在前。"""
    await visible(house, caller, record_id)
    found = await asyncio.to_thread(house.catalogue.decisions.of, record_id)
    return HistoryOut(record_id=record_id, decisions=[decision_out(d) for d in found])

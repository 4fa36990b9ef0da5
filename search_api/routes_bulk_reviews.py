"""/v1/reviews: one opinion for many records, held back until its sample was looked at."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query

from search_api.callers import InHouse, Reviewer
from search_api.closing import until_gone
from search_api.reviews_out import bulk_out, said_of
from search_api.routes_reviews import Number
from search_api.schema_bulk_reviews import BulkApplied, BulkNew, BulkOut, BulksOut, ItemProblem, LookIn
from search_api.schema_volumes import OpenVolumeOut, OpenVolumesOut

router = APIRouter(prefix="/v1/reviews", tags=["审核 reviews"])


@router.get("/volumes", summary="已开放而卷内未开放的案卷 Open volumes whose files are not")
async def get_volumes(
    house: InHouse,
    caller: Reviewer,
    fonds: str | None = None,
    size: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> OpenVolumesOut:
    """案卷的开放不自行及于卷内：以 POST /v1/reviews/batches 的 volume 成批，批量提出意见并说明理由，
    样本逐件看过，初审、复审、终审各由一人。"""
    found = await asyncio.to_thread(lambda: house.catalogue.volumes.listing(fonds=fonds, limit=size))
    return OpenVolumesOut(volumes=[OpenVolumeOut(**vars(one)) for one in found])


@router.post("/batches/{batch_id}/bulks", summary="批量意见 One opinion for many")
async def post_bulk(house: InHouse, caller: Reviewer, batch_id: Number, given: BulkNew) -> BulkOut:
    """对等在这一步的条目提出同一意见，并抽出样本；样本逐件看过且无异议之前，不生效。"""
    reasons = await asyncio.to_thread(house.catalogue.review_lists.reasons)
    bulk = await asyncio.to_thread(
        lambda: house.catalogue.bulk_reviews.propose(
            batch_id, given.step, said_of(given), caller, reasons, review_ids=given.reviews
        )
    )
    return bulk_out(bulk, caller)


@router.get("/batches/{batch_id}/bulks", summary="一批的批量意见 Bulk opinions of a batch")
async def get_bulks(house: InHouse, caller: Reviewer, batch_id: Number) -> BulksOut:
    """这一批的批量意见，新的在前。"""
    found = await asyncio.to_thread(house.catalogue.bulk_reviews.of, batch_id)
    return BulksOut(bulks=[bulk_out(bulk, caller) for bulk in found])


@router.get("/bulks/{bulk_id}", summary="一次批量意见 One bulk opinion")
async def get_bulk(house: InHouse, caller: Reviewer, bulk_id: Number) -> BulkOut:
    """样本与所看。"""
    return bulk_out(await asyncio.to_thread(house.catalogue.bulk_reviews.get, bulk_id), caller)


@router.post("/bulks/{bulk_id}/looks", summary="看过样本 A record of the sample was looked at")
async def post_look(house: InHouse, caller: Reviewer, bulk_id: Number, given: LookIn) -> BulkOut:
    """样本中的一条看过了：同意，或异议（异议即停下整次批量意见）。"""
    bulk = await asyncio.to_thread(
        house.catalogue.bulk_reviews.look, bulk_id, given.review_id, given.agrees, given.words, caller
    )
    return bulk_out(bulk, caller)


@router.post("/bulks/{bulk_id}/apply", summary="批量意见生效 Put a bulk opinion into effect")
async def post_apply(house: InHouse, caller: Reviewer, bulk_id: Number) -> BulkApplied:
    """样本全部看过且无异议之后，由提出的人落实；期间被人先审的条目不动，并逐件说明。"""
    reviews = house.catalogue.reviews
    reasons = await asyncio.to_thread(house.catalogue.review_lists.reasons)
    ends = await asyncio.to_thread(house.catalogue.bulk_reviews.apply, bulk_id, caller, reasons)
    bulk = await asyncio.to_thread(house.catalogue.bulk_reviews.get, bulk_id)
    done = [end.review_id for end in ends if not end.problem]
    if bulk.step == "final":
        for review in await asyncio.to_thread(reviews.many, done):
            await until_gone(house, review.record_id)
    problems = [ItemProblem(review_id=e.review_id, problem=e.problem) for e in ends if e.problem]
    return BulkApplied(done=len(done), problems=problems)

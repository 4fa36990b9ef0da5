"""/v1/offers: the public offers donations and corrections, asks by receipt; staff follow them as 征集."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Body, Path, Query, Response

from holdings.access import Caller
from holdings.catalogue.offers import NewOffer, Offer, OfferWish
from holdings.errors import BadInput, NotFound
from holdings.offer_rules import (
    FILES_FOR,
    MOST_BYTES,
    MOST_FILES,
    MOST_WORDS,
    STATES,
    TYPES,
    Consent,
    Kind,
    State,
    consent,
)
from holdings.sheets import MEDIA_TYPES, write
from search_api.callers import AnyCaller, Collector, InHouse
from search_api.files import StoredFile
from search_api.house import House
from search_api.offering import advance, box_of, shown, take_file
from search_api.records import readable
from search_api.routes_reviews import NO_STORE
from search_api.schema_offers import (
    ConsentOut,
    FileTaken,
    Form,
    OfferIn,
    OfferMade,
    OfferOut,
    OffersOut,
    OfferStanding,
    OfferStepIn,
    OfferTerms,
)
from search_api.wanted import wanted_by

router = APIRouter(prefix="/v1/offers", tags=["征集 offers"])

Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
Receipt = Annotated[str, Path(max_length=40)]
#: Most offers of an export.
EXPORTED = 10_000


# ── the sender ─────────────────────────────────────────────────────────────────


@router.get("/terms", summary="征集须知 What may be offered, and the consent text")
async def get_terms(house: InHouse, caller: AnyCaller) -> OfferTerms:
    """告知同意的文字与版本，附件的种类、个数与大小。"""
    agreed = _consent(house)
    return OfferTerms(
        open=not house.settings.public_only,
        consent=ConsentOut(version=agreed.version, zh=agreed.zh, en=agreed.en),
        files=MOST_FILES,
        bytes=MOST_BYTES,
        types=list(TYPES),
        words=MOST_WORDS,
        days=house.settings.offer_days,
    )


@router.post("", summary="提供线索 Offer a donation or a correction", status_code=201)
async def post_offer(house: InHouse, caller: AnyCaller, given: OfferIn) -> OfferMade:
    """捐赠线索，或对某条目（某页）的勘误。须同意所示文字；得回执号。看不到的条目与没有的条目一样答复。"""
    await _check_about(house, caller, given)
    answers = ("", "", "")
    if given.slug:
        found = await asyncio.to_thread(wanted_by, house, given.slug, given.section)
        answers = (found.slug, found.section, found.wanted)
    agreed = _consent(house)
    if given.consent != agreed.version:
        raise BadInput(
            "没有同意个人信息处理的告知，未收。", advice="请阅读 GET /v1/offers/terms 的文字并同意。"
        )
    new = NewOffer(
        given.kind,
        given.what,
        given.name,
        given.contact,
        given.record_id,
        given.page,
        given.suggested,
        answers,
    )
    made = await asyncio.to_thread(house.catalogue.offers.add, new, agreed)
    said = "已收到。请记下回执号，凭它查询进展、补附文件。Received: keep the receipt number."
    return OfferMade(receipt=made.receipt, detail=said, files_for=FILES_FOR)


@router.post("/receipts/{receipt}/files", summary="附文件 Add a file", status_code=201)
async def post_file(
    house: InHouse,
    caller: AnyCaller,
    receipt: Receipt,
    data: Annotated[bytes, Body(media_type="application/octet-stream", description="图像或 PDF")],
    name: Annotated[str, Query(max_length=200, description="文件名")] = "",
) -> FileTaken:
    """凭回执号附一个文件；看过内容才收，与文件库分开存放，只供征集人员下载。"""
    offer = await asyncio.to_thread(house.catalogue.offers.may_add_file, receipt)
    file = await take_file(house, offer, name, data)
    return FileTaken(number=file.number, left=max(0, MOST_FILES - len(offer.files) - 1))


@router.get("/receipts/{receipt}", summary="查询回执 How an offer stands")
async def get_receipt(house: InHouse, caller: AnyCaller, receipt: Receipt) -> OfferStanding:
    """凭回执号查询：办到哪一步，馆方的话；不显示个人信息与所说内容。"""
    offer = await asyncio.to_thread(house.catalogue.offers.by_receipt, receipt)
    return OfferStanding(
        receipt=offer.receipt,
        kind=offer.kind,
        state=offer.state,
        said=STATES[offer.state],
        files=len(offer.files),
        made_on=offer.made_at.date().isoformat(),
        changed_on=offer.changed_at.date().isoformat(),
        told=offer.steps[-1].told if offer.steps else "",
    )


async def _check_about(house: House, caller: Caller, given: OfferIn) -> None:
    """Errors: BadInput; NotFound, in the same words whether the record is closed or never was."""
    if given.kind == "donation" and (given.record_id or given.page or given.suggested):
        raise BadInput("捐赠线索不针对条目。", advice="要纠正条目，请选勘误。")
    if given.kind == "correction" and given.slug:
        raise BadInput("勘误不应征集。", advice="要应征集，请选捐赠。")
    if given.kind == "correction" and not given.record_id:
        raise BadInput("勘误要指明条目。", advice="请从条目页进入，或填写条目的 id。")
    if given.record_id:
        await readable(house, caller, given.record_id)
    if given.page:
        pages = house.pages(caller)
        if await asyncio.to_thread(pages.get, given.record_id, given.page) is None:
            raise NotFound("没有这一页。")
    elif given.suggested:
        raise BadInput("改正的文字要指明第几页。", advice="请写明页号。")


def _consent(house: House) -> Consent:
    return consent(house.settings.archive_name, house.settings.offer_days)


# ── staff ──────────────────────────────────────────────────────────────────────


@router.get("", summary="征集线索 Offers")
async def get_offers(
    house: InHouse,
    caller: Collector,
    state: Annotated[list[State] | None, Query()] = None,
    kind: Kind | None = None,
    record: Annotated[str, Query(max_length=255, description="只看关于这一条目的")] = "",
    slug: Annotated[str, Query(max_length=120, description="只看应这个展览征集的")] = "",
    before: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
    size: Annotated[int, Query(ge=1, le=200)] = 50,
) -> OffersOut:
    """线索与勘误，新的在前。"""
    wish = OfferWish(tuple(state or ()), kind or "", record, slug, before)
    found = await asyncio.to_thread(lambda: house.catalogue.offers.listing(wish, limit=size))
    return OffersOut(
        offers=await asyncio.to_thread(shown, house, found),
        counts=await asyncio.to_thread(house.catalogue.offers.counts),
        before=found[-1].id if len(found) == size else None,
    )


@router.get("/export", summary="导出征集线索 Offers as a file", response_class=Response)
async def get_export(
    house: InHouse, caller: Collector, form: Annotated[Form, Query(alias="format")] = "xlsx"
) -> Response:
    """全部线索，CSV 或 XLSX；单元格一律是文字，不会被当作公式。含个人信息，请妥善保管。"""
    headers = (
        "编号",
        "种类",
        "状态",
        "说明",
        "称呼",
        "联系方式",
        "档号",
        "页",
        "征集项",
        "附件",
        "收到",
        "最后办理",
    )

    def rows() -> list[tuple[object, ...]]:
        found = shown(house, house.catalogue.offers.listing(OfferWish(), limit=EXPORTED))
        kinds = {"donation": "捐赠", "correction": "勘误"}
        return [
            (
                o.id, kinds[o.kind], o.said, o.what, o.name, o.contact, o.record.reference_code if o.record else "",
                o.page or "", o.wanted, len(o.files), o.made_at[:10], o.changed_at[:10],
            )
            for o in found
        ]  # fmt: skip

    data = await asyncio.to_thread(lambda: write(form, headers, rows()))
    name = f"offers-{datetime.now(UTC).date()}.{form}"
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(data, media_type=MEDIA_TYPES[form], headers=NO_STORE | disposition)


@router.get("/{offer_id}", summary="一条线索 One offer")
async def get_offer(house: InHouse, caller: Collector, offer_id: Number) -> OfferOut:
    """说明、联系方式、附件，谁在何时办到哪一步。"""
    return (await _seen(house, offer_id))[1]


@router.post("/{offer_id}/steps", summary="办理线索 Bring an offer a step on")
async def post_step(house: InHouse, caller: Collector, offer_id: Number, given: OfferStepIn) -> OfferOut:
    """线索→鉴定→协议→接收；谢绝、不予受理写明理由。接收时生成可由 danghai ingest 收进的文件夹；勘误采纳时可存为该页文字的新版本。"""
    offer, _ = await _seen(house, offer_id)
    done = await advance(house, caller, offer, given)
    return (await asyncio.to_thread(shown, house, [done]))[0]


@router.get("/{offer_id}/files/{number}", summary="线索的附件 A file of an offer", response_class=Response)
async def get_file(house: InHouse, caller: Collector, offer_id: Number, number: Number) -> Response:
    """附件，只作下载；未经鉴定，请在防护好的机器上打开。"""
    offer, _ = await _seen(house, offer_id)
    file = next((f for f in offer.files if f.number == number), None)
    if file is None:
        raise NotFound("没有这个附件。")
    path = await asyncio.to_thread(box_of(house).path, offer.id, file)
    return StoredFile(path, file.sha256, media_type="application/octet-stream", filename=file.name)


async def _seen(house: House, offer_id: int) -> tuple[Offer, OfferOut]:
    """Errors: NotFound, also for one about a record that is held for a secrecy mark."""
    offer = await asyncio.to_thread(house.catalogue.offers.get, offer_id)
    out = await asyncio.to_thread(shown, house, [offer])
    if not out:
        raise NotFound("没有这条征集线索。")
    return offer, out[0]

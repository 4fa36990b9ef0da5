"""Offers between HTTP and the catalogue: files looked at before they are kept, donations received, corrections put."""

from __future__ import annotations

import asyncio
import io
import re
import shutil
import warnings
from collections.abc import Sequence
from dataclasses import replace

from PIL import Image

from holdings.access import Caller
from holdings.catalogue.offers import Advance, Offer, OfferFile
from holdings.errors import BadInput, Conflict, NotFound
from holdings.offer_box import OfferBox, package
from holdings.offer_rules import (
    MOST_BYTES,
    MOST_FRAMES,
    MOST_PIXELS,
    STATES,
    TYPES,
    next_states,
)
from holdings.records import PageText
from holdings.store import sha256_of
from search_api.house import House
from search_api.records import corrected, in_sight
from search_api.schema_offers import (
    AboutOut,
    AgreementIO,
    OfferFileOut,
    OfferOut,
    OfferStepIn,
    OfferStepOut,
)

#: Only these are opened, whatever a file is called: nothing that runs another program.
_FORMATS = ("JPEG", "PNG", "TIFF", "WEBP")
_TAKEN = "可以附 JPEG、PNG、TIFF、WebP 图像或 PDF。"
_NAME = re.compile(r"[\x00-\x1f\x7f/\\:*?\"<>|\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")


def box_of(house: House) -> OfferBox:
    return OfferBox(house.settings.offers_dir)


# ── files ──────────────────────────────────────────────────────────────────────


async def take_file(house: House, offer: Offer, name: str, data: bytes) -> OfferFile:
    """Look at a file, keep it apart, note it. Errors: BadInput for what is no such file, or too large; Busy."""
    if not 0 < len(data) <= MOST_BYTES:
        raise BadInput(f"文件是空的，或超过 {MOST_BYTES >> 20} MB。", advice="请缩小后再附。")
    try:
        media_type = await house.images.bounded(lambda: kind_of(data))
    except TimeoutError as error:
        raise BadInput("这个图像太久打不开，没有收。", advice=_TAKEN) from error
    box = box_of(house)
    stored = await asyncio.to_thread(box.put, offer.id, data, media_type)
    file = OfferFile(0, _plain(name, media_type), stored, sha256_of(data), media_type, len(data))
    return await asyncio.to_thread(house.catalogue.offers.add_file, offer.id, file)


def kind_of(data: bytes) -> str:
    """The media type, by what it is and not by what it is called; every image in it is decoded to its end.

    A PDF is known by its beginning and is opened at intake alone, by workers of their own. Errors: BadInput.
    """
    if data.startswith(b"%PDF-"):
        return "application/pdf"
    try:
        with warnings.catch_warnings(), Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            warnings.simplefilter("ignore")
            for number in range(MOST_FRAMES + 1):
                if number == MOST_FRAMES:
                    raise BadInput(f"一个文件至多 {MOST_FRAMES} 幅图像。", advice="请分成几个文件。")
                try:
                    image.seek(number)
                except EOFError:
                    break
                if image.width * image.height > MOST_PIXELS:
                    said = f"图像有 {image.width:,}×{image.height:,} 像素，太大。"
                    raise BadInput(said, advice=f"至多 {MOST_PIXELS // 1_000_000} 百万像素，请缩小后再附。")
                image.load()
            media_type = Image.MIME.get("JPEG" if image.format == "MPO" else image.format or "", "")
    except (Image.DecompressionBombError, MemoryError) as error:
        raise BadInput("图像太大，没有收。", advice="请缩小后再附。") from error
    except (OSError, ValueError, SyntaxError, EOFError, KeyError, TypeError, IndexError) as error:
        raise BadInput("这不是能收的文件，或已损坏。", advice=_TAKEN) from error
    if media_type not in TYPES:
        raise BadInput("不收这种文件。", advice=_TAKEN)
    return media_type


def _plain(name: str, media_type: str) -> str:
    """The sender's name of a file, for people: no paths, no signs that turn writing round, its true ending."""
    stem = _NAME.sub(" ", name).strip(" .").rpartition(".")
    shown = (stem[0] or stem[2]).strip()[:100] or "附件"
    return f"{shown}{TYPES[media_type]}"


# ── steps ──────────────────────────────────────────────────────────────────────


async def advance(house: House, caller: Caller, offer: Offer, given: OfferStepIn) -> Offer:
    """One step of an offer. Errors: BadInput, NotFound, Conflict."""
    if offer.version != given.version or given.to not in next_states(offer.kind, offer.state):
        step = Advance(given.to)  # the catalogue says what is wrong with it
        return await asyncio.to_thread(
            house.catalogue.offers.advance, offer.id, given.version, step, caller.signature
        )
    step = Advance(given.to, given.words, given.told)
    if given.to == "received":
        step = await asyncio.to_thread(_received, house, offer, given, step)
    elif given.to == "accepted" and given.lines is not None:
        number = await asyncio.to_thread(_put_text, house, offer, given.lines, caller)
        step = replace(
            step,
            words="\n".join(filter(None, (step.words, f"已存为第 {offer.page} 页文字的第 {number} 版。"))),
        )
    try:
        return await asyncio.to_thread(
            house.catalogue.offers.advance, offer.id, given.version, step, caller.signature
        )
    except Conflict:
        if step.package:
            await asyncio.to_thread(_not_received, house, offer.id, step.package)
        raise


def _not_received(house: House, offer_id: int, made: str) -> None:
    """Somebody was first: no package lies there of what was not received."""
    if not house.catalogue.offers.get(offer_id).package:
        shutil.rmtree(house.settings.donations_dir / made, ignore_errors=True)


def _received(house: House, offer: Offer, given: OfferStepIn, step: Advance) -> Advance:
    """The donation's intake package, made before the catalogue says that there is one."""
    if given.agreement is None:
        raise BadInput("接收前要写明协议。", advice="请填协议编号、档号与题名。")
    agreement = given.agreement.agreement()
    agreement.check()
    code = agreement.reference_code
    if in_sight(house, list(house.catalogue.records.ids_of_codes([code]).values())):
        raise Conflict(f"档号 {code} 已有条目。", advice="请换一个档号。")
    settings = house.settings
    made = package(
        replace(offer, agreement=agreement), box_of(house), settings.donations_dir, settings.archive_code
    )
    return replace(step, agreement=agreement, package=made)


def _put_text(house: House, offer: Offer, lines: Sequence[str], caller: Caller) -> int:
    """A correction as the moderator has it, a new version of the page's text; its number."""
    page = house.pages(caller).get(offer.record_id, offer.page) if offer.page else None
    if page is None or offer.record_id not in in_sight(house, [offer.record_id]):
        raise NotFound("没有这一页。")
    old = page.text
    text = PageText(
        corrected(old.lines if old else (), lines),
        f"person:{caller.name}"[:120],
        old.rotation if old else 0,
        old.vertical if old else False,
    )
    return house.catalogue.pages.correct(offer.record_id, offer.page, text)


# ── out ────────────────────────────────────────────────────────────────────────


def shown(house: House, offers: Sequence[Offer]) -> list[OfferOut]:
    """As staff see them; what is about a record that is held for a secrecy mark is not there."""
    about = {offer.record_id for offer in offers if offer.record_id}
    codes = [o.agreement.reference_code for o in offers if o.package and o.agreement]
    ids = house.catalogue.records.ids_of_codes(codes)
    seen = {
        i: AboutOut(id=i, reference_code=s.record.reference_code, title=s.record.title)
        for i, s in in_sight(house, sorted({*about, *ids.values()})).items()
    }
    return [_out(o, seen, ids) for o in offers if not o.record_id or o.record_id in seen]


def _out(offer: Offer, seen: dict[str, AboutOut], ids: dict[str, str]) -> OfferOut:
    slug, section, wanted = offer.wanted
    agreed = offer.agreement
    made = ids.get(agreed.reference_code, "") if agreed and offer.package else ""
    return OfferOut(
        id=offer.id,
        receipt=offer.receipt,
        kind=offer.kind,
        state=offer.state,
        said=STATES[offer.state],
        version=offer.version,
        what=offer.what,
        name=offer.name,
        contact=offer.contact,
        record=seen.get(offer.record_id),
        page=offer.page,
        suggested=offer.suggested,
        wanted_slug=slug,
        wanted_section=section,
        wanted=wanted,
        agreement=AgreementIO(**vars(agreed)) if agreed else None,
        package=offer.package,
        taken_in=seen.get(made),
        files=[
            OfferFileOut(
                number=f.number,
                name=f.name,
                media_type=f.media_type,
                size=f.size,
                url=f"/v1/offers/{offer.id}/files/{f.number}",
            )
            for f in offer.files
        ],
        steps=[
            OfferStepOut(state=s.state, words=s.words, told=s.told, by=s.by, at=s.at.isoformat())
            for s in offer.steps
        ],
        next=list(next_states(offer.kind, offer.state)),
        made_at=offer.made_at.isoformat(),
        changed_at=offer.changed_at.isoformat(),
        erased_at=offer.erased_at.isoformat() if offer.erased_at else None,
    )

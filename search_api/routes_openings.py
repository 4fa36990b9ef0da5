"""/v1/openings: the published catalogue of what was opened. Each caller sees of it what they may see now."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import date, datetime
from itertools import islice
from typing import Annotated
from xml.etree import ElementTree as ET

from fastapi import APIRouter, Query, Request, Response

from holdings.access import Caller
from holdings.catalogue.decisions import Decision
from search_api.callers import AnyCaller, InHouse
from search_api.cursors import Cursor, fingerprint
from search_api.hits import date_out
from search_api.house import House
from search_api.schema_openings import OpeningOut, OpeningsOut

router = APIRouter(prefix="/v1/openings", tags=["开放目录 openings"])

FEED = 50
_ATOM = "http://www.w3.org/2005/Atom"
#: Decisions looked up in the records at a time.
_SOME = 100


@router.get("", summary="开放目录 What was opened, newest first")
async def get_openings(
    house: InHouse,
    caller: AnyCaller,
    since: Annotated[date | None, Query(alias="from", description="自此日（含）")] = None,
    until: Annotated[date | None, Query(alias="to", description="至此日（含）")] = None,
    batch: Annotated[str | None, Query(max_length=200, description="公布的批次名")] = None,
    size: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: str | None = None,
) -> OpeningsOut:
    """经审核开放、您可以看到的条目，按公布日期与批次；收回的不再列。"""
    mark = fingerprint("openings", caller.audience, since, until, batch)
    at = house.cursors.decode(cursor, mark) if cursor else Cursor(mark)
    wanted = (since, until, batch)
    found = await asyncio.to_thread(_page, house, caller, wanted, at.after, size + 1)
    more = len(found) > size
    last = found[size - 1][0] if more else None
    following = Cursor(mark, after=f"{last.at.isoformat()}|{last.id}") if last else None
    return OpeningsOut(
        items=[shown for _, shown in found[:size]],
        next=house.cursors.encode(following) if following else None,
    )


@router.get("/feed", summary="开放目录订阅 The same as an Atom feed", response_class=Response)
async def get_feed(request: Request, house: InHouse, caller: AnyCaller) -> Response:
    """最近开放的条目，Atom（RFC 4287）。"""
    found = await asyncio.to_thread(_page, house, caller, (None, None, None), None, FEED)
    body = _atom([shown for _, shown in found], house.settings.archive_name, str(request.base_url))
    return Response(body, media_type="application/atom+xml", headers={"Cache-Control": "no-cache"})


Wanted = tuple[date | None, date | None, str | None]


def _page(
    house: House, caller: Caller, wanted: Wanted, after: str | None, size: int
) -> list[tuple[Decision, OpeningOut]]:
    """The next openings this caller may see: visibility is checked as records stand now, not as decided."""
    place = None
    if after is not None:
        day, _, id_ = after.rpartition("|")
        place = datetime.fromisoformat(day), int(id_)
    decisions = house.catalogue.decisions.opened(place)
    return list(islice(_seen(house, caller, wanted, decisions), size))


def _seen(
    house: House, caller: Caller, wanted: Wanted, decisions: Iterator[Decision]
) -> Iterator[tuple[Decision, OpeningOut]]:
    since, until, batch = wanted
    while some := list(islice(decisions, _SOME)):
        stored = house.records(caller).many([d.record_id for d in some])
        for decision in some:
            day = decision.at.date()
            if since is not None and day < since:
                return
            held = stored.get(decision.record_id)
            if held is None or caller.audience not in held.audiences:
                continue
            if (until is not None and day > until) or (batch is not None and decision.announced != batch):
                continue
            record = held.record
            yield (
                decision,
                OpeningOut(
                    day=day,
                    batch=decision.announced,
                    id=record.id,
                    reference_code=record.reference_code,
                    title=record.title,
                    fonds_code=record.fonds_code,
                    date=date_out(record.date),
                ),
            )


def _atom(items: list[OpeningOut], archive: str, base: str) -> bytes:
    """RFC 4287. Ids are tag URIs of record and day, so that a record opened again is a new entry."""
    ET.register_namespace("", _ATOM)
    feed = ET.Element(f"{{{_ATOM}}}feed")

    def add(parent: ET.Element, name: str, text: str = "", **attributes: str) -> ET.Element:
        made = ET.SubElement(parent, f"{{{_ATOM}}}{name}", attributes)
        made.text = text or None
        return made

    newest = max((item.day for item in items), default=date(1970, 1, 1))
    add(feed, "title", f"{archive} 新开放档案")
    add(feed, "id", f"{base}v1/openings/feed")
    add(feed, "updated", f"{newest}T00:00:00Z")
    add(feed, "link", rel="self", href=f"{base}v1/openings/feed")
    add(add(feed, "author"), "name", archive)
    for item in items:
        entry = add(feed, "entry")
        add(entry, "title", item.title)
        add(entry, "id", f"urn:danghai:opening:{item.id}:{item.day}")
        add(entry, "updated", f"{item.day}T00:00:00Z")
        add(entry, "link", rel="alternate", href=f"{base}v1/records/{item.id}")
        summary = " ".join(filter(None, (item.reference_code, item.date.text, item.batch)))
        add(entry, "summary", summary)
    body: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return body

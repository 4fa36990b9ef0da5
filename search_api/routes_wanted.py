"""What published exhibitions tell the public besides their pages: the wanted list, and a feed of new ones."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from html import escape

from fastapi import APIRouter, Depends, Request, Response
from feedgenerator import Atom1Feed

from curation.edition import Edition
from search_api.callers import InHouse, get_visitor
from search_api.files import PRIVATE
from search_api.guarding import EXHIBITIONS
from search_api.published import heads
from search_api.schema import Shape
from search_api.wanted import wanted

#: The feed is to be found before any exhibition: include this router first.
router = APIRouter(tags=["展览 exhibitions"], dependencies=[Depends(get_visitor)])

#: Exhibitions of the feed, the latest.
MOST = 50
#: What XML 1.0 cannot carry.
_NO_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class WantedItem(Shape):
    slug: str
    exhibition: str
    section: str
    heading: str
    wanted: str


class WantedOut(Shape):
    wanted: list[WantedItem]


@router.get("/v1/wanted", summary="征集清单 What exhibitions still look for")
async def get_wanted(house: InHouse) -> WantedOut:
    """已发布的展览各单元还缺什么；应征集以 slug 与 section 指明。"""
    found = await asyncio.to_thread(wanted, house)
    return WantedOut(wanted=[WantedItem(**vars(one)) for one in found])


@router.get(f"{EXHIBITIONS}/feed.xml", summary="新展订阅 Feed of new exhibitions", response_class=Response)
async def get_feed(request: Request, house: InHouse) -> Response:
    """新发布的展览，Atom 1.0。"""
    editions = await asyncio.to_thread(heads, house)
    base = f"{request.base_url}".rstrip("/")
    body = await asyncio.to_thread(feed, editions[:MOST], house.settings.archive_name, f"{base}{EXHIBITIONS}")
    name = blake2b(body, digest_size=16).hexdigest()
    headers = {**PRIVATE, "ETag": f'"{name}"'}
    if f'"{name}"' in request.headers.get("If-None-Match", ""):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/atom+xml", headers=headers)


class _Feed(Atom1Feed):  # type: ignore[misc]  # it has no types
    """Says of an empty feed always the same: the library would say "now"."""

    def latest_post_date(self) -> datetime:
        dates = [item["pubdate"] for item in self.items]
        return max(dates, default=datetime(2026, 1, 1, tzinfo=UTC))


def feed(editions: Sequence[Edition], archive: str, address: str) -> bytes:
    """The feed of these exhibitions, the latest first. address: of them all, without a slash at its end."""
    made = _Feed(
        title=_plain(f"{archive}：展览"),
        link=f"{address}/",
        description="",
        language="zh-CN",
        author_name=_plain(archive),
        feed_url=f"{address}/feed.xml",
    )
    for edition in editions:
        there = f"{address}/{edition.slug}/"
        made.add_item(
            title=_plain(edition.title),
            link=there,
            # The library calls a summary HTML: what is no markup is made none.
            description=escape(_plain("\n".join(filter(None, (edition.subtitle, edition.lead))))),
            unique_id=f"{there}#{edition.number}",
            pubdate=datetime.fromisoformat(edition.made_on).replace(tzinfo=UTC),
        )
    return str(made.writeString("utf-8")).encode()


def _plain(text: str) -> str:
    return _NO_XML.sub("", text)

"""Which records a new batch takes: from the due list, a place in the holdings, a search, or named ones."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice

from holdings.access import STAFF
from holdings.catalogue.due import DueWish
from holdings.catalogue.reviews import MOST
from holdings.engines.port import FacetIn, Node, Question, Sort
from holdings.errors import BadInput
from search_api.asking import Asked, question
from search_api.house import House
from search_api.records import AS_STAFF, visible
from search_api.schema_reviews import BatchNew
from search_api.understand import understand

_FILES = FacetIn("level", ("file",))


async def gathered(house: House, new: BatchNew) -> tuple[list[str], str]:
    """Ids in order, and where they come from, for people. Errors: BadInput; the engine's."""
    given = [name for name in ("due", "volume", "within", "q", "ids") if getattr(new, name) is not None]
    if len(given) != 1:
        raise BadInput("要说明从哪里取条目。", advice="due、volume、within、q、ids 中给一个。")
    if new.due is not None:
        wish = DueWish(new.due.fonds, new.due.year_from, new.due.year_to, new.due.early)
        today = datetime.now(UTC).date()
        limit = new.due.limit

        def due() -> list[str]:
            return list(islice(house.catalogue.due.ids(today, wish, limit=limit), limit))

        years = "–".join(str(y) for y in (new.due.year_from, new.due.year_to) if y)
        said = " ".join(filter(None, ("到期清单", new.due.fonds or "", years)))
        return await asyncio.to_thread(due), said
    if new.volume is not None:
        if new.kind != "opening":
            raise BadInput("案卷的开放及于卷内，是开放审核。", advice="kind 请用 opening。")
        stored = await visible(house, AS_STAFF, new.volume)
        files = await asyncio.to_thread(house.catalogue.volumes.files, new.volume)
        return files, f"案卷 {stored.record.reference_code} 的开放及于卷内"
    if new.within is not None:
        return await _all(house, (_FILES, FacetIn("ancestors", (new.within,)))), f"全宗或案卷 {new.within}"
    if new.q is not None:
        understood = understand(new.q, house.segmenter)
        asked = question(Asked(text=new.q, mode="words"), understood, None)
        return await _all(house, (*asked.must, _FILES), asked), f"检索 {new.q}"
    return list(new.ids or ()), "点名"


async def _all(house: House, must: tuple[Node, ...], asked: Question | None = None) -> list[str]:
    """Every staff record under these constraints, in order of reference code; at most MOST + 1."""
    base = asked or Question()
    wanted = replace(base, must=must, sort=Sort.CODE, facets=(), histogram=False, post_filters={}, depth=1000)
    found: list[str] = []
    while len(found) <= MOST:
        answer = await house.ask(STAFF, wanted)
        found += answer.words.ids()
        if answer.after is None:
            break
        wanted = replace(wanted, after=answer.after, snapshot=answer.snapshot)
    return found[: MOST + 1]

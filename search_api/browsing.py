"""The tree of holdings as an audience sees it: 全宗 → 目录 → 案卷 → 件, by what lies below.

A node shows when the caller can reach a file below it (the audience's index says so) or may see the
node itself; a closed node shows only as its code.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from holdings.access import Caller
from holdings.catalogue import StoredRecord
from holdings.engines.port import FacetIn, Question, Sort
from holdings.errors import NotFound
from search_api.cursors import Cursor, fingerprint
from search_api.hits import date_out
from search_api.house import House
from search_api.problems import NO_SUCH_THING
from search_api.records import ancestor, ancestors
from search_api.schema import BrowseItem, BrowseOut

#: More nodes than this below one node are counted in several questions.
NODES = 10_000
FILES = FacetIn("level", ("file",))


async def browse(
    house: House, caller: Caller, parent: str | None, size: int, cursor_text: str | None
) -> BrowseOut:
    """Nodes below `parent` (None: the fonds), then the files that lie directly in it.

    Errors: NotFound for a node below which the caller sees nothing.
    """
    mark = fingerprint("browse", caller.audience, parent)
    cursor = house.cursors.decode(cursor_text, mark) if cursor_text else Cursor(mark)
    counts = await _counts(house, caller, parent)
    records = house.records(caller)
    path = []
    if parent is not None:
        node = await asyncio.to_thread(records.get, parent)
        if node is None or (not counts and caller.audience not in node.audiences):
            raise NotFound(NO_SUCH_THING)
        path = [*await asyncio.to_thread(ancestors, house, caller, parent), ancestor(node, caller)]
    items: list[BrowseItem] = []
    if cursor_text is None:
        items = await asyncio.to_thread(_nodes, house, caller, parent, counts)
    files, following = await _files(house, caller, parent, size, cursor) if parent else ([], None)
    return BrowseOut(
        parent=parent,
        path=path,
        items=[*items, *files],
        next=house.cursors.encode(following) if following else None,
    )


async def _counts(house: House, caller: Caller, parent: str | None) -> dict[str, int]:
    """node id → files the caller can reach below it."""
    inside = (FILES,) if parent is None else (FILES, FacetIn("ancestors", (parent,)))
    asked = Question(must=inside, facets=("ancestors",), facet_size=NODES, sort=Sort.CODE, depth=1)
    answer = await house.ask(caller.audience, asked)
    return {c.value: c.count for c in answer.facets["ancestors"]}


def _nodes(house: House, caller: Caller, parent: str | None, counts: dict[str, int]) -> list[BrowseItem]:
    nodes: list[StoredRecord] = []
    after = ""
    records = house.records(caller)
    while found := records.children(parent, after=after, levels=("fonds", "series", "volume")):
        nodes += [n for n in found if n.record.id in counts or caller.audience in n.audiences]
        after = found[-1].sort_code
    return [_item(n, caller, counts.get(n.record.id, 0)) for n in nodes]


async def _files(
    house: House, caller: Caller, parent: str, size: int, cursor: Cursor
) -> tuple[list[BrowseItem], Cursor | None]:
    asked = Question(
        must=(FILES, FacetIn("parent", (parent,))),
        sort=Sort.CODE,
        depth=size,
        after=cursor.after,
        snapshot=cursor.snapshot,
    )
    answer = await house.ask(caller.audience, asked)
    ids = answer.words.ids()
    stored = await asyncio.to_thread(house.records(caller).many, ids)
    items = [
        _item(stored[i], caller, 1) for i in ids if i in stored and caller.audience in stored[i].audiences
    ]
    following = replace(cursor, after=answer.after, snapshot=answer.snapshot) if answer.after else None
    return items, following


def _item(stored: StoredRecord, caller: Caller, count: int) -> BrowseItem:
    record = stored.record
    open_ = caller.audience in stored.audiences
    return BrowseItem(
        id=record.id if open_ else None,
        node=record.id,
        reference_code=record.reference_code,
        title=record.title if open_ else record.reference_code,
        level=record.level,
        date=date_out(record.date) if open_ else date_out(type(record.date)()),
        introduction=(record.agency_history or record.abstract) if open_ else "",
        count=count,
        pages=stored.page_count if open_ else 0,
    )

"""The writing side of the Elasticsearch engine: one per installation.

What is written waits in memory until `commit`, which sends it, makes it visible by one refresh, and tells
readers by the audience's state document. A kill before that loses what waits; the catalogue's outbox still
holds it. A kill in the middle of it leaves documents whole and unseen until the next commit.

A rebuild fills a new generation beside the live one and switches the alias in one step. A generation that it
left and that is kept only loses: whatever is written or withdrawn leaves it, so that going back is filling in
what it lacks, and nothing withdrawn returns.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from holdings.access import AUDIENCES
from holdings.engines.common import REBUILD, check_writable, meaning_off
from holdings.engines.elasticsearch_client import Action, Cluster, Missing, Outcome, bulk
from holdings.engines.elasticsearch_index import Indexes, Made, documents_of
from holdings.engines.elasticsearch_mapping import (
    Names,
    State,
    check,
    index_settings,
    mappings,
    number_of,
    source,
    state_index,
)
from holdings.engines.port import Document, MadeWith, Row
from holdings.errors import BadInput, Conflict, IndexMismatch, IndexMissing

_log = logging.getLogger(__name__)


@dataclass
class _Building:
    """A generation that is being filled. touched: ids written or deleted since that began, or went on."""

    index: str
    touched: set[str] = field(default_factory=set)
    dead: int = 0

    def took(self, outcome: Outcome) -> None:
        self.dead += outcome.updated + outcome.deleted


@dataclass
class _Audience:
    """One audience's live generation, what waits for the commit (None: a deletion), and a rebuild."""

    live: Made
    state: State
    waiting: dict[str, Document | None] = field(default_factory=dict)
    building: _Building | None = None


class ElasticsearchWriter:
    """holdings.engines.port.IndexWriter on a cluster."""

    def __init__(self, cluster: Cluster, made_with: MadeWith, audiences: Sequence[str] = AUDIENCES) -> None:
        self._cluster = cluster
        self._made_with = made_with
        self._audiences = audiences
        self._opened: Indexes | None = None
        self._at: dict[str, _Audience] = {}

    @property
    def _indexes(self) -> Indexes:
        assert self._opened is not None, "open() comes first"
        return self._opened

    # ── opening ─────────────────────────────────────────────────────────────────

    async def open(self) -> None:
        """Make the indexes that are missing, remove what a rebuild cut short left. Errors: EngineAway; what
        could not be made is made when it is first written to."""
        self._connect()
        for audience in self._audiences:
            await self._audience(audience)

    def _connect(self) -> None:
        if self._opened is None:
            self._opened = Indexes(self._cluster.connect(), Names(self._cluster.prefix))

    async def _audience(self, audience: str) -> _Audience:
        """The audience's live generation, made when there is none."""
        if audience in self._at:
            return self._at[audience]
        names, alias = self._indexes.names, self._indexes.names.alias(audience)
        if not self._at:
            await self._indexes.create(names.state, **state_index(self._cluster.replicas))
        try:
            live = await self._indexes.made(alias)
        except Missing:
            await self._start(names.generation(audience, 1), alias)
            live = await self._indexes.made(alias)
        state = (await self._indexes.states([audience])).get(audience) or State("")
        at = self._at[audience] = _Audience(live, state)
        if state.index != live.index:
            # A kill came between the switch of the alias and the word to the readers.
            kept = state.kept if state.kept != live.index else ""
            await self._tell(audience, State(live.index, state.commit + 1, kept=kept))
        if at.state.withdrawn % 2:
            await self._indexes.refresh(live.index)
            await self._tell(audience, replace(at.state, withdrawn=at.state.withdrawn + 1))
        await self._take_up(audience, at)
        return at

    async def _take_up(self, audience: str, at: _Audience) -> None:
        """Go on with a generation that a kill cut short, where it can still be finished; remove what is of no
        more use."""
        there = await self._indexes.generations(audience)
        building, kept = at.state.building, at.state.kept
        if building in there and await self._is_mine(building):
            at.building = _Building(building)
        used = replace(
            at.state,
            building=building if at.building else "",
            kept=kept if kept in there and kept not in (building, at.live.index) else "",
        )
        if used != at.state:
            await self._tell(audience, used)
        for index in there:
            if index not in (at.live.index, used.building, used.kept):
                await self._indexes.remove(index)

    async def _is_mine(self, index: str) -> bool:
        with suppress(IndexMismatch):
            return (await self._indexes.made(index)).made_with == self._made_with
        return False

    async def _start(self, index: str, alias: str | None = None) -> None:
        aliases: dict[str, Any] = {"aliases": {alias: {}}} if alias else {}
        settings = index_settings(self._cluster.shards, self._cluster.replicas)
        await self._indexes.create(index, settings=settings, mappings=mappings(self._made_with), **aliases)

    async def _tell(self, audience: str, state: State) -> None:
        """Write the state, which readers read by id."""
        await self._indexes.ask(
            lambda: self._indexes.client.index(
                index=self._indexes.names.state, id=audience, document=state.to_source()
            )
        )
        self._at[audience].state = state

    # ── writing ─────────────────────────────────────────────────────────────────

    async def write(self, audience: str, documents: Sequence[Document], deletes: Sequence[str] = ()) -> None:
        """Errors: BadInput before anything is taken, IndexMismatch, EngineAway."""
        at = await self._target(audience)
        for document in documents:
            check(document, self._made_with.dimension)
        at.waiting.update(dict.fromkeys(deletes))
        at.waiting.update((document.id, document) for document in documents)
        if at.building:
            at.building.touched.update(deletes, (document.id for document in documents))

    async def add_rows(self, audience: str, rows: Mapping[str, Sequence[Row]]) -> list[str]:
        """Every id: a cluster keeps no words to make a document again from, so it has to be written whole."""
        return list(rows)

    async def _target(self, audience: str) -> _Audience:
        """Where documents go. Raises IndexMismatch when the live generation was made with something else
        and no rebuild is under way."""
        at = await self._audience(audience)
        if at.building is None:
            check_writable(at.live.made_with, self._made_with, audience)
        return at

    async def commit(self, audience: str) -> None:
        """Errors: EngineAway (what waits goes on waiting), BadInput for a document that is refused,
        IndexMissing when somebody removed the index."""
        at = await self._target(audience)
        if not at.waiting:
            return
        try:
            await self._commit(audience, at)
        except Missing as error:
            del self._at[audience]
            raise IndexMissing(f"索引 {audience} 已被移除：{error}。", advice=REBUILD) from error

    async def _commit(self, audience: str, at: _Audience) -> None:
        waiting = dict(at.waiting)
        refused: dict[str, str] = {}
        await self._forget(audience, at, list(waiting))
        if at.building:
            outcome = await bulk(self._indexes.client, at.building.index, _actions(waiting))
            at.building.took(outcome)
            refused |= outcome.refused
        refused |= await self._commit_live(audience, at, _actions(self._fitting(at.live, waiting)))
        for id_, made in waiting.items():
            if at.waiting.get(id_, waiting) is made:  # not written again meanwhile
                del at.waiting[id_]
        _complain(refused)

    def _fitting(self, live: Made, waiting: dict[str, Document | None]) -> dict[str, Document | None]:
        """What an index takes: without rows where another encoder made it, nothing where its words are
        other ones. What is withdrawn it loses all the same."""
        with suppress(IndexMismatch):
            if live.made_with == self._made_with:
                return waiting
            if not live.made_with.words_unlike(self._made_with):
                return {id_: made and replace(made, rows=()) for id_, made in waiting.items()}
        return {id_: made for id_, made in waiting.items() if made is None}

    async def _commit_live(self, audience: str, at: _Audience, actions: Sequence[Action]) -> dict[str, str]:
        """Send, make visible, tell readers; what was refused."""
        if await self._known(at.live.index, [action.id for action in actions if action.source is None]):
            # Odd, also after a commit that a lost node cut short: what is read meanwhile ends with it.
            begun = at.state.withdrawn + 1 + at.state.withdrawn % 2
            await self._tell(audience, replace(at.state, withdrawn=begun))
        alias = self._indexes.names.alias(audience)
        outcome = await bulk(self._indexes.client, alias, actions, alias=True)
        await self._indexes.refresh(at.live.index)
        state = replace(
            at.state,
            commit=at.state.commit + 1,
            withdrawn=at.state.withdrawn + at.state.withdrawn % 2,
            dead=at.state.dead + outcome.updated + outcome.deleted,
        )
        await self._tell(audience, state)
        return outcome.refused

    async def _forget(self, audience: str, at: _Audience, ids: Sequence[str]) -> None:
        """What is written or withdrawn leaves the generation that is kept."""
        if not at.state.kept:
            return
        try:
            outcome = await bulk(self._indexes.client, at.state.kept, [Action(id_, None) for id_ in ids])
        except Missing:  # somebody removed it
            await self._tell(audience, replace(at.state, kept=""))
            return
        if outcome.refused:  # it might come back with what was withdrawn
            await self.drop_kept(audience)

    async def _known(self, index: str, ids: Sequence[str]) -> list[str]:
        """Those of the ids that the index holds, as last written."""
        found: list[str] = []
        for start in range(0, len(ids), 1_000):
            part = list(ids[start : start + 1_000])
            answer = await self._indexes.ask(
                lambda part=part: self._indexes.client.mget(  # type: ignore[misc]
                    index=index, ids=part, source=False, filter_path="docs._id,docs.found,docs.error"
                )
            )
            found += [document["_id"] for document in documents_of(answer) if document.get("found")]
        return found

    # ── rebuilding ──────────────────────────────────────────────────────────────

    async def begin_rebuild(self, audience: str, *, back: bool = False) -> None:
        at = await self._audience(audience)
        kept = at.state.kept
        if back and kept:
            if not await self._is_mine(kept):
                raise IndexMismatch(
                    f"保留的旧索引 {kept} 的制作条件与现在不同。",
                    advice="请先换回当时的词典与模型，再运行：danghai index rollback",
                )
            await self.abandon_rebuild(audience)
            await self._tell(audience, replace(at.state, building=kept, kept=""))
            at.building = _Building(kept)
        elif at.building is None and back:
            raise Conflict("没有保留旧索引，无从退回。")
        elif at.building is None:
            numbers = [number_of(index) for index in await self._indexes.generations(audience)]
            index = self._indexes.names.generation(audience, max(numbers) + 1)
            await self._start(index)
            await self._tell(audience, replace(at.state, building=index))
            at.building = _Building(index)

    async def rebuilding(self) -> list[str]:
        return [audience for audience, at in self._at.items() if at.building]

    async def fill(self, audience: str, documents: Sequence[Document]) -> None:
        """Errors: BadInput, EngineAway."""
        building = self._building(audience)
        fresh = [made for made in documents if made.id not in building.touched]
        for document in fresh:
            check(document, self._made_with.dimension)
        outcome = await bulk(
            self._indexes.client, building.index, (Action(made.id, source(made)) for made in fresh)
        )
        building.took(outcome)
        _complain(outcome.refused)

    async def finish_rebuild(self, audience: str, *, keep: bool = False) -> None:
        """Errors: EngineAway."""
        at, building = self._at[audience], self._building(audience)
        await self.commit(audience)
        await self._indexes.refresh(building.index)
        if not await self._indexes.copied(building.index):
            # Better than none: the old one may be of a model that no longer answers, and the catalogue has all.
            _log.warning("索引 %s 的副本还没有备齐就启用：此时失去节点须重建。", building.index)
        old, former, kept = at.live.index, at.state.kept, at.live.index if keep else ""
        if kept != former:
            await self._tell(audience, replace(at.state, kept=kept))
        alias = self._indexes.names.alias(audience)
        actions = [
            {"add": {"index": building.index, "alias": alias}},
            {"remove": {"index": old, "alias": alias}},
        ]
        await self._indexes.ask(lambda: self._indexes.client.indices.update_aliases(actions=actions))
        at.live, at.building = await self._indexes.made(building.index), None
        await self._tell(audience, State(building.index, at.state.commit + 1, dead=building.dead, kept=kept))
        for index in {old, former} - {kept, ""}:
            await self._indexes.remove(index)

    def _building(self, audience: str) -> _Building:
        building = self._at[audience].building if audience in self._at else None
        if building is None:
            raise Conflict(f"索引 {audience} 没有正在进行的重建。")
        return building

    async def abandon_rebuild(self, audience: str) -> None:
        at = self._at.get(audience)
        if at and at.building:
            index, at.building = at.building.index, None
            await self._tell(audience, replace(at.state, building=""))
            await self._indexes.remove(index)

    async def drop_kept(self, audience: str) -> None:
        at = await self._audience(audience)
        if index := at.state.kept:
            await self._tell(audience, replace(at.state, kept=""))
            await self._indexes.remove(index)

    async def drop(self, audience: str) -> None:
        self._connect()
        self._at.pop(audience, None)
        with suppress(Missing):
            await self._indexes.ask(
                lambda: self._indexes.client.delete(index=self._indexes.names.state, id=audience)
            )
        for index in await self._indexes.generations(audience):
            await self._indexes.remove(index)

    # ── looking ─────────────────────────────────────────────────────────────────

    async def versions(self, audience: str) -> dict[str, int]:
        at = await self._target(audience)
        index = at.building.index if at.building else at.live.index
        if at.building:
            await self._indexes.refresh(index)
        found: dict[str, int] = {}
        async for part in self._indexes.walk(index):
            found |= part
        for id_, document in at.waiting.items():
            found.pop(id_, None)
            if document is not None:
                found[id_] = document.version
        return found

    async def without_meaning(self) -> list[str]:
        found: list[str] = []
        for audience, at in self._at.items():
            with suppress(IndexMismatch):
                if meaning_off(at.live.made_with, self._made_with, audience):
                    found.append(audience)
        return found

    async def close(self) -> None:
        """What waits is dropped."""
        if self._opened is not None:
            self._at.clear()
            await self._opened.client.close()
            self._opened = None


def _actions(waiting: Mapping[str, Document | None]) -> list[Action]:
    return [Action(id_, source(made) if made else None) for id_, made in waiting.items()]


def _complain(refused: dict[str, str]) -> None:
    """Raises BadInput when the cluster refused documents; the others of their batch are written."""
    if refused:
        shown = "；".join(f"{id_}: {reason}" for id_, reason in list(refused.items())[:5])
        raise BadInput(f"Elasticsearch 拒收 {len(refused)} 条：{shown}")

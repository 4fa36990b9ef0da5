"""The writing side of the Elasticsearch engine: one per installation.

What is written waits in memory until `commit`, which sends it, makes it visible by one refresh, and tells
readers by the audience's state document. A kill before that loses what waits; the catalogue's outbox still
holds it. A kill in the middle of it leaves documents whole and unseen until the next commit.

A rebuild fills a new generation beside the live one and switches the alias in one step.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from elasticsearch import BadRequestError

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
from holdings.errors import BadInput, Conflict, DanghaiError, IndexMismatch, IndexMissing

_log = logging.getLogger(__name__)


@dataclass
class _Building:
    """A generation that is being filled. touched: ids written or deleted since it began.
    holds: id → version of what it must hold in the end."""

    index: str
    touched: set[str] = field(default_factory=set)
    holds: dict[str, int] = field(default_factory=dict)
    dead: int = 0

    def took(self, documents: Mapping[str, Document | None], outcome: Outcome) -> None:
        for id_, document in documents.items():
            self.holds.pop(id_, None)
            if document is not None and id_ not in outcome.refused:
                self.holds[id_] = document.version
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
        if self._opened is None:
            self._opened = Indexes(self._cluster.connect(), Names(self._cluster.prefix))
        for audience in self._audiences:
            await self._audience(audience)

    async def _create(self, index: str, **body: object) -> None:
        """Make an index unless it is there."""
        create = self._indexes.client.indices.create
        try:
            await self._indexes.ask(lambda: create(index=index, **body))  # type: ignore[arg-type]
        except DanghaiError as error:
            cause = error.__cause__
            if not (isinstance(cause, BadRequestError) and "already_exists" in str(cause)):
                raise

    async def _audience(self, audience: str) -> _Audience:
        """The audience's live generation, made when there is none."""
        if audience in self._at:
            return self._at[audience]
        names, alias = self._indexes.names, self._indexes.names.alias(audience)
        if not self._at:
            await self._create(names.state, **state_index(self._cluster.replicas))
        try:
            live = await self._indexes.made(alias)
        except Missing:
            await self._start(names.generation(audience, 1), alias)
            live = await self._indexes.made(alias)
        for index in await self._generations(audience):
            if index != live.index:
                await self._remove(index)
        state = (await self._indexes.states([audience])).get(audience)
        at = self._at[audience] = _Audience(live, state or State(live.index))
        if state is None or state.index != live.index:
            # A kill came between the switch of the alias and the word to the readers.
            await self._tell(audience, State(live.index))
        if at.state.withdrawn % 2:
            await self._indexes.refresh(live.index)
            await self._tell(audience, replace(at.state, withdrawn=at.state.withdrawn + 1))
        return at

    async def _start(self, index: str, alias: str | None = None) -> None:
        aliases: dict[str, Any] = {"aliases": {alias: {}}} if alias else {}
        settings = index_settings(self._cluster.shards, self._cluster.replicas)
        await self._create(index, settings=settings, mappings=mappings(self._made_with), **aliases)

    async def _generations(self, audience: str) -> list[str]:
        pattern = self._indexes.names.generations(audience)
        found = await self._indexes.ask(
            lambda: self._indexes.client.indices.get(
                index=pattern, features="aliases", allow_no_indices=True, expand_wildcards="all"
            )
        )
        return sorted(found)

    async def _remove(self, index: str) -> None:
        with suppress(Missing):
            await self._indexes.ask(lambda: self._indexes.client.indices.delete(index=index))

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
        if at.building:
            outcome = await bulk(self._indexes.client, at.building.index, _actions(waiting))
            at.building.took(waiting, outcome)
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

    async def begin_rebuild(self, audience: str) -> None:
        at = await self._audience(audience)
        await self.abandon_rebuild(audience)
        numbers = [number_of(index) for index in await self._generations(audience)]
        index = self._indexes.names.generation(audience, max(numbers) + 1)
        await self._start(index)
        at.building = _Building(index)

    async def fill(self, audience: str, documents: Sequence[Document]) -> None:
        """Errors: BadInput, EngineAway."""
        building = self._building(audience)
        fresh = [made for made in documents if made.id not in building.touched]
        for document in fresh:
            check(document, self._made_with.dimension)
        outcome = await bulk(
            self._indexes.client, building.index, (Action(made.id, source(made)) for made in fresh)
        )
        building.took({made.id: made for made in fresh}, outcome)
        _complain(outcome.refused)

    async def finish_rebuild(self, audience: str) -> None:
        """Errors: Conflict when the new generation does not hold what was written; it is not switched to."""
        at, building = self._at[audience], self._building(audience)
        await self.commit(audience)
        await self._indexes.refresh(building.index)
        await self._verify(audience, building)
        old, alias = at.live.index, self._indexes.names.alias(audience)
        actions = [
            {"add": {"index": building.index, "alias": alias}},
            {"remove": {"index": old, "alias": alias}},
        ]
        await self._indexes.ask(lambda: self._indexes.client.indices.update_aliases(actions=actions))
        at.live, at.building = await self._indexes.made(building.index), None
        await self._tell(audience, State(building.index, at.state.commit + 1, dead=building.dead))
        await self._remove(old)

    async def _verify(self, audience: str, building: _Building) -> None:
        """Every id and version that was written, and no other. Errors: Conflict."""
        count = wrong = 0
        async for part in self._indexes.walk(building.index):
            count += len(part)
            wrong += sum(building.holds.get(id_) != version for id_, version in part.items())
        if wrong or count != len(building.holds):
            raise Conflict(
                f"重建的索引 {audience} 与所写不符（{count} 条，应有 {len(building.holds)} 条，{wrong} 条版本不符），"
                "未予启用。",
                advice=REBUILD,
            )

    def _building(self, audience: str) -> _Building:
        building = self._at[audience].building if audience in self._at else None
        if building is None:
            raise Conflict(f"索引 {audience} 没有正在进行的重建。")
        return building

    async def abandon_rebuild(self, audience: str) -> None:
        at = self._at.get(audience)
        if at and at.building:
            index, at.building = at.building.index, None
            await self._remove(index)

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
        """What waits is dropped; an unfinished rebuild too."""
        if self._opened is None:
            return
        try:
            for audience in self._at:
                await self.abandon_rebuild(audience)
        except DanghaiError as error:
            _log.warning("an unfinished rebuild stays until the next start: %s", error)
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

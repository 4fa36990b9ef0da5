"""The reading side of the Elasticsearch engine.

A reader keeps nothing but points in time: each is one state of one audience's index, shared by all
questions until the writer's next commit, which the state document tells. Both legs, totals and facets are
searched in the same one, in one request. Any process may go on in another's point in time, for a
snapshot's name carries it.
"""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from holdings.engines.common import MOST_LOOKED, REBUILD, check_question, check_readable, middle
from holdings.engines.elasticsearch_client import TRIES, Cluster, Missing, away, pause
from holdings.engines.elasticsearch_hits import (
    Passages,
    composed,
    cut_falls,
    hits_of,
    meaning_leg,
    offered_values,
    passages_of,
    total_of,
)
from holdings.engines.elasticsearch_index import Indexes, Made
from holdings.engines.elasticsearch_mapping import ID, OFFERED, ROW_COUNT, ROWS, Names, State
from holdings.engines.elasticsearch_query import (
    EVERYTHING,
    MEANING,
    MOST_CANDIDATES,
    SLACK,
    Body,
    best_passages,
    containing,
    nearest,
    searches,
)
from holdings.engines.legs import NOTHING, Leg
from holdings.engines.port import (
    Answer,
    IndexStatus,
    MadeWith,
    Question,
    Row,
    Vector,
)
from holdings.errors import EngineAway, IndexMismatch, IndexMissing

T = TypeVar("T")
#: Documents whose rows are read together.
AT_ONCE = 200
_log = logging.getLogger(__name__)

#: Seconds for which the last look at a state holds, unless `refresh` asks for another.
LOOK_EVERY = 0.5
#: Points in time kept for those who turn pages, and seconds each is kept.
KEPT, KEPT_SECONDS = 8, 600.0


@dataclass(frozen=True)
class Snapshot:
    """One state of one audience's index, as long as the cluster keeps its point in time.

    mismatch: why the meaning leg is off; "" if it is not.
    """

    state: State
    made: Made
    point: str
    mismatch: str = ""

    @property
    def has_meaning(self) -> bool:
        return self.made.made_with.dimension > 0 and not self.mismatch

    @property
    def name(self) -> str:
        packed = json.dumps([self.state.index, self.state.withdrawn, self.point])
        return base64.urlsafe_b64encode(packed.encode()).decode()

    def named(self, name: str) -> Snapshot | None:
        """The snapshot of that name, unless something was withdrawn or rebuilt since."""
        try:
            index, withdrawn, point = json.loads(base64.urlsafe_b64decode(name.encode()))
        except (ValueError, TypeError):
            return None
        same = (index, withdrawn) == (self.state.index, self.state.withdrawn)
        return replace(self, point=str(point)) if same else None


@dataclass
class _Following:
    """What a reader knows of one audience."""

    latest: Snapshot | None = None
    looked: float = -1e9


class ElasticsearchEngine:
    """holdings.engines.port.SearchEngine on a cluster.

    made_with: what this process segments and embeds with; None reads anything (status, verification).
    """

    def __init__(self, cluster: Cluster, made_with: MadeWith | None = None) -> None:
        self._cluster = cluster
        self._made_with = made_with
        self._opened: Indexes | None = None
        self._following: dict[str, _Following] = {}
        self._looking = asyncio.Lock()
        self._kept: OrderedDict[str, tuple[float, Snapshot]] = OrderedDict()

    async def open(self) -> None:
        """Nothing is asked yet: a cluster that is away now may be there when somebody searches."""
        if self._opened is None:
            self._opened = Indexes(self._cluster.connect(reading=True), Names(self._cluster.prefix))

    @property
    def _indexes(self) -> Indexes:
        assert self._opened is not None, "open() comes first"
        return self._opened

    async def close(self) -> None:
        if self._opened is None:
            return
        try:
            await self._let_go(0)
        except EngineAway as error:
            _log.info("points in time are left to end by themselves: %s", error)
        await self._opened.client.close()
        self._opened = None

    # ── following the writer ────────────────────────────────────────────────────

    async def refresh(self) -> None:
        if self._following:
            await self._look(*self._following)

    async def _look(self, *audiences: str) -> None:
        """Take up newer states. One at a time: who waited finds it done."""
        asked = time.monotonic()
        async with self._looking:
            due = [a for a in audiences if self._following.setdefault(a, _Following()).looked < asked]
            began = time.monotonic()
            states = await self._indexes.states(due)
            for audience in due:
                await self._take_up(audience, states.get(audience))
                self._following[audience].looked = began

    async def _take_up(self, audience: str, state: State | None) -> None:
        following = self._following[audience]
        before = following.latest
        if state is None:
            following.latest = None
            return
        if before is not None and before.state == state:
            return
        try:
            same = before is not None and before.state.index == state.index
            made = before.made if before and same else await self._indexes.made(state.index)
            following.latest = Snapshot(state, made, await self._indexes.open_point(state.index))
        except Missing:  # rebuilt between our two looks: the next look finds the new one
            following.latest = None
            return
        self._kept[following.latest.name] = time.monotonic(), following.latest
        await self._let_go(KEPT)

    async def _let_go(self, keep: int) -> None:
        """Close the points in time beyond `keep`, the old, and those from before a withdrawal or rebuild."""
        now = time.monotonic()
        current = {f.latest.state.index: f.latest for f in self._following.values() if f.latest}
        surplus = len(self._kept) - keep * max(1, len(current))
        for name, (since, kept) in list(self._kept.items()):
            latest = current.get(kept.state.index)
            stale = latest is None or latest.state.withdrawn != kept.state.withdrawn
            if keep and (latest is kept or not (stale or surplus > 0 or now - since > KEPT_SECONDS)):
                continue
            surplus -= 1
            del self._kept[name]
            with suppress(Missing, EngineAway):  # it may have ended by itself, or with its node
                await self._indexes.close_point(kept.point)

    async def _latest(self, audience: str, *, anew: bool = False) -> Snapshot:
        """Errors: IndexMissing, IndexMismatch, EngineAway."""
        following = self._following.get(audience)
        if following is None or anew or time.monotonic() - following.looked > LOOK_EVERY:
            await self._look(audience)
            following = self._following[audience]
        latest = following.latest
        if latest is None:
            del self._following[audience]
            raise IndexMissing(f"尚无索引：{audience}。", advice=REBUILD)
        mismatch = check_readable(latest.made.made_with, self._made_with, audience)
        return replace(latest, mismatch=mismatch) if mismatch else latest

    async def _within(
        self, audience: str, work: Callable[[Snapshot], Awaitable[T]], name: str | None = None
    ) -> T:
        """Do it in a snapshot; where that one is gone from the cluster, or a node it stands on, in a new one.

        A lost node's shards are others' within a second or two, so this is tried more than once.
        """
        latest = await self._latest(audience)
        snapshot = (latest.named(name) if name else None) or latest
        for attempt in range(1, TRIES):
            try:
                return await work(snapshot)
            except Missing as error:
                _log.info("a snapshot of %s is gone: %s", audience, error)
            if attempt > 1:
                await asyncio.sleep(pause(attempt))
            following = self._following.get(audience)
            if following and following.latest and following.latest.point == snapshot.point:
                following.latest = None  # unless somebody else who lost it has a new one already
            snapshot = await self._latest(audience, anew=not (following and following.latest))
        try:
            return await work(snapshot)
        except Missing as error:
            raise away(error) from error

    # ── answering ───────────────────────────────────────────────────────────────

    async def search(self, audience: str, question: Question) -> Answer:
        check_question(question)
        return await self._within(audience, lambda s: self._answer(s, question), question.snapshot)

    async def _answer(self, snapshot: Snapshot, question: Question) -> Answer:
        """Both legs in one request; while the sentence is still being embedded the words go ahead."""
        bodies = searches(question, snapshot.made.shards)
        vector = question.vector
        if vector is None or question.depth <= 0 or not snapshot.has_meaning:
            return composed(question, await self._named(snapshot, bodies), NOTHING, {}, snapshot.name)
        numbering: dict[str, int] = {}
        if isinstance(vector, asyncio.Future) and not vector.done():
            found, leg = await asyncio.gather(
                self._named(snapshot, bodies), self._late(snapshot, question, vector, numbering)
            )
            return composed(question, found, leg, numbering, snapshot.name)
        ready = vector.result() if isinstance(vector, asyncio.Future) else vector
        bodies[MEANING] = nearest(question, ready, question.depth + SLACK)
        found = await self._named(snapshot, bodies)
        leg = await self._meaning(snapshot, question, ready, found.pop(MEANING), numbering)
        return composed(question, found, leg, numbering, snapshot.name)

    async def _named(self, snapshot: Snapshot, bodies: dict[str, Body]) -> dict[str, Any]:
        exact = snapshot.made.shards > 1
        found = await self._indexes.search(snapshot.point, list(bodies.values()), exact_scores=exact)
        return dict(zip(bodies, found, strict=True))

    async def _late(
        self,
        snapshot: Snapshot,
        question: Question,
        vector: asyncio.Future[Vector],
        numbering: dict[str, int],
    ) -> Leg:
        ready = await vector
        found = await self._named(snapshot, {MEANING: nearest(question, ready, question.depth + SLACK)})
        return await self._meaning(snapshot, question, ready, found[MEANING], numbering)

    async def _meaning(
        self, snapshot: Snapshot, question: Question, vector: Vector, found: Any, numbering: dict[str, int]
    ) -> Leg:
        """Fetched past the cut until the score falls: the cluster breaks ties by insertion, the house by id."""
        wanted = question.depth + SLACK
        while wanted < MOST_CANDIDATES and not cut_falls(found, question.depth, wanted):
            wanted = min(MOST_CANDIDATES, 4 * wanted)
            found = (await self._named(snapshot, {MEANING: nearest(question, vector, wanted)}))[MEANING]

        async def passages(ids: list[str]) -> dict[str, Passages]:
            """Of the same state, while the cluster has it; later a hit shows none."""
            with suppress(Missing):
                (told,) = await self._indexes.search(snapshot.point, [best_passages(vector, ids)])
                return passages_of(told)
            return {}

        return meaning_leg(found, question.depth, numbering, passages)

    def has_meaning(self, audience: str) -> bool:
        """As last looked; True of an audience that nobody has asked yet, or its first question went without."""
        following = self._following.get(audience)
        if following is None or following.latest is None:
            return True
        made = following.latest.made
        with suppress(IndexMismatch):
            found = made.made_with
            return found.dimension > 0 and not check_readable(found, self._made_with, audience)
        return False

    async def complete(self, audience: str, prefix: str, *, size: int = 10) -> list[str]:
        if not prefix or size <= 0:
            await self._latest(audience)
            return []
        body: Body = {
            "query": containing(prefix),
            "size": MOST_LOOKED,
            "stored_fields": "_none_",
            "docvalue_fields": [OFFERED],
            "track_total_hits": False,
        }
        (found,) = await self._within(audience, lambda s: self._indexes.search(s.point, [body]))
        return offered_values(found, prefix, size)

    async def vectors(self, audience: str, record_id: str) -> list[Row]:
        body: Body = {
            "query": {"term": {ID: record_id}},
            "size": 1,
            "_source": {"includes": [ROWS], "exclude_vectors": False},
        }
        (found,) = await self._within(audience, lambda s: self._indexes.search(s.point, [body]))
        rows = [row for hit in hits_of(found) for row in hit["_source"].get(ROWS, [])]
        return [Row(row["page"], row["number"], np.array(row["vector"], np.float32)) for row in rows]

    async def middles(self, audience: str, ids: Sequence[str]) -> dict[str, Vector]:
        def body(some: Sequence[str]) -> Body:
            wanted = {"includes": [ROWS], "exclude_vectors": False}
            return {"query": {"terms": {ID: list(some)}}, "size": len(some), "_source": wanted}

        bodies = [body(ids[n : n + AT_ONCE]) for n in range(0, len(ids), AT_ONCE)]

        async def read(snapshot: Snapshot) -> dict[str, Vector]:
            found: dict[str, Vector] = {}
            for one in bodies:  # one after the other: a part is some megabytes
                (answer,) = await self._indexes.search(snapshot.point, [one])
                for hit in hits_of(answer):
                    if rows := hit["_source"].get(ROWS):
                        found[hit["_id"]] = middle(np.array([row["vector"] for row in rows]))
            return found

        return await self._within(audience, read) if bodies else {}

    async def versions(self, audience: str) -> dict[str, int]:
        async def walked(snapshot: Snapshot) -> dict[str, int]:
            found: dict[str, int] = {}
            async for part in self._indexes.walk_in(snapshot.point):
                found |= part
            return found

        return await self._within(audience, walked)

    async def status(self, audience: str) -> IndexStatus:
        return await self._within(audience, lambda s: self._status(audience, s))

    async def _status(self, audience: str, snapshot: Snapshot) -> IndexStatus:
        counted: Body = {
            "query": EVERYTHING,
            "size": 0,
            "track_total_hits": True,
            "aggs": {
                ROWS: {"sum": {"field": ROW_COUNT}},
                "with_rows": {"filter": {"range": {ROW_COUNT: {"gt": 0}}}},
            },
        }
        (found,) = await self._indexes.search(snapshot.point, [counted])
        state, documents = snapshot.state, total_of(found)
        return IndexStatus(
            audience=audience,
            documents=documents,
            rows=round(found["aggregations"][ROWS]["value"]),
            generation=state.index,
            words_ready=True,
            meaning_ready=not snapshot.mismatch,
            bytes_on_disk=await self._indexes.size(state.index),
            made_with=snapshot.made.made_with,
            dead=state.dead,
            rebuild_due=state.withdrawn > 0 or state.dead * 3 > max(documents + state.dead, 1_000),
            with_rows=found["aggregations"]["with_rows"]["doc_count"],
            mismatch=snapshot.mismatch,
            building=state.building,
            kept=state.kept,
            kept_bytes=await self._indexes.size(state.kept) if state.kept else 0,
        )

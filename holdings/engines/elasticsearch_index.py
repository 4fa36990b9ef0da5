"""What both sides of the Elasticsearch engine read of an audience's index: its state, what it was made
with, and the versions in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from elasticsearch import AsyncElasticsearch, BadRequestError

from holdings.engines.elasticsearch_client import (
    TRIES,
    Busy,
    Missing,
    PointLost,
    away,
    error_of,
    patiently,
    pause,
    reason_of,
)
from holdings.engines.elasticsearch_hits import hits_of
from holdings.engines.elasticsearch_mapping import ID, VERSION, Names, State, made_with_of
from holdings.engines.elasticsearch_query import EVERYTHING, Body
from holdings.engines.port import MadeWith
from holdings.errors import DanghaiError

T = TypeVar("T")

#: How long the cluster keeps a point in time after its last use.
KEPT_FOR = "10m"
#: Documents a page of a walk over the whole index.
PAGE = 10_000
#: Seconds a rebuild waits for its copies before readers follow it.
COPYING = 30.0


@dataclass(frozen=True)
class Made:
    """One generation: how it was made, as its mapping and settings say. Raises IndexMismatch when read."""

    index: str
    meta: dict[str, Any]
    shards: int

    @property
    def made_with(self) -> MadeWith:
        return made_with_of(self.meta)


class Indexes:
    """Requests that reader and writer share. One connection, for one event loop."""

    def __init__(self, client: AsyncElasticsearch, names: Names) -> None:
        self.client = client
        self.names = names

    async def ask(self, call: Callable[[], Awaitable[T]]) -> T:
        """Errors: EngineAway, Missing, BadQuery."""
        return await patiently(call)

    async def states(self, audiences: Iterable[str]) -> dict[str, State]:
        """The states of those audiences that have an index. Read by id, so as last written."""
        wanted = list(audiences)
        if not wanted:
            return {}
        try:
            found = await self.ask(
                lambda: self.client.mget(
                    index=self.names.state, ids=wanted, filter_path="docs._id,docs._source,docs.error"
                )
            )
        except Missing:
            return {}
        told = documents_of(found, missing_index=True)
        return {d["_id"]: State.from_source(d["_source"]) for d in told if "_source" in d}

    async def made(self, index: str) -> Made:
        """Of a generation, or of the one an alias stands for. Errors: Missing."""
        found = await self.ask(lambda: self.client.indices.get(index=index, features="mappings,settings"))
        ((generation, told),) = found.items()
        settings = told["settings"]["index"]
        return Made(generation, told["mappings"].get("_meta", {}), int(settings["number_of_shards"]))

    async def create(self, index: str, **body: object) -> None:
        """Make an index unless it is there."""
        create = self.client.indices.create
        try:
            await self.ask(lambda: create(index=index, **body))  # type: ignore[arg-type]
        except DanghaiError as error:
            cause = error.__cause__
            if not (isinstance(cause, BadRequestError) and "already_exists" in str(cause)):
                raise

    async def generations(self, audience: str) -> list[str]:
        pattern = self.names.generations(audience)
        found = await self.ask(
            lambda: self.client.indices.get(
                index=pattern, features="aliases", allow_no_indices=True, expand_wildcards="all"
            )
        )
        return sorted(found)

    async def remove(self, index: str) -> None:
        with suppress(Missing):
            await self.ask(lambda: self.client.indices.delete(index=index))

    async def size(self, index: str) -> int:
        """Bytes on the disks of the cluster, copies included; 0 when it is gone."""
        try:
            found = await self.ask(lambda: self.client.indices.stats(index=index, metric="store"))
        except Missing:
            return 0
        return int(found["_all"]["total"]["store"]["size_in_bytes"])

    async def open_point(self, index: str) -> str:
        """A point in time: searches in it see one state, whatever is written. Errors: Missing.

        preference: copies of a shard differ in the deleted that still weigh in idf. Every process opens its
        points on the same copies, so that they answer alike; it is another's turn only where one is lost.
        """
        opened = await self.ask(
            lambda: self.client.open_point_in_time(
                index=index, keep_alive=KEPT_FOR, preference="danghai", allow_partial_search_results=False
            )
        )
        return str(opened["id"])

    async def close_point(self, point: str) -> None:
        await self.ask(lambda: self.client.close_point_in_time(id=point))

    async def search(self, point: str, bodies: list[Body], *, exact_scores: bool = False) -> list[Any]:
        """Several searches in one request, all in one point in time. Errors: Missing when it is gone,
        PointLost when a node it stands on is.

        A part of the shards is never taken for the whole. exact_scores: several shards score by common
        statistics.
        """
        header: Body = {"allow_partial_search_results": False}
        if exact_scores:
            header["search_type"] = "dfs_query_then_fetch"
        pit = {"id": point, "keep_alive": KEPT_FOR}
        lines: list[Body] = []
        for body in bodies:
            lines += [header, {**body, "pit": pit}]

        async def asked() -> list[Any]:
            answered = await self.client.msearch(searches=lines, filter_path=_WANTED)
            return [whole(answer) for answer in answered["responses"]]

        return await self.ask(asked)

    async def refresh(self, index: str) -> None:
        """Make what was written visible in every copy that may be searched. Errors: EngineAway, Missing.

        A copy whose node falls silent misses a refresh and is not thrown out for it, nor always named: as
        many must have answered as are up.
        """
        for attempt in range(1, TRIES + 1):
            told = await self.ask(lambda: self.client.indices.refresh(index=index))
            shards = told["_shards"]
            if not shards["failed"]:
                if shards["successful"] == shards["total"]:
                    return
                up = await self.ask(lambda: self.client.cluster.health(index=index))
                if up["status"] != "red" and shards["successful"] >= up["active_shards"]:
                    return
            await asyncio.sleep(pause(attempt))
        raise away(f"{index} was refreshed in {shards['successful']} of {shards['total']} copies")

    async def copied(self, index: str) -> bool:
        """Wait until every copy of the index that the nodes can hold is there, for COPYING seconds at most;
        whether it is. Errors: EngineAway."""
        health = self.client.options(ignore_status=408).cluster.health  # 408: not by then
        told = await self.ask(lambda: health(index=index, wait_for_status="green", timeout=f"{COPYING:.0f}s"))
        return not told["timed_out"]

    async def walk(self, index: str) -> AsyncIterator[dict[str, int]]:
        """id → version of every document, some at a time, in a point in time of its own."""
        point = await self.open_point(index)
        async for part in self.walk_in(point):
            yield part
        await self.close_point(point)

    async def walk_in(self, point: str) -> AsyncIterator[dict[str, int]]:
        """id → version of every document in a point in time, some at a time."""
        body: Body = {
            "query": EVERYTHING,
            "size": PAGE,
            "sort": [{ID: "asc"}],
            "stored_fields": "_none_",
            "docvalue_fields": [VERSION],
            "track_total_hits": False,
        }
        while True:
            (answer,) = await self.search(point, [body])
            hits = hits_of(answer)
            yield {hit["sort"][0]: hit["fields"][VERSION][0] for hit in hits}
            if len(hits) < PAGE:
                return
            body = {**body, "search_after": hits[-1]["sort"]}


def documents_of(found: Any, *, missing_index: bool = False) -> list[Any]:
    """What `mget` found; one that could not be looked for is not one that is not there. Errors: EngineAway.

    missing_index: an index that is not there holds no document.
    """
    for document in found.get("docs", ()):
        error = document.get("error")
        if error and not (missing_index and error.get("type") == "index_not_found_exception"):
            raise away(reason_of(error))
    return list(found.get("docs", ()))


def whole(answer: Any) -> Any:
    """One search's answer, if it is that of all shards. Errors: as `Indexes.search`, Busy."""
    if "error" in answer:
        status, reason = answer["status"], reason_of(answer["error"])
        if status == 429:
            raise Busy(reason)
        raise PointLost(reason) if status >= 500 else error_of(status, reason)
    if answer["_shards"]["failed"] or answer["timed_out"]:
        raise PointLost(f"{answer['_shards']['failed']} shards failed")
    return answer


_WANTED = ",".join(
    f"responses.{name}"
    for name in (
        "status", "error", "timed_out", "_shards.failed", "hits.total", "hits.hits._id", "hits.hits._score", "hits.hits.sort", "hits.hits.fields",
        "hits.hits._source", "hits.hits.inner_hits.*.hits.hits.fields", "aggregations",
    )
)  # fmt: skip

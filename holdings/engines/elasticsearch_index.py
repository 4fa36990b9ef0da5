"""What both sides of the Elasticsearch engine read of an audience's index: its state, what it was made
with, and the versions in it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from elasticsearch import AsyncElasticsearch

from holdings.engines.elasticsearch_client import Missing, error_of, patiently, reason_of
from holdings.engines.elasticsearch_hits import hits_of
from holdings.engines.elasticsearch_mapping import ID, VERSION, Names, State, made_with_of
from holdings.engines.elasticsearch_query import EVERYTHING, Body
from holdings.engines.port import MadeWith

T = TypeVar("T")

#: How long the cluster keeps a point in time after its last use.
KEPT_FOR = "10m"
#: Documents a page of a walk over the whole index.
PAGE = 10_000


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
        return {d["_id"]: State.from_source(d["_source"]) for d in found["docs"] if "_source" in d}

    async def made(self, index: str) -> Made:
        """Of a generation, or of the one an alias stands for. Errors: Missing."""
        found = await self.ask(lambda: self.client.indices.get(index=index, features="mappings,settings"))
        ((generation, told),) = found.items()
        settings = told["settings"]["index"]
        return Made(generation, told["mappings"].get("_meta", {}), int(settings["number_of_shards"]))

    async def size(self, index: str) -> int:
        """Bytes on the disks of the cluster, copies included."""
        found = await self.ask(lambda: self.client.indices.stats(index=index, metric="store"))
        return int(found["_all"]["total"]["store"]["size_in_bytes"])

    async def open_point(self, index: str) -> str:
        """A point in time: searches in it see one state, whatever is written. Errors: Missing."""
        opened = await self.ask(lambda: self.client.open_point_in_time(index=index, keep_alive=KEPT_FOR))
        return str(opened["id"])

    async def close_point(self, point: str) -> None:
        await self.ask(lambda: self.client.close_point_in_time(id=point))

    async def search(self, point: str, bodies: list[Body], *, exact_scores: bool = False) -> list[Any]:
        """Several searches in one request, all in one point in time. Errors: Missing when it is gone.

        exact_scores: several shards score by common statistics.
        """
        header = {"search_type": "dfs_query_then_fetch"} if exact_scores else {}
        pit = {"id": point, "keep_alive": KEPT_FOR}
        lines: list[Body] = []
        for body in bodies:
            lines += [header, {**body, "pit": pit}]
        answered = await self.ask(lambda: self.client.msearch(searches=lines, filter_path=_WANTED))
        for answer in answered["responses"]:
            if "error" in answer:
                raise error_of(answer["status"], reason_of(answer["error"]))
        return list(answered["responses"])

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


_WANTED = ",".join(
    f"responses.{name}"
    for name in (
        "status", "error", "hits.total", "hits.hits._id", "hits.hits._score", "hits.hits.sort", "hits.hits.fields",
        "hits.hits._source", "hits.hits.inner_hits.*.hits.hits.fields", "aggregations",
    )
)  # fmt: skip

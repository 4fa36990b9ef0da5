"""A cluster of three that loses a node in the middle of ingest and search: nothing acknowledged is lost, no
part is shown for the whole, and the index ends equal to the catalogue."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from holdings.access import AUDIENCES, STAFF
from holdings.catalogue import Incoming
from holdings.engines.making import search_engine
from tests.api.conftest import System, Tools
from tests.api.small_archive import GENRES, file_record
from tests.elastic.cluster import Nodes
from tests.elastic.node import Node, Software

#: Records put at once, and seconds between: ingest goes on all the while.
AT_ONCE, EVERY = 5, 0.2
#: Seconds between two searches.
PAUSE = 0.05
#: Seconds searches may stay unanswered: the cluster must notice, and elect.
WORST_GAP = 20.0
#: Stands in every title, so a search for it must find all that was acknowledged.
EVERYWHERE = "鹦鹉螺"


@pytest.fixture
def nodes(elastic_software: Software, tmp_path: Path, long_run: bool) -> Iterator[Nodes]:
    made = Nodes(elastic_software, tmp_path / "nodes", brief=not long_run)
    try:
        made.start()
        yield made
    finally:
        made.kill()


@pytest.fixture
def system(nodes: Nodes, tools: Tools, tmp_path: Path) -> Iterator[System]:
    hosts = ",".join(nodes.urls)
    made = System(tmp_path / "home", tools, engine="elasticsearch", elastic_hosts=hosts, elastic_shards=2)
    yield made
    made.close()


@dataclass
class Feeding:
    """Takes records in, some at a time, until told to stop."""

    system: System
    count: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        while not self.stop.wait(EVERY):
            self.put(AT_ONCE)

    def put(self, number: int) -> None:
        numbers = range(self.count, self.count + number)
        records = [
            file_record(n, parent=None, title=f"{EVERYWHERE}号{GENRES[n % 3]}（{n}）") for n in numbers
        ]
        self.system.put([Incoming(record, None, None) for record in records])
        self.count += number

    def acknowledged(self) -> int:
        """Records that the projector has said are in every index; at least so many."""
        put = self.count
        return put - self.system.catalogue.outbox.counts().get("words", 0)


@dataclass
class Asking:
    """A person who hardly rests. gaps: seconds between one good answer and the next, PAUSE among them."""

    feeding: Feeding
    gaps: list[float] = field(default_factory=list)
    refused: int = 0
    wrong: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        answered = time.monotonic()
        for mode in cycle(("words", "hybrid")):
            if self.stop.wait(PAUSE):
                return
            held = self.feeding.acknowledged()
            params = {"q": EVERYWHERE, "mode": mode, "facets": "genre", "size": 5}
            answer = self.feeding.system.ask("/v1/search", STAFF, params=params)
            if answer.status_code == 200:
                self.gaps.append(time.monotonic() - answered)
                answered = time.monotonic()
                self._check(answer.json(), held)
            else:
                self.refused += 1
                if answer.status_code != 503 or "Retry-After" not in answer.headers:
                    self.wrong.append(answer.text)

    def _check(self, answer: Any, held: int) -> None:
        total, counted = answer["total"]["value"], sum(v["count"] for v in answer["facets"]["genre"])
        if total < held or counted != total or len(answer["hits"]) != min(5, total):
            self.wrong.append(f"{total} found, {counted} counted, {held} acknowledged")


def _project(system: System, stop: threading.Event) -> None:
    async def run() -> None:
        projector, told = system.projector(), asyncio.Event()
        await projector.open()
        running = asyncio.create_task(projector.run(told))
        await asyncio.to_thread(stop.wait)
        told.set()
        await running
        await projector.close()

    asyncio.run(run())


@contextmanager
def _at_work(*jobs: tuple[Any, threading.Event, tuple[Any, ...]]) -> Iterator[None]:
    threads = [threading.Thread(target=run, args=given) for run, _, given in jobs]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread, (_, stop, _) in zip(threads, jobs, strict=True):
            stop.set()
            thread.join(120)
    assert not any(thread.is_alive() for thread in threads)


def test_a_node_killed_in_the_middle_costs_a_pause_and_nothing_else(
    nodes: Nodes, system: System, long_run: bool
) -> None:
    feeding = Feeding(system)
    feeding.put(1_000 if long_run else 20)
    system.project()
    asking, projecting = Asking(feeding), threading.Event()
    system.search(EVERYWHERE, STAFF)  # the client is up before threads use it
    public = f"{system.settings.elastic_prefix}.public"
    with _at_work((asking.run, asking.stop, ()), (_project, projecting, (system, projecting))):
        for _ in range(3 if long_run else 1):
            _lose(nodes, lambda: nodes.holder(public), asking)
            _lose(nodes, nodes.master, asking, back=long_run)
        nodes.until(lambda: not system.catalogue.outbox.counts())
    print(f"{feeding.count} records, {len(asking.gaps)} answers, {asking.refused} refused")
    assert not asking.wrong, asking.wrong[:5]
    assert max(asking.gaps) < WORST_GAP
    assert _indexed(system) == _expected(system, feeding.count)


def _lose(nodes: Nodes, choose: Callable[[], Node], asking: Asking, *, back: bool = True) -> None:
    """Kill a node in the middle of ingest and search, and wait until both have gone on for a while; then
    bring it back, until every copy is there again."""
    nodes.until_whole()
    feeding = asking.feeding
    victim, feeding.stop = choose(), threading.Event()
    with _at_work((feeding.run, feeding.stop, ())):
        nodes.until(lambda: feeding.count - feeding.acknowledged() > AT_ONCE)
        answers, refused, at = len(asking.gaps), asking.refused, feeding.count
        victim.kill()
        nodes.until(lambda: feeding.acknowledged() > at + 2 * AT_ONCE and len(asking.gaps) > answers + 5)
    gap, lost = max(asking.gaps[answers:]), asking.refused - refused
    print(f"{victim.name} killed: worst gap between answers {gap:.2f} s, {lost} answered 503")
    if back:
        victim.start()
        nodes.until_whole()


def _indexed(system: System) -> dict[str, dict[str, int]]:
    async def read() -> dict[str, dict[str, int]]:
        engine = search_engine(system.settings, None)
        await engine.open()
        found = {audience: await engine.versions(audience) for audience in AUDIENCES}
        await engine.close()
        return found

    return asyncio.run(read())


def _expected(system: System, count: int) -> dict[str, dict[str, int]]:
    """By audience: id → version, as the catalogue says."""
    stored = system.catalogue.records.many([file_record(n).id for n in range(count)])
    assert len(stored) == count
    return {a: {i: s.version for i, s in stored.items() if a in s.audiences} for a in AUDIENCES}

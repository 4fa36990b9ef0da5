"""An embedding model that comes after the first index: words answer all the time, meaning follows by itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from holdings.access import AUDIENCES
from holdings.catalogue import Incoming
from indexer.projector import Projector

from .conftest import System
from .small_archive import file_record, of, small_archive


def test_words_go_on_and_the_projector_rebuilds_by_itself(make_system: Callable[[], System]) -> None:
    system = make_system()
    system.put(small_archive(system.store).incoming)
    system.project(meaning=False)
    before = system.search("渔民登记", mode="words")
    assert before["total"]["value"] > 0
    answer = system.search("渔民登记")  # this API has the model; the index has no vectors
    assert (answer["total"], answer["query"]["answered_by"]) == (before["total"], "words")
    assert system.search("渔民登记", mode="meaning")["total"] == before["total"]  # not nothing
    assert system.get("/v1/status")["meaning_away"] == "other-model"
    assert all(hit["why"]["meaning_rank"] is None for hit in answer["hits"])
    ready = system.client.get("/readyz")
    assert (ready.status_code, ready.json()["legs"]) == (200, {"words": True, "meaning": False})
    assert "danghai index rebuild" in ready.json()["detail"]
    similar = system.get(f"/v1/records/{answer['hits'][0]['id']}/similar")
    assert similar["by"] == "words"

    system.put([Incoming(file_record(0, id=of("X1-1"), reference_code="X1-1", parent=None))])
    system.project()  # opens, asks for the rebuild, and writes the new record's words meanwhile
    assert system.search("X1-1", mode="words", audience="staff")["hits"][0]["id"] == of("X1-1")
    assert {r.audience for r in system.catalogue.outbox.rebuilds()} == set(AUDIENCES)

    async def until_meaning(projector: Projector) -> None:
        stop = asyncio.Event()
        running = asyncio.create_task(projector.run(stop))
        await asyncio.to_thread(until_done, system)
        stop.set()
        await running

    system.work(until_meaning)
    ends = time.monotonic() + 2  # a reader sees the new generation within two seconds
    while not system.client.get("/readyz").json()["legs"]["meaning"] and time.monotonic() < ends:
        time.sleep(0.05)
    hits = system.search("渔民登记", mode="meaning")["hits"]
    assert hits[0]["why"]["meaning_rank"] == 1
    ready = system.client.get("/readyz").json()
    assert (ready["legs"]["meaning"], ready["detail"]) == (True, "")


def until_done(system: System) -> None:
    outbox = system.catalogue.outbox
    ends = time.monotonic() + 60
    while (outbox.rebuilds() or outbox.counts()) and time.monotonic() < ends:
        time.sleep(0.05)

"""Elasticsearch wholly away: the catalogue goes on, the API says so, and all catches up by itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from holdings.errors import EngineAway
from models.errors import ModelFilesMissing
from tests.api.conftest import System, Tools
from tests.api.small_archive import small_archive
from tests.elastic.node import Node, Software


@pytest.fixture
def node(elastic_software: Software, tmp_path: Path) -> Iterator[Node]:
    """A node that may be killed."""
    made = Node(elastic_software, tmp_path / "node", "killed")
    made.start()
    yield made
    made.kill()


@pytest.fixture
def system(node: Node, tmp_path: Path) -> Iterator[System]:
    try:
        tools = Tools(tmp_path)
    except ModelFilesMissing:
        pytest.skip("embedding model is not here")
    made = System(tmp_path / "home", tools, engine="elasticsearch", elastic_hosts=node.url)
    made.put(small_archive(made.store).incoming[:30])
    yield made
    made.close()


def test_records_go_on_while_the_cluster_is_away_and_searches_catch_up(system: System, node: Node) -> None:
    system.project()
    assert system.search("渔民登记")["total"]["value"] > 0
    (known,) = system.search("灯塔", size=1)["hits"]
    node.kill()

    answer = system.ask("/v1/search", params={"q": "渔民登记"})
    assert answer.status_code == 503
    assert answer.json()["type"].endswith("engine-away")
    assert int(answer.headers["Retry-After"]) >= 1
    assert system.ask(f"/v1/records/{known['id']}").status_code == 200
    assert system.ask("/readyz").status_code == 503
    assert system.ask("/healthz").status_code == 200

    source = small_archive(system.store).incoming[5]
    new = replace(
        source.record, id="990001:J901-9-9-99", reference_code="J901-9-9-99", title="鹦鹉螺测量船来文"
    )
    system.put([replace(source, record=new)])
    with pytest.raises(EngineAway):
        system.project()

    asyncio.run(_projector_follows(system, node))
    found = system.search("鹦鹉螺", audience="staff", mode="words")
    assert [hit["id"] for hit in found["hits"]] == [new.id]


async def _projector_follows(system: System, node: Node) -> None:
    """A projector that was started before the cluster came back takes up the work by itself."""
    projector = system.projector()
    stop = asyncio.Event()
    with pytest.raises(EngineAway):
        await projector.open()
    running = asyncio.create_task(projector.run(stop))
    await asyncio.to_thread(node.start)
    began = time.monotonic()
    while system.catalogue.outbox.counts():
        assert time.monotonic() - began < 60
        await asyncio.sleep(0.1)
    stop.set()
    await running
    await projector.close()

"""Several API processes on one PostgreSQL and one Elasticsearch: any of them may answer the next request.

Two machines, as it were: a data folder each, the file store shared as a mount would be. The first runs two
processes behind one port.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from holdings.access import OPEN, PUBLIC, READING_ROOM, STAFF
from holdings.locks import projector_lock
from tests.api.conftest import System, Tools
from tests.api.small_archive import small_archive
from tests.elastic.cluster import free_ports

ROOT = Path(__file__).parents[2]
CLOSE = {"access_status": "控制", "publicity": "", "reason": "定为控制"}

pytestmark = pytest.mark.postgres


@dataclass
class Machine:
    """One computer of the installation."""

    home: Path
    settings: dict[str, str]
    port: int
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def run(self, *command: str) -> subprocess.Popen[bytes]:
        mine = {"DANGHAI_HOME": str(self.home), **self.settings}
        process = subprocess.Popen(
            [sys.executable, "-m", "danghai", *command],
            cwd=ROOT,
            env=os.environ | mine,
            start_new_session=True,
        )
        self.processes.append(process)
        return process

    def serve(self, workers: int) -> subprocess.Popen[bytes]:
        return self.run("serve", "--api-only", "--workers", str(workers), "--port", str(self.port))

    def ask(self, path: str, key: str = "", *, method: str = "GET", **more: Any) -> httpx.Response:
        """On a connection of its own, so that another process may answer each time."""
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        headers |= more.pop("headers", {})
        url = f"http://127.0.0.1:{self.port}{path}"
        return httpx.request(method, url, headers=headers, timeout=60, **more)

    def get(self, path: str, key: str = "", **params: Any) -> Any:
        answer = self.ask(path, key, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def is_ready(self) -> bool:
        try:
            return bool(self.get("/readyz")["ready"])
        except (httpx.HTTPError, AssertionError):
            return False

    def stop(self) -> None:
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            process.wait(30)


@dataclass
class Installation:
    system: System
    one: Machine
    two: Machine

    def key(self, audience: str) -> str:
        return "" if audience == PUBLIC else self.system.keys[audience]


def until(done: Callable[[], bool], what: str) -> None:
    began = time.monotonic()
    while not done():
        assert time.monotonic() - began < 60, what
        time.sleep(0.05)


@pytest.fixture
def installation(
    fresh_postgres: str, elastic: str, tools: Tools, tmp_path: Path, long_run: bool
) -> Iterator[Installation]:
    homes = [tmp_path / "one", tmp_path / "two"]
    system = System(
        homes[0], tools, engine="elasticsearch", elastic_hosts=elastic, database_url=fresh_postgres
    )
    system.put(small_archive(system.store).incoming)
    homes[1].mkdir()
    (homes[1] / "store").symlink_to(homes[0] / "store")
    settings = {
        "DANGHAI_DATABASE_URL": fresh_postgres,
        "DANGHAI_ENGINE": "elasticsearch",
        "DANGHAI_ELASTIC_HOSTS": elastic,
        "DANGHAI_ELASTIC_PREFIX": system.settings.elastic_prefix,
    }
    if not long_run:  # each process would load the model; what is shared is shared without it too
        settings["DANGHAI_MODELS_DIR"] = str(tmp_path / "none")
    machines = [Machine(home, settings, port) for home, port in zip(homes, free_ports(2), strict=True)]
    made = Installation(system, *machines)
    try:
        made.one.serve(2)
        made.two.serve(1)
        made.two.run("project")
        until(lambda: made.one.is_ready() and made.two.is_ready(), "both answer")
        until(lambda: not system.catalogue.outbox.counts(), "all is projected")
        yield made
    finally:
        for machine in machines:
            machine.stop()
        system.close()


def test_any_process_answers_the_next_request(installation: Installation) -> None:
    one, two = installation.one, installation.two
    _pages_go_on_elsewhere(installation)
    _a_picture_has_one_tag(one, two, installation.key(STAFF))
    _closed_here_is_closed_there(installation)
    _a_second_projector_waits(installation)
    _workers_end_with_their_serve(one)


def _pages_go_on_elsewhere(installation: Installation) -> None:
    """A cursor of one process is any other's, to the end of the list; another question's is nobody's."""
    turns = [installation.one, installation.two, installation.one]
    for audience in (PUBLIC, STAFF):
        key = installation.key(audience)
        asked = {"q": "渔民登记 灯塔", "size": 1}
        whole = installation.one.get("/v1/search", key, **(asked | {"size": 100}))
        found, cursor, turn = [], "", 0
        while cursor is not None:
            more = {"cursor": cursor} if cursor else {}
            page = turns[turn % 3].get("/v1/search", key, **asked, **more)
            found += [hit["id"] for hit in page["hits"]]
            assert page["total"] == whole["total"]
            cursor, turn = page["next"], turn + 1
        assert turn > 3
        assert found == [hit["id"] for hit in whole["hits"]]
    first = installation.one.get("/v1/search", q="灯塔", size=1)
    other = installation.two.ask("/v1/search", params={"q": "盐场", "size": 1, "cursor": first["next"]})
    assert (other.status_code, other.json()["type"]) == (400, "urn:danghai:problem:bad-cursor")


def _a_picture_has_one_tag(one: Machine, two: Machine, key: str) -> None:
    hits = one.get("/v1/search", key, q="渔民登记")["hits"]
    shown = next(hit["thumbnail"] for hit in hits if hit["thumbnail"])
    here, there = one.ask(shown, key), two.ask(shown, key)
    assert here.content == there.content
    assert here.headers["ETag"] == there.headers["ETag"]
    known = two.ask(shown, key, headers={"If-None-Match": here.headers["ETag"]})
    assert known.status_code == 304


def _closed_here_is_closed_there(installation: Installation) -> None:
    """Invariant 3: once the call has returned, no process shows it to those it was closed to."""
    one, two = installation.one, installation.two
    asked = {"q": "渔民登记", "size": 100, "access_status": OPEN}
    before = two.get("/v1/search", **asked)
    closed = before["hits"][0]["id"]
    first = two.get("/v1/search", **(asked | {"size": 1}))
    answer = one.ask(f"/v1/records/{closed}/access", installation.key(STAFF), method="PUT", json=CLOSE)
    assert answer.status_code == 200, answer.text
    for machine in (two, one, one):
        after = machine.get("/v1/search", **asked)
        assert closed not in {hit["id"] for hit in after["hits"]}
        assert after["total"]["value"] == before["total"]["value"] - 1
        assert machine.ask(f"/v1/records/{closed}").status_code == 404
        rest = machine.ask("/v1/search", params={**asked, "size": 1, "cursor": first["next"]})
        assert closed not in rest.text
    assert two.ask(f"/v1/records/{closed}", installation.key(STAFF)).status_code == 200
    assert two.ask(f"/v1/records/{closed}", installation.key(READING_ROOM)).status_code == 404


def _a_second_projector_waits(installation: Installation) -> None:
    """One writer, whichever machine it is on; the one told to wait takes over when the first is killed."""
    one, two = installation.one, installation.two
    assert projector_lock(installation.system.settings).is_held()
    assert one.run("project").wait(60) == 1
    standby = one.run("project", "--wait")
    (first,) = [process for process in two.processes if process.args[-1] == "project"]  # type: ignore[index]
    first.kill()
    first.wait()
    assert standby.poll() is None
    source = small_archive(installation.system.store).incoming[-1]
    installation.system.put([source], update=True)
    installation.system.catalogue.outbox.enqueue_all()
    until(lambda: not installation.system.catalogue.outbox.counts(), "the standby took over")


def _workers_end_with_their_serve(machine: Machine) -> None:
    """Killed outright, `serve` leaves no process on its port."""
    machine.processes[0].kill()
    machine.processes[0].wait()

    def silent() -> bool:
        try:
            machine.ask("/healthz")
        except httpx.TransportError:
            return True
        return False

    until(silent, "the workers are gone")

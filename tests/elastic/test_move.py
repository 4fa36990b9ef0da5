"""From one engine to the other and back, with real processes: killed, gone on with, searched and written to."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from danghai import app
from holdings.access import AUDIENCES, PUBLIC, READING_ROOM, STAFF
from holdings.catalogue import Incoming
from holdings.engines.making import search_engine
from holdings.errors import Conflict
from models.errors import ModelFilesMissing
from tests.api.conftest import System, Tools
from tests.api.small_archive import file_record, of, small_archive

ROOT = Path(__file__).parents[2]
CLOSE = {"access_status": "控制", "publicity": "", "reason": "涉及个人隐私"}


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Tools:
    try:
        return Tools(tmp_path_factory.mktemp("vectors"))
    except ModelFilesMissing:
        pytest.skip("embedding model is not here")


@pytest.fixture
def system(elastic: str, tools: Tools, tmp_path: Path) -> Iterator[System]:
    """The small archive on the embedded engine, with a node that it could move to."""
    made = System(tmp_path / "home", tools, engine="embedded", elastic_hosts=elastic)
    made.put(small_archive(made.store).incoming)
    made.project()
    yield made
    made.close()


def environment(system: System) -> dict[str, str]:
    s = system.settings
    own = {
        "DANGHAI_HOME": str(s.home), "DANGHAI_ENGINE": s.engine, "PYTHONPATH": str(ROOT), "COLUMNS": "200",
        "DANGHAI_ELASTIC_PREFIX": s.elastic_prefix, "DANGHAI_ELASTIC_HOSTS": s.elastic_hosts,
    }  # fmt: skip
    return os.environ | own


def started(system: System, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "danghai", *arguments]
    return subprocess.Popen(
        command, cwd=system.settings.home, env=environment(system), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def run(system: System, *arguments: str, status: int = 0) -> Any:
    """A command that is let run to its end, in this process: what it loads is loaded already."""
    answer = CliRunner().invoke(app, [*arguments, "--json"], env=environment(system))
    assert answer.exit_code == status, answer.output
    return json.loads(answer.stdout) if answer.stdout else answer.stderr


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


def until(done: Any, what: str, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def indexed(system: System, audience: str, engine: str) -> dict[str, int]:
    async def versions() -> dict[str, int]:
        reader = search_engine(system.settings, None, engine)
        await reader.open()
        try:
            return await reader.versions(audience)
        finally:
            await reader.close()

    return asyncio.run(versions())


def truth(system: System, audience: str) -> dict[str, int]:
    batches = system.catalogue.records.standing()
    return {id_: version for batch in batches for id_, version, seen in batch if audience in seen}


def more(prefix: str, count: int) -> list[Incoming]:
    codes = [f"{prefix}-{n}" for n in range(count)]
    return [
        Incoming(file_record(n, id=of(code), reference_code=code, parent=None))
        for n, code in enumerate(codes)
    ]


def answers(system: System) -> dict[str, Any]:
    """What callers see: totals and facets of some questions, for every audience."""
    questions = ("渔民登记", "灯塔", "“护渔办法”", "")
    return {
        f"{audience} {q}": (found["total"], found["facets"], sorted(hit["id"] for hit in found["hits"]))
        for audience in AUDIENCES
        for q in questions
        for found in [system.search(q, audience, mode="words", facets="fonds,genre", size=100)]
    }


def test_moved_there_and_back_with_what_changed_meanwhile(system: System) -> None:
    before = answers(system)
    told = run(system, "index", "move", "--to", "elasticsearch")
    assert (told["move"], told["engine"]) == ("done", "elasticsearch")
    for report, audience in zip(told["verified"], AUDIENCES, strict=True):
        assert (report["audience"], report["ok"]) == (audience, True)
        assert report["documents"] == report["wanted"] == len(truth(system, audience))
        assert report["checksum"] == report["wanted_checksum"]
    assert answers(system) == before  # the API that was running all the while
    assert system.client.app.state.house.engine.__class__.__name__ == "ElasticsearchEngine"  # type: ignore[attr-defined]
    assert run(system, "index", "move", "--to", "elasticsearch")["move"] == "nothing to do"
    shown = run(system, "index", "status")
    assert (shown["engine"], shown["beside"], shown["moving"]) == ("elasticsearch", "embedded", False)

    gone, changed = (hit["id"] for hit in system.search("", level="file", size=2)["hits"])
    system.catalogue.records.set_access(gone, **CLOSE)
    system.catalogue.records.set_access(changed, access_status="开放", publicity="馆内")
    system.put(more("B1", 3))
    run(system, "index", "rebuild", "--audience", "staff")  # also projects what waits
    assert indexed(system, PUBLIC, "elasticsearch") == truth(system, PUBLIC)
    assert gone in indexed(system, PUBLIC, "embedded")  # nobody reads it
    assert run(system, "index", "status")["beside_lacks"] >= 5

    assert run(system, "index", "move", "--to", "embedded")["move"] == "done"
    for audience in AUDIENCES:
        assert indexed(system, audience, "embedded") == truth(system, audience)
    assert all(hit["id"] != gone for hit in system.every_hit("", size=100))
    assert {w.reason for w in system.catalogue.outbox.rebuilds()} == {
        "withdrawal"
    }  # for its trace in the idf
    assert run(system, "index", "drop-old", status=1)  # not while that waits
    run(system, "index", "rebuild")
    assert run(system, "index", "drop-old")["drop_old"] == "done"
    assert run(system, "index", "status")["beside"] == ""
    assert indexed_nowhere(system, "elasticsearch")


def indexed_nowhere(system: System, engine: str) -> bool:
    from holdings.errors import IndexMissing

    for audience in AUDIENCES:
        with pytest.raises(IndexMissing):
            indexed(system, audience, engine)
    return True


def test_killed_again_and_again_a_move_goes_on_while_a_projector_and_readers_work(
    system: System, long_run: bool
) -> None:
    """kill -9 of the move and of the projector at random moments; writes, withdrawals and searches go on."""
    chance = random.Random(4)
    system.put(more("K", 300))
    projector = started(system, "project")
    statuses: list[int] = []
    stop = threading.Event()

    def search() -> None:
        while not stop.is_set():
            statuses.append(system.ask("/v1/search", params={"q": "渔民登记", "mode": "words"}).status_code)

    reader = threading.Thread(target=search)
    system.search("登记")
    reader.start()
    open_ones = [hit["id"] for hit in system.search("", level="file", size=60)["hits"]]
    filled, moved = 0, False
    for round_ in range(12 if long_run else 2):
        mover = started(system, "index", "move", "--to", "elasticsearch", "--json")
        system.put(more(f"M{round_}", 5))
        closing = open_ones.pop()
        system.catalogue.records.set_access(closing, **CLOSE)
        time.sleep(chance.uniform(3.0, 6.0))
        kill(mover)
        if round_ % 2:
            kill(projector)
            projector = started(system, "project")
        assert all(hit["id"] != closing for hit in system.every_hit("", size=100, mode="words"))
        moved = system.catalogue.engine.chosen("embedded") == "elasticsearch"
        if moved:
            break
        filled = max(filled, system.catalogue.engine.lacking_count())
    if not moved:
        assert run(system, "index", "move", "--to", "elasticsearch")["move"] == "done"
    until(lambda: not system.catalogue.outbox.counts(), "the projector goes on, on the engine moved to")
    stop.set()
    reader.join()
    projector.send_signal(signal.SIGTERM)
    projector.communicate(timeout=60)
    assert set(statuses) == {200}
    assert len(statuses) > 10
    for audience in AUDIENCES:
        assert indexed(system, audience, "elasticsearch") == truth(system, audience)
    assert {h["id"] for h in system.every_hit("", STAFF, mode="words", size=100)} == set(truth(system, STAFF))


def test_what_was_filled_is_not_filled_again(system: System) -> None:
    """Killed half-way, the second run writes only what the first had not."""
    from indexer.moving import Move
    from indexer.rebuilding import Progress
    from indexer.workshop import Workshop

    class Killed(Exception):
        pass

    drawn: list[int] = []

    def half_way(progress: Progress) -> None:
        if progress.phase == "fill" and progress.done:
            raise Killed

    def moving(told: Any) -> Move:
        move = Move(Workshop(system.settings), "elasticsearch", told)
        draw = move._rebuilding.draw
        move._rebuilding.draw = lambda ids, audiences: (drawn.append(len(ids)), draw(ids, audiences))[1]
        return move

    with pytest.raises(Killed):
        asyncio.run(moving(half_way).run(asyncio.Event()))
    first = sum(drawn)
    assert first > 0
    drawn.clear()
    assert all(report.ok for report in asyncio.run(moving(lambda _: None).run(asyncio.Event())))
    assert first + sum(drawn) == len(truth(system, STAFF))


def test_a_move_is_given_up_and_leaves_nothing(system: System) -> None:
    mover = started(system, "index", "move", "--to", "elasticsearch")
    until(lambda: system.catalogue.engine.read("embedded").filling, "it begins")
    kill(mover)
    assert run(system, "index", "drop-old", status=1)
    assert run(system, "index", "rollback")["rollback"] == "move given up"
    assert indexed_nowhere(system, "elasticsearch")
    assert system.catalogue.engine.read("embedded").beside == ""
    assert system.search("渔民登记")["total"]["value"] > 0


def test_a_cluster_that_is_away_is_said_and_nothing_has_begun(system: System) -> None:
    process = subprocess.run(
        [sys.executable, "-m", "danghai", "index", "move", "--to", "elasticsearch"],
        cwd=system.settings.home, env=environment(system) | {"DANGHAI_ELASTIC_HOSTS": "http://127.0.0.1:9"},
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert process.returncode == 3
    assert "Elasticsearch" in process.stderr
    assert system.catalogue.engine.read("embedded").beside == ""


# ── rebuilding on either engine ─────────────────────────────────────────────────


@pytest.fixture(params=["embedded", "elasticsearch"])
def standing(request: pytest.FixtureRequest, elastic: str, tools: Tools, tmp_path: Path) -> Iterator[System]:
    """The small archive and some more on one engine."""
    made = System(tmp_path / "home", tools, engine=request.param, elastic_hosts=elastic)
    made.put([*small_archive(made.store).incoming, *more("R", 150)])
    made.project()
    yield made
    made.close()


def test_a_rebuild_killed_goes_on_and_can_be_gone_back_from_without_what_was_withdrawn(
    standing: System, long_run: bool
) -> None:
    chance = random.Random(5)
    engine = standing.settings.engine
    before = answers(standing)
    for _ in range(6 if long_run else 1):
        rebuild = started(standing, "index", "rebuild", "--json")
        time.sleep(chance.uniform(2.5, 4.5))
        kill(rebuild)
        assert answers(standing) == before  # whatever was cut short, before the switch or after it
    told = run(standing, "index", "rebuild")
    assert told["rebuild"] == "done"
    assert all(report["ok"] for report in told["verified"])
    assert answers(standing) == before
    assert all(index["kept_bytes"] > 0 for index in run(standing, "index", "status")["indexes"])

    changed = standing.search("", level="file", size=1)["hits"][0]["id"]
    standing.catalogue.records.set_access(changed, access_status="开放", publicity="馆内")
    gone = standing.search("", level="file", size=2)["hits"][1]["id"]
    standing.catalogue.records.set_access(gone, **CLOSE)
    standing.project()
    assert run(standing, "index", "rollback", status=1)  # its trace goes first, and the old index with it
    run(standing, "index", "rebuild")
    kept = {index["audience"]: bool(index["kept"]) for index in run(standing, "index", "status")["indexes"]}
    assert kept == {PUBLIC: False, READING_ROOM: False, STAFF: True}  # staff have lost nothing
    run(standing, "index", "rebuild")
    standing.put(more("S", 2))
    back = run(standing, "index", "rollback")
    assert (back["rollback"], all(report["ok"] for report in back["verified"])) == ("done", True)
    for audience in AUDIENCES:
        assert indexed(standing, audience, engine) == truth(standing, audience)
    assert gone not in indexed(standing, PUBLIC, engine)
    assert run(standing, "index", "drop-old")["drop_old"] == "done"
    assert not any(index["kept"] for index in run(standing, "index", "status")["indexes"])
    assert run(standing, "index", "rollback", status=1)


def test_what_is_not_as_the_catalogue_says_is_not_switched_to(standing: System) -> None:
    """A record changed behind the outbox's back, between filling and comparing."""
    before = answers(standing)
    generations = [index["generation"] for index in run(standing, "index", "status")["indexes"]]

    def meddle(progress: Any) -> None:
        if progress.phase == "verify":
            with standing.catalogue.database.write() as session:
                session.execute(
                    text("UPDATE records SET version = version + 7 WHERE id = :id"), {"id": of("R-1")}
                )

    async def rebuilt(projector: Any) -> None:
        projector.rebuilding.told = meddle
        await projector.rebuild_wanted()

    standing.catalogue.outbox.ask_rebuild(AUDIENCES, "test")
    with pytest.raises(Conflict, match="R-1"):
        standing.work(rebuilt)
    assert answers(standing) == before
    assert [i["generation"] for i in run(standing, "index", "status")["indexes"]] == generations
    standing.catalogue.outbox.ask_rebuild(AUDIENCES, "test")
    assert standing.rebuild() == 3


def test_a_rebuild_is_given_up_by_one_command(standing: System) -> None:
    before = answers(standing)

    async def begun(projector: Any) -> None:
        for audience in AUDIENCES:
            await projector.rebuilding.writer.begin_rebuild(audience)

    standing.catalogue.outbox.ask_rebuild(AUDIENCES, "test")
    standing.work(begun)
    assert all(index["building"] for index in run(standing, "index", "status")["indexes"])
    run(standing, "index", "rollback")
    shown = run(standing, "index", "status")
    assert not any(index["building"] for index in shown["indexes"])
    assert shown["rebuilds"] == {}
    assert answers(standing) == before

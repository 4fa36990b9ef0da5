"""kill -9 at random instants of writing, committing and rebuilding (issue 3, point 6; invariant 2).

After each kill the index opens and holds exactly the last batch acknowledged, or the next one whole.
Ten kills by default, sixty with DANGHAI_LONG=1.
"""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from holdings.engines import embedded_meaning, embedded_vectors
from holdings.engines.embedded import EmbeddedEngine
from holdings.engines.embedded_words import NUMBER, build_schema, make_document, open_index, state_document
from holdings.engines.embedded_writer import EmbeddedWriter
from holdings.engines.port import DateRange, FacetIn, Question, Word
from holdings.errors import Conflict

from .engine_child import AUDIENCE, MADE_WITH, Plan, document, rows_of

ROOT = Path(__file__).parents[2]
SEED = 20260611


@contextmanager
def child(*arguments: object) -> Iterator[subprocess.Popen[str]]:
    """A process of engine_child, ready; killed at the end."""
    command = [sys.executable, str(Path(__file__).with_name("engine_child.py")), *map(str, arguments)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": str(ROOT)}
    ) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


def acknowledged(folder: Path, batch: int, seconds: float) -> int:
    """Let a child write for a while, kill it; the last batch it acknowledged."""
    with child("write", folder, SEED, batch) as process:
        time.sleep(seconds)
        process.kill()
        assert process.stdout is not None
        lines = process.stdout.read().split("\n")[:-1]  # a last line without its end was not acknowledged
    assert process.returncode == -9, "the child ended by itself"
    return int(lines[-1]) if lines else batch


async def check(folder: Path, least: int, dice: random.Random) -> int:
    """Open, compare with the plan; how many batches the index holds: `least` or one more."""
    engine = EmbeddedEngine(folder, MADE_WITH)
    await engine.open()
    versions = await engine.versions(AUDIENCE)
    plan = Plan.at(SEED, least)
    if versions != plan.versions:
        plan.step()
    assert versions == plan.versions, f"neither batch {least} nor {plan.batch}"
    assert not plan.deleted & versions.keys()
    await check_vectors(engine, versions)
    await check_words(engine, plan, dice)
    await check_meaning(engine, plan, dice)
    status = await engine.status(AUDIENCE)
    assert status.documents == len(versions)
    assert status.rows == sum(1 + version % 3 for version in versions.values())
    await engine.close()
    return plan.batch


async def check_vectors(engine: EmbeddedEngine, versions: dict[str, int]) -> None:
    for id_, version in versions.items():
        held, truth = await engine.vectors(AUDIENCE, id_), rows_of(id_, version)
        assert [(row.page, row.number) for row in held] == [(row.page, row.number) for row in truth]
        for row, true in zip(held, truth, strict=True):
            assert np.allclose(row.vector, true.vector, atol=1e-3)


async def check_words(engine: EmbeddedEngine, plan: Plan, dice: random.Random) -> None:
    everything = await engine.search(AUDIENCE, Question(words=Word((("共同",),)), facets=("fonds",)))
    assert everything.total == len(plan.versions)
    assert sum(found.count for found in everything.facets["fonds"]) == len(plan.versions)
    for id_ in dice.sample(sorted(plan.deleted), min(20, len(plan.deleted))):
        assert (await engine.search(AUDIENCE, Question(words=Word(((f"t{id_}",),))))).total == 0
    for id_ in dice.sample(sorted(plan.versions), min(20, len(plan.versions))):
        version = plan.versions[id_]
        day = 19490101 + version
        must = (FacetIn("fonds", (f"J{version % 4}",)), DateRange(day, day))
        answer = await engine.search(AUDIENCE, Question(words=Word(((f"t{id_}", f"v{version}"),)), must=must))
        assert [hit.id for hit in answer.words] == [id_]


async def check_meaning(engine: EmbeddedEngine, plan: Plan, dice: random.Random) -> None:
    """A row's own vector finds it, also by way of the signs; a dead row's finds no dead document."""
    for id_ in dice.sample(sorted(plan.versions), min(30, len(plan.versions))):
        row = dice.choice(rows_of(id_, plan.versions[id_]))
        hit = (await engine.search(AUDIENCE, Question(vector=row.vector, depth=1))).meaning[0]
        assert (hit.id, hit.passages[0]) == (id_, (row.page, row.number))
        assert hit.score == pytest.approx(1, abs=2e-3)
    for id_ in dice.sample(sorted(plan.deleted), min(20, len(plan.deleted))):
        answer = await engine.search(AUDIENCE, Question(vector=rows_of(id_, 1)[0].vector, depth=50))
        assert {hit.id for hit in answer.meaning} <= plan.versions.keys()


def test_kills_lose_nothing_acknowledged(
    tmp_path: Path, long_run: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded_vectors, "EXACT", 50)
    monkeypatch.setattr(embedded_meaning, "RESCORED", 60)
    dice = random.Random(SEED)
    batch = 0
    for _ in range(60 if long_run else 10):
        least = acknowledged(tmp_path, batch, dice.uniform(0.0, 1.0))
        batch = asyncio.run(check(tmp_path, least, dice))
    assert batch > 10, "too few batches to prove anything"
    assert len(list((tmp_path / AUDIENCE).glob("g*"))) <= 2, "generations that nobody reads stay behind"


def test_a_deletion_file_that_a_kill_left_does_not_stop_the_next_commit(tmp_path: Path) -> None:
    """Killed between writing `<segment>.<stamp>.del` and the meta file, Tantivy comes back to that stamp."""
    with asyncio.Runner() as runner:
        writer = EmbeddedWriter(tmp_path, MADE_WITH, [AUDIENCE])
        runner.run(writer.open())
        runner.run(writer.write(AUDIENCE, [document(f"k:{i}", 1) for i in range(5)]))
        runner.run(writer.commit(AUDIENCE))
        runner.run(writer.close())
        (meta,) = tmp_path.glob("*/*/tantivy/meta.json")
        held = json.loads(meta.read_text())
        managed = meta.with_name(".managed.json")
        stamps = range(held["opstamp"], held["opstamp"] + 20)  # wherever the next commit's stamp falls
        left = [
            f"{segment['segment_id'].replace('-', '')}.{stamp}.del"
            for segment in held["segments"]
            for stamp in stamps
        ]
        for name in left:
            meta.with_name(name).write_bytes(b"half a file")
        managed.write_text(json.dumps([*json.loads(managed.read_text()), *left]))
        writer = EmbeddedWriter(tmp_path, MADE_WITH, [AUDIENCE])
        runner.run(writer.open())
        assert len(runner.run(writer.versions(AUDIENCE))) == 5
        runner.run(writer.write(AUDIENCE, [], ["k:1"]))
        runner.run(writer.commit(AUDIENCE))
        assert len(runner.run(writer.versions(AUDIENCE))) == 4
        runner.run(writer.close())


def test_what_tantivy_forgot_to_delete_is_deleted_again(tmp_path: Path) -> None:
    """A document that was buried, and a former state, stand in Tantivy again: as after a deletion it lost."""
    with asyncio.Runner() as runner:
        writer = EmbeddedWriter(tmp_path, MADE_WITH, [AUDIENCE])
        runner.run(writer.open())
        runner.run(writer.write(AUDIENCE, [document(f"k:{i}", 1) for i in range(5)]))
        runner.run(writer.commit(AUDIENCE))
        former = writer._live[AUDIENCE].state.to_json()
        runner.run(writer.write(AUDIENCE, [document("k:2", 2)], ["k:1"]))
        runner.run(writer.commit(AUDIENCE))
        runner.run(writer.close())
        schema = build_schema()
        (folder,) = tmp_path.glob("*/*/tantivy")
        index = open_index(str(folder), schema)
        tantivy_writer = index.writer(15_000_000, 1)
        for number, id_ in ((1, "k:1"), (2, "k:2")):
            risen = make_document(document(id_, 1), schema)
            risen.add_unsigned(NUMBER, number)
            tantivy_writer.add_document(risen)
        tantivy_writer.add_document(state_document(former, schema))
        tantivy_writer.commit()
        tantivy_writer.wait_merging_threads()

        writer = EmbeddedWriter(tmp_path, MADE_WITH, [AUDIENCE])
        runner.run(writer.open())
        engine = EmbeddedEngine(tmp_path, MADE_WITH)
        runner.run(engine.open())
        found = runner.run(engine.search(AUDIENCE, Question(words=Word((("共同",),)), facets=("fonds",))))
        assert found.total == 4
        assert {hit.id for hit in found.words} == {"k:0", "k:2", "k:3", "k:4"}
        assert sum(value.count for value in found.facets["fonds"]) == 4
        assert runner.run(engine.versions(AUDIENCE)) == {"k:0": 1, "k:2": 2, "k:3": 1, "k:4": 1}
        runner.run(engine.close())
        runner.run(writer.close())


def test_another_process_sees_a_commit_within_two_seconds(tmp_path: Path) -> None:
    async def commit_one(writer: EmbeddedWriter) -> None:
        await writer.write(AUDIENCE, [document("k:1", 1)])
        await writer.commit(AUDIENCE)

    with asyncio.Runner() as runner:
        writer = EmbeddedWriter(tmp_path, MADE_WITH, [AUDIENCE])
        runner.run(writer.open())
        with child("watch", tmp_path, "k:1") as process:
            runner.run(commit_one(writer))
            committed = time.monotonic()
            assert process.stdout is not None
            assert process.stdout.readline() == "seen\n"
            assert time.monotonic() - committed < 2
        runner.run(writer.close())


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    with child("write", tmp_path, SEED, 0), asyncio.Runner() as runner:
        writer = EmbeddedWriter(tmp_path, MADE_WITH, [AUDIENCE])
        with pytest.raises(Conflict):
            runner.run(writer.open())
        runner.run(writer.close())

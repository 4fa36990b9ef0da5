"""What the engine's fault tests run in processes of their own, and the plan both sides follow.

The plan is a function of seed and batch number, so whoever knows how many batches were committed knows
every document, version and vector the index must hold.

    python engine_child.py write <folder> <seed> <first batch>    writes and commits until it is killed
    python engine_child.py watch <folder> <id>                    says when it sees the id
"""

from __future__ import annotations

import asyncio
import random
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from holdings.engines import embedded_generation
from holdings.engines.embedded import EmbeddedEngine
from holdings.engines.embedded_writer import EmbeddedWriter
from holdings.engines.port import Document, MadeWith, Row

AUDIENCE = "public"
DIMENSION = 64
MADE_WITH = MadeWith("nfkc-1", "jieba-1", "lexicon-1", "encoder-1", DIMENSION)
#: Every so many batches the index is rebuilt.
REBUILD_EVERY = 9


def rows_of(id_: str, version: int) -> list[Row]:
    """One to three unit vectors, by id and version."""
    dice = np.random.default_rng([int(id_[2:]), version])
    vectors = dice.standard_normal((1 + version % 3, DIMENSION)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return [Row(page, version, vector) for page, vector in enumerate(vectors)]


def document(id_: str, version: int) -> Document:
    return Document(
        id=id_,
        version=version,
        text={"title": [[f"t{id_}", f"v{version}"]], "body": [["共同", "的", "词"] * 40]},
        facets={"fonds": [f"J{version % 4}"]},
        first_day=19490101 + version,
        last_day=19490101 + version,
        sort_code=id_,
        rows=rows_of(id_, version),
    )


@dataclass
class Plan:
    """The state after `batch` batches: live versions, and every id ever deleted (none comes back)."""

    seed: int
    batch: int
    versions: dict[str, int]
    deleted: set[str]
    given: int = 0

    @staticmethod
    def at(seed: int, batch: int) -> Plan:
        plan = Plan(seed, 0, {}, set())
        while plan.batch < batch:
            plan.step()
        return plan

    def step(self) -> tuple[dict[str, int], list[str]]:
        """Go one batch on; what it writes (id → version) and deletes."""
        dice = random.Random(self.seed * 1_000_003 + self.batch)
        live = sorted(self.versions)
        changed = dice.sample(live, min(len(live), dice.randrange(40)))
        deletes = dice.sample(live, min(len(live), dice.randrange(25)))
        writes = {id_: self.versions[id_] + 1 for id_ in changed if id_ not in deletes}
        for _ in range(dice.randrange(1, 60)):
            writes[f"k:{self.given}"] = 1
            self.given += 1
        for id_ in deletes:
            del self.versions[id_]
        self.versions.update(writes)
        self.deleted.update(deletes)
        self.batch += 1
        return writes, deletes


async def write(folder: Path, seed: int, first: int) -> None:
    embedded_generation.MEAN_AT = 300  # type: ignore[misc]
    writer = EmbeddedWriter(folder, MADE_WITH, [AUDIENCE])
    await writer.open()
    plan = Plan.at(seed, first)
    print("ready", flush=True)
    while True:
        writes, deletes = plan.step()
        documents = [document(id_, version) for id_, version in writes.items()]
        # The first vector comes with the document, the others behind it.
        await writer.write(AUDIENCE, [replace(made, rows=made.rows[:1]) for made in documents], deletes)
        assert not await writer.add_rows(AUDIENCE, {made.id: made.rows for made in documents})
        await writer.commit(AUDIENCE)
        print(plan.batch, flush=True)
        if plan.batch % REBUILD_EVERY == 0:
            await writer.begin_rebuild(AUDIENCE)
            await writer.fill(AUDIENCE, [document(*pair) for pair in plan.versions.items()])
            await writer.finish_rebuild(AUDIENCE)


async def watch(folder: Path, id_: str) -> None:
    engine = EmbeddedEngine(folder, MADE_WITH)
    await engine.open()
    print("ready", flush=True)
    while id_ not in await engine.versions(AUDIENCE):  # noqa: ASYNC110 - looking is what is tested
        await asyncio.sleep(0.01)
    print("seen", flush=True)
    await engine.close()


if __name__ == "__main__":
    task, where, *rest = sys.argv[1:]
    if task == "write":
        asyncio.run(write(Path(where), int(rest[0]), int(rest[1])))
    else:
        asyncio.run(watch(Path(where), rest[0]))

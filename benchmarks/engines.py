"""Both engines in one run, on the same documents and the same questions, row by row in turn.

    python -m benchmarks engines --docs 100000
    python -m benchmarks engines --data real --docs 230000
    python -m benchmarks engines --data real --docs 57000 --vectors int8_hnsw bbq_hnsw int8_flat bbq_flat

The embedded engine runs in this process; Elasticsearch is a real node of the published server on this machine, asked
through the house's own adapter. Both stay in bench-data/. Build time is by the clock and by processor time (of
this process and of the node), for other work may share the machine. Memory: anonymous memory of this process with
only the embedded engine open, and of the node. `--candidates` asks Elasticsearch's graph for more.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import httpx
import numpy as np

from benchmarks.engine import (
    AUDIENCE,
    BATCH,
    FACETS,
    MADE_WITH,
    ROOT,
    SHARES,
    Asked,
    Holdings,
    counted,
    exact_ten,
    questions,
    ranked,
    rss_anon,
    summary,
    thirty_years,
    timed,
)
from benchmarks.real_text import RealText
from holdings.engines import elasticsearch_mapping, elasticsearch_query
from holdings.engines.elasticsearch import ElasticsearchEngine
from holdings.engines.elasticsearch_client import Cluster
from holdings.engines.elasticsearch_writer import ElasticsearchWriter
from holdings.engines.embedded import EmbeddedEngine
from holdings.engines.embedded_writer import EmbeddedWriter
from holdings.engines.port import Document, IndexWriter, Node, Question, SearchEngine
from tests.elastic.node import Node as Server
from tests.elastic.node import software

#: Questions by which the recall is told.
JUDGED = 40


class Source(Protocol):
    def batch(self, number: int, count: int) -> list[Document]: ...

    def questions(self, count: int) -> list[Asked]: ...


class Generated(Holdings):
    """benchmarks.engine's holdings, one passage a record."""

    def __init__(self) -> None:
        super().__init__(1)

    def questions(self, count: int) -> list[Asked]:
        return questions(count)


@dataclass
class Built:
    """What a build cost: seconds by the clock and of the processor, MB on the disk."""

    seconds: float
    processor: float
    disk: float


def processor_seconds(pid: int) -> float:
    """User and system time of a process and of the children it has waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


async def build(writer: IndexWriter, source: Source, docs: int, name: str, node: int) -> Built:
    """Fill the index. node: pid of the server, or of this process."""
    await writer.open()
    seconds = processor = 0.0
    for number in range((docs + BATCH - 1) // BATCH):
        documents = source.batch(number, min(BATCH, docs - number * BATCH))
        began, busy = time.perf_counter(), _busy(node)
        await writer.write(AUDIENCE, documents)
        if number % 10 == 9 or (number + 1) * BATCH >= docs:
            await writer.commit(AUDIENCE)
        seconds += time.perf_counter() - began
        processor += _busy(node) - busy
        print(f"\r{name}: {min(docs, (number + 1) * BATCH):,}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    await writer.close()
    return Built(round(seconds), round(processor), 0)


def told(stats: Path) -> Built | None:
    """What a former run built."""
    return Built(**json.loads(stats.read_text())) if stats.exists() else None


def _busy(node: int) -> float:
    return processor_seconds(os.getpid()) + (processor_seconds(node) if node != os.getpid() else 0)


def anonymous(pid: int) -> int:
    """Anonymous memory of a process, MB."""
    line = next(li for li in Path(f"/proc/{pid}/status").read_text().splitlines() if li.startswith("RssAnon"))
    return int(line.split()[1]) // 1024


@dataclass
class Contender:
    """One engine, built, open and warm."""

    name: str
    engine: SearchEngine
    built: Built
    memory: float

    async def words(self, asked: Asked) -> object:
        question = Question(words=counted(asked), facets=FACETS, must=(thirty_years(asked),))
        return await self.engine.search(AUDIENCE, question)

    async def hybrid(self, asked: Asked) -> object:
        question = Question(
            words=ranked(asked), counted=counted(asked), vector=asked.vector, facets=FACETS,
            post_filters={"x": thirty_years(asked)},
        )  # fmt: skip
        return await self.engine.search(AUDIENCE, question)

    def meaning(self, must: tuple[Node, ...], depth: int) -> Callable[[Asked], Awaitable[object]]:
        def ask(asked: Asked) -> Awaitable[object]:
            question = Question(vector=asked.vector, must=must, meaning_only=True, depth=depth)
            return self.engine.search(AUDIENCE, question)

        return ask

    async def recall(self, must: tuple[Node, ...], truth: Sequence[tuple[Asked, set[str]]]) -> float:
        shares = []
        for asked, best in truth:
            question = Question(vector=asked.vector, must=must, meaning_only=True, depth=len(best))
            answer = await self.engine.search(AUDIENCE, question)
            await answer.meaning.look(range(len(answer.meaning)))
            shares.append(len(best & {hit.id for hit in answer.meaning}) / len(best))
        return round(float(np.mean(shares)), 3)


def truths(
    engine: EmbeddedEngine, must: tuple[Node, ...], asked: Sequence[Asked]
) -> list[tuple[Asked, set[str]]]:
    """The ten best records of each question, every vector scored."""
    columns = engine.snapshot(AUDIENCE).columns
    passing = columns.mask(must[0])[columns.row_keys[:, 0]] if must else None
    found = []
    for one in asked:
        rows = sorted(exact_ten(one.vector, passing, columns.rows))
        found.append((one, set(columns.ids([int(columns.row_keys[row, 0]) for row in rows]))))
    return found


async def compare(contenders: Sequence[Contender], asked: Sequence[Asked]) -> dict[str, dict[str, Any]]:
    """Every row of the table: each engine in turn, one client and four."""
    embedded = contenders[0].engine
    assert isinstance(embedded, EmbeddedEngine)
    rows: dict[str, Callable[[Contender], Callable[[Asked], Awaitable[object]]]] = {
        "words + 3 facets + filter": lambda one: one.words,
        "hybrid + 3 facets + filter": lambda one: one.hybrid,
    }
    judged: dict[str, tuple[Node, ...]] = {}
    for share, must in SHARES.items():
        for depth in (10, 1_000):
            judged[f"meaning, {share} pass, best {depth}"] = must
            rows[f"meaning, {share} pass, best {depth}"] = lambda one, must=must, depth=depth: one.meaning(  # type: ignore[misc]
                must, depth
            )
    table: dict[str, dict[str, Any]] = {}
    for name, choose in rows.items():
        truth = truths(embedded, judged[name], asked[:JUDGED]) if name.endswith("best 10") else []
        for one in contenders:
            await timed(choose(one), asked[:20], 1)
            cell: dict[str, Any] = {"one": summary(await timed(choose(one), asked, 1))}
            cell["four"] = summary(await timed(choose(one), asked, 4))
            if truth:
                cell["recall@10"] = await one.recall(judged[name], truth)
            table.setdefault(name, {})[one.name] = cell
    return table


def show(contenders: Sequence[Contender], table: dict[str, dict[str, Any]]) -> None:
    for one in contenders:
        built = one.built
        print(
            f"{one.name}: built in {built.seconds:,.0f} s ({built.processor:,.0f} s of the processor), "
            f"{built.disk:,.0f} MB on disk, {one.memory:,.0f} MB anonymous memory"
        )
    base = contenders[0].name
    for name, cells in table.items():
        print(name)
        for engine, cell in cells.items():
            times = cell["one"]["p50"] / max(0.01, cells[base]["one"]["p50"])
            line = (
                f"  {engine:24} {cell['one']['p50']:8} / {cell['one']['p95']:<8} {cell['four']['p50']:8} / "
            )
            recall = f"  recall@10 {cell['recall@10']}" if "recall@10" in cell else ""
            print(f"{line}{cell['four']['p95']:<8} × {times:.1f}{recall}")


async def run(options: argparse.Namespace) -> None:
    kept: Path = options.kept
    source: Source = RealText(kept.parent) if options.data == "real" else Generated()
    asked = source.questions(options.questions)
    folder = kept / f"embedded-{options.data}-{options.docs}"
    embedded = await _embedded(folder, source, options.docs)
    contenders = [embedded]
    node = Server(software(), kept / "node", heap=options.heap)
    node.start()
    try:
        await _recovered(node.url)
        for kind in options.vectors:
            contenders.append(await _clustered(node, kind, kept, source, options))
        if options.only_build:
            return
        print(
            f"\n{options.docs:,} records, {options.data}; load {os.getloadavg()[0]:.1f}; ms, p50 / p95, 1 and 4 clients"
        )
        table = await compare(contenders, asked)
        show(contenders, table)
        if options.json:
            options.json.write_text(json.dumps(table, ensure_ascii=False, indent=1))
    finally:
        for one in contenders:
            await one.engine.close()
        node.stop()


async def _recovered(url: str) -> None:
    """Until what earlier runs built is open again."""
    async with httpx.AsyncClient(timeout=620) as client:
        wanted = {"wait_for_status": "yellow", "timeout": "600s"}
        (await client.get(f"{url}/_cluster/health", params=wanted)).raise_for_status()


async def _embedded(folder: Path, source: Source, docs: int) -> Contender:
    stats = folder / "build.json"
    writer = EmbeddedWriter(folder, MADE_WITH, [AUDIENCE])
    built = told(stats) or await build(writer, source, docs, "embedded", os.getpid())
    before = rss_anon()
    engine = EmbeddedEngine(folder, MADE_WITH)
    await engine.open()
    while not (status := await engine.status(AUDIENCE)).meaning_ready:  # noqa: ASYNC110
        await asyncio.sleep(0.1)
    built.disk = round(status.bytes_on_disk / 1e6)
    stats.write_text(json.dumps(vars(built)))
    return Contender("embedded", engine, built, rss_anon() - before)


async def _clustered(
    node: Server, kind: str, kept: Path, source: Source, options: argparse.Namespace
) -> Contender:
    name = f"{options.data}-{options.docs}-{kind}".replace("_", "-")
    elasticsearch_mapping.VECTOR_INDEX = kind  # type: ignore[misc]
    elasticsearch_query.LEAST_CANDIDATES = options.candidates  # type: ignore[misc]
    cluster = Cluster((node.url,), prefix=f"bench-{name}")
    stats = kept / f"{name}.json"
    assert node.process is not None
    writer = ElasticsearchWriter(cluster, MADE_WITH, [AUDIENCE])
    built = told(stats) or await build(writer, source, options.docs, name, node.process.pid)
    if options.merge and not built.disk:
        async with httpx.AsyncClient(timeout=3_600) as client:
            index = f"{node.url}/bench-{name}-{AUDIENCE}"
            (await client.post(f"{index}/_forcemerge?max_num_segments=1")).raise_for_status()
    engine = ElasticsearchEngine(cluster, MADE_WITH)
    await engine.open()
    built.disk = round((await engine.status(AUDIENCE)).bytes_on_disk / 1e6)
    stats.write_text(json.dumps(vars(built)))
    return Contender(f"elasticsearch {kind}", engine, built, anonymous(node.process.pid))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--docs", type=int, default=20_000)
    parser.add_argument("--data", choices=("generated", "real"), default="generated")
    parser.add_argument(
        "--vectors", nargs="*", default=["int8_hnsw"], help="Elasticsearch's kinds of index, each built"
    )
    parser.add_argument("--candidates", type=int, default=elasticsearch_query.LEAST_CANDIDATES)
    parser.add_argument("--heap", default="3g", help="of the node")
    parser.add_argument("--merge", action="store_true", help="merge Elasticsearch's segments after building")
    parser.add_argument("--only-build", action="store_true", help="ask later, when the machine is quiet")
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--kept", type=Path, default=ROOT / "bench-data" / "engines")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    options = parser.parse_args()
    options.kept.mkdir(parents=True, exist_ok=True)
    asyncio.run(run(options))


if __name__ == "__main__":
    main()

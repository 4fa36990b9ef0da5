"""How fast the embedded engine answers, how exact its meaning leg is, and what it costs to keep.

    python benchmarks/engine.py --docs 10000 100000 1000000
    python benchmarks/engine.py --docs 1000000 --rows-per-doc 5

Generated holdings: words drawn by jieba's dictionary frequencies (so postings are as long as in real
Chinese text), a title of 8 words, an abstract of 12, a page of 40 (about 100 characters in all), Zipfian names,
and vectors of 512 dimensions about 2,000 themes with a common offset, as sentence embeddings lie.
One passage a record unless --rows-per-doc says more. Question vectors are noisy copies of stored ones.

Every answer asked for 1,000 hits a leg, exact totals and three exact facets. The bare Tantivy query runs
in the same process on the same index: the same words in the same fields with the same boosts and filter,
top 1,000 of those with any word, counted, and the same three facets. Indexes are kept in bench-data/ by their parameters.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from numpy.typing import NDArray

from holdings.engines.common import facet_field
from holdings.engines.embedded import EmbeddedEngine
from holdings.engines.embedded_layout import AudienceFolder
from holdings.engines.embedded_words import QueryBuilder, build_schema, open_index
from holdings.engines.embedded_writer import EmbeddedWriter
from holdings.engines.port import (
    AnyOf,
    DateRange,
    Document,
    FacetIn,
    MadeWith,
    Node,
    Phrase,
    Question,
    Row,
    Vector,
    Word,
)

AUDIENCE = "public"
DIMENSION = 512
MADE_WITH = MadeWith("bench", "jieba", "bench", "generated", DIMENSION)
FACETS = ("fonds", "genre", "decade")
BATCH = 5_000
ROOT = Path(__file__).parents[1]


# ── generated holdings ──────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Vocabulary:
    words: list[str]
    odds: NDArray[np.float64]

    @staticmethod
    def load() -> Vocabulary:
        """jieba's words of up to four characters with their frequencies."""
        import jieba

        with open(Path(jieba.__file__).with_name("dict.txt"), encoding="utf-8") as lines:
            pairs = [line.split()[:2] for line in lines]
        kept = [(word, int(count)) for word, count in pairs if len(word) <= 4]
        counts = np.array([count for _, count in kept], np.float64)
        return Vocabulary([word for word, _ in kept], counts / counts.sum())


def zipf(count: int) -> NDArray[np.float64]:
    odds = 1 / np.arange(1, count + 1)
    return odds / odds.sum()


def themes() -> NDArray[np.float32]:
    """2,000 theme centres and, last, the offset all vectors share."""
    return np.random.default_rng(7).standard_normal((2_001, DIMENSION)).astype(np.float32)


def vectors(dice: np.random.Generator, centres: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    chosen = centres[dice.choice(2_000, count, p=zipf(2_000))]
    drawn = 0.8 * centres[2_000] + chosen + 1.2 * dice.standard_normal((count, DIMENSION), np.float32)
    unit: NDArray[np.float32] = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
    return unit


class Holdings:
    """Records by number; batch b is the same whatever was made before it."""

    def __init__(self, rows_per_doc: int) -> None:
        self.vocabulary = Vocabulary.load()
        self._centres = themes()
        self._rows_per_doc = rows_per_doc

    def batch(self, number: int, count: int) -> list[Document]:
        dice = np.random.default_rng([1, number])
        drawn = dice.choice(len(self.vocabulary.words), (count, 60), p=self.vocabulary.odds)
        names = {
            name: dice.choice(size, count, p=zipf(size)).tolist()
            for name, size in {"fonds": 120, "genre": 15, "creators": 2_000, "persons": 20_000,
                               "places": 500, "keywords": 3_000, "series": 40}.items()
        }  # fmt: skip
        years = dice.integers(1900, 2000, count).tolist()
        rows = vectors(dice, self._centres, count * self._rows_per_doc)
        return [
            self._document(
                number * BATCH + i, drawn[i], {k: v[i] for k, v in names.items()}, years[i], rows, i
            )
            for i in range(count)
        ]

    def _document(
        self, serial: int, drawn: Any, names: dict[str, int], year: int, rows: Any, at: int
    ) -> Document:
        words = [self.vocabulary.words[i] for i in drawn]
        title, abstract, body = words[:8], words[8:20], words[20:]
        facets = {name: [f"{name}{value}"] for name, value in names.items()}
        facets["decade"] = [f"{year // 10 * 10}"]
        code = f"{facets['fonds'][0]}-1-{serial // 100:06d}-{serial % 100:03d}"
        shown = "".join(title)
        first = at * self._rows_per_doc
        return Document(
            id=f"990001:{code}",
            version=1,
            text={
                "title": [title], "abstract": [abstract], "body": [body], "identifiers": [[code]],
                "creators": [facets["creators"]], "names": [facets["persons"]], "places": [facets["places"]],
            },
            bigrams=[pairs("".join(value)) for value in (title, abstract, body)],
            facets=facets,
            first_day=year * 10_000 + 101,
            last_day=year * 10_000 + 1231,
            sort_code=code,
            rows=[Row(j, 0, rows[first + j]) for j in range(self._rows_per_doc)],
            suggest=[(shown, shown), *((value, value) for value in facets["persons"] + facets["places"])],
        )  # fmt: skip


def pairs(text: str) -> list[str]:
    return [text[i : i + 2] for i in range(len(text) - 1)]


async def build(folder: Path, docs: int, rows_per_doc: int) -> dict[str, float]:
    """Build unless it is there; go on where a former run was stopped. The time is the engine's part alone,
    without making the text (of this run, where it went on)."""
    stats = folder / "build.json"
    if stats.exists():
        return dict(json.loads(stats.read_text()))
    holdings = Holdings(rows_per_doc)
    writer = EmbeddedWriter(folder, MADE_WITH, [AUDIENCE])
    await writer.open()
    spent = 0.0
    done = len(await writer.versions(AUDIENCE)) // BATCH
    for number in range(done, (docs + BATCH - 1) // BATCH):
        documents = holdings.batch(number, min(BATCH, docs - number * BATCH))
        started = time.perf_counter()
        await writer.write(AUDIENCE, documents)
        if number % 10 == 9:
            await writer.commit(AUDIENCE)
        spent += time.perf_counter() - started
        print(f"\rbuilding {docs:,}: {(number + 1) * BATCH:,}", end="", file=sys.stderr, flush=True)
    started = time.perf_counter()
    await writer.commit(AUDIENCE)
    await writer.close()
    spent += time.perf_counter() - started
    print(file=sys.stderr)
    built = {"build_s": round(spent, 1)}
    stats.write_text(json.dumps(built))
    return built


# ── questions ───────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Asked:
    words: tuple[str, ...]
    vector: Vector
    year: int


def questions(count: int) -> list[Asked]:
    """One to four words of two characters and more, from the 100th to the 3,000th commonest, drawn as the
    text's are (each in half a per cent to five per cent of the records); and a vector near a theme."""
    vocabulary = Vocabulary.load()
    dice = np.random.default_rng(42)
    odds = np.where([len(word) >= 2 for word in vocabulary.words], vocabulary.odds, 0)
    order = np.argsort(-odds)
    odds[order[:100]] = odds[order[3_000:]] = 0
    odds /= odds.sum()
    targets = vectors(dice, themes(), count)
    asked = []
    for number in range(count):
        drawn = dice.choice(len(odds), dice.integers(1, 5), p=odds, replace=False)
        words = tuple(vocabulary.words[i] for i in drawn)
        asked.append(Asked(words, targets[number], int(dice.integers(1900, 1970))))
    return asked


def ranked(asked: Asked) -> Node:
    """As search_api ranks beside a meaning leg: any of the words, each in all fields or by its bigrams."""
    return AnyOf(_leaves(asked), 1)


def counted(asked: Asked) -> Node:
    """As search_api counts, and ranks without a meaning leg: of two words both, of more half."""
    leaves = _leaves(asked)
    count = len(leaves)
    return AnyOf(leaves, count if count <= 2 else max(2, round(count / 2)))


def _leaves(asked: Asked) -> tuple[Node, ...]:
    return tuple(Word(((word,),), tuple(pairs(word))) for word in asked.words)


def thirty_years(asked: Asked) -> DateRange:
    return DateRange(asked.year * 10_000 + 101, asked.year * 10_000 + 301_231)


# ── measuring ───────────────────────────────────────────────────────────────────


async def timed(
    ask: Callable[[Asked], Awaitable[object]], all_asked: Sequence[Asked], clients: int
) -> list[float]:
    """Milliseconds of each question, `clients` asking at once."""
    waiting: Iterator[Asked] = iter(all_asked)
    spent: list[float] = []

    async def client() -> None:
        for asked in waiting:
            started = time.perf_counter()
            await ask(asked)
            spent.append((time.perf_counter() - started) * 1e3)

    await asyncio.gather(*(client() for _ in range(clients)))
    return spent


def summary(spent: Sequence[float]) -> dict[str, float]:
    return {
        "p50": round(statistics.median(spent), 1),
        "p95": round(float(np.percentile(spent, 95)), 1),
    }


class Bare:
    """Tantivy alone: one searcher, the same words and facets, nothing of ours around it."""

    def __init__(self, folder: Path) -> None:
        generation = AudienceFolder(folder / AUDIENCE).current()
        self._schema = build_schema()
        self._index = open_index(str(generation.tantivy), self._schema)
        self._index.reload()
        self._searcher = self._index.searcher()
        self._queries = QueryBuilder(self._schema)
        self._facets = {
            name: {"terms": {"field": facet_field(name), "size": 50, "segment_size": 100_000_000}}
            for name in FACETS
        }

    def ask(self, asked: Asked) -> None:
        must = (thirty_years(asked),)
        result = self._searcher.search(self._queries.constrained(ranked(asked), must), 1_000)
        assert len(result.hits) <= 1_000
        self._searcher.aggregate(self._queries.constrained(counted(asked), must), self._facets)

    async def __call__(self, asked: Asked) -> None:
        await asyncio.to_thread(self.ask, asked)


def rss_anon() -> float:
    """Anonymous memory of this process, MB."""
    with open("/proc/self/status", encoding="ascii") as lines:
        found = next(line for line in lines if line.startswith("RssAnon"))
    return round(int(found.split()[1]) / 1024)


# ── one size, in a process of its own ───────────────────────────────────────────


@dataclass
class Bench:
    """One index, opened and warm."""

    engine: EmbeddedEngine
    bare: Bare
    asked: list[Asked]

    async def hybrid(self, asked: Asked) -> None:
        question = Question(
            words=ranked(asked), counted=counted(asked), vector=asked.vector, facets=FACETS,
            post_filters={"x": thirty_years(asked)},
        )  # fmt: skip
        await self.engine.search(AUDIENCE, question)

    async def words(self, asked: Asked) -> None:
        question = Question(words=counted(asked), facets=FACETS, must=(thirty_years(asked),))
        await self.engine.search(AUDIENCE, question)

    def meaning(self, *must: Node) -> Callable[[Asked], Awaitable[object]]:
        return lambda asked: self.engine.search(
            AUDIENCE, Question(vector=asked.vector, must=must, meaning_only=True, depth=1_000)
        )

    async def without(self, asked: Asked) -> None:
        """Hybrid with a required phrase's opposite: a NOT on a word."""
        refused = Phrase((asked.words[0],))
        question = Question(
            words=ranked(asked),
            counted=counted(asked),
            vector=asked.vector,
            must_not=(refused,),
            facets=FACETS,
        )
        await self.engine.search(AUDIENCE, question)

    async def complete(self, asked: Asked) -> None:
        await self.engine.complete(AUDIENCE, asked.words[0])

    async def row(self, ask: Callable[[Asked], Awaitable[object]]) -> dict[str, Any]:
        await timed(ask, self.asked[:20], 1)
        one, four = await timed(ask, self.asked, 1), await timed(ask, self.asked, 4)
        return {"one": summary(one), "four": summary(four)}


SHARES: dict[str, tuple[Node, ...]] = {
    "100 %": (),
    "10 %": (FacetIn("decade", ("1950",)),),
    "1 %": (FacetIn("fonds", ("fonds18",)),),
}


async def recall_at_ten(bench: Bench, must: tuple[Node, ...], count: int = 40) -> float:
    """Against scoring every row that passes, on the stored rows."""
    snapshot = bench.engine.snapshot(AUDIENCE)
    columns = snapshot.columns
    passing = columns.mask(must[0])[columns.row_keys[:, 0]] if must else None
    found = []
    for asked in bench.asked[:count]:
        truth = exact_ten(asked.vector, passing, columns.rows)
        owners = set(columns.ids(sorted({int(columns.row_keys[row, 0]) for row in truth})))
        answer = await bench.engine.search(
            AUDIENCE, Question(vector=asked.vector, must=must, meaning_only=True, depth=len(owners))
        )
        found.append(len(owners & {hit.id for hit in answer.meaning}) / len(owners))
    return round(float(np.mean(found)), 3)


def exact_ten(vector: Vector, passing: NDArray[np.bool_] | None, rows: NDArray[np.float16]) -> set[int]:
    """Row numbers of the ten best, every row scored."""
    blocks = range(0, len(rows), 50_000)
    scores = np.concatenate([rows[at : at + 50_000].astype(np.float32) @ vector for at in blocks])
    if passing is not None:
        scores[~passing] = -9
    return set(np.argpartition(-scores, 10)[:10].tolist())


async def opened(folder: Path) -> tuple[EmbeddedEngine, dict[str, float]]:
    """The engine with both legs up, and how long each took."""
    started = time.perf_counter()
    engine = EmbeddedEngine(folder, MADE_WITH)
    await engine.open()
    await engine.search(AUDIENCE, Question(words=Word((("渔民",),))))
    words = time.perf_counter() - started
    while not (await engine.status(AUDIENCE)).meaning_ready:  # noqa: ASYNC110 - how long it takes is asked
        await asyncio.sleep(0.05)
    meaning = time.perf_counter() - started
    return engine, {"words_ready_s": round(words, 2), "meaning_ready_s": round(meaning, 2)}


async def measure(folder: Path, count: int) -> dict[str, Any]:
    engine, found = await opened(folder)
    bench = Bench(engine, Bare(folder), questions(count))
    table: dict[str, Any] = {
        "bare tantivy: words + 3 facets + filter": await bench.row(bench.bare),
        "words + 3 facets + filter": await bench.row(bench.words),
        "hybrid + 3 facets + filter": await bench.row(bench.hybrid),
        "hybrid + 3 facets, NOT a word": await bench.row(bench.without),
        "completion": await bench.row(bench.complete),
    }
    for share, must in SHARES.items():
        table[f"meaning, {share} pass"] = await bench.row(bench.meaning(*must))
    memory = rss_anon()
    for share, must in SHARES.items():
        table[f"meaning, {share} pass"]["recall@10"] = await recall_at_ten(bench, must)
    status = await engine.status(AUDIENCE)
    await engine.close()
    return {
        **found, "load": os.getloadavg()[0], "cores": os.cpu_count(), "rss_anon_mb": memory, "disk_mb": round(status.bytes_on_disk / 1e6),
        "documents": status.documents, "rows": status.rows, "rows_measured": table,
    }  # fmt: skip


# ── the whole run ───────────────────────────────────────────────────────────────


def show(results: list[dict[str, Any]]) -> None:
    for result in results:
        print(f"\n{result['documents']:,} documents, {result['rows']:,} rows: ", end="")
        print({name: value for name, value in result.items() if name != "rows_measured"})
        print(f"{'ms, p50 / p95':44}{'1 client':>16}{'4 clients':>16}")
        for name, row in result["rows_measured"].items():
            cells = [f"{row[who]['p50']} / {row[who]['p95']}" for who in ("one", "four")]
            recall = f"   recall@10 {row['recall@10']}" if "recall@10" in row else ""
            print(f"{name:44}{cells[0]:>16}{cells[1]:>16}{recall}")
        table = result["rows_measured"]
        bare, hybrid = table["bare tantivy: words + 3 facets + filter"], table["hybrid + 3 facets + filter"]
        print(f"hybrid / bare tantivy, p50: {hybrid['one']['p50'] / bare['one']['p50']:.2f}")
    for small, large in pairwise(results):
        growth = large["documents"] / small["documents"]
        for name, row in large["rows_measured"].items():
            times = row["one"]["p50"] / max(0.01, small["rows_measured"][name]["one"]["p50"])
            print(f"{name:44} {growth:.0f} × the data, {times:.1f} × the time")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--docs", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--rows-per-doc", type=int, default=1)
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--data", type=Path, default=ROOT / "bench-data" / "engine")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(asyncio.run(measure(options.measure, options.questions))))
        return
    results = []
    for docs in options.docs:
        folder = options.data / f"v2-{docs}-{options.rows_per_doc}"
        built = asyncio.run(build(folder, docs, options.rows_per_doc))
        command = [
            sys.executable,
            "-m",
            "benchmarks.engine",
            "--measure",
            str(folder.absolute()),
            "--questions",
            str(options.questions),
        ]
        answered = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        results.append({**built, **json.loads(answered.stdout)})
    show(results)
    if options.json:
        options.json.write_text(json.dumps(results, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()

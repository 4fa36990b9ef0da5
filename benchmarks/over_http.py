"""What one search costs over HTTP, the embedding of the question included, beside a bare Tantivy query.

    python -m benchmarks http [--docs 10000 100000 1000000] [--questions 200]

A real `danghai serve --no-ocr` on generated records (benchmarks.homes; one passage a record), asked as
the public over loopback. The bare query runs in this process on the same index files: the same words in
the same fields with the same weights and filter, top 1,000, counted, and the same three facets; it takes
turns with the requests, question by question, so that a busy machine hits both alike. "Processor" is what
the serving process used for a request, all its threads: steady where the machine is shared.
"""

from __future__ import annotations

import argparse
import json
import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from benchmarks import engine
from benchmarks.homes import DATA, Served, home_of, served
from benchmarks.metrics import percentile
from holdings.engines.common import facet_field
from holdings.engines.embedded_layout import AudienceFolder
from holdings.engines.embedded_words import QueryBuilder, build_schema, open_index
from holdings.engines.port import Question
from models.words import JiebaSegmenter
from search_api.asking import Asked, question
from search_api.understand import understand

PORT = 19_510
FACETS = ",".join(engine.FACETS)
YEARS = 30
WARM_UP = 20
BARE = "bare Tantivy, words + 3 facets + filter"
HYBRID = "hybrid + 3 facets + filter"
KINDS: dict[str, dict[str, Any]] = {
    "words + 3 facets + filter": {"mode": "words", "facets": FACETS, "filter": True},
    "meaning": {"mode": "meaning"},
    HYBRID: {"mode": "hybrid", "facets": FACETS, "filter": True},
    "hybrid + 3 facets": {"mode": "hybrid", "facets": FACETS},
}


@dataclass(frozen=True)
class Query:
    text: str
    year: int

    def path(self, kind: dict[str, Any]) -> str:
        given: dict[str, Any] = {"q": self.text, "mode": kind["mode"]}
        if "facets" in kind:
            given["facets"] = kind["facets"]
        if kind.get("filter"):
            given |= {"year_from": self.year, "year_to": self.year + YEARS}
        return f"/v1/search?{urlencode(given)}"


def queries(count: int) -> list[Query]:
    return [Query(" ".join(asked.words), asked.year) for asked in engine.questions(count)]


class Bare:
    """Tantivy alone on the same files."""

    def __init__(self, home: Path) -> None:
        generation = AudienceFolder(home / "index" / engine.AUDIENCE).current()
        index = open_index(str(generation.tantivy), build_schema())
        index.reload()
        self._searcher = index.searcher()
        self._queries = QueryBuilder(build_schema())
        self._segmenter = JiebaSegmenter()
        self._segmenter.warm()
        self._facets = {
            name: {"terms": {"field": facet_field(name), "size": 50, "segment_size": 100_000_000}}
            for name in engine.FACETS
        }

    def question(self, query: Query) -> Question:
        """What search_api makes of it, for words and a filter."""
        asked = Asked(query.text, "words", year_from=query.year, year_to=query.year + YEARS)
        return question(asked, understand(query.text, self._segmenter), None)

    def ask(self, query: Query) -> float:
        """Milliseconds of the query itself."""
        full = self.question(query)
        bound = (*full.must, *full.post_filters.values())
        began = time.perf_counter()
        made = self._queries.constrained(full.words, bound, full.must_not)
        self._searcher.search(made, 1_000)
        self._searcher.aggregate(made, self._facets)
        return (time.perf_counter() - began) * 1e3


class Client:
    """One person with one kept-alive connection."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._connection = HTTPConnection(str(parts.hostname), parts.port, timeout=60)

    def ask(self, path: str) -> float:
        """Milliseconds from sending the request to holding the whole parsed answer."""
        began = time.perf_counter()
        self._connection.request("GET", path)
        response = self._connection.getresponse()
        answer = json.loads(response.read())
        spent = (time.perf_counter() - began) * 1e3
        if response.status != 200:
            raise RuntimeError(f"{path}: {answer}")
        return spent


def one_client(address: str, bare: Bare, asked: Sequence[Query]) -> dict[str, list[float]]:
    """kind → milliseconds; the kinds take turns on every question."""
    client = Client(address)
    for query in asked[:WARM_UP]:
        bare.ask(query)
        for kind in KINDS.values():
            client.ask(query.path(kind))
    spent: dict[str, list[float]] = {BARE: [], **{name: [] for name in KINDS}}
    for query in asked:
        spent[BARE].append(bare.ask(query))
        for name, kind in KINDS.items():
            spent[name].append(client.ask(query.path(kind)))
    return spent


def many_clients(
    clients: int, make: Callable[[], Callable[[Query], float]], asked: Sequence[Query]
) -> list[float]:
    """Milliseconds of every question, shared out among `clients` threads. `make`: one client's asking."""
    waiting: Iterator[Query] = iter(asked)
    lock, spent = threading.Lock(), []

    def work() -> None:
        ask = make()
        while True:
            with lock:
                query = next(waiting, None)
            if query is None:
                return
            spent.append(ask(query))

    threads = [threading.Thread(target=work) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(spent) != len(asked):
        raise RuntimeError(f"{len(asked) - len(spent)} of {len(asked)} questions failed")
    return spent


def measure(home: Path, count: int, port: int) -> dict[str, Any]:
    asked, bare = queries(count), Bare(home)
    with served(home, port) as server:
        one = one_client(server.address, bare, asked)
        four = {BARE: many_clients(4, lambda: bare.ask, asked)}
        processor = {}
        for name, kind in KINDS.items():
            before = server.processor_ms()
            four[name] = many_clients(4, lambda kind=kind: _asker(server, kind), asked)
            processor[name] = round((server.processor_ms() - before) / len(asked), 1)
        return {
            "processor_ms": processor,
            "anonymous_mb": server.anonymous_mb(),
            "words_ready_s": round(server.words_ready, 2),
            "meaning_ready_s": round(server.meaning_ready, 2),
            "one": {name: _summary(spent) for name, spent in one.items()},
            "four": {name: _summary(spent) for name, spent in four.items()},
        }


def _asker(server: Served, kind: dict[str, Any]) -> Callable[[Query], float]:
    client = Client(server.address)
    return lambda query: client.ask(query.path(kind))


def _summary(spent: Sequence[float]) -> dict[str, float]:
    return {"p50": round(statistics.median(spent), 1), "p95": round(percentile(spent, 0.95), 1)}


def show(docs: int, found: dict[str, Any]) -> None:
    ready = f"words leg ready {found['words_ready_s']} s, meaning {found['meaning_ready_s']} s"
    print(f"\n{docs:,} records, 1 passage each; {ready}; RssAnon {found['anonymous_mb']} MiB")
    print(f"{'ms, p50 / p95':44}{'1 client':>18}{'4 clients':>18}{'processor, mean':>18}")
    for name in (BARE, *KINDS):
        cells = [f"{found[who][name]['p50']} / {found[who][name]['p95']}" for who in ("one", "four")]
        print(f"{name:44}{cells[0]:>18}{cells[1]:>18}{found['processor_ms'].get(name, ''):>18}")
    ratio = found["one"][HYBRID]["p50"] / found["one"][BARE]["p50"]
    print(f"{HYBRID} over HTTP / bare Tantivy, p50, one client: {ratio:.2f}", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--docs", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--port", type=int, default=PORT)
    parser.add_argument("--data", type=Path, default=DATA)
    given = parser.parse_args(arguments)
    for docs in given.docs:
        show(docs, measure(home_of(docs, given.data), given.questions, given.port))


if __name__ == "__main__":
    main()

"""The engines under contract, and a small archive to ask them about.

A new engine joins by one entry in ENGINES: how to make a writer and readers over one store.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest

from holdings.engines.elasticsearch import ElasticsearchEngine
from holdings.engines.elasticsearch_writer import ElasticsearchWriter
from holdings.engines.embedded import EmbeddedEngine
from holdings.engines.embedded_writer import EmbeddedWriter
from holdings.engines.port import (
    Answer,
    Document,
    IndexWriter,
    MadeWith,
    Phrase,
    Question,
    Row,
    SearchEngine,
    Vector,
    Word,
)
from tests.conftest import LONG
from tests.elastic.server import cluster_for

T = TypeVar("T")
AUDIENCE = "public"
DIMENSION = 16
MADE_WITH = MadeWith("nfkc-1", "jieba-1", "lexicon-1", "encoder-1", DIMENSION)


@dataclass(frozen=True)
class Kind:
    """How to make both sides of one engine over a folder of the test's own."""

    writer: Callable[[Path, MadeWith], IndexWriter]
    reader: Callable[[Path, MadeWith], SearchEngine]


EMBEDDED = Kind(
    writer=lambda folder, made_with: EmbeddedWriter(folder, made_with, [AUDIENCE]),
    reader=EmbeddedEngine,
)


def on_elasticsearch(url: str, shards: int = 1) -> Kind:
    return Kind(
        writer=lambda folder, made: ElasticsearchWriter(cluster_for(url, folder, shards), made, [AUDIENCE]),
        reader=lambda folder, made: ElasticsearchEngine(cluster_for(url, folder, shards), made),
    )


#: How each engine is made; those that need a server ask for its fixture.
ENGINES: dict[str, Callable[[pytest.FixtureRequest], Kind]] = {
    "embedded": lambda request: EMBEDDED,
    "elasticsearch": lambda request: on_elasticsearch(request.getfixturevalue("elastic")),
    "elasticsearch-shards": lambda request: on_elasticsearch(request.getfixturevalue("elastic"), shards=3),
}


@dataclass
class Desk:
    """One store with a writer and a reader, spoken to without `await`."""

    kind: Kind
    folder: Path
    runner: asyncio.Runner
    writer: IndexWriter = field(init=False)
    engine: SearchEngine = field(init=False)
    others: list[SearchEngine] = field(default_factory=list)

    def open(self, made_with: MadeWith = MADE_WITH) -> None:
        self.writer = self.kind.writer(self.folder, made_with)
        self.run(self.writer.open())
        self.engine = self.kind.reader(self.folder, made_with)
        self.run(self.engine.open())

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(coroutine)

    def another_reader(self, made_with: MadeWith = MADE_WITH) -> SearchEngine:
        engine = self.kind.reader(self.folder, made_with)
        self.others.append(engine)
        self.run(engine.open())
        return engine

    def put(self, *documents: Document, deletes: Sequence[str] = (), audience: str = AUDIENCE) -> None:
        """Write, commit, and see it."""
        self.run(self.writer.write(audience, documents, deletes))
        self.run(self.writer.commit(audience))
        self.run(self.engine.refresh())

    def give(self, *documents: Document) -> None:
        """Their rows, to those that are there, as the projector gives them; commit, and see it."""
        left = self.run(self.writer.add_rows(AUDIENCE, {made.id: made.rows for made in documents}))
        self.put(*(made for made in documents if made.id in left and made.id in self.versions()))

    def ask(self, audience: str = AUDIENCE, **question: Any) -> Answer:
        async def asked() -> Answer:
            answer = await self.engine.search(audience, Question(**question))
            await answer.meaning.look(range(len(answer.meaning)))
            return answer

        return self.run(asked())

    def found(self, **question: Any) -> set[str]:
        """Ids of the words leg, which must be as many as the total says."""
        answer = self.ask(**question)
        ids = {hit.id for hit in answer.words}
        assert len(ids) == len(answer.words) == answer.total
        return ids

    def by_meaning(self, **question: Any) -> set[str]:
        return {hit.id for hit in self.ask(vector=direction(0), **question).meaning}

    def versions(self) -> dict[str, int]:
        return self.run(self.engine.versions(AUDIENCE))

    def complete(self, prefix: str, size: int = 10) -> list[str]:
        return self.run(self.engine.complete(AUDIENCE, prefix, size=size))

    def close(self) -> None:
        for engine in [*self.others, self.engine]:
            self.run(engine.close())
        self.run(self.writer.close())


#: Where several shards could tell: the order and what is counted. The long run asks all of them all.
OF_SHARDS = ("test_counts", "test_order")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every engine under every test; the one of several shards, on a short run, where shards could tell."""
    if "kind" in metafunc.fixturenames:
        everything = LONG or metafunc.module.__name__.rpartition(".")[2] in OF_SHARDS
        names = [name for name in sorted(ENGINES) if everything or name != "elasticsearch-shards"]
        metafunc.parametrize("kind", names, indirect=True)


@pytest.fixture
def kind(request: pytest.FixtureRequest) -> Kind:
    return ENGINES[request.param](request)


@pytest.fixture
def desk(kind: Kind, tmp_path: Path) -> Iterator[Desk]:
    with asyncio.Runner() as runner:
        made = Desk(kind, tmp_path / "index", runner)
        made.open()
        yield made
        made.close()


# ── making documents and questions ──────────────────────────────────────────────


def direction(seed: int) -> Vector:
    """A unit vector, the same for the same seed."""
    vector = np.random.default_rng(seed).standard_normal(DIMENSION).astype(np.float32)
    return vector / np.linalg.norm(vector)


def between(near: int, far: int, share: float) -> Vector:
    """A unit vector from `near` towards `far`."""
    vector = (1 - share) * direction(near) + share * direction(far)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def pairs(text: str) -> tuple[str, ...]:
    return tuple(text[i : i + 2] for i in range(len(text) - 1))


def document(id_: str, title: str, **more: Any) -> Document:
    """A document whose title's words stand between spaces. `body`: pages, written alike."""
    body: Sequence[str] = more.pop("body", ())
    text = {"title": [title.split()], "body": [page.split() for page in body]}
    text.update({name: [value.split() for value in values] for name, values in more.pop("text", {}).items()})
    values = [title, *body]
    defaults: dict[str, Any] = {
        "version": 1,
        "sort_code": id_,
        "bigrams": [pairs(value.replace(" ", "")) for value in values],
        "suggest": [(title.replace(" ", ""), title.replace(" ", ""))],
        "rows": [Row(0, 0, between(0, hash_of(id_), 0.4))],
    }
    return Document(id=id_, text=text, **{**defaults, **more})


def hash_of(id_: str) -> int:
    return 1 + sum(ord(letter) * 31**i for i, letter in enumerate(id_)) % 10_000


def word(text: str, *variants: str, **more: Any) -> Word:
    """A word whose segments stand between spaces; found by its bigrams too when it is one segment or more."""
    joined = text.replace(" ", "")
    alternatives = tuple(tuple(form.split()) for form in (text, *variants))
    return Word(alternatives, bigrams=more.pop("bigrams", pairs(joined)), **more)


def phrase(text: str, **more: Any) -> Phrase:
    return Phrase(tuple(text.split()), bigrams=more.pop("bigrams", pairs(text.replace(" ", ""))), **more)


LETTERS = [
    document(
        "a:1", "沈家门 渔民 登记 公函", body=["查 本县 渔民 登记 事宜"],
        facets={"fonds": ["J1"], "genre": ["公函"], "persons": ["王阿毛", "李四"]},
        first_day=19490301, last_day=19490331,
    ),
    document(
        "a:2", "定海 县政府 通知", body=["沈家门 港口 疏浚", "渔民 不得 停泊"],
        facets={"fonds": ["J1"], "genre": ["通知"], "persons": ["李四"]}, first_day=19500517, last_day=19500517,
    ),
    document(
        "a:3", "普陀山 寺院 报告", body=["僧人 名册"], text={"places": ["普陀山 沈家门"]},
        facets={"fonds": ["J2"], "genre": ["报告"]}, first_day=19300101, last_day=19321231,
    ),
    document("a:4", "岱山 盐场 登记 簿", body=["盐民 登记"], facets={"fonds": ["J2"], "genre": ["簿册"]}),
    document(
        "a:5", "沈家门镇 民国 户籍", text={"identifiers": ["J045-1-12-3 J045"]},
        facets={"fonds": ["J3"], "genre": ["簿册"], "persons": ["王阿毛"]}, first_day=19480601, last_day=19480630,
    ),
]  # fmt: skip


@pytest.fixture
def archive(desk: Desk) -> Desk:
    """The desk with LETTERS in it."""
    desk.put(*LETTERS)
    return desk


def newer(document_: Document, **changes: Any) -> Document:
    return replace(document_, version=document_.version + 1, **changes)

"""Several shards answer as one does: the same hits in the same order, the same totals and facets.

Without statistics shared among the shards (dfs_query_then_fetch) a word would weigh differently in each, by
how many of its documents happened to fall there.
"""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest

from holdings.engines.elasticsearch import ElasticsearchEngine
from holdings.engines.elasticsearch_writer import ElasticsearchWriter
from holdings.engines.port import Answer, AnyOf, Document, Question, SearchEngine
from tests.contracts.conftest import AUDIENCE, MADE_WITH, direction, document, word
from tests.elastic.server import cluster_for

WORDS = [
    "渔民",
    "登记",
    "灯塔",
    "盐场",
    "学校",
    "台风",
    "公函",
    "通知",
    "沈家门",
    "定海",
    "岱山",
    "普陀",
    "船只",
    "米粮",
    "户籍",
    "名册",
    "码头",
    "水产",
    "教员",
    "乡公所",
]


def made(chance: random.Random, number: int) -> Document:
    """Words as uneven as real ones: the first are everywhere, the last nearly nowhere."""

    def some(count: int) -> str:
        return " ".join(WORDS[min(int(chance.paretovariate(0.7)) - 1, len(WORDS) - 1)] for _ in range(count))

    facets = {"fonds": [f"J{number % 7}"], "persons": [f"样例{number}"]}
    body = [some(chance.randint(1, 60))]
    return document(f"a:{number:05d}", some(chance.randint(1, 6)), body=body, facets=facets)


def questions(chance: random.Random, count: int) -> list[Question]:
    found = []
    for number in range(count):
        words = tuple(word(w) for w in chance.sample(WORDS, chance.randint(1, 4)))
        vector = direction(number) if number % 2 else None
        found.append(
            Question(
                words=AnyOf(words), vector=vector, facets=("fonds", "persons"), facet_size=9_999, depth=200
            )
        )
    return found


@pytest.fixture
def answers(elastic: str, tmp_path: Path, long_run: bool) -> dict[int, list[Answer]]:
    """Number of shards → what each question gave."""
    chance = random.Random(7)
    documents = [made(chance, n) for n in range(9_000 if long_run else 400)]
    asked = questions(chance, 200 if long_run else 25)

    async def told(shards: int) -> list[Answer]:
        cluster = cluster_for(elastic, tmp_path / str(shards), shards)
        writer = ElasticsearchWriter(cluster, MADE_WITH, [AUDIENCE])
        await writer.open()
        for start in range(0, len(documents), 100):  # several segments in each shard
            await writer.write(AUDIENCE, documents[start : start + 100])
            await writer.commit(AUDIENCE)
        await writer.close()
        engine: SearchEngine = ElasticsearchEngine(cluster, MADE_WITH)
        await engine.open()
        found = [await engine.search(AUDIENCE, question) for question in asked]
        await engine.close()
        return found

    return {shards: asyncio.run(told(shards)) for shards in (1, 3)}


def test_three_shards_answer_as_one_does(answers: dict[int, list[Answer]]) -> None:
    assert sum(answer.total for answer in answers[1]) > 1_000
    for one, three in zip(answers[1], answers[3], strict=True):
        assert one.total == three.total
        assert one.facets == three.facets
        assert _order(one.words) == _order(three.words)
        assert _alike(one.meaning, three.meaning)


def _alike(one: Any, three: Any) -> bool:
    """Nearest neighbours are found by a graph for each shard, which may miss one in a hundred."""
    ids, others = set(one.ids()), set(three.ids())
    return len(ids) == len(others) and len(ids & others) >= 0.99 * len(ids)


def _order(leg: Any) -> list[tuple[str, float]]:
    """Ids with their scores, which common statistics make the same to the last digits a float holds."""
    return [(hit.id, round(hit.score, 4)) for hit in leg]

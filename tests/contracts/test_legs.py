"""Constraints bind both legs (invariant 4), and what the meaning leg answers."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import pytest

from holdings.engines.port import Answer, AnyOf, DateRange, FacetIn, Ids, Question, Row, Undated, Vector
from holdings.errors import IndexMissing

from .conftest import AUDIENCE, LETTERS, Desk, between, direction, document, phrase, word

CONSTRAINTS: list[Any] = [
    FacetIn("fonds", ("J1",)),
    FacetIn("persons", ("李四", "王阿毛")),
    DateRange(19490101, 19501231),
    Undated(),
    Ids(("a:1", "a:4", "unknown")),
    word("登记"),
    word("沈家门"),
    word("渔民", fields=("body",)),
    word("沈家", bigrams=(), prefix=True),
    phrase("渔民 登记"),
    phrase("沈家 门镇"),
    AnyOf((FacetIn("fonds", ("J1",)), Undated())),
    AnyOf((FacetIn("genre", ("簿册",)), Undated()), required=2),
    AnyOf((FacetIn("fonds", ("J3",)), word("寺院"))),
    AnyOf((word("渔民"), word("登记")), required=2),
]
EVERY = {made.id for made in LETTERS}


@pytest.mark.parametrize("node", CONSTRAINTS, ids=str)
def test_must_and_must_not_bind_both_legs_alike(archive: Desk, node: Any) -> None:
    passing = archive.found(must=(node,))
    assert archive.by_meaning(must=(node,)) == passing
    assert archive.found(must_not=(node,)) == EVERY - passing
    assert archive.by_meaning(must_not=(node,)) == EVERY - passing
    assert archive.found(words=word("登记"), must_not=(node,)) == {"a:1", "a:4"} - passing
    assert archive.by_meaning(words=word("登记"), post_filters={"x": node}) == passing


def test_constraints_join(archive: Desk) -> None:
    asked: dict[str, Any] = {
        "must": (FacetIn("fonds", ("J1", "J3")), word("沈家门")),
        "must_not": (phrase("沈家门 港口"), Undated()),
    }
    assert archive.found(**asked) == archive.by_meaning(**asked) == {"a:1", "a:5"}


def test_a_document_scores_by_its_best_passage(desk: Desk) -> None:
    far = Row(0, 0, between(0, 7, 0.9))
    desk.put(
        document("b:1", "甲", rows=[far, Row(3, 2, between(0, 8, 0.1)), Row(4, 0, between(0, 9, 0.3))]),
        document("b:2", "乙", rows=[Row(1, 0, between(0, 10, 0.2))]),
        document("b:3", "丙", rows=[]),
    )
    hits = desk.ask(vector=direction(0)).meaning
    assert [hit.id for hit in hits] == ["b:1", "b:2"]
    assert hits[0].passages == ((3, 2), (4, 0), (0, 0))
    assert hits[0].score == pytest.approx(float(direction(0) @ between(0, 8, 0.1)), abs=1e-3)
    assert hits[1].passages == ((1, 0),)


def test_at_most_three_passages_a_hit(desk: Desk) -> None:
    rows = [Row(page, 0, between(0, 5, 0.1 * page)) for page in range(1, 8)]
    desk.put(document("b:1", "甲", rows=rows))
    assert desk.ask(vector=direction(0)).meaning[0].passages == ((1, 0), (2, 0), (3, 0))


def test_equal_vectors_tie_by_id(desk: Desk) -> None:
    ids = [f"b:{i:02d}" for i in range(40)]
    shuffled = np.random.default_rng(3).permutation(ids).tolist()
    desk.put(*(document(id_, "甲", rows=[Row(0, 0, between(0, 1, 0.3))]) for id_ in shuffled))
    assert [hit.id for hit in desk.ask(vector=direction(0)).meaning] == ids
    assert [hit.id for hit in desk.ask(vector=direction(0), depth=7).meaning] == ids[:7]


def test_depth_cuts_each_leg(archive: Desk) -> None:
    answer = archive.ask(words=word("沈家门"), vector=direction(0), depth=2)
    assert len(answer.words) == len(answer.meaning) == 2
    assert answer.total == 4
    none = archive.ask(words=word("沈家门"), vector=direction(0), depth=0)
    assert (len(none.words), len(none.meaning), none.total) == (0, 0, 4)


def test_meaning_only_counts_the_constrained_set(archive: Desk) -> None:
    answer = archive.ask(
        words=word("登记"), vector=direction(0), meaning_only=True, facets=("fonds",),
        must=(FacetIn("fonds", ("J1", "J2")),), histogram=True,
    )  # fmt: skip
    assert len(answer.words) == 0
    assert answer.after is None
    assert answer.total == 4
    assert {found.value: found.count for found in answer.facets["fonds"]} == {"J1": 2, "J2": 2}
    assert answer.undated == 1
    assert len(answer.meaning) == 4


def test_without_a_vector_no_meaning_leg(archive: Desk) -> None:
    assert len(archive.ask(words=word("登记")).meaning) == 0


def test_the_vector_may_come_while_the_words_are_sought(archive: Desk) -> None:
    async def late() -> Vector:
        await asyncio.sleep(0.05)
        return direction(0)

    async def asked() -> Answer:
        question = Question(words=word("登记"), vector=asyncio.ensure_future(late()))
        answer = await archive.engine.search(AUDIENCE, question)
        await answer.meaning.look(range(len(answer.meaning)))
        return answer

    answer, plain = archive.run(asked()), archive.ask(words=word("登记"), vector=direction(0))
    assert (list(answer.words), list(answer.meaning)) == (list(plain.words), list(plain.meaning))
    assert len(answer.meaning) > 0


def test_a_vector_that_fails_fails_the_question(archive: Desk) -> None:
    async def broken() -> Vector:
        raise IndexMissing("no vector")

    async def asked() -> Answer:
        question = Question(words=word("登记"), vector=asyncio.ensure_future(broken()))
        return await archive.engine.search(AUDIENCE, question)

    with pytest.raises(IndexMissing, match="no vector"):
        archive.run(asked())


def test_middles_of_many_documents(desk: Desk) -> None:
    rows = {
        "b:1": [direction(1), direction(2), direction(3)],
        "b:2": [direction(4)],
        "b:3": [],
        "b:4": [direction(5)],
    }
    desk.put(
        *(document(id_, "登记", rows=[Row(n, 0, v) for n, v in enumerate(of)]) for id_, of in rows.items())
    )
    desk.give(
        document("b:2", "登记", rows=[Row(0, 0, direction(4)), Row(1, 0, direction(6))])
    )  # one came later
    desk.put(document("b:5", "登记"), deletes=["b:4"])
    rows["b:2"].append(direction(6))
    found = desk.run(desk.engine.middles(AUDIENCE, [*rows, "unknown"]))
    assert set(found) == {"b:1", "b:2"}
    for id_, middle in found.items():
        total = np.stack(rows[id_]).sum(axis=0)
        assert np.allclose(middle, total / np.linalg.norm(total), atol=2e-3), id_
        assert middle.dtype == np.float32
    assert desk.run(desk.engine.middles(AUDIENCE, [])) == {}


def test_vectors_of_a_document(archive: Desk) -> None:
    rows = archive.run(archive.engine.vectors(AUDIENCE, "a:3"))
    assert [(row.page, row.number) for row in rows] == [(0, 0)]
    assert np.allclose(rows[0].vector, LETTERS[2].rows[0].vector, atol=1e-3)
    assert rows[0].vector.dtype == np.float32
    assert archive.run(archive.engine.vectors(AUDIENCE, "unknown")) == []

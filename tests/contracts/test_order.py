"""Order and paging: ties by id, every sort, to the end without a skip or a repeat (invariant 6)."""

from __future__ import annotations

import random
from typing import Any

import pytest

from holdings.engines.port import Answer, Document, FacetIn, Sort
from holdings.errors import BadCursor

from .conftest import Desk, direction, document, newer, word

COUNT = 230


def made(i: int, dice: random.Random) -> Document:
    """Few distinct scores, few distinct days, codes unlike ids."""
    day = dice.choice([None, 19300101, 19300102, 19491001])
    text = " ".join(["登记"] * (1 + i % 3) + ["甲"] * (i % 2))
    return document(
        f"d:{i:04d}", text, sort_code=f"J{dice.randrange(5)}-{dice.randrange(30):04d}", first_day=day,
        last_day=day, facets={"fonds": [f"J{i % 4}"]}, rows=[],
    )  # fmt: skip


@pytest.fixture
def documents() -> list[Document]:
    dice = random.Random(5)
    drawn = [made(i, dice) for i in range(COUNT)]
    dice.shuffle(drawn)
    return drawn


@pytest.fixture
def ordered(desk: Desk, documents: list[Document]) -> Desk:
    for start in range(0, COUNT, 60):  # several segments
        desk.put(*documents[start : start + 60])
    return desk


def walk(desk: Desk, depth: int, **question: Any) -> list[str]:
    """Every id, page by page, on the snapshot of the first."""
    ids: list[str] = []
    after = snapshot = None
    while True:
        answer = desk.ask(depth=depth, after=after, snapshot=snapshot, **question)
        assert len(answer.words) == depth or answer.after is None
        ids += [hit.id for hit in answer.words]
        if answer.after is None:
            return ids
        after, snapshot = answer.after, answer.snapshot


def test_relevance_is_score_then_id(ordered: Desk) -> None:
    hits = ordered.ask(words=word("登记")).words
    assert len(hits) == COUNT
    assert list(hits) == sorted(hits, key=lambda hit: (-hit.score, hit.id))


@pytest.mark.parametrize("depth", [1, 7, 50, 115, 229, 230, 231])
def test_a_cut_inside_a_tie_keeps_the_order(ordered: Desk, depth: int) -> None:
    whole = [hit.id for hit in ordered.ask(words=word("登记")).words]
    assert [hit.id for hit in ordered.ask(words=word("登记"), depth=depth).words] == whole[:depth]


def truth(documents: list[Document], sort: Sort) -> list[str]:
    def key(document_: Document) -> tuple[Any, ...]:
        day = document_.first_day
        head: tuple[Any, ...] = ()
        if sort is Sort.DATE:
            head = (day is None, day or 0)
        elif sort is Sort.DATE_DESC:
            head = (day is None, -(day or 0))
        return (*head, document_.sort_code, document_.id)

    return [document_.id for document_ in sorted(documents, key=key)]


@pytest.mark.parametrize("sort", [Sort.DATE, Sort.DATE_DESC, Sort.CODE])
def test_sorts(ordered: Desk, documents: list[Document], sort: Sort) -> None:
    expected = truth(documents, sort)
    assert [hit.id for hit in ordered.ask(sort=sort).words] == expected
    assert [hit.id for hit in ordered.ask(words=word("登记"), sort=sort).words] == expected
    chosen = [id_ for id_ in expected if int(id_[2:]) % 4 == 1]
    assert [hit.id for hit in ordered.ask(sort=sort, must=(FacetIn("fonds", ("J1",)),)).words] == chosen


def test_without_words_the_order_is_by_code(ordered: Desk, documents: list[Document]) -> None:
    assert [hit.id for hit in ordered.ask().words] == truth(documents, Sort.CODE)


@pytest.mark.parametrize("sort", list(Sort))
@pytest.mark.parametrize("depth", [1, 13, 115, 500])
def test_paging_to_the_end(ordered: Desk, sort: Sort, depth: int) -> None:
    whole = [hit.id for hit in ordered.ask(words=word("登记"), sort=sort).words]
    assert walk(ordered, depth, words=word("登记"), sort=sort) == whole


@pytest.mark.parametrize("sort", list(Sort))
def test_paging_to_the_end_without_words(ordered: Desk, documents: list[Document], sort: Sort) -> None:
    expected = truth(documents, Sort.CODE if sort is Sort.RELEVANCE else sort)
    assert walk(ordered, 60, sort=sort) == expected


@pytest.mark.parametrize("sort", list(Sort))
def test_paging_goes_on_in_its_snapshot_while_others_write(
    ordered: Desk, documents: list[Document], sort: Sort
) -> None:
    question: dict[str, Any] = {"words": word("登记"), "sort": sort, "depth": 60}
    whole = [hit.id for hit in ordered.ask(words=word("登记"), sort=sort).words]
    ids: list[str] = []
    answer = Answer()
    for page in range(4):
        answer = ordered.ask(after=answer.after, snapshot=answer.snapshot or None, **question)
        ids += [hit.id for hit in answer.words]
        assert answer.total == COUNT
        ordered.put(document(f"e:{page}", "登记"), newer(documents[page]))
    assert ids == whole
    assert answer.after is None
    assert ordered.ask(**question).total == COUNT + 4


@pytest.mark.parametrize("sort", list(Sort))
def test_paging_survives_the_loss_of_its_snapshot(ordered: Desk, sort: Sort) -> None:
    """A reader that never gave the first page goes on after its last hit."""
    whole = [hit.id for hit in ordered.ask(words=word("登记"), sort=sort).words]
    first = ordered.ask(words=word("登记"), sort=sort, depth=100)
    other = ordered.another_reader()
    ordered.engine, mine = other, ordered.engine
    rest = ordered.ask(words=word("登记"), sort=sort, depth=500, after=first.after, snapshot=first.snapshot)
    ordered.engine = mine
    assert [hit.id for hit in (*first.words, *rest.words)] == whole


def test_a_withdrawal_ends_older_snapshots(ordered: Desk) -> None:
    first = ordered.ask(words=word("登记"), sort=Sort.CODE, depth=20)
    gone = ordered.ask(words=word("登记"), sort=Sort.CODE).words[30].id
    ordered.put(deletes=[gone])
    rest = ordered.ask(words=word("登记"), sort=Sort.CODE, after=first.after, snapshot=first.snapshot)
    assert rest.total == COUNT - 1
    assert gone not in {hit.id for hit in rest.words}
    assert len({hit.id for hit in (*first.words, *rest.words)}) == COUNT - 1


@pytest.mark.parametrize("after", ["", "x", "bm9uc2Vuc2U=", "WzEsIDJd", "W10=", "é"])
def test_a_cursor_of_nobody(ordered: Desk, after: str) -> None:
    if after:
        with pytest.raises(BadCursor):
            ordered.ask(words=word("登记"), after=after)


def test_a_cursor_of_another_order(ordered: Desk) -> None:
    by_code = ordered.ask(words=word("登记"), sort=Sort.CODE, depth=5).after
    with pytest.raises(BadCursor):
        ordered.ask(words=word("登记"), after=by_code)


def test_the_same_question_has_the_same_answer(ordered: Desk) -> None:
    question: dict[str, Any] = {
        "words": word("登记"),
        "vector": direction(0),
        "facets": ("fonds",),
        "depth": 30,
    }
    first, again = ordered.ask(**question), ordered.ask(**question)
    assert [list(first.words), list(first.meaning)] == [list(again.words), list(again.meaning)]
    assert first.facets == again.facets

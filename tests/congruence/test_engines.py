"""Both engines asked the same questions: totals, facets, years and sets are equal, orders within tolerance.

Questions are drawn by seed from everything the port can say: words with variants, prefixes and fields,
phrases, NOT, ranges, facets chosen and counted, sorts, depths, vectors. Each is asked of the archive as it
was filled, after updates and deletions, and after a rebuild.

What may differ is the order by relevance. BM25 is the same formula in both, but what it counts is not:
Lucene's idf and mean length are over the documents that have the field, Tantivy's over all, and each forgets
deleted documents when it merges. So two documents may change places only where their scores, as the
embedded engine gives them, are within SCORE of each other; by meaning, within COSINE.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from holdings.engines.legs import Leg
from holdings.engines.port import (
    FACETS,
    TEXT_FIELDS,
    YEARS,
    AnyOf,
    DateRange,
    Document,
    FacetIn,
    Ids,
    Node,
    Phrase,
    Question,
    Row,
    Sort,
    Undated,
    Word,
)
from tests.contracts.conftest import AUDIENCE, DIMENSION, EMBEDDED, Desk, direction, on_elasticsearch, pairs
from tests.elastic.node import Node as ElasticNode

#: Scores that differ by less may stand in either order.
SCORE, COSINE = 0.5, 0.005
DOCUMENTS = 600
#: Questions that want at least so many hits at once are paged through to the end.
WALKED = 60
QUESTIONS = 80

_dice = random.Random(7)
CHARACTERS = "沈家门渔民登记定海县普陀山港口盐场公函报告民国年月船税"
WORDS = sorted(
    {"".join(_dice.choice(CHARACTERS) for _ in range(_dice.choice([1, 2, 2, 2, 3, 4]))) for _ in range(90)}
)
FEW = {name: [f"{name}{n}" for n in range(6)] for name in FACETS}
FEW["persons"] = [f"人{n:03d}" for n in range(150)]


def text(dice: random.Random, most: int) -> list[str]:
    """Words, the early ones of the list far more often."""
    return [WORDS[int(len(WORDS) * dice.random() ** 2)] for _ in range(dice.randint(1, most))]


def made(number: int, version: int) -> Document:
    dice = random.Random(f"{number} {version}")
    title, pages = text(dice, 8), [text(dice, 40) for _ in range(dice.randrange(4))]
    more = {
        name: [text(dice, 4)] for name in TEXT_FIELDS if name not in ("title", "body") and dice.random() < 0.4
    }
    first = dice.choice([None, dice.randint(1900, 1960) * 10_000 + dice.randint(1, 12) * 100 + 1])
    facets = {
        name: dice.sample(values, dice.randint(1, 2)) for name, values in FEW.items() if dice.random() < 0.7
    }
    return Document(
        id=f"d:{number:05d}",
        version=version,
        text={"title": [title], "body": pages, **more},
        bigrams=[pairs("".join(value)) for value in [title, *pages]],
        facets=facets,
        first_day=first,
        last_day=first and first + dice.choice([0, 30, 20_000]),
        sort_code=f"J{dice.randrange(9)}-{dice.randrange(40):03d}",
        rows=[Row(page, page % 2, vector(dice)) for page in range(dice.randrange(4))],
        suggest=[("".join(title), "".join(title))],
    )


def vector(dice: random.Random) -> Any:
    near = direction(dice.randrange(8)) + 0.5 * direction(dice.randrange(100_000))
    return (near / np.linalg.norm(near)).astype(np.float32)


# ── questions ───────────────────────────────────────────────────────────────────


def a_word(dice: random.Random) -> Word:
    forms = tuple(tuple(text(dice, dice.choice([1, 1, 1, 2]))) for _ in range(dice.choice([1, 1, 2])))
    joined = "".join(forms[0])
    prefix = dice.random() < 0.2
    if prefix:
        forms = ((*forms[0][:-1], forms[0][-1][:1]), *forms[1:])
    return Word(
        forms,
        bigrams=() if prefix or dice.random() < 0.3 else tuple(pairs(joined)),
        prefix=prefix,
        fields=tuple(dice.sample(sorted(TEXT_FIELDS), 2)) if dice.random() < 0.2 else (),
        weight=dice.choice([1.0, 1.0, 0.5]),
    )


def a_phrase(dice: random.Random) -> Phrase:
    tokens = tuple(text(dice, 2))
    return Phrase(tokens, bigrams=dice.choice([(), tuple(pairs("".join(tokens)))]))


def a_range(dice: random.Random) -> DateRange:
    first = dice.randint(1895, 1955) * 10_000 + 101
    return DateRange(
        dice.choice([None, first]), dice.choice([None, first + dice.choice([1, 50_000, 200_000])])
    )


def a_choice(dice: random.Random, facet: str = "") -> FacetIn:
    facet = facet or dice.choice(FACETS)
    return FacetIn(facet, tuple(dice.sample(FEW[facet], dice.randint(1, 3))))


def a_node(dice: random.Random, depth: int = 0) -> Node:
    kinds: list[Any] = [a_word, a_word, a_phrase, a_choice, a_range, lambda dice: Undated()]
    kinds.append(lambda dice: Ids(tuple(f"d:{dice.randrange(700):05d}" for _ in range(dice.randint(1, 200)))))
    if depth < 2:
        kinds += [lambda dice: any_of(dice, depth + 1)] * 2
    node: Node = dice.choice(kinds)(dice)
    return node


def any_of(dice: random.Random, depth: int = 0) -> AnyOf:
    children = tuple(a_node(dice, depth) for _ in range(dice.randint(1, 4)))
    return AnyOf(children, dice.randint(1, len(children)))


def words(dice: random.Random) -> Node | None:
    kind = dice.random()
    if kind < 0.15:
        return None
    children = tuple(dice.choice([a_word, a_word, a_phrase])(dice) for _ in range(dice.randint(1, 3)))
    return children[0] if kind < 0.4 else AnyOf(children, dice.randint(1, len(children)))


def drawn(seed: int) -> Question:
    dice = random.Random(seed)
    ranked = words(dice)
    facets = tuple(dice.sample(FACETS, dice.randrange(5)))
    chosen: dict[str, Node] = {name: a_choice(dice, name) for name in facets if dice.random() < 0.25}
    if dice.random() < 0.2:
        chosen[YEARS] = DateRange(19200101, 19491231)
    return Question(
        words=ranked,
        counted=any_of(dice) if ranked and dice.random() < 0.15 else None,
        vector=vector(dice) if dice.random() < 0.6 else None,
        must=tuple(a_node(dice) for _ in range(dice.choice([0, 0, 1, 1, 2]))),
        must_not=tuple(a_node(dice) for _ in range(dice.choice([0, 0, 0, 1, 2]))),
        post_filters=chosen,
        facets=facets,
        facet_size=dice.choice([1, 3, 10, 50, 200]),
        histogram=dice.random() < 0.4,
        sort=dice.choice([Sort.RELEVANCE, Sort.RELEVANCE, *Sort]),
        depth=dice.choice([1, 7, 60, 300, 1000]),
        meaning_only=dice.random() < 0.1,
    )


# ── the two ─────────────────────────────────────────────────────────────────────


@dataclass
class Both:
    """One archive on two engines."""

    desks: list[Desk]
    versions: dict[int, int] = field(default_factory=dict)

    def put(self, documents: list[Document], deletes: list[str]) -> None:
        for desk in self.desks:
            desk.put(*documents, deletes=deletes)

    def fill(self) -> None:
        numbers = list(range(DOCUMENTS))
        random.Random(3).shuffle(numbers)
        for start in range(0, DOCUMENTS, 150):
            self.put([made(number, 1) for number in numbers[start : start + 150]], [])
        self.versions = dict.fromkeys(numbers, 1)

    def change(self) -> None:
        """Replace a quarter, delete a tenth, add some, in several commits."""
        dice = random.Random(4)
        for round_ in range(4):
            live = sorted(self.versions)
            gone = dice.sample(live, DOCUMENTS // 40)
            changed = [number for number in dice.sample(live, DOCUMENTS // 16) if number not in gone]
            new = [DOCUMENTS + 20 * round_ + n for n in range(20)]
            for number in gone:
                del self.versions[number]
            for number in (*changed, *new):
                self.versions[number] = self.versions.get(number, 0) + 1
            documents = [made(number, self.versions[number]) for number in (*changed, *new)]
            self.put(documents, [f"d:{number:05d}" for number in gone])

    def rebuild(self) -> None:
        for desk in self.desks:
            desk.run(desk.writer.begin_rebuild(AUDIENCE))
            documents = [made(number, version) for number, version in self.versions.items()]
            for start in range(0, len(documents), 250):
                desk.run(desk.writer.fill(AUDIENCE, documents[start : start + 250]))
            desk.run(desk.writer.finish_rebuild(AUDIENCE))
            desk.run(desk.engine.refresh())


@pytest.fixture(scope="module")
def pair(elastic_node: ElasticNode, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    folder = tmp_path_factory.mktemp("both")
    with asyncio.Runner() as runner:
        kinds = (EMBEDDED, on_elasticsearch(elastic_node.url))
        desks = [Desk(kind, folder / str(n), runner) for n, kind in enumerate(kinds)]
        for desk in desks:
            desk.open()
        yield Both(desks)
        for desk in desks:
            desk.close()


@pytest.fixture(scope="module", params=["filled", "changed", "rebuilt"])
def both(pair: Both, request: pytest.FixtureRequest) -> Both:
    {"filled": pair.fill, "changed": pair.change, "rebuilt": pair.rebuild}[request.param]()
    return pair


def walked(desk: Desk, question: Question) -> tuple[list[str], dict[str, float]]:
    """The whole words leg, page by page: ids in order, and scores."""
    ids: list[str] = []
    scores: dict[str, float] = {}
    after = snapshot = None
    while True:
        asked = {**vars(question), "vector": None, "facets": (), "histogram": False}
        answer = desk.ask(**asked | {"after": after, "snapshot": snapshot})
        ids += [hit.id for hit in answer.words]
        scores |= {hit.id: hit.score for hit in answer.words}
        if answer.after is None:
            return ids, scores
        after, snapshot = answer.after, answer.snapshot


def worst_swap(ids: list[str], scores: dict[str, float]) -> float:
    """How much better, as a share, a later hit scores than an earlier one; `scores` are another engine's."""
    lowest, worst = np.inf, 0.0
    for id_ in ids:
        lowest = min(lowest, scores[id_])
        worst = max(worst, scores[id_] / lowest - 1 if lowest > 0 else 0.0)
    return worst


@pytest.mark.parametrize("seed", range(QUESTIONS))
def test_the_same_question_has_the_same_answer(both: Both, seed: int) -> None:
    question = drawn(seed)
    mine, other = (desk.ask(**vars(question)) for desk in both.desks)
    assert (other.total, other.facets, other.years, other.undated) == (
        mine.total, mine.facets, mine.years, mine.undated,
    )  # fmt: skip
    assert len(other.words) == len(mine.words)
    _same_meaning(mine.meaning, other.meaning)
    by_score = question.sort is Sort.RELEVANCE and question.words is not None
    if not by_score:
        assert [hit.id for hit in other.words] == [hit.id for hit in mine.words]
    if question.meaning_only or question.depth < WALKED:
        return
    (ids, scores), (others, _) = (walked(desk, question) for desk in both.desks)
    assert len(set(ids)) == len(ids) == len(others)
    assert question.counted or len(ids) == mine.total
    assert set(ids) == set(others)
    assert worst_swap(others, scores) < SCORE if by_score else others == ids


def _same_meaning(mine: Leg, other: Leg) -> None:
    cosines = [np.array([hit.score for hit in leg]) for leg in (mine, other)]
    assert cosines[0] == pytest.approx(cosines[1], abs=COSINE)
    known = {hit.id: hit for hit in mine}
    for hit in other:
        same = known.get(hit.id)
        if same is None:
            assert abs(hit.score - mine[-1].score) < COSINE  # beside the cut
        else:
            assert set(hit.passages) == set(same.passages)


def test_the_same_versions_vectors_and_completions(both: Both) -> None:
    embedded, elastic = both.desks
    expected = {f"d:{number:05d}": version for number, version in both.versions.items()}
    assert embedded.versions() == elastic.versions() == expected
    for id_ in sorted(expected)[::60]:
        rows = [desk.run(desk.engine.vectors(AUDIENCE, id_)) for desk in both.desks]
        assert [(r.page, r.number) for r in rows[0]] == [(r.page, r.number) for r in rows[1]]
        for mine, other in zip(*rows, strict=True):
            assert mine.vector == pytest.approx(other.vector, abs=1e-3)
        assert all(row.vector.shape == (DIMENSION,) for row in rows[1])
    for word in WORDS[::9]:
        assert embedded.complete(word) == elastic.complete(word)

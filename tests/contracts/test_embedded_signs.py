"""The embedded engine's way past exact search: signs, gathered and filtered, and its several means.

Thresholds are lowered, so that hundreds of rows take the paths of millions.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from holdings.engines import (
    embedded_generation,
    embedded_hits,
    embedded_layout,
    embedded_meaning,
    embedded_vectors,
)
from holdings.engines.port import FacetIn, Ids, MadeWith, Row, Sort, Vector
from holdings.errors import IndexMismatch

from .conftest import AUDIENCE, EMBEDDED, Desk, document, phrase

DIMENSION = 64
MADE_WITH = MadeWith("nfkc-1", "jieba-1", "lexicon-1", "encoder-1", DIMENSION)
COUNT = 1_500
RESCORED = 300


def clustered(seed: int, count: int) -> Vector:
    """Vectors about a common direction and one of 20 themes, as sentence embeddings lie."""
    dice = np.random.default_rng(seed)
    themes = np.random.default_rng(99).standard_normal((21, DIMENSION))
    drawn = themes[20] + themes[dice.integers(0, 20, count)] + 0.6 * dice.standard_normal((count, DIMENSION))
    unit: Vector = (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)
    return unit


VECTORS = clustered(1, COUNT)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_vectors, "EXACT", 30)
    monkeypatch.setattr(embedded_meaning, "RESCORED", RESCORED)
    monkeypatch.setattr(embedded_meaning, "FEW", 40)
    monkeypatch.setattr(embedded_generation, "MEAN_AT", 200)
    monkeypatch.setattr(embedded_generation, "MEAN_AGAIN", 3)


@pytest.fixture
def signed(small: None, tmp_path: Path) -> Iterator[Desk]:
    """1,500 rows in commits of 250: the first mean at 250, another at 750."""
    with asyncio.Runner() as runner:
        desk = Desk(EMBEDDED, tmp_path / "index", runner)
        desk.open(MADE_WITH)
        for start in range(0, COUNT, 250):
            desk.put(
                *(
                    document(
                        f"v:{i:04d}", "甲 乙" if i % 3 else "甲 丙", rows=[Row(0, i, VECTORS[i])],
                        facets={"fonds": [f"J{i % 10}"], "series": [f"S{i % 50}"], "genre": [f"G{i % 2}"]},
                    )
                    for i in range(start, start + 250)
                )
            )  # fmt: skip
        yield desk
        desk.close()


def recall(desk: Desk, passing: np.ndarray, **question: object) -> float:
    """Mean recall@10 of 20 questions against the exact answer among the passing documents."""
    found = []
    for query in clustered(2, 20):
        scores = np.where(passing, VECTORS @ query, -9.0)
        best = {f"v:{i:04d}" for i in np.argsort(-scores)[:10]}
        hits = desk.ask(vector=query, depth=10, **question).meaning
        assert {int(hit.id[2:]) for hit in hits} <= set(np.flatnonzero(passing).tolist())
        found.append(len(best & {hit.id for hit in hits}) / 10)
    return float(np.mean(found))


NUMBERS = np.arange(COUNT)


def test_the_mean_is_taken_again_as_rows_grow(signed: Desk) -> None:
    generation = signed.folder / AUDIENCE / signed.run(signed.engine.status(AUDIENCE)).generation
    assert sorted(path.name for path in generation.glob("signs-*")) == ["signs-1.u8", "signs-2.u8"]
    assert (generation / "signs-2.u8").stat().st_size == COUNT * DIMENSION // 8
    signed.close()
    signed.open(MADE_WITH)
    assert [path.name for path in generation.glob("signs-*")] == ["signs-2.u8"]
    assert recall(signed, NUMBERS >= 0) > 0.97


def test_recall_with_every_filter(signed: Desk) -> None:
    assert recall(signed, NUMBERS >= 0) > 0.97
    assert recall(signed, NUMBERS % 2 == 0, must=(FacetIn("genre", ("G0",)),)) > 0.97  # scanned, then kept
    assert recall(signed, NUMBERS % 10 == 3, must=(FacetIn("fonds", ("J3",)),)) == 1.0  # all rescored
    assert recall(signed, NUMBERS % 50 == 7, must=(FacetIn("series", ("S7",)),)) == 1.0  # exact


def test_recall_with_constraints_on_words(signed: Desk) -> None:
    third = NUMBERS % 3 == 0
    assert recall(signed, third, must=(phrase("甲 丙", bigrams=()),)) > 0.97  # gathered
    assert recall(signed, ~third, must_not=(phrase("甲 丙", bigrams=()),)) > 0.97  # asked of candidates
    few = Ids(("v:0003", "v:0007", "v:0400"))
    chosen = np.isin(NUMBERS, [3, 7, 400])
    assert recall(signed, chosen, must=(few,)) == pytest.approx(0.3)  # there are but three
    assert recall(signed, ~chosen, must_not=(few,)) > 0.97
    both = (phrase("甲 丙", bigrams=()), FacetIn("fonds", ("J3",)))
    assert recall(signed, third & (NUMBERS % 10 == 3), must=both) == 1.0


def test_what_is_deleted_or_replaced_is_no_candidate(signed: Desk) -> None:
    signed.put(
        *(document(f"v:{i:04d}", "新", rows=[Row(9, 9, -VECTORS[i])]) for i in range(0, COUNT, 3)),
        deletes=[f"v:{i:04d}" for i in range(1, COUNT, 3)],
    )
    kept = NUMBERS % 3 == 2
    assert recall(signed, kept) > 0.97
    query = -VECTORS[300]
    assert signed.ask(vector=query, depth=1).meaning[0].passages == ((9, 9),)
    assert signed.ask(vector=query, depth=1).meaning[0].id == "v:0300"


def test_another_format_on_the_disk_is_a_named_error_that_a_rebuild_mends(
    signed: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed.close()
    monkeypatch.setattr(embedded_layout, "FORMAT", embedded_layout.FORMAT + 1)
    signed.open(MADE_WITH)
    with pytest.raises(IndexMismatch, match="danghai index rebuild"):
        signed.ask(vector=VECTORS[0])
    with pytest.raises(IndexMismatch, match="danghai index rebuild"):
        signed.run(signed.writer.write(AUDIENCE, []))
    signed.run(signed.writer.begin_rebuild(AUDIENCE))
    signed.put(document("v:0001", "甲", rows=[Row(0, 0, VECTORS[1])]), deletes=["v:0002"])
    signed.run(signed.writer.finish_rebuild(AUDIENCE))
    signed.run(signed.engine.refresh())
    assert signed.versions() == {"v:0001": 1}


@pytest.mark.parametrize("sort", [Sort.CODE, Sort.DATE, Sort.DATE_DESC])
def test_pages_deeper_than_tantivy_gives_buckets(
    signed: Desk, monkeypatch: pytest.MonkeyPatch, sort: Sort
) -> None:
    monkeypatch.setattr(embedded_hits, "MOST_BUCKETS", 500)
    whole = [hit.id for hit in (*signed.ask(sort=sort).words,)]
    ids: list[str] = []
    after = None
    while True:
        answer = signed.ask(sort=sort, depth=300, after=after)
        assert answer.total == COUNT
        ids += [hit.id for hit in answer.words]
        after = answer.after
        if after is None:
            break
    assert ids[:1000] == whole
    assert sorted(ids) == [f"v:{i:04d}" for i in range(COUNT)]


def test_every_way_to_candidates_agrees() -> None:
    """Gathered, oversampled and selected scans find rows of the same Hamming distances."""
    rows = VECTORS.astype(np.float16)
    mean = embedded_vectors.mean_of(rows)
    signs = embedded_vectors.signs_of(rows, mean)
    for query in clustered(3, 10):
        bits = embedded_vectors.signs_of(query, mean)
        mask = NUMBERS % 4 == 1
        distances = np.unpackbits(signs ^ bits, axis=1).sum(1)
        best = sorted(distances[mask])[:50]
        gathered = np.flatnonzero(mask)[embedded_vectors.nearest_signs(signs[mask], bits, 50)]
        selected = embedded_vectors.selected_signs(signs, bits, mask, 50)
        assert sorted(distances[gathered]) == sorted(distances[selected]) == best
        assert mask[selected].all()

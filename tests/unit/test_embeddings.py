"""Vectors once made are kept, by model and text."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from indexer.embeddings import CHUNK, EmbeddingStore
from tests.postgres_server import fresh_database


def unit(count: int, dimension: int = 32, seed: int = 7) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((count, dimension)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture(params=["file", pytest.param("postgresql", marks=pytest.mark.postgres)])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Where vectors lie: a file beside the indexes, or the catalogue's PostgreSQL."""
    if request.param == "file":
        return tmp_path / "deep" / "vectors.sqlite"
    return fresh_database(request.getfixturevalue("postgres_url"))


@pytest.fixture
def store(place: Path | str) -> Iterator[EmbeddingStore]:
    made = EmbeddingStore(place, "model@1")
    yield made
    made.close()


def test_what_was_put_comes_back_nearly_the_same(store: EmbeddingStore) -> None:
    texts, vectors = [f"文{n}" for n in range(3 * CHUNK + 1)], unit(3 * CHUNK + 1)
    store.put(texts, vectors)
    found = store.get([*texts, "没有的", texts[0]])
    assert set(found) == set(texts)
    kept = np.stack([found[text] for text in texts])
    assert kept.dtype == np.float32
    assert np.all(np.sum(kept * vectors, axis=1) > 0.999)
    assert np.argmax(kept @ vectors[5]) == 5


def test_it_outlives_the_process_and_knows_models_apart(store: EmbeddingStore, place: Path | str) -> None:
    store.put(["甲"], unit(1))
    store.close()
    with (
        closing(EmbeddingStore(place, "model@1")) as again,
        closing(EmbeddingStore(place, "model@2")) as other,
    ):
        assert set(again.get(["甲"])) == {"甲"}
        assert other.get(["甲"]) == {}


def test_putting_again_replaces_and_nothing_asks_for_nothing(store: EmbeddingStore) -> None:
    first, second = unit(1), unit(1, seed=8)
    store.put(["甲"], first)
    store.put(["甲"], second)
    assert np.allclose(store.get(["甲"])["甲"], second[0], atol=1e-3)
    assert store.get([]) == {}
    store.put([], np.empty((0, 32), np.float32))


def test_a_vector_for_each_text(store: EmbeddingStore) -> None:
    with pytest.raises(ValueError, match=r"shorter|longer"):
        store.put(["甲", "乙"], unit(1))
    assert store.get(["甲", "乙"]) == {}


def test_another_text_never_gives_a_vector(store: EmbeddingStore, place: Path | str) -> None:
    """The key joins model and text: no shift of the seam between them may meet another's key."""
    store.put(["1甲"], unit(1))
    with closing(EmbeddingStore(place, "model@11")) as other:
        assert other.get(["甲"]) == {}


def test_several_processes_put_and_get_at_once(place: Path | str) -> None:
    """They also make the table at once."""
    with ProcessPoolExecutor(3, multiprocessing.get_context("spawn")) as pool:
        list(pool.map(_put_many, [place] * 3, range(3)))
    with closing(EmbeddingStore(place, "model@1")) as store:
        assert len(store.get([f"文{n}" for n in range(200)])) == 200


def _put_many(place: Path | str, seed: int) -> None:
    with closing(EmbeddingStore(place, "model@1")) as store:
        for start in range(0, 200, 20):
            store.put([f"文{n}" for n in range(start, start + 20)], unit(20, seed=seed))


def test_what_is_forgotten_is_gone_and_nothing_else(store: EmbeddingStore, place: Path | str) -> None:
    texts, vectors = [f"文{n}" for n in range(CHUNK + 3)], unit(CHUNK + 3)
    store.put(texts, vectors)
    store.forget([*texts[:-2], "没有的"])
    assert set(store.get(texts)) == set(texts[-2:])
    if isinstance(place, Path):  # nor do its bytes lie in the file
        gone, kept = (vectors[n].astype(np.float16).tobytes() for n in (0, -1))
        files = b"".join(file.read_bytes() for file in place.parent.glob("vectors.sqlite*"))
        assert (gone in files, kept in files) == (False, True)

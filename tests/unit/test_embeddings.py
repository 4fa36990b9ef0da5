"""Vectors once made are kept, by model and text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from indexer.embeddings import CHUNK, EmbeddingStore


def unit(count: int, dimension: int = 32, seed: int = 7) -> np.ndarray:
    rows = np.random.default_rng(seed).standard_normal((count, dimension)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture
def store(tmp_path: Path) -> EmbeddingStore:
    return EmbeddingStore(tmp_path / "deep" / "vectors.sqlite", "model@1")


def test_what_was_put_comes_back_nearly_the_same(store: EmbeddingStore) -> None:
    texts, vectors = [f"文{n}" for n in range(3 * CHUNK + 1)], unit(3 * CHUNK + 1)
    store.put(texts, vectors)
    found = store.get([*texts, "没有的", texts[0]])
    assert set(found) == set(texts)
    kept = np.stack([found[text] for text in texts])
    assert kept.dtype == np.float32
    assert np.all(np.sum(kept * vectors, axis=1) > 0.999)
    assert np.argmax(kept @ vectors[5]) == 5


def test_it_outlives_the_process_and_knows_models_apart(store: EmbeddingStore, tmp_path: Path) -> None:
    store.put(["甲"], unit(1))
    store.close()
    path = tmp_path / "deep" / "vectors.sqlite"
    assert set(EmbeddingStore(path, "model@1").get(["甲"])) == {"甲"}
    assert EmbeddingStore(path, "model@2").get(["甲"]) == {}


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


def test_another_text_never_gives_a_vector(store: EmbeddingStore) -> None:
    """The key joins model and text: no shift of the seam between them may meet another's key."""
    store.put(["1甲"], unit(1))
    assert EmbeddingStore(store._path, "model@11").get(["甲"]) == {}

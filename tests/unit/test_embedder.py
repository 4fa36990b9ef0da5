"""What records lack is embedded once, in stretches, and what presses goes first."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from indexer import embedder as embedding
from indexer.embedder import Embedder
from indexer.embeddings import EmbeddingStore
from models.errors import ModelFilesMissing
from models.meaning import OnnxEncoder, Vectors
from models.store import default_models_dir, locate

pytestmark = pytest.mark.models


class Watched(OnnxEncoder):
    """The real encoder, noting what it was asked."""

    asked: list[str]

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        self.asked.extend(texts)
        return super().encode_passages(texts)


@pytest.fixture(scope="module")
def encoder() -> Watched:
    try:
        return Watched(locate(Path(os.environ.get("DANGHAI_MODELS_DIR") or default_models_dir())))
    except ModelFilesMissing as missing:
        pytest.skip(f"the embedding model is not here: {missing}")


@pytest.fixture
def store(tmp_path: Path, encoder: Watched) -> Iterator[EmbeddingStore]:
    encoder.asked = []
    made = EmbeddingStore(tmp_path / "vectors.sqlite", encoder.name)
    yield made
    made.close()


def test_a_letterhead_that_many_records_share_is_embedded_once(
    encoder: Watched, store: EmbeddingStore
) -> None:
    wanted = [["定海县人民政府公函", f"第{n}号"] for n in range(5)]
    assert Embedder(encoder, store).make(wanted, lambda: False) == 5
    assert sorted(encoder.asked) == sorted({text for own in wanted for text in own})
    assert Embedder(encoder, store).make(wanted, lambda: False) == 5  # all known: nothing is asked again
    assert len(encoder.asked) == 6


def test_what_presses_stops_it_between_two_slices_and_nothing_is_lost(
    encoder: Watched, store: EmbeddingStore
) -> None:
    wanted = [[f"渔船登记第{n}号"] for n in range(3 * embedding.SLICE)]
    through = Embedder(encoder, store).make(wanted, lambda: True)
    assert through == embedding.SLICE
    known = store.get([text for own in wanted for text in own])
    assert set(known) == {text for own in wanted[:through] for text in own}
    assert Embedder(encoder, store).make(wanted, lambda: False) == len(wanted)
    assert sorted(encoder.asked) == sorted(text for own in wanted for text in own)


def test_one_long_record_is_taken_in_stretches(
    encoder: Watched, store: EmbeddingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedding, "STRETCH", 0.0)
    wanted = [[f"某甲卷内第{n}页" for n in range(2 * embedding.SLICE)], ["次卷"]]
    made = Embedder(encoder, store)
    assert made.make(wanted, lambda: False) == 0
    rounds = 1
    while made.make(wanted, lambda: False) < 2:
        rounds += 1
    assert 1 <= rounds <= 6
    assert len(encoder.asked) == 2 * embedding.SLICE + 1


def test_beside_other_work_the_vectors_are_the_same(encoder: Watched, store: EmbeddingStore) -> None:
    texts = ["沈家门渔港", "岱山盐场", "嵊泗灯塔"]
    Embedder(encoder, store).make([texts], None)
    beside = store.get(texts)
    for text, vector in zip(texts, encoder.encode_passages(texts), strict=True):
        assert float(np.dot(beside[text], vector)) > 0.999


def test_what_workers_elsewhere_make_is_waited_for_and_not_made_again(
    encoder: Watched, store: EmbeddingStore
) -> None:
    wanted = [["岱山盐场"], ["沈家门渔港", "嵊泗灯塔"]]
    waiting = Embedder(encoder, store, lambda: True)
    assert waiting.make(wanted, lambda: True) == 0  # something presses: no waiting
    theirs = threading.Timer(0.5, lambda: store.put(["岱山盐场"], np.ones((1, 4), np.float32)))
    theirs.start()
    assert waiting.make(wanted, lambda: False) == 1
    assert waiting.make([["岱山盐场"]], None) == 1
    assert encoder.asked == []


def test_what_workers_elsewhere_do_not_make_is_made_here_after_all(
    encoder: Watched, store: EmbeddingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedding, "STRETCH", 0.1)
    monkeypatch.setattr(embedding, "PATIENCE", 0.3)
    waiting = Embedder(encoder, store, lambda: True)
    rounds = 1
    while waiting.make([["岱山盐场"], ["嵊泗灯塔"]], lambda: False) < 2:
        rounds += 1
    assert 2 <= rounds <= 10
    assert sorted(encoder.asked) == ["岱山盐场", "嵊泗灯塔"]

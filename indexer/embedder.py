"""Which vectors records lack, and the making of them. What was made is kept (indexer/embeddings.py), so that
nothing is embedded twice and a stop at any point loses a slice at most."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from holdings.catalogue import Stage
from holdings.records import Passage
from holdings.text import normalise
from indexer.documents import Material
from indexer.embeddings import EmbeddingStore
from models.meaning import Encoder

#: Passages embedded before the first look for something more pressing, and at most between two; in between
#: by measured speed.
SLICE, LONGEST_SLICE = 32, 512
#: Seconds of embedding between two looks.
LOOK_EVERY = 0.5
#: Seconds of embedding at a stretch: what is made is then projected while the next is made.
STRETCH = 2.0
#: A record of no more passages gets all its vectors at once: each stage costs a projection.
SHORT = 8

#: (page, passage number) → vector, shape (dimension,).
Vectors = dict[tuple[int, int], NDArray[np.float32]]
#: Stage → ids of the records that lack vectors of it.
Lacking = Mapping[Stage, Sequence[str]]


class Embedder:
    """Used by one thread at a time to make, by any to look up."""

    def __init__(self, encoder: Encoder, store: EmbeddingStore) -> None:
        self._encoder = encoder
        self._store = store
        self._slice = SLICE

    def known(self, materials: Mapping[str, Material]) -> tuple[dict[str, Vectors], Lacking]:
        """Vectors made before, by record; and which records lack which."""
        inputs = {id_: [(p, _input(p)) for p in m.passages()] for id_, m in materials.items()}
        made = self._store.get([text for own in inputs.values() for _, text in own])
        vectors: dict[str, Vectors] = {}
        lacking: dict[Stage, list[str]] = {Stage.DESCRIPTION_VECTORS: [], Stage.BODY_VECTORS: []}
        for id_, own in inputs.items():
            vectors[id_] = {(p.page, p.number): made[text] for p, text in own if text in made}
            missing = [p for p, text in own if text not in made]
            if any(p.page == 0 for p in missing):
                lacking[Stage.DESCRIPTION_VECTORS].append(id_)
            elif missing:
                lacking[Stage.BODY_VECTORS].append(id_)
        return vectors, {stage: ids for stage, ids in lacking.items() if ids}

    def wanted(self, material: Material, stage: Stage) -> list[str]:
        """What is embedded of a record at a stage: of a long one its description first."""
        passages = material.passages()
        whole = stage == Stage.BODY_VECTORS or len(passages) <= SHORT
        return [_input(p) for p in passages if whole or p.page == 0]

    def make(self, wanted: Sequence[Sequence[str]], pressing: Callable[[], bool] | None) -> int:
        """Make the vectors these records lack, in order, for STRETCH seconds or until something presses.
        Returns how many of the first are through; what was made for the others is kept.

        pressing None: beside other work, on one core.
        """
        known = self._store.get([text for own in wanted for text in own])
        first: dict[str, int] = {}  # text → the first record that lacks it: letterheads come in many
        for number, own in enumerate(wanted):
            for text in own:
                if text not in known:
                    first.setdefault(text, number)
        work, start, until = list(first), 0, time.monotonic() + STRETCH
        while start < len(work):
            if start and (time.monotonic() > until or (pressing is not None and pressing())):
                return first[work[start]]
            slice_ = work[start : start + self._slice]
            self._encode(slice_, one_core=pressing is None)
            start += len(slice_)
        return len(wanted)

    def _encode(self, texts: list[str], *, one_core: bool) -> None:
        began = time.monotonic()
        if one_core:
            vectors = np.concatenate([self._encoder.encode_passages([text]) for text in texts])
        else:
            vectors = self._encoder.encode_passages(texts)
        self._store.put(texts, vectors)
        a_look = round(len(texts) * LOOK_EVERY / max(time.monotonic() - began, 1e-3))
        self._slice = min(max(a_look, SLICE // 2), LONGEST_SLICE)


def _input(passage: Passage) -> str:
    """What the encoder reads: the normalised passage (traditional and simplified meet here)."""
    return normalise(passage.text).text

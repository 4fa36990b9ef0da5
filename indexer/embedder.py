"""Which vectors records lack, and the making of them. What was made is kept (indexer/embeddings.py), so that
nothing is embedded twice and a stop at any point loses a slice at most."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from holdings.catalogue import Stage
from holdings.documents import Material
from holdings.records import Passage
from holdings.text import normalise
from indexer.embeddings import EmbeddingStore
from models.meaning import Encoder

#: Passages embedded before the first look for something more pressing, and at most between two; in between
#: by measured speed.
SLICE, LONGEST_SLICE = 32, 512
#: Seconds of embedding between two looks.
LOOK_EVERY = 0.5
#: Seconds of embedding at a stretch: what is made is then projected while the next is made.
STRETCH = 2.0
#: While workers elsewhere embed: seconds between two looks for what they made; how long the next text may fail
#: to come before vectors are made here after all, and for how long then.
GLANCE, PATIENCE, IMPATIENCE = 0.3, 60.0, 600.0
#: A record of no more passages gets all its vectors at once: each stage costs a projection.
SHORT = 8

#: (page, passage number) → vector, shape (dimension,).
Vectors = dict[tuple[int, int], NDArray[np.float32]]
#: (record id, whether for staff) → the vectors of what is seen of it.
SeenVectors = dict[tuple[str, bool], Vectors]
#: Stage → ids of the records that lack vectors of it.
Lacking = Mapping[Stage, Sequence[str]]


def nobody() -> bool:
    """Nobody does this work but us."""
    return False


class Embedder:
    """Used by one thread at a time to make, by any to look up.

    elsewhere: whether workers of other processes embed now (indexer/work.py); what they make is waited for.
    """

    def __init__(
        self, encoder: Encoder, store: EmbeddingStore, elsewhere: Callable[[], bool] = nobody
    ) -> None:
        self._encoder = encoder
        self._store = store
        self._elsewhere = elsewhere
        self._slice = SLICE
        self._awaited = ("", 0.0)  # the next text that workers elsewhere are to make, and since when
        self._impatient_until = 0.0

    def known(self, materials: Mapping[str, Material]) -> tuple[SeenVectors, Lacking]:
        """Vectors made before, by record and whether for staff; and which records lack which."""
        views = {
            (id_, staff): m.seen(staff=staff)
            for id_, m in materials.items()
            for staff in ((True, False) if m.outer else (True,))
        }
        inputs = {key: [(p, embedded_as(p)) for p in view.passages()] for key, view in views.items()}
        made = self._store.get([text for own in inputs.values() for _, text in own])
        vectors: SeenVectors = {}
        lacking: dict[Stage, list[str]] = {Stage.DESCRIPTION_VECTORS: [], Stage.BODY_VECTORS: []}
        for (id_, staff), own in inputs.items():
            vectors[id_, staff] = {(p.page, p.number): made[text] for p, text in own if text in made}
            missing = [p for p, text in own if text not in made]
            if any(p.page == 0 for p in missing):
                lacking[Stage.DESCRIPTION_VECTORS].append(id_)
            elif missing:
                lacking[Stage.BODY_VECTORS].append(id_)
        for id_ in materials:
            vectors.setdefault((id_, False), vectors[id_, True])
        return vectors, {stage: list(dict.fromkeys(ids)) for stage, ids in lacking.items() if ids}

    def wanted(self, material: Material, stage: Stage) -> list[str]:
        """What is embedded of a record at a stage, for all who see it: of a long one its description first."""
        passages = [*material.passages(), *(material.outer.passages() if material.outer else ())]
        whole = stage == Stage.BODY_VECTORS or len(passages) <= SHORT
        return [embedded_as(p) for p in passages if whole or p.page == 0]

    def make(self, wanted: Iterable[Sequence[str]], pressing: Callable[[], bool] | None) -> int:
        """Make the vectors these records lack, in order, for STRETCH seconds or until something presses.
        Returns how many of the first are through; what was made for the others is kept.

        wanted: read as it is needed.
        pressing None: beside other work, on one core.
        """
        if self._elsewhere() and time.monotonic() >= self._impatient_until:
            return self._await(wanted, pressing)
        until, through = time.monotonic() + STRETCH, 0
        for texts, complete in self._slices(wanted):
            self._encode(texts, one_core=pressing is None)
            through = complete
            if time.monotonic() > until or (pressing is not None and pressing()):
                break
        return through

    def _slices(self, wanted: Iterable[Sequence[str]]) -> Iterator[tuple[list[str], int]]:
        """Texts to embed next, each only once, and how many records are through once they are."""
        texts: list[str] = []
        begun: set[str] = set()  # letterheads come in many
        number = 0
        for own in wanted:
            known = self._store.get(own)
            for text in own:
                if text in known or text in begun:
                    continue
                if len(texts) >= self._slice:
                    yield texts, number
                    texts = []
                begun.add(text)
                texts.append(text)
            number += 1
            if len(texts) >= self._slice:
                yield texts, number
                texts = []
        yield texts, number

    def _await(self, wanted: Iterable[Sequence[str]], pressing: Callable[[], bool] | None) -> int:
        """The first records whose vectors were made elsewhere; where there is none, wait STRETCH seconds at most."""
        through, until = 0, time.monotonic() + STRETCH
        for own in wanted:
            while lacks := self._lacks(own):
                if through or pressing is None or pressing() or time.monotonic() > until:
                    return through
                if self._in_vain(lacks):
                    return 0
                time.sleep(GLANCE)
            through += 1
        return through

    def _lacks(self, texts: Sequence[str]) -> str:
        """The first of these without a vector; "" for none."""
        known = self._store.get(texts)
        return next((text for text in texts if text not in known), "")

    def _in_vain(self, text: str) -> bool:
        """Whether this one has failed to come for PATIENCE seconds."""
        now = time.monotonic()
        if text != self._awaited[0]:
            self._awaited = (text, now)
        elif now - self._awaited[1] > PATIENCE:
            self._awaited, self._impatient_until = ("", 0.0), now + IMPATIENCE
            return True
        return False

    def _encode(self, texts: list[str], *, one_core: bool) -> None:
        if not texts:
            return
        began = time.monotonic()
        if one_core:
            vectors = np.concatenate([self._encoder.encode_passages([text]) for text in texts])
        else:
            vectors = self._encoder.encode_passages(texts)
        self._store.put(texts, vectors)
        a_look = round(len(texts) * LOOK_EVERY / max(time.monotonic() - began, 1e-3))
        self._slice = min(max(a_look, SLICE // 2), LONGEST_SLICE)


def embedded_as(passage: Passage) -> str:
    """What the encoder reads: the normalised passage (traditional and simplified meet here)."""
    return normalise(passage.text).text

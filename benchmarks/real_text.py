"""Real text, multiplied up with distinct ids: the statutes of ../shared/data/stard with real vectors.

Every copy is a record of its own with the same words; its vector is the passage's own, moved a little (cosine
about 0.98), so that copies can be told apart. Names are generated, as in benchmarks.engine.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.engine import BATCH, DIMENSION, Asked, pairs, zipf
from benchmarks.relevance_sets import STARD
from holdings.engines.port import Document, Row
from holdings.text import cut_passages, normalise
from indexer.embeddings import EmbeddingStore
from models.loading import load_encoder
from models.meaning import Encoder
from models.words import JiebaSegmenter

#: Share of noise in a copy's vector.
MOVED = 0.2


class RealText:
    """Records by number, as benchmarks.engine.Holdings gives them."""

    def __init__(self, data: Path) -> None:
        with gzip.open(STARD / "corpus.jsonl.gz", "rt", encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines]
        self._titles = [normalise(row["title"]).text for row in rows]
        # The first passage of each: the text whose vector a data folder of the set has made already.
        self._texts = [normalise(cut_passages(row["text"], 1)[0].text).text for row in rows]
        self._segmenter = JiebaSegmenter()
        self._segmenter.warm()
        encoder = load_encoder(None)
        if encoder is None:
            raise SystemExit("先取模型：make models")
        self._encoder = encoder
        self._vectors = _embedded(self._texts, encoder, data / "embeddings.sqlite")

    def cut(self, text: str) -> list[str]:
        return [token.text for token in self._segmenter.cut(text)]

    def batch(self, number: int, count: int) -> list[Document]:
        dice = np.random.default_rng([2, number])
        sizes = {"fonds": 120, "genre": 15, "persons": 20_000, "places": 500}
        names = {name: dice.choice(size, count, p=zipf(size)).tolist() for name, size in sizes.items()}
        years = dice.integers(1900, 2000, count).tolist()
        noise = dice.standard_normal((count, DIMENSION), np.float32) / np.sqrt(DIMENSION)
        return [
            self._document(
                number * BATCH + at, {name: of[at] for name, of in names.items()}, years[at], noise[at]
            )
            for at in range(count)
        ]

    def _document(self, serial: int, names: dict[str, int], year: int, noise: NDArray[Any]) -> Document:
        which = serial % len(self._texts)
        text = self._texts[which]
        title = self._titles[which]
        moved = self._vectors[which] + MOVED * noise
        facets = {name: [f"{name}{value}"] for name, value in names.items()} | {
            "decade": [f"{year // 10 * 10}"]
        }
        code = f"{facets['fonds'][0]}-1-{serial // 100:06d}-{serial % 100:03d}"
        return Document(
            id=f"990001:{code}",
            version=1,
            text={"title": [self.cut(title)], "body": [self.cut(text)], "identifiers": [[code]]},
            bigrams=[pairs(title), pairs(text)],
            facets=facets,
            first_day=year * 10_000 + 101,
            last_day=year * 10_000 + 1231,
            sort_code=code,
            rows=[Row(0, 0, (moved / np.linalg.norm(moved)).astype(np.float32))],
            suggest=[(title, title)],
        )

    def questions(self, count: int) -> list[Asked]:
        """People's questions of the set: up to four words each, and the sentence's vector."""
        lines = (STARD / "queries.jsonl").read_text("utf-8").splitlines()[:count]
        dice = np.random.default_rng(42)
        asked = []
        for line in lines:
            text = json.loads(line)["text"]
            words = tuple(dict.fromkeys(w for w in self.cut(normalise(text).text) if len(w) > 1))[:4]
            vector = self._encoder.encode_question(text)
            asked.append(Asked(words or (text[:2],), vector, int(dice.integers(1900, 1970))))
        return asked


def _embedded(texts: Sequence[str], encoder: Encoder, path: Path) -> NDArray[np.float32]:
    """(texts, DIMENSION), made once and kept."""
    store = EmbeddingStore(path, encoder.name)
    known = store.get(texts)
    lacking = list(dict.fromkeys(text for text in texts if text not in known))
    for start in range(0, len(lacking), 2_000):
        part = lacking[start : start + 2_000]
        vectors = encoder.encode_passages(part)
        store.put(part, vectors)
        known |= dict(zip(part, vectors, strict=True))
    store.close()
    return np.stack([known[text] for text in texts])

"""Ingest of ready text against the bare encoder: how much the way in costs beside the vectors.

Both sides embed the same passages in one run, in turn: the projector from a full outbox to an empty one
(words, description vectors, body vectors, three audiences), and the encoder alone. `python -m benchmarks.ready_text`.
Pages are sample pages (about 130 characters, a passage or two each) or, with `--characters 1200`, as many of them in
a row as make a full page, whose passages are as long as passages get.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path

from benchmarks.bulk import put_bulk
from holdings.catalogue import Catalogue
from holdings.engines.making import index_writer, made_with
from holdings.records import Passage, Record, record_id
from holdings.settings import Settings
from holdings.text import cut_passages, description_text, normalise
from indexer.embeddings import EmbeddingStore
from indexer.projector import Projector
from models.loading import load_encoder
from models.words import JiebaSegmenter

TRUTH = Path(__file__).parents[1] / "corpus_samples" / "truth.jsonl"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--characters", type=int, default=0, help="at least so many a record")
    arguments = parser.parse_args()
    texts = [json.loads(line)["text"] for line in TRUTH.read_text().splitlines()]
    encoder = load_encoder(None)
    if encoder is None:
        raise SystemExit("先取模型：make models")
    encoder.warm()
    for turn in range(arguments.rounds):
        pages = _pages(texts, arguments.characters)
        records = [_record(n, next(pages), turn) for n in range(arguments.records)]
        passages = [normalise(p.text).text for r, text in records for p in _passages(r, text)]
        whole, whole_busy = asyncio.run(_ingest(records))
        began, busy = time.perf_counter(), time.process_time()
        encoder.encode_passages(list(dict.fromkeys(passages)))
        bare, bare_busy = time.perf_counter() - began, time.process_time() - busy
        print(
            f"{len(records)} records, {len(passages)} passages of {sum(map(len, passages)) / len(passages):.0f} "
            f"characters: way in {len(passages) / whole:.1f} passages/s, "
            f"bare encoder {len(passages) / bare:.1f}, ratio {bare / whole:.3f}; "
            f"by processor time {bare_busy / whole_busy:.3f} ({bare_busy:.1f} of {whole_busy:.1f} s)"
        )


def _pages(texts: Sequence[str], characters: int) -> Iterator[str]:
    """Texts in turn, joined until there are enough characters. Each is numbered, so that every passage has
    to be embedded."""
    waiting = (f"{number}：{text}" for number, text in enumerate(cycle(texts)))
    while True:
        page = next(waiting)
        while len(page) < characters:
            page += "\n" + next(waiting)
        yield page


def _record(number: int, text: str, turn: int) -> tuple[Record, str]:
    code = f"J{turn}-{number}"
    record = Record(
        id=record_id("990001", code),
        reference_code=code,
        title=f"第{number}号材料",
        fonds_code=f"J{turn}",
        access_status="开放",
        publicity="公开",
    )
    return record, f"（{turn}·{number}）{text}"


def _passages(record: Record, text: str) -> list[Passage]:
    return [*cut_passages(description_text(record), 0), *cut_passages(text, 1)]


async def _ingest(records: list[tuple[Record, str]]) -> tuple[float, float]:
    """Seconds from a full outbox to an empty one: by the clock, and of the processor."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder))
        catalogue = Catalogue(settings.catalogue_url)
        catalogue.upgrade()
        put_bulk(catalogue, records)
        catalogue.outbox.enqueue_all()
        segmenter, encoder = JiebaSegmenter(), load_encoder(None)
        assert encoder is not None
        segmenter.warm()
        encoder.warm()
        writer = index_writer(settings, made_with(segmenter, encoder))
        store = EmbeddingStore(settings.index_dir / "embeddings.sqlite", encoder.name)
        projector = Projector(catalogue, writer, segmenter, encoder, store)
        await projector.open()
        began, busy = time.perf_counter(), time.process_time()
        while await projector.step():
            pass
        seconds = time.perf_counter() - began, time.process_time() - busy
        await projector.close()
        catalogue.close()
        return seconds


if __name__ == "__main__":
    main()

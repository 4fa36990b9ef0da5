"""The judged sets, and a data folder for each, built by the house's own way in."""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.bulk import put_bulk
from holdings.catalogue import Catalogue
from holdings.engines.making import index_writer, made_with
from holdings.records import Line, PageText, Record, record_id
from holdings.settings import Settings
from holdings.store import FileStore
from indexer.embeddings import EmbeddingStore
from indexer.intake import Intake
from indexer.projector import Projector
from models.loading import load_encoder
from models.words import JiebaSegmenter

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "corpus_samples"
STARD = ROOT.parent / "shared" / "data" / "stard"
HALVES_SEED = 2026


@dataclass(frozen=True)
class Judged:
    """One question. grades: record id → 0–3.  filters: as the HTTP interface names them."""

    id: str
    text: str
    grades: Mapping[str, int]
    kind: str = ""
    filters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class JudgedSet:
    """A set of questions and the data folder that answers them."""

    name: str
    questions: tuple[Judged, ...]
    settings: Settings

    def half(self, which: str) -> list[Judged]:
        """ "development" (for tuning), "test" (for reporting), or "all"."""
        shuffled = sorted(self.questions, key=lambda question: question.id)
        random.Random(HALVES_SEED).shuffle(shuffled)
        middle = len(shuffled) // 2
        halves = {"development": shuffled[:middle], "test": shuffled[middle:], "all": shuffled}
        return halves[which]


def settings_at(home: Path) -> Settings:
    return Settings(home=home, archive_code="990001")


# ── the sample holdings ─────────────────────────────────────────────────────────


def sample_questions() -> tuple[Judged, ...]:
    found = []
    for line in (SAMPLES / "questions.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        grades = {record_id("990001", code): grade for code, grade in row["judgements"].items()}
        found.append(Judged(row["id"], row["question"], grades, row["kind"], row["filters"]))
    return tuple(found)


def samples(data: Path, *, ocr: Path | None = None, fresh: bool = False) -> JudgedSet:
    """The sample holdings with the true text of every page; or as the data folder `ocr` has read them."""
    home = ocr or data / "samples"
    settings = settings_at(home)
    if ocr is None:
        if fresh:
            shutil.rmtree(home, ignore_errors=True)
        catalogue = Catalogue(settings.catalogue_url)
        catalogue.upgrade()
        Intake(catalogue, FileStore(settings.store_dir), settings).run([SAMPLES / "holdings"])
        _write_truth(catalogue)
        project(catalogue, settings, data / "embeddings.sqlite")
    return JudgedSet("samples", sample_questions(), settings)


def _write_truth(catalogue: Catalogue) -> None:
    """Give every scan the text it was drawn from, as a reading without a fault."""
    truth = {}
    for line in (SAMPLES / "truth.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        truth[row["reference_code"], row["page"]] = row["text"]
    for page in catalogue.pages.waiting("truth", limit=10_000):
        text = truth[page.reference_code, page.number]
        lines = tuple(Line(shown) for shown in text.split("\n"))
        catalogue.pages.save_reading(page.id, PageText(lines, "truth"), "truth")


# ── STARD ───────────────────────────────────────────────────────────────────────


def stard(data: Path, *, fresh: bool = False) -> JudgedSet:
    """57,562 passages of Chinese statutes and 761 questions of laypeople (STARD, Su et al. 2024).

    Each passage is a record: its title the title, its text the one page.
    """
    home = data / "stard"
    settings = settings_at(home)
    if fresh:
        shutil.rmtree(home, ignore_errors=True)
    catalogue = Catalogue(settings.catalogue_url)
    catalogue.upgrade()
    if not catalogue.records.count():
        put_bulk(catalogue, _statutes())
        catalogue.outbox.enqueue_all()
    project(catalogue, settings, data / "embeddings.sqlite")
    return JudgedSet("stard", _stard_questions(), settings)


def _statutes() -> Iterator[tuple[Record, str]]:
    with gzip.open(STARD / "corpus.jsonl.gz", "rt", encoding="utf-8") as rows:
        for line in rows:
            row = json.loads(line)
            yield Record(record_id("990001", row["id"]), row["id"], row["title"]), row["text"]


def _stard_questions() -> tuple[Judged, ...]:
    grades: dict[str, dict[str, int]] = {}
    for line in (STARD / "qrels.tsv").read_text("utf-8").splitlines():
        question, passage, grade = line.split("\t")
        grades.setdefault(question, {})[record_id("990001", passage)] = int(grade)
    rows = map(json.loads, (STARD / "queries.jsonl").read_text("utf-8").splitlines())
    return tuple(Judged(row["id"], row["text"], grades[row["id"]]) for row in rows if row["id"] in grades)


# ── indexing ────────────────────────────────────────────────────────────────────


def project(catalogue: Catalogue, settings: Settings, vectors: Path) -> None:
    """Bring the indexes up to date with the catalogue; vectors once made are kept in `vectors`."""
    if not catalogue.outbox.counts() and settings.index_dir.exists():
        return
    asyncio.run(_project(catalogue, settings, vectors))


async def _project(catalogue: Catalogue, settings: Settings, vectors: Path) -> None:
    segmenter, encoder = JiebaSegmenter(), load_encoder(settings.models_dir)
    store = EmbeddingStore(vectors, encoder.name if encoder else "")
    writer = index_writer(settings, made_with(segmenter, encoder))
    projector = Projector(catalogue, writer, segmenter, encoder, store)
    await projector.open()
    if not settings.index_dir.exists() or not catalogue.outbox.counts():
        catalogue.outbox.enqueue_all()
    while await projector.step():
        pass
    await projector.close()

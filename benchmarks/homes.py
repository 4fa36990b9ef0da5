"""Data folders of generated records, and a `danghai serve` on one."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx

from benchmarks import engine
from benchmarks.bulk import put_bulk
from holdings.catalogue import Catalogue
from holdings.engines.embedded_layout import AudienceFolder, write_atomically
from holdings.engines.making import made_with
from holdings.engines.port import Document
from holdings.records import DateSpan, Record
from holdings.settings import Settings
from models.loading import load_encoder
from models.words import JiebaSegmenter

ROOT = Path(__file__).parent.parent
DATA = ROOT / "bench-data"
ROWS_PER_DOC = 1


def home_of(docs: int, data: Path = DATA) -> Path:
    """A data folder whose catalogue and public index hold `docs` generated records; made if it is not there.

    The index is the one benchmarks.engine builds (one passage a record), taken over by hard links: its
    vectors are generated, its words stand in the catalogue too, so hits are marked as real ones are.
    """
    home = data / "http" / f"{docs}"
    settings, done = Settings(home=home), home / "catalogue-complete"
    if not done.exists():
        shutil.rmtree(home, ignore_errors=True)
        catalogue = Catalogue(settings.catalogue_url)
        catalogue.upgrade()
        put_bulk(catalogue, _records(docs))
        catalogue.close()
        done.touch()
    if not (settings.index_dir / engine.AUDIENCE).exists():
        built = data / "engine" / f"v2-{docs}-{ROWS_PER_DOC}"
        asyncio.run(engine.build(built, docs, ROWS_PER_DOC))
        _take_over(built / engine.AUDIENCE, settings)
    return home


def _take_over(built: Path, settings: Settings) -> None:
    """Link the index's files, and say that it was made with what this house is made with."""
    here = settings.index_dir / engine.AUDIENCE
    here.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(built, here, copy_function=os.link)
    meta = AudienceFolder(here).current().folder / "meta.json"
    said = json.loads(meta.read_text("utf-8"))
    said["made_with"] = asdict(made_with(JiebaSegmenter(), load_encoder(settings.models_dir)))
    write_atomically(meta, json.dumps(said, ensure_ascii=False).encode())


def _records(docs: int) -> Iterator[tuple[Record, str]]:
    holdings = engine.Holdings(ROWS_PER_DOC)
    for first in range(0, docs, engine.BATCH):
        for document in holdings.batch(first // engine.BATCH, min(engine.BATCH, docs - first)):
            yield record_of(document), "".join(document.text["body"][0])


def record_of(document: Document) -> Record:
    """The description behind a generated document."""
    facets, year = document.facets, str(document.first_day)[:4]
    return Record(
        id=document.id,
        reference_code=document.sort_code,
        title="".join(document.text["title"][0]),
        abstract="".join(document.text["abstract"][0]),
        fonds_code=facets["fonds"][0],
        series=facets["series"][0],
        genre=facets["genre"][0],
        creators=tuple(facets["creators"]),
        persons=tuple(facets["persons"]),
        places=tuple(facets["places"]),
        keywords=tuple(facets["keywords"]),
        date=DateSpan(f"{year}年", f"{year}-01-01", f"{year}-12-31"),
        access_status="开放",
        publicity="公开",
    )


# ── serving ─────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Served:
    """A running `danghai serve`. Times are seconds from the start of the process."""

    address: str
    process: int
    words_ready: float
    meaning_ready: float

    def anonymous_mb(self) -> int:
        """RssAnon of the serving process, MiB."""
        with open(f"/proc/{self.process}/status", encoding="ascii") as lines:
            return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) // 1024

    def processor_ms(self) -> float:
        """Processor time the serving process has used, all its threads."""
        with open(f"/proc/{self.process}/stat", encoding="ascii") as line:
            user, system = line.read().rsplit(")", 1)[1].split()[11:13]
        return 1e3 * (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@contextmanager
def served(home: Path, port: int, *, patience: float = 300) -> Iterator[Served]:
    """`danghai serve --no-ocr` on a data folder, both legs up, ended at the end."""
    environment = os.environ | {"DANGHAI_HOME": str(home.absolute()), "DANGHAI_RATE_SEARCH": ""}
    command = [sys.executable, "-m", "danghai", "serve", "--no-ocr", "--port", str(port)]
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        address = f"http://127.0.0.1:{port}"
        words = _up(address, "words", began + patience) - began
        meaning = _up(address, "meaning", began + patience) - began
        yield Served(address, process.pid, words, meaning)
    finally:
        process.terminate()
        process.wait(60)


def _up(address: str, leg: str, until: float) -> float:
    """When /readyz first said that this leg is up."""
    with httpx.Client(timeout=5) as client:
        while (now := time.perf_counter()) < until:
            try:
                if client.get(f"{address}/readyz").json()["legs"][leg]:
                    return time.perf_counter()
            except (httpx.HTTPError, KeyError, ValueError):
                pass
            time.sleep(max(0.0, 0.02 - (time.perf_counter() - now)))
    raise TimeoutError(f"{address}: the {leg} leg did not come up")

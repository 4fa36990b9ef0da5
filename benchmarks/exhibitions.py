"""Pages of published exhibitions: milliseconds a file, for a small and a large exhibition in one run.

    python -m benchmarks exhibitions [--exhibits 200 2000] [--times 20]

Each exhibition stands on records of its own, two scanned pages each with 400 characters of text, in a new data folder
(deleted at the end): front page, one exhibit in the middle, chronology, and its IIIF documents and picture. Asked of the
application in this process, so neither network nor projector is measured; the row of `/healthz` says what is left of that.
Every file is asked in turn, so that what the machine does beside falls on all; the median is told, and by how much it
grew with the exhibition.
"""

from __future__ import annotations

import argparse
import io
import re
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image
from starlette.testclient import TestClient

from curation.edition import Edition, Entry, Exhibit, Picture, Quotation, Section
from holdings.access import OPEN, PUBLISHED, STAFF, Caller
from holdings.catalogue import Catalogue, Incoming, IncomingPage
from holdings.records import DateSpan, Line, PageText, Record
from holdings.settings import Settings
from holdings.store import FileStore
from search_api.app import create_app
from search_api.house import House
from search_api.published import publish

SIZE = (1092, 1536)
PAGES, SECTIONS, BATCH = 2, 8, 50
#: A line of a page, twenty characters; a page has twenty.
WORDS = "查本县渔民登记事宜业经各乡保甲造册呈报在案"
CURATOR = Caller(STAFF, frozenset({"curator"}), "试", "key:1")


def main(arguments: list[str] | None = None) -> None:
    """Print a table: a row a file, a column an exhibition."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--exhibits", type=int, nargs="+", default=[200, 2000])
    parser.add_argument("--times", type=int, default=20)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="danghai-exhibitions-") as folder:
        settings = Settings(home=Path(folder), rate_search="")
        catalogue = Catalogue(settings.catalogue_url)
        catalogue.upgrade()
        page = _page(FileStore(settings.store_dir))
        for size in given.exhibits:
            _put(catalogue, size, page)
        catalogue.close()
        app = create_app(settings)
        app.state.house.encoder = None
        with TestClient(app) as client:
            for size in given.exhibits:
                publish(app.state.house, _edition(app.state.house, size), CURATOR)
            _measure(client, given.exhibits, given.times)


def _measure(client: TestClient, sizes: list[int], times: int) -> None:
    files = {size: _files(client, f"/exhibitions/show-{size}/") for size in sizes}
    took: dict[tuple[str, int], list[float]] = {}
    for _ in range(times):
        for size in sizes:
            for name, address in files[size].items():
                began = time.perf_counter()
                client.get(address).raise_for_status()
                took.setdefault((name, size), []).append(1e3 * (time.perf_counter() - began))
    print("| ms, median | " + " | ".join(f"{size:,} exhibits" for size in sizes) + " | × |")
    print("|---" * (len(sizes) + 2) + "|")
    for name in files[sizes[0]]:
        found = [statistics.median(took[name, size]) for size in sizes]
        row = " | ".join(f"{ms:.1f}" for ms in found)
        print(f"| {name} | {row} | {found[-1] / found[0]:.1f} |", flush=True)


def _files(client: TestClient, base: str) -> dict[str, str]:
    """What → its address; of the exhibit in the middle where there is a choice."""
    listed = re.findall(r'h3[^>]*><a href="(exhibits/\w+\.html)', client.get(base).text)
    exhibit = listed[len(listed) // 2]
    picture = re.findall(r"images/\w+/full/\d+,\d+/0/default\.jpg", client.get(f"{base}{exhibit}").text)[0]
    return {
        "/healthz": "/healthz",
        "front page": base,
        "exhibit": f"{base}{exhibit}",
        "chronology": f"{base}chronology.html",
        "style sheet": f"{base}assets/site.css",
        "IIIF collection": f"{base}iiif/collection.json",
        "IIIF manifest": f"{base}iiif/{Path(exhibit).stem}/manifest.json",
        "IIIF info": f"{base}{picture.partition('/full/')[0]}/info.json",
        "picture": f"{base}{picture}",
        "all exhibitions": "/exhibitions",
        "feed": "/exhibitions/feed.xml",
        "wanted list": "/v1/wanted",
    }


def _page(store: FileStore) -> tuple[str, PageText]:
    """One drawn page in the store, which all records show, and its text."""
    out = io.BytesIO()
    Image.new("L", SIZE, 220).save(out, "JPEG", quality=60)
    lines = (Line(WORDS, (100, 60 * n + 60, 800, 40), 0.98) for n in range(20))
    return store.put(out.getvalue()), PageText(tuple(lines), "ocr:benchmark@1")


def _put(catalogue: Catalogue, size: int, page: tuple[str, PageText]) -> None:
    incoming = [Incoming(record, _pages(page)) for record in _records(size)]
    for start in range(0, len(incoming), BATCH):
        catalogue.records.put(incoming[start : start + BATCH])


def _pages(page: tuple[str, PageText]) -> list[IncomingPage]:
    sha256, text = page
    return [
        IncomingPage(n, sha256, "scan", 0, "image/jpeg", f"{n:04d}.jpg", *SIZE, text)
        for n in range(1, PAGES + 1)
    ]


def _records(size: int) -> Iterator[Record]:
    """A fonds, and its files, open to all."""
    fonds = f"B{size}"
    top = f"990001:{fonds}"
    open_: dict[str, Any] = {"access_status": OPEN, "publicity": PUBLISHED, "fonds_code": fonds}
    yield Record(id=top, reference_code=fonds, title="试全宗", level="fonds", **open_)
    for n in range(1, size + 1):
        year = 1930 + n % 60
        yield Record(
            id=f"{top}-1-{n}",
            reference_code=f"{fonds}-1-{n}",
            title=f"关于渔民登记的呈文（{n}）",
            parent=top,
            creators=("某县政府", "某区公所"),
            date=DateSpan(f"{year}年", f"{year}-01-01", f"{year}-12-31"),
            genre="公函",
            abstract="各乡渔民登记情形，附清册一份",
            persons=("某甲", "某乙"),
            places=("沈家门",),
            keywords=("渔民", "登记"),
            **open_,
        )


def _edition(house: House, size: int) -> Edition:
    ids = [record.id for record in _records(size) if record.level == "file"]
    found = [one.record for one in house.catalogue.records.many(ids).values()]
    exhibits = [_exhibit(record) for record in found]
    sections = tuple(
        Section(f"s{n}", f"第{n + 1}单元", "单元说明", tuple(exhibits[n::SECTIONS]), "旧照片")
        for n in range(SECTIONS)
    )
    days = tuple(Entry(r.date.first or "", r.date.text, r.title, r.reference_code, r.id) for r in found)
    return Edition(
        f"show-{size}", 0, f"试展 {size}", "", "导言", sections, ("某馆",), ("某人",), "2026-03-02", (), days
    )


def _exhibit(record: Record) -> Exhibit:
    return Exhibit(
        key=record.id,
        title=record.title,
        date=record.date.text,
        date_from="",
        date_to="",
        label=WORDS * 5,
        record_id=record.id,
        reference_code=record.reference_code,
        archive="某馆",
        fonds="试全宗",
        creators=record.creators,
        genre=record.genre,
        quotation=Quotation(WORDS, record.id, 1),
        pictures=tuple(Picture(record.id, n, *SIZE, "原件") for n in range(1, PAGES + 1)),
        transcription=("\n".join([WORDS] * 20),) * PAGES,
    )


if __name__ == "__main__":
    main()

"""Makes holdings/ and truth.jsonl from source/*.jsonl: `python -m corpus_samples.make`.

The same sources, fonts and Pillow give the same bytes. Only making needs fonts-noto-cjk and fonttools;
the holdings it made are committed, so using them needs neither.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from . import born, files
from .attachments import write_attachment
from .catalogues import write_catalogue
from .drawing import Drawn, draw
from .sheet import font_path
from .source import HERE, SOURCE, PageSpec, SourceRecord, read_fonds

Truth = dict[str, Any]


def make_fonds(source: Path, out: Path) -> list[Truth]:
    """Make one fonds's folder anew under `out`; returns the true text of its pages, in order."""
    records = read_fonds(source)
    fonds = source.stem
    folder = out / fonds
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    write_catalogue(fonds, records, folder)
    return [truth for record in records for truth in _make_record(record, folder)]


def _make_record(record: SourceRecord, folder: Path) -> Iterator[Truth]:
    code = record.reference_code
    for attachment in record.attachments:
        write_attachment(attachment["name"], attachment["text"], folder / code)
    if record.texts and not folder.name.startswith("Q"):  # Q001's catalogue carries its texts itself
        (folder / f"{code}.txt").write_text("\f".join(record.texts) + "\n", "utf-8")
    if not record.pages:
        return
    kind = record.pages[0].file
    if kind in {"born-pdf", "ofd"}:
        yield from _make_born(record, kind, folder)
        return
    following = [*record.pages[1:], None]
    pages = [draw(spec, after) for spec, after in zip(record.pages, following, strict=True)]
    _write_scans(pages, kind, folder, code)
    for page in pages:
        yield _truth(page.spec, page.text, page)


def _write_scans(pages: Sequence[Drawn], kind: str, folder: Path, code: str) -> None:
    if kind == "tiff":
        files.write_tiff(pages, folder / f"{code}.tif")
    elif kind == "pdf":
        files.write_scanned_pdf(pages, folder / f"{code}.pdf")
    else:
        files.write_jpegs(pages, folder / code)


def _make_born(record: SourceRecord, kind: str, folder: Path) -> Iterator[Truth]:
    pages = [born.set_page(spec) for spec in record.pages]
    write, suffix = (born.write_pdf, "pdf") if kind == "born-pdf" else (born.write_ofd, "ofd")
    write(pages, str(record.fields["title"]), folder / f"{record.reference_code}.{suffix}")
    for spec, page in zip(record.pages, pages, strict=True):
        yield _truth(spec, born.text_of(page), None)


def _truth(spec: PageSpec, text: str, page: Drawn | None) -> Truth:
    return {
        "reference_code": spec.reference_code,
        "page": spec.number,
        "kind": spec.kind,
        "layout": spec.layout,
        "look": spec.look,
        "file": spec.file,
        "rotation": page.rotation if page else 0,
        "skew": page.skew if page else 0.0,
        "seal": spec.stamp if spec.look == "stamp" else "",
        "text": text,
    }


def made_with() -> dict[str, str]:
    """What the bytes depend on beside the sources. Raises FontMissing."""
    import numpy
    from PIL import __version__ as pillow
    from PIL import features

    libraries = {
        name: str(features.version(name)) for name in ("freetype2", "raqm", "harfbuzz", "libjpeg_turbo")
    }
    fonts = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (
            font_path("serif"),
            font_path("serif", "bold"),
            font_path("sans"),
            font_path("sans", "bold"),
        )
    }
    return {"pillow": pillow, "numpy": numpy.__version__, **libraries, **fonts}


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line: --out, --fonds (several), --workers."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=Path, default=SOURCE, help="folder of <fonds>.jsonl")
    parser.add_argument("--out", type=Path, default=HERE, help="where holdings/ and truth.jsonl go")
    parser.add_argument("--fonds", nargs="*", help="only these (truth.jsonl then holds only theirs)")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args(arguments)
    sources = [
        p for p in sorted(options.source.glob("*.jsonl")) if not options.fonds or p.stem in options.fonds
    ]
    began, holdings = time.monotonic(), options.out / "holdings"
    with ProcessPoolExecutor(options.workers) as pool:
        made = list(pool.map(make_fonds, sources, [holdings] * len(sources)))
    truths = [truth for fonds in made for truth in fonds]
    lines = "".join(json.dumps(truth, ensure_ascii=False) + "\n" for truth in truths)
    (options.out / "truth.jsonl").write_text(lines, "utf-8")
    (options.out / "made_with.json").write_text(json.dumps(made_with(), indent=1) + "\n", "utf-8")
    size = sum(path.stat().st_size for path in holdings.rglob("*") if path.is_file())
    print(f"{len(sources)} fonds, {len(truths)} pages, {size / 1e6:.1f} MB, {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())

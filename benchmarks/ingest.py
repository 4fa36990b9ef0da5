"""Intake of generated catalogues: `python -m benchmarks.ingest --records 5000`.

For each form (CSV in GB18030, XLSX, JSON Lines with ready text) into an empty SQLite catalogue: rows a
second of reading and checking alone, records a second of the whole intake, of the same intake again
(nothing changes), and how long the write transactions took. Embedding and OCR are not in it.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.metrics import percentile
from holdings.catalogue import Catalogue, Incoming, Outcome
from holdings.settings import Settings
from holdings.store import FileStore
from indexer.entries import Entries
from indexer.intake import Intake
from indexer.readers.headers import HeaderMap
from indexer.readers.package import SourceFile

HEADERS = (
    "档号",
    "题名",
    "责任者",
    "日期",
    "文号",
    "文种",
    "保管期限",
    "开放标识",
    "公开属性",
    "人名",
    "地名",
    "附注",
)
PLACES = ("沈家门", "定海", "岱山", "嵊泗", "普陀山", "六横", "桃花岛", "金塘", "衢山", "长涂")
OFFICES = ("定海县人民政府", "舟山专署", "沈家门区公所", "定海縣漁會", "县水产局")
MATTERS = ("渔民登记", "渔船修造", "冰鲜价格", "海塘修筑", "救济粮发放", "港口管理", "台风灾情", "婚姻登记")
GENRES = ("公函", "通知", "报告", "会议记录", "请示")


@dataclass(frozen=True)
class Measured:
    form: str
    records: int
    read_per_second: float
    intake_per_second: float
    again_per_second: float
    write_p50_ms: float
    write_p95_ms: float
    write_max_ms: float


def rows(count: int, seed: int = 0) -> Iterator[list[str]]:
    """Generated rows in the order of HEADERS, 100 files a volume."""
    draw = random.Random(seed)
    for n in range(count):
        place, matter = draw.choice(PLACES), draw.choice(MATTERS)
        yield [
            f"J{1 + n // 20_000:03}-{1 + n // 5000 % 4}-{1 + n // 100 % 50}-{1 + n % 100}",
            f"关于{place}{matter}的{draw.choice(GENRES)}（第{n}号）",
            "；".join(draw.sample(OFFICES, draw.randint(1, 2))),
            f"{draw.randint(1931, 1987)}{draw.randint(1, 12):02}{draw.randint(1, 28):02}",
            f"渔字第{n}号",
            draw.choice(GENRES),
            draw.choice(("永久", "30年", "D10")),
            draw.choice(("开放", "控制", "")),
            "公开",
            f"王阿{n % 97}",
            place,
            "",
        ]


def _text(row: Sequence[str], draw: random.Random) -> str:
    """About 300 characters of page."""
    clauses = [
        f"{draw.choice(PLACES)}{draw.choice(MATTERS)}事宜，业经{draw.choice(OFFICES)}查核在案"
        for _ in range(14)
    ]
    return row[1] + "\n" + "；".join(clauses) + "。"


def write_csv(path: Path, count: int) -> Path:
    out = io.StringIO()
    csv.writer(out).writerows([HEADERS, *rows(count)])
    path.write_bytes(out.getvalue().encode("gb18030"))
    return path


def write_xlsx(path: Path, count: int) -> Path:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("文件目录")
    for row in [HEADERS, *rows(count)]:
        sheet.append(row)
    book.save(path)
    return path


def write_jsonl(path: Path, count: int) -> Path:
    draw = random.Random(1)
    with path.open("w", encoding="utf-8") as file:
        for row in rows(count):
            data: dict[str, Any] = dict(zip(HEADERS, row, strict=True))
            file.write(json.dumps(data | {"text": _text(row, draw)}, ensure_ascii=False) + "\n")
    return path


FORMS: dict[str, tuple[str, Callable[[Path, int], Path]]] = {
    "csv gb18030": ("catalogue.csv", write_csv),
    "xlsx": ("catalogue.xlsx", write_xlsx),
    "jsonl with text": ("catalogue.jsonl", write_jsonl),
}


def measure(form: str, count: int, folder: Path) -> Measured:
    """One form, in a fresh data folder under `folder`. Raises AssertionError when anything was refused."""
    name, write = FORMS[form]
    path = write(folder / name, count)
    settings = Settings(_env_file=None, home=folder / "home")  # type: ignore[call-arg]
    began = perf_counter()
    entries = Entries(HeaderMap(), settings.archive_code, settings.max_unpacked)
    entries.open([SourceFile(path, name)])
    assert sum(entry.draft is not None for entry in entries.rows()) == count
    reading = perf_counter() - began
    catalogue = Catalogue(settings.catalogue_url)
    catalogue.upgrade()
    writes = _timed_writes(catalogue)
    intake = Intake(catalogue, FileStore(settings.store_dir), settings)
    began = perf_counter()
    report = intake.run([path])
    first = perf_counter() - began
    assert report.new == count
    assert not report.rejections
    times = list(writes)
    began = perf_counter()
    assert intake.run([path]).unchanged == count
    again = perf_counter() - began
    catalogue.close()
    return Measured(
        form,
        count,
        round(count / reading),
        round(count / first),
        round(count / again),
        *(round(1000 * t, 1) for t in (percentile(times, 0.5), percentile(times, 0.95), max(times))),
    )


def _timed_writes(catalogue: Catalogue) -> list[float]:
    """Seconds of every put from now on."""
    times: list[float] = []
    put = catalogue.records.put

    def timed(batch: Sequence[Incoming], **options: Any) -> list[Outcome]:
        began = perf_counter()
        try:
            return put(batch, **options)
        finally:
            times.append(perf_counter() - began)

    catalogue.records.put = timed  # type: ignore[method-assign]
    return times


def report(measured: Sequence[Measured]) -> str:
    lines = [
        "| form | records | read rows/s | intake records/s | again records/s | write ms p50 / p95 / max |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {m.form} | {m.records:,} | {m.read_per_second:,.0f} | {m.intake_per_second:,.0f} "
        f"| {m.again_per_second:,.0f} | {m.write_p50_ms} / {m.write_p95_ms} / {m.write_max_ms} |"
        for m in measured
    ]
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--records", type=int, default=5000)
    parser.add_argument("--forms", nargs="*", choices=list(FORMS), default=list(FORMS))
    parser.add_argument("--json", type=Path, help="write the figures there too")
    options = parser.parse_args(arguments)
    measured = []
    for form in options.forms:
        folder = Path(tempfile.mkdtemp(prefix="danghai-ingest-"))
        try:
            measured.append(measure(form, options.records, folder))
        finally:
            shutil.rmtree(folder)
    print(report(measured))
    if options.json:
        options.json.write_text(json.dumps([asdict(m) for m in measured], indent=1), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

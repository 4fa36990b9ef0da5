"""The due list of the opening review: its counts by fonds and year, and the first of its records.

    python -m benchmarks due [--docs 100000 1000000] [--times 5]

A new catalogue of generated records in 60 fonds and 80 years (deleted at the end), half of them not reviewed, the other
half open; three in four of the former are due. Beside it, in the same run, what the database needs to count all records:
the cheapest thing that looks at each of them.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

from benchmarks.bulk import put_bulk
from holdings.catalogue import Catalogue
from holdings.catalogue.due import DueWish
from holdings.records import DateSpan, Record
from holdings.settings import Settings

TODAY = date(2026, 11, 22)
FONDS, YEARS, FIRST_YEAR = 60, 80, 1942


def main(arguments: list[str] | None = None) -> None:
    """Print medians in milliseconds for each size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--docs", type=int, nargs="+", default=[100_000])
    parser.add_argument("--times", type=int, default=5)
    given = parser.parse_args(arguments)
    print(
        "| records | due | counts ms | of one fonds ms | first 200 ms | all counted ms |\n|---|---|---|---|---|---|"
    )
    for docs in given.docs:
        with tempfile.TemporaryDirectory(prefix="danghai-due-") as folder:
            catalogue = Catalogue(Settings(home=Path(folder)).catalogue_url)
            catalogue.upgrade()
            put_bulk(catalogue, ((record, "") for record in _records(docs)))
            total, times = _measure(catalogue, given.times)
            catalogue.close()
        print(f"| {docs:,} | {total:,} | " + " | ".join(f"{ms:.0f}" for ms in times) + " |", flush=True)


def _measure(catalogue: Catalogue, times: int) -> tuple[int, list[float]]:
    """How many are due, and the milliseconds of each column."""
    due = catalogue.due
    counted = due.counts(TODAY)
    one = DueWish(fonds=counted[0].fonds_code)
    asked: list[Callable[[], object]] = [
        lambda: due.counts(TODAY),
        lambda: due.counts(TODAY, one),
        lambda: list(due.ids(TODAY, limit=200)),
        catalogue.records.count,
    ]
    return sum(count.due for count in counted), [_median(times, do) for do in asked]


def _median(times: int, do: Callable[[], object]) -> float:
    took = []
    for _ in range(times):
        began = time.perf_counter()
        do()
        took.append(1e3 * (time.perf_counter() - began))
    return statistics.median(took)


def _records(docs: int) -> Iterator[Record]:
    for n in range(docs):
        fonds, year = f"J{n % FONDS:03d}", FIRST_YEAR + n // FONDS % YEARS
        code = f"{fonds}-1-{n}"
        yield Record(
            id=f"990001:{code}",
            reference_code=code,
            title=f"关于渔民登记的呈文（{n}）",
            fonds_code=fonds,
            category="渔业" if n % 5 == 0 else "人事",
            abstract="各乡渔民登记情形，附清册一份" * 8,
            date=DateSpan(f"{year}年", f"{year}-01-01", f"{year}-12-31"),
            access_status="未审核" if n // FONDS // YEARS % 2 else "开放",
            publicity="" if n // FONDS // YEARS % 2 else "公开",
        )


if __name__ == "__main__":
    main()

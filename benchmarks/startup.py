"""How soon things answer: `danghai serve`, `danghai --help`, the import of the API.

    python -m benchmarks startup [--docs 10000 100000 1000000]

Seconds from the start of the process until /readyz says that the words leg, and the meaning leg, is up;
on generated records (benchmarks.homes), files in the page cache as the last run left them. The processor's
seconds stay about the same where the machine is shared.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.homes import DATA, ROOT, home_of, served

PORT = 19_520
COMMANDS: dict[str, list[str]] = {
    "python -c pass": ["-c", "pass"],
    "danghai --help": ["-m", "danghai", "--help"],
    "import search_api.app": ["-c", "import search_api.app"],
}


def seconds(command: Sequence[str]) -> tuple[float, float]:
    """(on the clock, of the processor)"""
    began, used = time.perf_counter(), _children()
    subprocess.run([sys.executable, *command], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began, _children() - used


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def medians(rows: Sequence[Sequence[float]]) -> list[float]:
    return [statistics.median(column) for column in zip(*rows, strict=True)]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--docs", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--data", type=Path, default=DATA)
    given = parser.parse_args(arguments)
    print("seconds, median; in brackets the processor's")
    for name, command in COMMANDS.items():
        clock, used = medians([seconds(command) for _ in range(given.rounds)])
        print(f"{name:32}{clock:8.2f} ({used:.2f})", flush=True)
    for docs in given.docs:
        home = home_of(docs, given.data)
        times = []
        for _ in range(given.rounds):
            with served(home, PORT) as server:
                times.append((server.words_ready, server.meaning_ready, server.processor_ms() / 1e3))
        words, meaning, used = medians(times)
        print(f"serve, {docs:>9,} records{words:18.2f} words, {meaning:.2f} meaning ({used:.2f})", flush=True)


if __name__ == "__main__":
    main()

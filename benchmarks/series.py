"""Series that learn: precision of what is proposed before and after two rounds of choosing.

    python -m benchmarks series [--round 25] [--splits 10]

The sample holdings with four series judged by hand (corpus_samples/series.jsonl). For each series the records on file
level are divided by a fixed seed into two halves. From one half a curator takes the ROUND best proposals, accepts
and rejects by the truth, twice; what is measured is the order of the other half, which nobody has judged: so the
gain is what was learned, not what was crossed off. The path is the API's own (search_api.proposals.proposed).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.relevance_sets import ROOT, SAMPLES, samples
from holdings.access import STAFF, Caller
from holdings.records import record_id
from search_api.house import House
from search_api.proposals import Wish, proposed

#: Precision at these depths; of a half holdings of 85 records no series has 50.
DEPTHS = (10, 20, 50)
AS_STAFF = Caller(STAFF)


@dataclass(frozen=True)
class Truth:
    """One judged series. records: ids that belong to it, seeds among them."""

    name: str
    wish: Wish
    records: frozenset[str]


def truths() -> list[Truth]:
    found = []
    for line in (SAMPLES / "series.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        seeds = [record_id("990001", code) for code in row["seeds"]]
        wish = Wish(row["about"], row["questions"], accepted=seeds, left_out=frozenset(seeds))
        found.append(Truth(row["name"], wish, frozenset(record_id("990001", c) for c in row["records"])))
    return found


def precision(ranking: Sequence[str], relevant: frozenset[str], depth: int) -> float:
    """Share of the first `depth` that belong. A ranking that is shorter has nothing that belongs beyond its end."""
    return sum(i in relevant for i in ranking[:depth]) / depth


def best_possible(relevant: int, depth: int) -> float:
    return min(relevant, depth) / depth


@dataclass(frozen=True)
class Measured:
    """Precision at each depth in the half that nobody judged, and what a perfect order would have."""

    before: list[float]
    after: list[float]
    most: list[float]


async def learn(house: House, truth: Truth, files: Sequence[str], seed: int, at_once: int) -> Measured:
    """Two rounds on one half, measured on the other."""
    rest = sorted(set(files) - set(truth.wish.accepted))
    random.Random(seed).shuffle(rest)
    judged, measured = set(rest[::2]), set(rest[1::2])
    relevant = truth.records & measured
    wish = truth.wish
    first = [p.id for p in (await proposed(house, AS_STAFF, wish)).proposals if p.id in measured]
    for _ in range(2):
        found = (await proposed(house, AS_STAFF, wish)).proposals
        shown = [p.id for p in found if p.id in judged][:at_once]
        wish = replace(
            wish,
            accepted=[*wish.accepted, *(i for i in shown if i in truth.records)],
            rejected=[*wish.rejected, *(i for i in shown if i not in truth.records)],
            left_out=frozenset({*wish.left_out, *shown}),
        )
    last = [p.id for p in (await proposed(house, AS_STAFF, wish)).proposals if p.id in measured]
    return Measured(
        [precision(first, relevant, depth) for depth in DEPTHS],
        [precision(last, relevant, depth) for depth in DEPTHS],
        [best_possible(len(relevant), depth) for depth in DEPTHS],
    )


async def measure(data: Path, at_once: int, splits: int) -> None:
    house = House(samples(data).settings)
    await house.open()
    await house.warm()
    files = [
        stored.record.id
        for part in house.catalogue.records.ids()
        for stored in house.catalogue.records.many(part).values()
        if stored.record.level == "file"
    ]
    print(
        f"{len(files)} records; precision at {', '.join(map(str, DEPTHS))} of the half that was not judged:"
    )
    print(f"{'series':14}{'belong':>7}  {'first round':22}{'after two rounds':22}{'a perfect order':22}")
    every = []
    for truth in truths():
        runs = [await learn(house, truth, files, seed, at_once) for seed in range(splits)]
        every += runs
        print(f"{truth.name:14}{len(truth.records):>7}  " + _row(runs))
    print(f"{'all':14}{'':>7}  " + _row(every))
    await house.close()


def _row(runs: Sequence[Measured]) -> str:
    def means(rows: Sequence[Sequence[float]]) -> str:
        return " / ".join(f"{statistics.fmean(column):.3f}" for column in zip(*rows, strict=True))

    parts = ([run.before for run in runs], [run.after for run in runs], [run.most for run in runs])
    return "".join(f"{means(part):22}" for part in parts)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--round", type=int, default=25, help="proposals judged in one round")
    parser.add_argument("--splits", type=int, default=10)
    parser.add_argument("--data", type=Path, default=ROOT / "bench-data")
    given = parser.parse_args(arguments)
    asyncio.run(measure(given.data, given.round, given.splits))


if __name__ == "__main__":
    main()

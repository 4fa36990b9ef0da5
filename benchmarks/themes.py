"""Themes: time, memory and agreement of the map and its groups.

    python -m benchmarks themes [--records 5000 50000] [--data bench-data]

On the sample holdings: of two records that a judged question holds to be right both (grade 3), how often they are in
one group, beside how often any two are. On STARD, where its index lies in bench-data (`python -m benchmarks relevance
--set stard` makes it): agreement of the groups with the statutes the passages are from (adjusted mutual information
over those in a group and of statutes with 20 passages or more).
"""

from __future__ import annotations

import argparse
import asyncio
import re
import resource
import time
from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np

from benchmarks.relevance_sets import ROOT, STARD, JudgedSet, samples, stard
from curation.grouping import Arranged, arrange
from curation.sampling import sampled
from holdings.access import STAFF
from search_api.house import House

_ARTICLE = re.compile("第[一二三四五六七八九十百千零]+条.*")


async def vectors_of(judged: JudgedSet, most: int) -> tuple[list[str], np.ndarray, dict[str, str]]:
    """Ids of records on file level with their middles, and their titles."""
    house = House(judged.settings)
    await house.open()
    ids = sampled([i for part in house.catalogue.records.ids() for i in part], most, 0)
    middles = await house.middles(STAFF, ids)
    titles = {}
    for start in range(0, len(ids), 500):
        stored = house.catalogue.records.many(ids[start : start + 500])
        titles |= {i: s.record.title for i, s in stored.items() if s.record.level == "file"}
    await house.close()
    ids = [i for i in ids if i in middles and i in titles]
    return ids, np.stack([middles[i] for i in ids]), titles


def timed(vectors: np.ndarray) -> tuple[Arranged, str]:
    began, processor = time.perf_counter(), time.process_time()
    found = arrange(vectors, tell=lambda step, share: None)
    spent = f"{time.perf_counter() - began:.1f} s, processor {time.process_time() - processor:.1f} s"
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    groups, none = int(found.groups.max()) + 1, float((found.groups < 0).mean())
    return (
        found,
        f"{len(vectors):>7} records: {spent}, peak {memory} MiB, {groups} groups, {none:.2f} in none",
    )


def on_samples(data: Path) -> None:
    judged = samples(data)
    ids, vectors, _ = asyncio.run(vectors_of(judged, 100_000))
    found, told = timed(vectors)
    group = {i: int(g) for i, g in zip(ids, found.groups, strict=True)}
    pairs = {
        pair
        for question in judged.questions
        for right in [sorted(i for i, grade in question.grades.items() if grade == 3 and i in group)]
        if len(right) <= 12
        for pair in combinations(right, 2)
    }
    together = sum(group[a] == group[b] >= 0 for a, b in pairs) / len(pairs)
    sizes = Counter(g for g in group.values() if g >= 0)
    chance = sum(n * (n - 1) for n in sizes.values()) / (len(ids) * (len(ids) - 1))
    print(
        f"samples {told}\n        {len(pairs)} pairs judged alike: {together:.3f} together, any two: {chance:.3f}"
    )


def on_stard(data: Path, sizes: Sequence[int]) -> None:
    from sklearn.metrics import adjusted_mutual_info_score

    for size in sizes:
        ids, vectors, titles = asyncio.run(vectors_of(stard(data), size))
        found, told = timed(vectors)
        statutes = [_ARTICLE.sub("", titles[i]) for i in ids]
        count = Counter(statutes)
        kept = [n for n, s in enumerate(statutes) if count[s] >= 20 and found.groups[n] >= 0]
        score = adjusted_mutual_info_score([statutes[n] for n in kept], found.groups[kept])
        print(f"stard   {told}, agreement {score:.3f}", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--records", type=int, nargs="*", default=[5_000, 50_000])
    parser.add_argument("--data", type=Path, default=ROOT / "bench-data")
    given = parser.parse_args(arguments)
    on_samples(given.data)
    if STARD.exists() and (given.data / "stard").exists():
        on_stard(given.data, given.records)


if __name__ == "__main__":
    main()

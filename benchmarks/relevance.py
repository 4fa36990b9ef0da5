"""nDCG@10 and recall@100 of words, meaning and hybrid, on the judged sets.

    python -m benchmarks relevance [--set samples] [--set stard] [--ocr HOME] [--fresh]

Catalogue → projector → embedded engine → search_api.searching, in this process, as staff. Questions are
split in two halves by a fixed seed: what is tuned is tuned on the development half and reported on the
test half.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.metrics import ndcg, recall
from benchmarks.relevance_sets import ROOT, STARD, Judged, JudgedSet, samples, stard
from holdings.access import STAFF, Caller
from search_api.asking import FILTERS, Asked
from search_api.house import House
from search_api.schema import Mode
from search_api.searching import fused_list, rank

MODES: tuple[Mode, ...] = ("words", "meaning", "hybrid")
HALVES = ("development", "test", "all")


@dataclass(frozen=True)
class Score:
    ndcg: float
    recall: float


Rankings = dict[str, dict[Mode, list[str]]]


def asked(question: Judged, mode: Mode) -> Asked:
    given = question.filters
    return Asked(
        text=question.text,
        mode=mode,
        filters={FILTERS[name]: (value,) for name, value in given.items() if name in FILTERS},
        year_from=given.get("year_from"),
        year_to=given.get("year_to"),
    )


async def rankings(judged: JudgedSet) -> Rankings:
    """question id → mode → record ids, best first."""
    house = House(judged.settings)
    await house.open()
    await house.warm()
    while not (await house.engine.status(STAFF)).meaning_ready:  # noqa: ASYNC110 - it has no event
        await asyncio.sleep(0.1)
    found: Rankings = {}
    for question in judged.questions:
        found[question.id] = {}
        for mode in MODES:
            ranked = await rank(house, Caller(STAFF), asked(question, mode))
            found[question.id][mode] = [f.id for f in fused_list(ranked.full, ranked.answer)]
    await house.close()
    return found


def score(questions: Iterable[Judged], found: Rankings, mode: Mode) -> Score:
    """Means over the questions."""
    pairs = [(found[q.id][mode], q.grades) for q in questions]
    return Score(
        statistics.fmean(ndcg(ranking, grades) for ranking, grades in pairs),
        statistics.fmean(recall(ranking, grades) for ranking, grades in pairs),
    )


def table(judged: JudgedSet, found: Rankings) -> str:
    parts: list[tuple[str, Sequence[Judged]]] = [(half, judged.half(half)) for half in HALVES]
    kinds = sorted({q.kind for q in judged.questions if q.kind})
    parts += [(kind, [q for q in judged.questions if q.kind == kind]) for kind in kinds]
    lines = [f"{judged.name:12} {'questions':>9}" + "".join(f"{mode:>16}" for mode in MODES)]
    for name, questions in parts:
        scores = [score(questions, found, mode) for mode in MODES]
        cells = "".join(f"{s.ndcg:>8.3f} / {s.recall:.3f}" for s in scores)
        lines.append(f"{name:12} {len(questions):>9}{cells}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--set", dest="sets", action="append", choices=("samples", "stard"))
    parser.add_argument("--ocr", type=Path, help="a data folder that has taken in and read the samples")
    parser.add_argument("--fresh", action="store_true", help="build the data folders anew (vectors are kept)")
    parser.add_argument("--data", type=Path, default=ROOT / "bench-data")
    given = parser.parse_args(arguments)
    print("nDCG@10 / recall@100")
    for name in given.sets or ("samples", "stard"):
        if name == "stard" and not STARD.exists():
            print(f"stard: not here ({STARD})")
            continue
        if name == "stard":
            judged = stard(given.data, fresh=given.fresh)
        else:
            judged = samples(given.data, ocr=given.ocr, fresh=given.fresh)
        print(table(judged, asyncio.run(rankings(judged))), flush=True)


if __name__ == "__main__":
    main()

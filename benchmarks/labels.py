"""Label drafts: how many fit a label, and which sentences say what a record is about.

    python -m benchmarks labels

The sample records on file level with the true text of their scans. Sentences of the pages are chosen up to a label's
length by each way in turn, and measured by the share of the words of the scope note that they hold: that note is an
archivist's own summary. For this measure the ways are not told the scope note; drafts are.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from statistics import mean

import numpy as np

from benchmarks.relevance_sets import SAMPLES
from curation.checks import LABEL, counted
from curation.labels import Sentence, drafts, sentences_of, weighed
from curation.words import words_of
from holdings.records import Line, PageText, Record
from models.words import JiebaSegmenter

#: A page of fewer sentences leaves nothing to choose.
CHOICE = 4

Way = Callable[[Record, Sequence[Sentence]], list[Sentence]]
Words = Callable[[str], set[str]]


def records() -> list[Record]:
    named = {field.name for field in fields(Record)} - {"date"}
    found = []
    for file in sorted((SAMPLES / "source").glob("*.jsonl")):
        for row in map(json.loads, file.read_text("utf-8").splitlines()):
            if row["level"] == "file":
                said = {n: tuple(v) if isinstance(v, list) else v for n, v in row.items() if n in named}
                found.append(Record(id=row["reference_code"], **said))
    return found


def texts() -> dict[str, dict[int, PageText]]:
    found: dict[str, dict[int, PageText]] = {}
    for row in map(json.loads, (SAMPLES / "truth.jsonl").read_text("utf-8").splitlines()):
        lines = tuple(Line(line) for line in row["text"].split("\n"))
        found.setdefault(row["reference_code"], {})[row["page"]] = PageText(lines, "truth")
    return found


def ways(words: Words, segmenter: JiebaSegmenter) -> dict[str, Way]:
    """Each orders a record's sentences."""

    def shuffled(record: Record, some: Sequence[Sentence]) -> list[Sentence]:
        return random.Random(record.id).sample(list(some), len(some))

    def frequent(record: Record, some: Sequence[Sentence]) -> list[Sentence]:
        counts = Counter(word for one in some for word in words(one.words))
        return sorted(some, key=lambda one: -sum(counts[w] for w in words(one.words)) / (3 + len(one.words)))

    def ranked(record: Record, some: Sequence[Sentence]) -> list[Sentence]:
        order = np.argsort(-_text_rank([words(one.words) for one in some]), kind="stable")
        return [some[n] for n in order]

    def subject(record: Record, some: Sequence[Sentence]) -> list[Sentence]:
        return [one for one, _ in weighed(replace(record, abstract=""), some, segmenter)]

    return {
        "at random": shuffled,
        "the first": lambda record, some: list(some),
        "frequent words": frequent,
        "TextRank": ranked,
        "words of title, places, keywords": subject,
    }


def _text_rank(words: Sequence[set[str]]) -> np.ndarray:
    """Mihalcea and Tarau 2004: shared words over the logarithms of the lengths, damping 0.85; (n,)."""
    size = len(words)
    alike = np.zeros((size, size))
    for a, b in ((a, b) for a in range(size) for b in range(size) if a != b and words[a] and words[b]):
        alike[a, b] = len(words[a] & words[b]) / (np.log1p(len(words[a])) + np.log1p(len(words[b])))
    sums = alike.sum(1, keepdims=True)
    steps = np.divide(alike, sums, out=np.full_like(alike, 1 / size), where=sums > 0)
    rank = np.full(size, 1 / size)
    for _ in range(50):
        rank = 0.15 / size + 0.85 * steps.T @ rank
    return rank


def held(words: Words, record: Record, some: Sequence[Sentence]) -> float:
    """Share of the scope note's words in the first of them that go into a label."""
    chosen, length = [], 0
    for one in some:
        if length + counted(one.words) <= LABEL[1]:
            chosen.append(one.words)
            length += counted(one.words)
    about = words(record.abstract)
    return len(about & words(" ".join(chosen))) / len(about)


def main() -> None:
    segmenter = JiebaSegmenter()
    pages = texts()
    known: dict[str, set[str]] = {}

    def words(text: str) -> set[str]:
        return known.setdefault(text, set(words_of(segmenter, text)))

    everything = records()
    _drafts(everything, pages, segmenter)
    told = [(r, sentences_of(pages.get(r.id, {}))) for r in everything if words(r.abstract)]
    told = [(r, some) for r, some in told if len(some) >= CHOICE]
    print(f"\n{len(told)} records with {CHOICE} sentences and more; share of the scope note's words held:")
    for name, way in ways(words, segmenter).items():
        print(f"  {name:36}{mean(held(words, r, way(r, some)) for r, some in told):.3f}")


def _drafts(
    everything: Sequence[Record], pages: Mapping[str, Mapping[int, PageText]], segmenter: JiebaSegmenter
) -> None:
    for name, some in (
        ("all", everything),
        ("with page texts", [r for r in everything if r.id in pages]),
    ):
        first = [found[0] for r in some if (found := drafts(r, pages.get(r.id, {}), segmenter))]
        fit = sum(draft.fits for draft in first)
        print(
            f"{name}: {len(some)} records, {len(first)} with a draft, {fit} of {LABEL[0]} to {LABEL[1]} characters"
        )


if __name__ == "__main__":
    main()

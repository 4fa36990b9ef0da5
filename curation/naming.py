"""Groups named by their distinguishing words: class-based TF-IDF. Pure.

Grootendorst, "BERTopic: Neural topic modeling with a class-based TF-IDF procedure" (2022), section 3.3: a
word's weight in a group is tf · log(1 + A / f): its frequency in the group, A the mean number of words of a
group, f the word's frequency in all groups. A record counts a word once, so that no long record names a group.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

#: Words a group is named by.
NAMED_BY = 6
#: A group of this many records or more is named by nothing that stands in one of them alone.
SHARED_FROM = 4


def distinguishing(
    words: Sequence[Iterable[str]], groups: Sequence[int], most: int = NAMED_BY
) -> dict[int, list[str]]:
    """group → its most telling words, the best first. words[n]: those of record n; groups[n]: its group, below
    0 for none (such records count nowhere)."""
    counts: dict[int, Counter[str]] = {}
    sizes: Counter[int] = Counter()
    for own, group in zip(words, groups, strict=True):
        if group >= 0:
            counts.setdefault(group, Counter()).update(set(own))
            sizes[group] += 1
    in_all: Counter[str] = Counter()
    for found in counts.values():
        in_all.update(found)
    mean = sum(in_all.values()) / max(1, len(counts))
    return {
        group: _best(counts.get(group, Counter()), in_all, mean, sizes[group], most)
        for group in sorted(sizes)
    }


def _best(own: Mapping[str, int], in_all: Mapping[str, int], mean: float, size: int, most: int) -> list[str]:
    least = 2 if size >= SHARED_FROM and max(own.values(), default=0) > 1 else 1
    weights = {w: n * math.log(1 + mean / in_all[w]) for w, n in own.items() if n >= least}
    chosen: list[str] = []
    for word in sorted(weights, key=lambda w: (-weights[w], w)):
        if not any(word in other or other in word for other in chosen):  # 渔民 beside 渔民登记 says nothing
            chosen.append(word)
        if len(chosen) == most:
            break
    return chosen

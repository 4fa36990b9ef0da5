"""A sample that is the same each time: the ids whose fingerprints are smallest. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from hashlib import blake2b


class Sample:
    """Takes ids in any order and any number, and keeps at most `most` of them. seen: how many were taken."""

    def __init__(self, most: int, seed: int) -> None:
        self._most, self._salt = most, str(seed).encode()[:16]
        self._kept: list[tuple[int, str]] = []  # a heap with the largest fingerprint on top
        self.seen = 0

    def take(self, ids: Iterable[str]) -> None:
        for id_ in ids:
            self.seen += 1
            key = (-_mark(id_, self._salt), id_)
            if len(self._kept) < self._most:
                heapq.heappush(self._kept, key)
            elif self._most and key > self._kept[0]:
                heapq.heapreplace(self._kept, key)

    def ids(self) -> list[str]:
        """Those kept, in order of id."""
        return sorted(id_ for _, id_ in self._kept)


def sampled(ids: Sequence[str], most: int, seed: int) -> list[str]:
    """At most `most` of these ids, in order of id; the same for the same seed, whatever their order."""
    sample = Sample(most, seed)
    sample.take(ids)
    return sample.ids()


def _mark(id_: str, salt: bytes) -> int:
    return int.from_bytes(blake2b(id_.encode(), digest_size=8, salt=salt).digest(), "big")

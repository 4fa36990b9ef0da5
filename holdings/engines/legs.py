"""What a leg of an answer is made of: hits in order, looked at one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, overload

import numpy as np
from numpy.typing import NDArray


class Hit(NamedTuple):
    """One document of a leg. `score` never leaves the house: ranks do."""

    id: str
    score: float  # BM25, or the cosine of the best passage
    passages: tuple[tuple[int, int], ...] = ()  # meaning: (page, number), best first, at most 3


class Leg(Sequence[Hit]):
    """One leg's hits, best first. A thousand stand for the twenty that are shown, so ids and Hits are made
    when they are looked at.

    keys: shape (hits,); in both legs of one answer to ranked words the same key is the same document, and
    nothing more.
    scores: shape (hits,), descending.  ids: of some of the keys.  passages: of the hit at a position, once
    `look` was asked for them.
    """

    def __init__(
        self,
        keys: NDArray[np.int64],
        scores: NDArray[np.floating],
        ids: Callable[[NDArray[np.int64]], list[str]],
        passages: Callable[[int], tuple[tuple[int, int], ...]] = lambda at: (),
    ) -> None:
        self.keys = keys
        self.scores = scores
        self.ids_of = ids
        self._passages = passages

    @staticmethod
    def of(
        ids: Sequence[str],
        numbering: dict[str, int] | None = None,
        scores: Sequence[float] | None = None,
        passages: Callable[[int], tuple[tuple[int, int], ...]] = lambda at: (),
    ) -> Leg:
        """A leg of ids at hand. numbering: id → key, shared by the legs of one answer, and added to."""
        known = {} if numbering is None else numbering
        keys = np.array([known.setdefault(id_, len(known)) for id_ in ids], np.int64)
        names = dict(zip(keys.tolist(), ids, strict=True))
        scored = np.zeros(len(ids)) if scores is None else np.array(scores, np.float64)
        return Leg(keys, scored, lambda wanted: [names[key] for key in wanted.tolist()], passages)

    def ids(self, start: int = 0, end: int | None = None) -> list[str]:
        return self.ids_of(self.keys[start:end])

    def ids_at(self, positions: NDArray[np.int64]) -> list[str]:
        return self.ids_of(self.keys[positions])

    async def look(self, positions: Iterable[int]) -> None:
        """Have the passages of these hits at hand. An engine across a network fetches them only now; before,
        its hits show none. Errors: the engine's."""

    def __len__(self) -> int:
        return len(self.keys)

    @overload
    def __getitem__(self, at: int) -> Hit: ...
    @overload
    def __getitem__(self, at: slice) -> list[Hit]: ...
    def __getitem__(self, at: int | slice) -> Hit | list[Hit]:
        if isinstance(at, slice):
            return [self[n] for n in range(len(self))[at]]
        at = range(len(self))[at]
        return Hit(self.ids(at, at + 1)[0], float(self.scores[at]), self._passages(at))


NOTHING = Leg.of(())

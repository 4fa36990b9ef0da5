"""Hidden sets asked about in full: every operation, by every kind of caller, in every form of the system."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random

from holdings.access import STAFF
from search_api.audited import SAFE
from tests.api.conftest import System

from .callers import Asker
from .comparing import Pair
from .conftest import Builder, Known, world
from .hidden import Held, Hidden
from .surfaces import Call, World, calls, operations


@dataclass(frozen=True)
class Quota:
    """Most requests of one caller about one hidden set: to an operation that searches, to any other; refused:
    to one that refuses this caller, whatever they ask.  later: every so many of them are sent again where the
    set was withdrawn, and after the rebuild."""

    searches: int
    others: int
    refused: int
    later: int = 1


def all_calls(system: System, about: World, seed: int, quota: Quota, asker: Asker) -> list[Call]:
    """Requests to all operations: so many at most of the operations that answer questions, and of others.
    Callers with powers send what changes nothing. What is drawn for one operation does not hang on which others
    there are."""
    document = system.client.get("/openapi.json").json()
    return [
        call
        for operation in operations(document)
        for call in calls(
            operation,
            about,
            Random(f"{seed} {operation}"),
            quota.searches if "facets" in operation.parameters else quota.others,
        )
        if not asker.powers or _changes_nothing(call, about)
    ]


def _changes_nothing(call: Call, about: World) -> bool:
    """It reads, or is about records that this caller may not see and nothing else."""
    if call.sent_as in SAFE:
        return True
    opened = {record.id for record in about.opened}
    if isinstance(call.json, dict) and "records" in call.json:
        return opened.isdisjoint(call.json["records"])
    return "record_id" in call.operation.parameters and opened.isdisjoint(call.path.split("/"))


class Proof:
    """asked: caller's name → requests compared.  covered: caller's name → the operations they asked."""

    def __init__(self, builder: Builder, nevers: dict[str, Known], whole: Quota, part: Quota) -> None:
        self._builder, self._nevers = builder, nevers
        self._whole, self._part = whole, part
        self.asked: Counter[str] = Counter()
        self.covered: dict[str, set[str]] = {}

    def of_closed(
        self, chosen: Sequence[Hidden], seed: int, whole: Iterable[str], part: Iterable[str]
    ) -> None:
        """Hidden from the beginning, and held open, served and withdrawn; by `whole` in full, `part` in part."""
        with self._builder.closed(chosen) as (closed, hidden), self._builder.withdrawn(chosen) as (gone, _):
            self._is_held(closed.system, hidden)
            wanted = {}
            for name in (*whole, *part):
                quota = self._whole if name in whole else self._part
                pair, asked = self._plan(name, closed, hidden, seed, quota)
                self._compare(pair, asked)
                again = asked[:: quota.later]
                self._compare(pair.against(gone.system, gone.askers[name], ordered=False), again)
                wanted[name] = pair, again
            rebuilt = {r.audience for r in gone.system.catalogue.outbox.rebuilds()}
            assert rebuilt >= {closed.askers[name].sees for name in whole}
            assert gone.system.rebuild() == len(rebuilt)
            for name in whole:
                pair, asked = wanted[name]
                self._compare(pair.against(gone.system, gone.askers[name], ordered=True), asked)

    def of_marked(
        self, chosen: Sequence[Hidden], seed: int, whole: Iterable[str], part: Iterable[str]
    ) -> None:
        """Held for a secrecy mark from the beginning, and held open, served and found; then taken out, so that
        the security officer may see nothing of it either."""
        self.of_closed(chosen, seed, whole, part)
        with self._builder.withdrawn(chosen) as (gone, hidden):
            self._builder.remove(gone.system, hidden)
            for name in (*whole, *part, "security officer"):
                quota = self._whole if name in whole else self._part
                self._compare(*self._plan(name, gone, hidden, seed, quota))

    def _is_held(self, system: System, hidden: Sequence[Held]) -> None:
        stored = system.catalogue.records.many([one.record.id for one in hidden])
        seen = {one.record.id: stored[one.record.id].audiences for one in hidden}
        assert seen == {one.record.id: set() if one.marked else {STAFF} for one in hidden}
        known = {hit["id"] for hit in system.every_hit("", STAFF, size=100)}
        assert known >= {one.record.id for one in hidden if not one.marked}, "what is hidden is really held"

    def _plan(
        self, name: str, other: Known, hidden: Sequence[Held], seed: int, quota: Quota
    ) -> tuple[Pair, list[Call]]:
        asker = other.askers[name]
        never = self._nevers[asker.sees]
        asked = all_calls(other.system, world(hidden, asker), seed, quota, asker)
        self.covered.setdefault(name, set()).update(str(call.operation) for call in asked)
        return Pair(never.system, other.system, never.askers[name], asker, refused=quota.refused), asked

    def _compare(self, pair: Pair, asked: Sequence[Call]) -> None:
        pair.compare(asked)
        self.asked[pair.other_as.name] += pair.asked

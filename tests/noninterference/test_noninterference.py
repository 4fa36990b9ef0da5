"""Invariant 1: what a caller gets, on every surface, equals what a system would give that never held the
records they may not see.

Hypothesis chooses what is hidden; every operation of the OpenAPI document is asked about it, as every kind
of caller that may not see it, in three systems: one never held it, one holds it closed, one held it open,
served it and withdrew it. Answers are compared byte for byte (what may differ: comparing.py); those of the
last one in all but the order of hits at once, and byte for byte after the rebuild.

Staff see what is hidden here, so they are not compared; that their operations tell nobody else is.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from holdings.access import PUBLIC, READING_ROOM, STAFF
from tests.api.conftest import System

from .comparing import Pair
from .conftest import Builder, Known, world
from .hidden import Held, Hidden, hidden_sets
from .surfaces import Call, World, calls, operations

#: Callers whose every request is compared; of the others, who are told the same, a part.
WHOLE = ("anonymous", "reading room")

#: Most requests of one caller about one hidden set: to an operation that searches, to any other.
CI = {"searches": 10, "others": 8}
LONG = {"searches": 90, "others": 40}


def all_calls(system: System, about: World, seed: int, *, searches: int, others: int) -> list[Call]:
    """Requests to all operations: so many at most of the operations that answer questions, and of others."""
    chance = Random(seed)
    document = system.client.get("/openapi.json").json()
    return [
        call
        for operation in operations(document)
        for call in calls(operation, about, chance, searches if "facets" in operation.parameters else others)
    ]


class Proof:
    """Hidden sets asked about in full. asked: requests compared so far."""

    def __init__(self, builder: Builder, nevers: dict[str, Known], *, searches: int, others: int) -> None:
        self._builder, self._nevers = builder, nevers
        self._searches, self._others = searches, others
        self.asked = 0

    def of(self, chosen: Sequence[Hidden], seed: int) -> None:
        with self._builder.closed(chosen) as (closed, hidden), self._builder.withdrawn(chosen) as (gone, _):
            known = {hit["id"] for hit in closed.system.every_hit("", STAFF, size=100)}
            assert {h.record.id for h in hidden} <= known, "what is hidden is really held"
            wanted = {name: self._ask(name, closed, gone, hidden, seed) for name in closed.askers}
            assert {r.audience for r in gone.system.catalogue.outbox.rebuilds()} == {PUBLIC, READING_ROOM}
            assert gone.system.rebuild() == 2
            for name in WHOLE:
                pair, asked = wanted[name]
                self._compare(pair.against(gone.system, gone.askers[name], ordered=True), asked)

    def _ask(
        self, name: str, closed: Known, gone: Known, hidden: Sequence[Held], seed: int
    ) -> tuple[Pair, list[Call]]:
        asker = closed.askers[name]
        never = self._nevers[asker.sees]
        about = world(closed.system, hidden, asker.sees)
        share = 1 if name in WHOLE else 6
        searches, others = self._searches // share, max(1, self._others // share)
        asked = all_calls(closed.system, about, seed, searches=searches, others=others)
        pair = Pair(never.system, closed.system, never.askers[name], asker)
        self._compare(pair, asked)
        self._compare(pair.against(gone.system, gone.askers[name], ordered=False), asked)
        return pair, asked

    def _compare(self, pair: Pair, asked: Sequence[Call]) -> None:
        pair.compare(asked)
        self.asked += pair.asked


def test_hidden_records_leave_no_trace(builder: Builder, nevers: dict[str, Known], long_run: bool) -> None:
    proof = Proof(builder, nevers, **(LONG if long_run else CI))
    phases = tuple(Phase) if long_run else (Phase.generate,)

    @settings(max_examples=8 if long_run else 2, phases=phases, suppress_health_check=list(HealthCheck))
    @given(
        chosen=hidden_sets(most=12 if long_run else 6, copies=60 if long_run else 8),
        seed=st.integers(0, 2**32 - 1),
    )
    def proven(chosen: tuple[Hidden, ...], seed: int) -> None:
        proof.of(chosen, seed)

    proven()
    assert proof.asked >= (2000 if long_run else 200)

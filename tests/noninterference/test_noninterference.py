"""Invariant 1: what a caller gets, on every surface, equals what a system would give that never held the
records they may not see.

Hypothesis chooses what is hidden; every operation of the OpenAPI document is asked about it, as every kind
of caller that may not see it, in three systems: one never held it, one holds it hidden, one held it open,
served it and withdrew it. Answers are compared byte for byte (what may differ: comparing.py); those of the
last one in all but the order of hits at once, and byte for byte after the rebuild. Hidden are records that are
closed in any way or bear a secrecy mark, what they lie in, and parts of a record that is not hidden: words,
pixels, a page, attachments beneath a redaction.

Staff may see what is closed and what is redacted, whatever their role: there is nothing to compare. What bears
a secrecy mark is hidden from them as well, so for them sets are hidden by marks alone. The security officer sees
what is held for a mark, and is compared once it was taken out. Staff and the 三员 change what all see; their
changes name numbers and codes that no two systems give alike, and are sent where they are about what is hidden
and so are refused (proof.py).
"""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from holdings.access import ADMINISTRATORS
from search_api.audited import SAFE

from .base import ADDED
from .callers import HOLDER
from .conftest import Builder, Known
from .hidden import Hidden, hidden_sets
from .proof import Proof, Quota
from .surfaces import operations

#: Callers whose every request is compared; of the others, who are told the same, a part.
WHOLE = ("anonymous", "reading room")
PART = (
    "a key that is not valid",
    "a header without a key",
    "signed-in reader",
    "signed-in reader with a cookie",
    HOLDER,
    *(audience.name for audience in ADDED),
    *sorted(ADMINISTRATORS),
)
STAFF_WHOLE, STAFF_PART = ("staff",), ("signed-in staff",)

CI, CI_PART = Quota(6, 6, 1, later=6), Quota(1, 3, 1, later=8)
LONG, LONG_PART = Quota(40, 16, 4), Quota(8, 6, 1)
CI_STAFF = Quota(2, 2, 1, later=4)
#: A set takes a minute: what was found is told as it was found, not made smaller.
GENERATE = (Phase.generate,)
#: Least requests that are compared by either test.
LEAST_CI, LEAST_LONG = 200, 2000


def test_hidden_records_leave_no_trace(builder: Builder, nevers: dict[str, Known], long_run: bool) -> None:
    proof = Proof(builder, nevers, *((LONG, LONG_PART) if long_run else (CI, CI_PART)))
    turns: dict[tuple[object, int], int] = {}

    @settings(max_examples=4 if long_run else 2, phases=GENERATE, suppress_health_check=list(HealthCheck))
    @given(
        chosen=hidden_sets(most=12 if long_run else 6, copies=60 if long_run else 8),
        seed=st.integers(0, 2**32 - 1),
    )
    def proven(chosen: tuple[Hidden, ...], seed: int) -> None:
        # In CI each kind asks about one of the two sets.
        one = slice(None) if long_run else slice(turns.setdefault((chosen, seed), len(turns)) % 2, None, 2)
        proof.of_closed(chosen, seed, WHOLE[one], PART[one])

    proven()
    all_asked_all(proof, nevers, (*WHOLE, *PART), LEAST_LONG if long_run else LEAST_CI)


def test_what_bears_a_secrecy_mark_leaves_staff_no_trace(
    builder: Builder, nevers: dict[str, Known], long_run: bool
) -> None:
    proof = Proof(builder, nevers, *((LONG, LONG_PART) if long_run else (CI_STAFF, CI_PART)))

    @settings(max_examples=2 if long_run else 1, phases=GENERATE, suppress_health_check=list(HealthCheck))
    @given(
        chosen=hidden_sets(most=12 if long_run else 4, copies=60 if long_run else 4, marked=True),
        seed=st.integers(0, 2**32 - 1),
    )
    def proven(chosen: tuple[Hidden, ...], seed: int) -> None:
        proof.of_marked(chosen, seed, STAFF_WHOLE, STAFF_PART)

    proven()
    asked = (*STAFF_WHOLE, *STAFF_PART, "security officer")
    all_asked_all(proof, nevers, asked, LEAST_LONG if long_run else LEAST_CI)


def all_asked_all(proof: Proof, nevers: dict[str, Known], names: tuple[str, ...], least: int) -> None:
    """Each kind of caller asked every operation, but where it only changes and they have powers to; and so many
    requests were compared as the proof promises."""
    print(f"compared: {proof.asked.total()} requests; {dict(proof.asked)}")
    assert set(proof.asked) == set(names)
    assert proof.asked.total() >= least, proof.asked
    askers = {asker.name: asker for known in nevers.values() for asker in known.askers.values()}
    document = next(iter(nevers.values())).system.client.get("/openapi.json").json()
    for name in names:
        wanted = {
            str(operation)
            for operation in operations(document)
            if not askers[name].powers or operation.method.upper() in SAFE
        }
        assert wanted <= proof.covered[name], name

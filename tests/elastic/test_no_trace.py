"""Invariant 1 on a real Elasticsearch: the proof of tests/noninterference, with fewer requests."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from holdings.access import PUBLIC, READING_ROOM
from tests.api.conftest import Tools, tools  # noqa: F401
from tests.noninterference.conftest import Builder
from tests.noninterference.hidden import Hidden, hidden_sets
from tests.noninterference.proof import Proof, Quota
from tests.noninterference.test_noninterference import WHOLE


def test_hidden_records_leave_no_trace(
    elastic: str,
    tools: Tools,  # noqa: F811
    tmp_path_factory: pytest.TempPathFactory,
    long_run: bool,
) -> None:
    folder = tmp_path_factory.mktemp("noninterference")
    builder = Builder(folder, tools, engine="elasticsearch", elastic_hosts=elastic)
    with ExitStack() as held:
        nevers = {a: held.enter_context(builder.never(a)) for a in (PUBLIC, READING_ROOM)}
        quota = Quota(40, 20, 4) if long_run else Quota(6, 1, 1)
        proof = Proof(builder, nevers, quota, quota)

        @settings(
            max_examples=3 if long_run else 1,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        )
        @given(chosen=hidden_sets(most=6, copies=8), seed=st.integers(0, 2**32 - 1))
        def proven(chosen: tuple[Hidden, ...], seed: int) -> None:
            proof.of_closed(chosen, seed, WHOLE, ())

        proven()
        assert proof.asked.total() >= (500 if long_run else 60)

"""What an answer's time limit stops: the work on threads behind it, not only the wait."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from holdings.catalogue import Catalogue
from holdings.catalogue.records import Records
from holdings.errors import Busy, TooSlow
from holdings.time_limit import BoundedThreads, check, limited, unlimited
from search_api.house import House

from .conftest import System, Tools
from .small_archive import file_code, of, small_archive
from .test_records import problem

#: Counts without end.
ENDLESS = text("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c")
PLAIN = of(file_code(1))


def test_a_statement_without_end_is_stopped_when_the_answer_s_time_is_over(catalogue: Catalogue) -> None:
    with limited(0.2), pytest.raises(TooSlow), catalogue.database.read() as session:
        session.execute(ENDLESS).all()
    assert catalogue.records.count() == {}  # the connection is as good as before


def test_no_further_query_begins_and_a_change_that_began_is_finished(catalogue: Catalogue) -> None:
    with limited(-1), pytest.raises(TooSlow):
        catalogue.records.count()
    with limited(-1), pytest.raises(TooSlow), catalogue.database.write():
        pass
    with limited(60) as limit, catalogue.database.write() as session:
        limit.at = 0
        session.execute(text("CREATE TABLE made (x INTEGER)"))
    with limited(-1) as limit:
        limit.lift()
        check()
    with limited(-1), unlimited():
        check()
    with catalogue.database.read() as session:
        assert session.execute(text("SELECT count(*) FROM made")).scalar() == 0


def test_postgresql_stops_a_statement_too(postgres_url: str) -> None:
    slow = Catalogue(postgres_url, statement_seconds=0.2)
    try:
        with limited(0.1), pytest.raises(TooSlow), slow.database.read() as session:
            session.execute(text("SELECT pg_sleep(60)")).all()
    finally:
        slow.close()


def test_answers_that_do_not_end_leave_no_work_behind_them(
    tools: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three times as many as there are threads, each reading the catalogue for ever."""
    system = System(tmp_path, tools, request_seconds=2)
    try:
        system.put(small_archive(system.store).incoming)
        system.project()
        house: House = system.client.app.state.house  # type: ignore[attr-defined]
        count = Records.count

        def for_ever(self: Records, *_: Any) -> Any:
            while True:
                count(self)

        with monkeypatch.context() as patch, ThreadPoolExecutor(24) as pool:
            patch.setattr(Records, "get", for_ever)
            asked = [pool.submit(system.ask, f"/v1/records/{PLAIN}") for _ in range(24)]
            for answer in asked:
                problem(answer.result(), 503, "too-slow")
        assert system.get(f"/v1/records/{PLAIN}")["id"] == PLAIN
        assert system.search("灯塔")["hits"]
        deadline = time.monotonic() + 10
        while house.threads.held > 1:  # the house's own
            assert time.monotonic() < deadline, "work goes on for answers nobody waits for"
            time.sleep(0.02)
    finally:
        system.close()


def test_work_beyond_what_a_pool_holds_is_refused_to_requests_alone() -> None:
    go_on = threading.Event()
    pool = BoundedThreads(1, "test", most=3)
    running = threading.Event()

    def work() -> int:
        running.set()
        go_on.wait(30)
        return 1

    with limited(60):
        asked = [pool.submit(work) for _ in range(3)]
        with pytest.raises(Busy):
            pool.submit(work)
        running.wait(30)
        assert asked[-1].cancel()  # nobody waits for it any more: its place is free
        asked[-1] = pool.submit(work)
        with pytest.raises(Busy):
            pool.submit(work)
    asked.append(pool.submit(work))  # the house's own work
    go_on.set()
    assert [one.result() for one in asked] == [1] * 4
    pool.shutdown()
    assert pool.held == 0


def test_an_engine_s_leg_that_waited_too_long_is_not_begun(archive: System) -> None:
    house: House = archive.client.app.state.house  # type: ignore[attr-defined]
    begun: list[int] = []

    async def asked() -> None:
        with limited(-1):
            await house.engine._run(begun.append, 1)  # type: ignore[attr-defined]

    with pytest.raises(TooSlow):
        archive.client.portal.call(asked)  # type: ignore[union-attr]
    assert begun == []

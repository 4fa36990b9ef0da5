"""The timing of a not-found: a closed record costs the work of one that never was.

A clock alone would not tell on a busy machine: what is asked of catalogue, engine, pictures and files is
counted, and must be the same for both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from sqlalchemy import event

from search_api.house import House
from search_api.images import PageImages

from .callers import HOLDER
from .comparing import ask
from .conftest import Builder, Known
from .hidden import Held, Hidden
from .surfaces import World, calls, operations

CHOSEN = (
    Hidden("J045-1-1", 0, "鲸骨", True, 2, True, True, False, True, 2),
    Hidden("J045-1-2", 1, "秘事", True, 2, True, True, False, True, 1, marked=True),
)


@pytest.fixture(scope="module")
def closed(builder: Builder) -> Iterator[tuple[Known, list[Held]]]:
    with builder.closed(CHOSEN) as made:
        yield made


@contextmanager
def noted(house: House, patch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Statements to the catalogue, questions to the engine, pictures asked for; in their order."""
    done: list[str] = []

    def noting(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def called(*given: Any, **more: Any) -> Any:
            done.append(name)
            return function(*given, **more)

        return called

    for room, name in ((PageImages, "get"), (House, "ask"), (House, "vectors"), (House, "suggest")):
        patch.setattr(room, name, noting(name, getattr(room, name)))

    def statement(_connection: Any, _cursor: Any, said: str, *_: Any) -> None:
        done.append(said)

    engine = house.catalogue.records._database.engine
    event.listen(engine, "before_cursor_execute", statement)
    try:
        yield done
    finally:
        event.remove(engine, "before_cursor_execute", statement)


@pytest.mark.parametrize(
    ("reader", "marked"),
    [("anonymous", False), ("reading room", False), ("partner-a", False), (HOLDER, False), (HOLDER, True),
     ("staff", True)],
)  # fmt: skip
def test_a_hidden_record_costs_the_work_of_one_that_never_was(
    reader: str, marked: bool, closed: tuple[Known, list[Held]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """marked: held for a secrecy mark; else closed."""
    known, hidden = closed
    record = next(h.record for h in hidden if h.marked is marked)
    house: House = known.system.client.app.state.house  # type: ignore[attr-defined]
    document = known.system.client.get("/openapi.json").json()
    compared = 0
    with noted(house, monkeypatch) as done:
        for operation in operations(document):
            if "record_id" not in operation.parameters:
                continue
            call = calls(operation, World([], [record]), Random(0), 1)[0]
            assert record.id in call.path
            seen = []
            for record_id in (record.id, f"{record.id}0"):
                done.clear()
                path = call.path.replace(record.id, record_id)
                answer = ask(known.system, known.askers[reader], replace(call, path=path))
                told = answer.status_code, answer.content, answer.headers.multi_items()
                seen.append((told, list(done)))
            assert seen[0] == seen[1], operation
            assert seen[0][0][0] in (401, 403, 404)
            assert seen[0][1] or seen[0][0][0] != 404, "a not-found looked"
            compared += 1
    assert compared > 8

"""The proof can fail: one deliberate leak a surface, and a leak in every operation, is seen."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from .comparing import Pair
from .conftest import Builder, Known, world
from .hidden import Held, Hidden
from .leaks import LEAKS
from .proof import Quota, all_calls
from .surfaces import Call, operations
from .test_noninterference import CI, CI_PART, CI_STAFF, STAFF_WHOLE, WHOLE

CHOSEN = (
    Hidden("J045-1-1", 0, "鲸骨", True, 2, True, True, False, True, 3),
    Hidden("M999-1-1", 2, "渊礁", False, 1, False, False, True, True, 2),
    Hidden("J045-1-2", 3, "秘事", True, 1, True, True, False, True, 1),
)
MARKED = (
    Hidden("M999-1-1", 2, "渊礁", False, 1, False, False, True, True, 1, marked=True),
    Hidden("J045-1-1", 0, "鲸骨", True, 2, True, True, True, False, 3, marked=True),
)
Forms = dict[bool, tuple[Known, list[Held]]]


@pytest.fixture(scope="module")
def forms(builder: Builder) -> Iterator[Forms]:
    """Whether all that is hidden bears marks → the system that hides it."""
    with ExitStack() as made:
        chosen = {False: CHOSEN, True: MARKED}
        yield {marked: made.enter_context(builder.closed(sets)) for marked, sets in chosen.items()}


@pytest.fixture(scope="module")
def alike() -> set[tuple[str, str, bool]]:
    """Surface, caller and form that were found alike without a leak."""
    return set()


def asked(forms: Forms, to: str, *, marked: bool = False) -> list[Call]:
    """What the suite sends in CI, as this caller."""
    known, hidden = forms[marked]
    asker = known.askers[to]
    return all_calls(known.system, world(hidden, asker), 7, _quota(to), asker)


def _quota(to: str) -> Quota:
    if to in STAFF_WHOLE:
        return CI_STAFF
    return CI if to in WHOLE else CI_PART


def pair(nevers: dict[str, Known], forms: Forms, to: str, *, marked: bool = False) -> Pair:
    known, _ = forms[marked]
    asker = known.askers[to]
    never = nevers[asker.sees]
    return Pair(never.system, known.system, never.askers[to], asker, refused=_quota(to).refused)


@pytest.mark.parametrize("name", LEAKS)
def test_a_leak_is_seen(
    name: str,
    nevers: dict[str, Known],
    forms: Forms,
    alike: set[tuple[str, str, bool]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Among the requests that the suite sends in CI to this surface; without the leak these are alike."""
    leak = LEAKS[name]
    calls = [c for c in asked(forms, leak.to, marked=leak.marked) if c.operation.path == leak.path]
    if (seen := (leak.path, leak.to, leak.marked)) not in alike:
        pair(nevers, forms, leak.to, marked=leak.marked).compare(calls)
        alike.add(seen)
    leak.leak(monkeypatch)
    # Another answer, not an answer that fails: the message says where the two differ.
    with pytest.raises(AssertionError, match=rf"^{leak.to}: .*\n(page \d|\d+ pages)"):
        pair(nevers, forms, leak.to, marked=leak.marked).compare(calls)


def test_a_leak_in_any_operation_is_seen(
    nevers: dict[str, Known], forms: Forms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever operation the document has: a header that differs in its answers fails the proof."""
    system = forms[False][0].system
    app, calls = system.client.app, asked(forms, "anonymous")
    inner, leaking = app.middleware_stack, None  # type: ignore[attr-defined]

    async def outer(scope: Any, receive: Any, send: Any) -> None:
        async def more(message: Any) -> None:
            if message["type"] == "http.response.start" and leaking:
                message["headers"] = [*message["headers"], (b"x-held", b"65")]
            await send(message)

        await inner(scope, receive, more)

    monkeypatch.setattr(app, "middleware_stack", outer)
    document = system.client.get("/openapi.json").json()
    for operation in operations(document):
        first = [call for call in calls if call.operation == operation][:1]
        leaking = None
        pair(nevers, forms, "anonymous").compare(first)
        leaking = operation
        with pytest.raises(AssertionError, match="x-held"):
            pair(nevers, forms, "anonymous").compare(first)


def test_an_operation_that_nobody_covers_fails_and_says_what_to_add() -> None:
    parameter = {"name": "shelf", "in": "query", "schema": {"type": "string"}}
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Wish"}}}}
    new = {"/v1/new": {"get": {"parameters": [parameter]}}}
    with pytest.raises(AssertionError, match=r"GET /v1/new.*'shelf'.*Add to VALUES in tests/noninterference"):
        operations({"paths": new})
    with pytest.raises(AssertionError, match=r"POST /v1/new.*'Wish'.*Add to BODIES in tests/noninterference"):
        operations({"paths": {"/v1/new": {"post": {"requestBody": body}}}})

"""The proof can fail: one deliberate leak a surface, and a leak in every operation, is seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from holdings.access import PUBLIC, STAFF, Caller
from holdings.catalogue.records import Records
from holdings.errors import NotFound
from search_api import browsing, records, routes_records, routes_search, searching
from search_api.facets import FondsTitles
from search_api.house import House
from search_api.images import PageImages

from .comparing import Pair
from .conftest import Builder, Known, world
from .hidden import Held, Hidden
from .surfaces import Call, operations
from .test_noninterference import CI, all_calls

STAFF_CALLER = Caller(STAFF)
CHOSEN = (
    Hidden("J045-1-1", 0, "鲸骨", True, 2, True, True, False, True, 3),
    Hidden("M999-1-1", 2, "渊礁", False, 1, False, False, True, True, 2),
)
Patch = pytest.MonkeyPatch
RECORD = "/v1/records/{record_id}"


def unchecked(patch: Patch) -> None:
    """Records are given out without asking who may see them."""

    async def visible(house: House, caller: Caller, record_id: str) -> Any:
        return await records.visible(house, STAFF_CALLER, record_id)

    for room in (routes_records, routes_search):
        patch.setattr(room, "visible", visible)
    patch.setattr(routes_records, "readable", visible)


def told(patch: Patch) -> None:
    """The error of a closed record has its title."""

    async def visible(house: House, caller: Caller, record_id: str) -> Any:
        stored = house.catalogue.records.get(record_id)
        if stored is not None and caller.audience not in stored.audiences:
            raise NotFound(stored.record.title)
        return await records.visible(house, caller, record_id)

    patch.setattr(routes_records, "readable", visible)


def from_staff(*parts: str) -> Callable[[Patch], None]:
    """These parts of an engine's answer come from the staff's index."""
    ask = House.ask

    async def leaking(house: House, audience: str, question: Any) -> Any:
        own, staff = await ask(house, audience, question), await ask(house, STAFF, question)
        return replace(own, **{part: getattr(staff, part) for part in parts})

    return lambda patch: patch.setattr(House, "ask", leaking)


def as_staff(room: Any, name: str, at: int) -> Callable[[Patch], None]:
    """A function is called for the staff: its argument number `at` is an audience or a caller."""
    function = getattr(room, name)

    def leaking(*given: Any, **more: Any) -> Any:
        other = STAFF if isinstance(given[at], str) else STAFF_CALLER
        return function(*given[:at], other, *given[at + 1 :], **more)

    return lambda patch: patch.setattr(room, name, leaking)


def tagged(patch: Patch) -> None:
    """A picture's ETag counts what the store holds."""
    get = PageImages.get

    def leaking(images: PageImages, *given: Any, **more: Any) -> Any:
        path, name = get(images, *given, **more)
        return path, f"{name}{len(list(images._store.root.rglob('*')))}"

    patch.setattr(PageImages, "get", leaking)


LEAKS: dict[str, tuple[str, Callable[[Patch], None]]] = {
    "record": (RECORD, unchecked),
    "page's text": (f"{RECORD}/pages/{{number}}", unchecked),
    "image": (f"{RECORD}/pages/{{number}}/image", unchecked),
    "thumbnail": (f"{RECORD}/pages/{{number}}/thumbnail", unchecked),
    "matches": (f"{RECORD}/matches", unchecked),
    "citation": (f"{RECORD}/citation", unchecked),
    "attachment": (f"{RECORD}/attachments/{{number}}", unchecked),
    "similar to a closed one": (f"{RECORD}/similar", unchecked),
    "similar among the staff's": (f"{RECORD}/similar", from_staff("meaning", "words")),
    "error's text": (RECORD, told),
    "picture's ETag": (f"{RECORD}/pages/{{number}}/image", tagged),
    "neighbours": (RECORD, as_staff(Records, "beside", 2)),
    "title of a closed ancestor": (RECORD, as_staff(records, "ancestor", 1)),
    "title of a closed fonds": ("/v1/search", as_staff(FondsTitles, "__init__", 2)),
    "hits": ("/v1/search", from_staff("words")),
    "hits by meaning": ("/v1/search", from_staff("meaning")),
    "total": ("/v1/search", from_staff("total")),
    "facets": ("/v1/search", from_staff("facets")),
    "histogram": ("/v1/search", from_staff("years")),
    "undated": ("/v1/search", from_staff("undated")),
    "what loosening would give": ("/v1/search", as_staff(searching, "_total", 1)),
    "completions": ("/v1/suggest", as_staff(House, "suggest", 1)),
    "nodes": ("/v1/browse", from_staff("facets")),
    "title of a closed node": ("/v1/browse", as_staff(browsing, "_item", 1)),
    "figures": ("/v1/status", as_staff(House, "status", 1)),
}


@pytest.fixture(scope="module")
def closed(builder: Builder) -> Iterator[tuple[Known, list[Held]]]:
    with builder.closed(CHOSEN) as made:
        yield made


@pytest.fixture(scope="module")
def asked(closed: tuple[Known, list[Held]]) -> list[Call]:
    known, hidden = closed
    return all_calls(known.system, world(known.system, hidden, PUBLIC), 7, **CI)


def pair(nevers: dict[str, Known], closed: Known) -> Pair:
    never, anonymous = nevers[PUBLIC], closed.askers["anonymous"]
    return Pair(never.system, closed.system, anonymous, anonymous)


@pytest.mark.parametrize("surface", LEAKS)
def test_a_leak_is_seen(
    surface: str,
    nevers: dict[str, Known],
    closed: tuple[Known, list[Held]],
    asked: list[Call],
    monkeypatch: Patch,
) -> None:
    """Among the requests that the suite sends in CI to this surface."""
    path, leak = LEAKS[surface]
    calls = [call for call in asked if call.operation.path == path]
    leak(monkeypatch)
    with pytest.raises(AssertionError, match="anonymous: "):
        pair(nevers, closed[0]).compare(calls)


def test_a_leak_in_any_operation_is_seen(
    nevers: dict[str, Known], closed: tuple[Known, list[Held]], asked: list[Call], monkeypatch: Patch
) -> None:
    """Whatever operation the document has: a header that differs in its answers fails the proof."""
    app = closed[0].system.client.app
    inner, leaking = app.middleware_stack, None  # type: ignore[attr-defined]

    async def outer(scope: Any, receive: Any, send: Any) -> None:
        async def more(message: Any) -> None:
            if message["type"] == "http.response.start" and leaking:
                message["headers"] = [*message["headers"], (b"x-held", b"65")]
            await send(message)

        await inner(scope, receive, more)

    monkeypatch.setattr(app, "middleware_stack", outer)
    document = closed[0].system.client.get("/openapi.json").json()
    for operation in operations(document):
        calls = [call for call in asked if call.operation == operation][:1]
        leaking = None
        pair(nevers, closed[0]).compare(calls)
        leaking = operation
        with pytest.raises(AssertionError, match="x-held"):
            pair(nevers, closed[0]).compare(calls)


def test_an_operation_that_nobody_covers_fails_and_says_what_to_add() -> None:
    parameter = {"name": "shelf", "in": "query", "schema": {"type": "string"}}
    body = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Wish"}}}}
    new = {"/v1/new": {"get": {"parameters": [parameter]}}}
    with pytest.raises(AssertionError, match=r"GET /v1/new.*'shelf'.*Add to VALUES in tests/noninterference"):
        operations({"paths": new})
    with pytest.raises(AssertionError, match=r"POST /v1/new.*'Wish'.*Add to BODIES in tests/noninterference"):
        operations({"paths": {"/v1/new": {"post": {"requestBody": body}}}})

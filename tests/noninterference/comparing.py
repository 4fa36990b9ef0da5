"""Two systems asked the same, and their answers compared byte for byte."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from holdings.access import PUBLIC, READING_ROOM
from tests.api.conftest import System

from .surfaces import Call

#: What may differ, and why. Times: two systems are never asked at the same moment.
TIMES = ("took_ms", "made_at")
_TIME = re.compile(rf'"({"|".join(TIMES)})":(?:"[^"]*"|[0-9.]+)'.encode())
#: A cursor is sealed with a key of its installation, under a random number; its length may tell nothing.
_CURSOR = re.compile(rb'"next":"gAAAA([\w-]*)"')
#: `date` is the moment of the answer. `content-length` is compared with the body it belongs to instead,
#: for took_ms has more digits in one answer than in the next.
_HEADERS_OF_TIME = ("date", "content-length")
#: What tells of an installation's own past and load, to the one administrator whose duty that is: the bodies are
#: never alike. To everybody else these are compared as all others.
OWN_DUTY = {
    "/metrics": "system_admin",
    "/v1/audit": "audit_admin",
    "/v1/audit/export": "audit_admin",
    "/v1/audit/state": "audit_admin",
    "/v1/audit/verify": "audit_admin",
}
#: Pages of one list that are followed.
PAGES = 40


@dataclass(frozen=True)
class Asker:
    """A kind of caller who may not see the hidden. `sees`: whose records they are shown."""

    name: str
    sees: str
    header: str | None

    def headers(self) -> dict[str, str]:
        return {} if self.header is None else {"Authorization": self.header}


def askers(system: System) -> list[Asker]:
    """Every kind, with keys that this system gave out. Those of the three administrators open no record."""
    duties = ("system_admin", "security_admin", "audit_admin")
    keys = {duty: system.catalogue.keys.add(PUBLIC, roles=[duty], name=duty) for duty in duties}
    return [
        Asker("anonymous", PUBLIC, None),
        Asker("reading room", READING_ROOM, f"Bearer {system.keys[READING_ROOM]}"),
        *(Asker(duty, PUBLIC, f"Bearer {key}") for duty, key in keys.items()),
        Asker("a key that is not valid", PUBLIC, "Bearer dh_not-a-key"),
        Asker("a header without a key", PUBLIC, "Basic eDp5"),
    ]


@dataclass
class Pair:
    """The system that never held them, and one that hides them.

    ordered False: the order of hits may differ (a withdrawal, before the rebuild).
    asked: requests compared so far.
    """

    never: System
    other: System
    never_as: Asker
    other_as: Asker
    ordered: bool = True
    asked: int = 0
    _wanted: dict[str, Any] = field(default_factory=dict)

    def compare(self, calls: Iterable[Call]) -> None:
        """Errors: AssertionError that names the request whose answers differ."""
        for call in calls:
            name = str(call)
            if name not in self._wanted:
                self._wanted[name] = list(_answers(self.never, self.never_as, call))
            want = [self._said(answer) for answer in self._wanted[name]]
            got = [self._said(answer) for answer in _answers(self.other, self.other_as, call)]
            self.asked += len(want)
            assert got == want, f"{self.other_as.name}: {name}\n{_difference(want, got)}"

    def against(self, other: System, other_as: Asker, *, ordered: bool) -> Pair:
        """The same, with what the first one answered already."""
        return Pair(self.never, other, self.never_as, other_as, ordered, 0, self._wanted)

    def _said(self, answer: httpx.Response) -> tuple[Any, ...]:
        if answer.is_success and OWN_DUTY.get(answer.request.url.path) == self.other_as.name:
            return answer.status_code, [], b""
        headers = [(k, v) for k, v in answer.headers.multi_items() if k not in _HEADERS_OF_TIME]
        told = answer.headers.get("content-length")
        assert told is None or not answer.content or int(told) == len(answer.content)
        body: Any = timeless(answer.content)
        if not self.ordered and answer.headers.get("content-type", "").startswith("application/json"):
            body = _unordered(json.loads(body))
        return answer.status_code, headers, body


def _difference(want: Sequence[Any], got: Sequence[Any]) -> str:
    """The first part that differs, shortened, for people."""
    for page, (one, other) in enumerate(zip(want, got, strict=False), 1):
        for part, mine, theirs in zip(("status", "headers", "body"), one, other, strict=True):
            if mine != theirs:
                at = next(
                    (n for n, (a, b) in enumerate(zip(str(mine), str(theirs), strict=False)) if a != b), 0
                )
                shown = [str(value)[max(0, at - 200) : at + 200] for value in (mine, theirs)]
                return f"page {page}, {part}:\nnever held: …{shown[0]}…\nhidden:     …{shown[1]}…"
    return f"{len(want)} pages, and {len(got)} of the system that hides them"


def timeless(body: bytes) -> bytes:
    """The body without times and without what a cursor holds."""
    body = _TIME.sub(rb'"\1":0', body)
    return _CURSOR.sub(lambda found: b'"next":"%d"' % len(found[1]), body)


def _answers(system: System, asker: Asker, call: Call) -> Iterator[httpx.Response]:
    """The answer, and where it is a page of a list all that follow."""
    answer = ask(system, asker, call)
    yield answer
    for _ in range(PAGES):
        if answer.status_code != 200 or not (cursor := _next(answer)):
            return
        answer = ask(system, asker, call, cursor=cursor)
        yield answer
        assert answer.status_code == 200, f"{asker.name}: {call}: a page that was promised"


def ask(system: System, asker: Asker, call: Call, **more: Any) -> httpx.Response:
    return system.client.request(
        call.method or call.operation.method,
        call.path,
        params={**call.params, **more},
        headers={**asker.headers(), **call.headers},
        json=call.json,
    )


def _next(answer: httpx.Response) -> str | None:
    if not answer.headers.get("content-type", "").startswith("application/json") or not answer.content:
        return None
    body = answer.json()
    # The neighbour of a record is called next too; it is no cursor.
    paged = isinstance(body, dict) and ("hits" in body or "items" in body)
    return body.get("next") if paged else None


def _unordered(body: Any) -> Any:
    """Hits by id, without their places: all that a withdrawal may change before the rebuild."""
    if isinstance(body, list):
        return [_unordered(value) for value in body]
    if not isinstance(body, Mapping):
        return body
    kept = {name: _unordered(value) for name, value in body.items()}
    if "hits" in kept:
        for hit in kept["hits"]:
            hit.pop("rank")
            hit["why"] = {k: v if k == "matched" else bool(v) for k, v in hit["why"].items()}
        kept["hits"].sort(key=lambda hit: hit["id"])
    return kept

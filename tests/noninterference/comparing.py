"""Two systems asked the same, and their answers compared byte for byte."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from holdings.sheets import MEDIA_TYPES
from tests.api.conftest import System

from .callers import Asker
from .surfaces import Call

#: What may differ, and why. Times: two systems are never asked at the same moment.
TIMES = ("took_ms", "made_at", "ends_at", "used_on", "at")
_TIME = re.compile(rf'"({"|".join(TIMES)})":(?:"[^"]*"|[0-9.]+)'.encode())
#: How often an index was built anew: staff alone are told at all.
_GENERATION = re.compile(rb'"generation":"[^"]+"')
_EXPIRES = re.compile(r"expires=[^;]*")
#: A cursor is sealed with a key of its installation, under a random number; its length may tell nothing.
_CURSOR = re.compile(rb'"next":"gAAAA([\w-]*)"')
#: `date` is the moment of the answer. `content-length` is compared with the body it belongs to instead,
#: for took_ms has more digits in one answer than in the next.
_HEADERS_OF_TIME = ("date", "content-length")
#: What tells of an installation's own past and load, to the one whose duty that is: the bodies are
#: never alike. To everybody else these are compared as all others.
OWN_DUTY = {("/metrics", "system_admin")} | {
    (path, who)
    for path in ("/v1/audit", "/v1/audit/export", "/v1/audit/state", "/v1/audit/verify")
    for who in ("audit_admin", "security officer")
}
#: Pages of one list that are followed.
PAGES = 40


@dataclass
class Pair:
    """The system that never held them, and one that hides them.

    ordered False: the order of hits may differ (a withdrawal, before the rebuild).
    refused: how often an operation is asked that refuses the caller, the first requests being those that
    would show the most.  asked: requests compared so far.
    """

    never: System
    other: System
    never_as: Asker
    other_as: Asker
    ordered: bool = True
    refused: int = 1000
    asked: int = 0
    _wanted: dict[str, Any] = field(default_factory=dict)

    def compare(self, calls: Iterable[Call]) -> None:
        """Errors: AssertionError that names the request whose answers differ."""
        refusals: Counter[str] = Counter()
        for call in calls:
            name, operation = str(call), str(call.operation)
            if refusals[operation] >= self.refused:
                continue
            if name not in self._wanted:
                self._wanted[name] = list(_answers(self.never, self.never_as, call))
            want = [self._said(answer) for answer in self._wanted[name]]
            got = [self._said(answer) for answer in _answers(self.other, self.other_as, call)]
            refusals[operation] += self._wanted[name][0].status_code in (401, 403)
            self.asked += len(want)
            if not self.ordered:
                want, got = _together(want), _together(got)
            assert got == want, f"{self.other_as.name}: {name}\n{_difference(want, got)}"

    def against(self, other: System, other_as: Asker, *, ordered: bool) -> Pair:
        """The same, with what the first one answered already."""
        return Pair(self.never, other, self.never_as, other_as, ordered, self.refused, 0, self._wanted)

    def _said(self, answer: httpx.Response) -> tuple[Any, ...]:
        if answer.is_success and (answer.request.url.path, self.other_as.name) in OWN_DUTY:
            return answer.status_code, [], b""
        headers = [
            (name, _EXPIRES.sub("", value)) if name == "set-cookie" else (name, value)
            for name, value in answer.headers.multi_items()
            if name not in _HEADERS_OF_TIME
        ]
        told = answer.headers.get("content-length")
        assert told is None or not answer.content or int(told) == len(answer.content)
        if not answer.content:  # headers alone were asked for, for instance
            return answer.status_code, headers, b""
        kind = answer.headers.get("content-type", "")
        if kind == MEDIA_TYPES["xlsx"]:
            return answer.status_code, headers, _unpacked(answer.content)
        body: Any = timeless(answer.content)
        if not self.ordered and kind.startswith("application/json"):
            body = _unordered(json.loads(body))
        return answer.status_code, headers, body


def _unpacked(book: bytes) -> list[tuple[str, bytes]]:
    """A workbook's parts but the one that says when it was written."""
    with zipfile.ZipFile(io.BytesIO(book)) as parts:
        return [(name, parts.read(name)) for name in parts.namelist() if name != "docProps/core.xml"]


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
    body = _GENERATION.sub(b'"generation":"g"', _TIME.sub(rb'"\1":0', body))
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
    answer = system.client.request(
        call.sent_as,
        call.path,
        params={**call.params, **more},
        headers={**asker.headers(), **call.headers},
        json=call.json,
    )
    asker.has_asked(call.sent_as)
    return answer


def _next(answer: httpx.Response) -> str | None:
    if not answer.headers.get("content-type", "").startswith("application/json") or not answer.content:
        return None
    body = answer.json()
    # The neighbour of a record is called next too; it is no cursor.
    paged = isinstance(body, dict) and ("hits" in body or "items" in body)
    return body.get("next") if paged else None


def _together(pages: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The hits of all pages on the first one: which page one stands on is its place."""
    bodies = [body for *_, body in pages if isinstance(body, dict) and "hits" in body]
    if len(bodies) > 1:
        hits = sorted((hit for body in bodies for hit in body["hits"]), key=lambda hit: hit["id"])
        for n, body in enumerate(bodies):
            body["hits"] = hits if n == 0 else len(body["hits"])
    return pages


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

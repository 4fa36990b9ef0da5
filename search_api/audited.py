"""ASGI middleware: one audit entry a request, for what matters; behind the answer, or before it for a change.

A change by a named caller is on record before it begins (`caller_known`), and its outcome before the answer
leaves; where the trail cannot be written, it is refused with 503. Reads never wait for the trail.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from holdings.access import ANONYMOUS, Caller
from holdings.audit.entry import Event, Outcome
from holdings.errors import AuditUnavailable
from search_api.problems import problem

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from search_api.auditing import Auditing

log = logging.getLogger("danghai.audit")

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_STATE = "danghai.request"
#: Route → what it is to the trail. Other reading routes under /v1 are "read", changing ones "change".
ACTIONS = {
    "/v1/search": "search",
    "/v1/records/{record_id}/similar": "search.similar",
    "/v1/records/{record_id}": "record.view",
    "/v1/records/{record_id}/pages/{number}": "page.view",
    "/v1/records/{record_id}/pages/{number}/image": "page.image",
    "/v1/records/{record_id}/pages/{number}/thumbnail": "page.thumbnail",
    "/v1/records/{record_id}/matches": "record.matches",
    "/v1/records/{record_id}/attachments/{number}": "attachment",
}
#: Asked for at every keystroke or every minute, and saying nothing of anybody.
_IDLE = frozenset({"/v1/suggest", "/v1/status", "/v1/fields", "/v1/browse", "/v1/me"})
_DOWNLOADS = frozenset({"page.image", "attachment", "export"})


@dataclass
class Request:
    """What is known of one request so far."""

    auditing: Auditing
    scope: Scope
    caller: Caller = ANONYMOUS
    status: int = 500
    begun: bool = False
    ended: bool = False

    @property
    def changes(self) -> bool:
        return self.scope["method"] not in SAFE

    @property
    def route(self) -> str:
        """The route's own form, never the address: what a caller made up is no route."""
        found = self.scope.get("route")
        return str(getattr(found, "path", ""))

    @property
    def address(self) -> str:
        client = self.scope.get("client")
        return str(client[0]) if client else ""

    @property
    def action(self) -> str:
        route = self.route
        if self.changes:
            is_sign_in = "/session" in route or "/sign-in" in route or "/oidc" in route
            return "sign-in" if is_sign_in else "change"
        if "export" in route:
            return "export"
        return ACTIONS.get(route, "read")

    @property
    def outcome(self) -> Outcome:
        if self.status < 400:
            return "done"
        if self.status in (401, 403, 423, 429):
            return "refused"
        return "not-found" if self.status == 404 else "failed"

    def event(self, outcome: Outcome) -> Event:
        detail: dict[str, Any] = {"address": self.address}
        if query := self.scope.get("query_string"):
            detail["query"] = unquote_plus(query.decode("latin-1"))
        if self.caller.name:
            detail["name"] = self.caller.name
        return Event(
            self.caller.id,
            self.action,
            datetime.now(UTC),
            audience=self.caller.audience,
            what=f"{self.scope['method']} {self.route or 'unknown'}",
            record=str(self.scope.get("path_params", {}).get("record_id", "")),
            outcome=outcome,
            facts={} if outcome == "begun" else {"status": self.status},
            detail=detail,
        )


async def caller_known(scope: Scope, caller: Caller) -> None:
    """Told by search_api.callers once it knows who asks. Errors: AuditUnavailable, for a change."""
    request: Request | None = scope.get(_STATE)
    if request is None:
        return
    request.caller = caller
    if request.changes and caller != ANONYMOUS and not request.begun:
        await request.auditing.durable(request.event("begun"))
        request.begun = True


class Audited:
    """The outermost of our middleware."""

    def __init__(self, app: ASGIApp, auditing: Auditing) -> None:
        self._app = app
        self._auditing = auditing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        scope[_STATE] = request = Request(self._auditing, scope)

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                request.status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, _Held(request, receive, send) if request.changes else watched)
        finally:
            if not request.ended:
                _note(request)
            _measure(request, time.perf_counter() - began)


class _Held:
    """`send` for a change: the outcome is on record before the answer leaves."""

    def __init__(self, request: Request, receive: Receive, send: Send) -> None:
        self._request, self._receive, self._send = request, receive, send
        self._replaced = False

    async def __call__(self, message: Message) -> None:
        request = self._request
        if message["type"] == "http.response.start":
            request.status = message["status"]
            try:
                # What a stranger is refused is written behind: asking for it costs us no wait for the disk.
                if _matters(request) and (request.begun or request.status < 400):
                    await request.auditing.durable(request.event(request.outcome))
                    request.ended = True
                    _watch(request)
            except AuditUnavailable as error:
                log.error("%s", error)
                self._replaced = not request.begun and request.status < 400
        if not self._replaced:
            await self._send(message)
        elif message["type"] == "http.response.start":
            await self._refuse()

    async def _refuse(self) -> None:
        """What was done is not on record at all, so it is not said to be done."""
        error = AuditUnavailable("审计记录写不进，未予办理。", advice="请稍后再试，或告知系统管理员。")
        self._request.status = error.status
        headers = {"Retry-After": str(error.retry_after)}
        answer = problem(error.status, error.code, error.message, advice=error.advice, headers=headers)
        await answer(self._request.scope, self._receive, self._send)


def _matters(request: Request) -> bool:
    """Whether the request is on record by itself."""
    if not request.route.startswith("/v1/") and request.status != 401:
        return request.outcome == "refused"  # /metrics
    if request.outcome == "refused" or request.changes or request.action == "sign-in":
        return True
    if request.caller == ANONYMOUS:
        return request.auditing.settings.audit_public and request.route not in _IDLE
    return request.route not in _IDLE and (request.outcome != "failed")


def _note(request: Request) -> None:
    if not _matters(request):
        if request.caller == ANONYMOUS and request.route.startswith("/v1/") and request.route not in _IDLE:
            request.auditing.count(request.action, request.outcome)
    else:
        request.auditing.writer.note(request.event(request.outcome))
    _watch(request)


def _watch(request: Request) -> None:
    """Unusual numbers. Whoever is not named is told apart by address, which is kept in memory only."""
    auditing, who = request.auditing, request.caller.id or request.address
    if request.outcome == "not-found":
        auditing.saw("not-found", who)
    elif request.status == 401:
        auditing.saw("sign-in", request.address)
    elif request.action in _DOWNLOADS and request.outcome == "done":
        auditing.saw("downloads", who)


def _measure(request: Request, seconds: float) -> None:
    metrics, route = request.auditing.metrics, request.route or "unknown"
    metrics.requests.labels(route, request.status).inc()
    metrics.seconds.labels(route).observe(seconds)

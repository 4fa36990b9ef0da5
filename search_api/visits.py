"""Visits counted without personal data: what was looked at, on which day, how often.

Whoever looks is told apart from a robot by the plain User-Agent, and from staff by their key, at the moment of
counting; neither is kept, nor an address, and no cookie is set. What says that nobody looks at it (Sec-Purpose:
prefetch) is not counted. Counts wait in memory and are written a few seconds later by a thread of its own: no
answer ever waits for it, and a process that is killed loses those seconds' counts.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, Any

from holdings.access import STAFF
from holdings.errors import DanghaiError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from holdings.catalogue import Catalogue

log = logging.getLogger("danghai.api")

#: Seconds between two writings; things counted at once at most, so that nobody can fill the memory.
WRITTEN_EVERY, MOST = 10.0, 50_000
_ROBOT = re.compile(
    r"bot|crawl|spider|slurp|curl|wget|python|java/|go-http|okhttp|libwww|scrapy|feed|monitor|preview", re.I
)


class VisitCounter:
    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self._lock = Lock()
        self._writing: asyncio.Task[None] | None = None

    def saw(self, kind: str, what: str) -> None:
        """One more today. Never waits."""
        key = datetime.now(UTC).date().isoformat(), kind, what
        with self._lock:
            if key in self._counts or len(self._counts) < MOST:
                self._counts[key] += 1

    def flush(self) -> None:
        """Write what was counted; what cannot be written is counted on."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        try:
            self._catalogue.visits.add(counts)
        except DanghaiError as error:
            log.warning("浏览计数未写：%s", error)
            with self._lock:
                self._counts.update(counts)

    def open(self) -> None:
        self._writing = asyncio.create_task(self._write_on())

    async def _write_on(self) -> None:
        while True:
            await asyncio.sleep(WRITTEN_EVERY)
            if self._counts:
                await asyncio.to_thread(self.flush)

    async def close(self) -> None:
        if self._writing is not None:
            self._writing.cancel()
            with suppress(asyncio.CancelledError):
                await self._writing
        if self._counts:
            await asyncio.to_thread(self.flush)


class Counted:
    """ASGI middleware: counts a page that was shown."""

    def __init__(self, app: ASGIApp, counter: VisitCounter) -> None:
        self._app = app
        self._counter = counter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in (200, 304):
                self._count(scope)
            await send(message)

        await self._app(scope, receive, watched)

    def _count(self, scope: Scope) -> None:
        shown = shown_by(str(getattr(scope.get("route"), "path", "")), scope.get("path_params", {}))
        caller = scope.get("state", {}).get("caller")
        if shown is None or (caller is not None and caller.audience == STAFF):
            return
        headers = dict(scope["headers"])
        agent = headers.get(b"user-agent", b"").decode("latin-1")
        if not agent or _ROBOT.search(agent) or b"prefetch" in headers.get(b"sec-purpose", b""):
            return
        self._counter.saw(*shown)


def shown_by(route: str, given: dict[str, Any]) -> tuple[str, str] | None:
    """(kind, what) a route shows to a visitor; None for what is no page of its own."""
    if route == "/v1/records/{record_id}":
        return "record", str(given["record_id"])
    if route == "/exhibitions/{slug}/{path:path}":
        path = str(given["path"])
        if path in ("", "index.html"):
            return "exhibition", str(given["slug"])
        return ("exhibition", f"{given['slug']}/{path}") if path.endswith(".html") else None
    return None

"""Who is looking: for each browser session, the key or session they signed in with and the list they keep.

In memory only: nothing a visitor does here is written to disk, and closing the browser or signing out
ends it. The browser holds a random token in an HttpOnly cookie, never the key.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

COOKIE = "danghai_visitor"
LANGUAGE_COOKIE = "danghai_language"
#: Idle seconds after which a visitor is forgotten.
IDLE = 12 * 3600
#: Most visitors remembered at once, most items in a list, longest note in characters.
MOST_VISITORS = 5000
MOST_ITEMS = 500
NOTE_LENGTH = 1000


@dataclass(frozen=True)
class Kept:
    """One item of a list. Only its id: what it says is asked for each time, so that a closed one shows nothing."""

    id: str
    note: str = ""


@dataclass(frozen=True)
class Visitor:
    """key: a key, or the token of a session; name: who signed in, for the head of the page; flow: what an
    OIDC sign-in that has begun is to bring back."""

    key: str | None = None
    kept: tuple[Kept, ...] = ()
    name: str = ""
    flow: str = ""

    def has(self, record_id: str) -> bool:
        return any(item.id == record_id for item in self.kept)

    def adding(self, record_id: str) -> Visitor:
        if self.has(record_id) or len(self.kept) >= MOST_ITEMS:
            return self
        return replace(self, kept=(*self.kept, Kept(record_id)))

    def dropping(self, record_id: str) -> Visitor:
        return replace(self, kept=tuple(item for item in self.kept if item.id != record_id))

    def noting(self, record_id: str, note: str) -> Visitor:
        noted = [replace(i, note=note[:NOTE_LENGTH]) if i.id == record_id else i for i in self.kept]
        return replace(self, kept=tuple(noted))

    def moving(self, record_id: str, by: int) -> Visitor:
        """One place up (-1) or down (+1); at the ends it stays."""
        items = list(self.kept)
        at = next((n for n, item in enumerate(items) if item.id == record_id), None)
        if at is None or not 0 <= at + by < len(items):
            return self
        items[at], items[at + by] = items[at + by], items[at]
        return replace(self, kept=tuple(items))


class Visitors:
    """All visitors of this process, by token. Thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: dict[str, tuple[float, Visitor]] = {}

    def get(self, token: str | None) -> Visitor:
        """The visitor of a token; a new one where it is unknown or was idle too long."""
        with self._lock:
            if token is None or token not in self._seen:
                return Visitor()
            return self._put(token, self._take(token))

    def change(self, token: str, how: Callable[[Visitor], Visitor]) -> Visitor:
        """Change one visitor; the longest idle one is forgotten when there are too many."""
        with self._lock:
            changed = self._put(token, how(self._take(token)))
            while len(self._seen) > MOST_VISITORS:
                del self._seen[next(iter(self._seen))]
            return changed

    def _take(self, token: str) -> Visitor:
        last, visitor = self._seen.pop(token, (self._clock(), Visitor()))
        return visitor if self._clock() - last <= IDLE else Visitor()

    def _put(self, token: str, visitor: Visitor) -> Visitor:
        self._seen[token] = (self._clock(), visitor)
        return visitor

    def forget(self, token: str) -> None:
        with self._lock:
            self._seen.pop(token, None)


def new_token() -> str:
    return secrets.token_urlsafe(24)


@cache
def visitors() -> Visitors:
    """The one register of this process, shared by the script runs and the routes."""
    return Visitors()

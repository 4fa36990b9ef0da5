"""Who a key or a session belongs to. Each request reads one row; that it was used is written behind the
answers, once a minute for all."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from holdings.access import Caller
from holdings.catalogue.tokens import SESSION
from holdings.errors import DanghaiError, NotSignedIn, SessionEnded

if TYPE_CHECKING:
    from holdings.catalogue import Catalogue
    from holdings.settings import Settings

log = logging.getLogger("danghai.api")

#: Seconds between two writings.
WRITTEN_EVERY = 60.0


#: How a caller said who they are; "": not at all.
Via = Literal["", "key", "password", "oidc"]


@dataclass(frozen=True)
class Known:
    """A caller, how they said who they are, and when that ends (None: never)."""

    caller: Caller
    via: Via
    ends_at: datetime | None = None


class Presence:
    def __init__(self, catalogue: Catalogue, settings: Settings) -> None:
        self._catalogue = catalogue
        self._idle = timedelta(seconds=settings.session_idle)
        self._lasts = timedelta(seconds=settings.session_lasts)
        self._sessions: dict[str, datetime] = {}
        self._keys: set[int] = set()
        self._writing: asyncio.Task[None] | None = None

    async def known(self, token: str) -> Known:
        """Errors: NotSignedIn (no valid key), SessionEnded (its time is over, signed out, or locked)."""
        if token.startswith(SESSION):
            return await self._session(token)
        key = await asyncio.to_thread(self._catalogue.keys.known, token)
        if key is None:
            raise NotSignedIn("密钥无效、已到期或已撤销。", advice="请向本馆另要一个，或登录。")
        if key.used_on != datetime.now(UTC).date().isoformat():
            self._keys.add(key.id)
        return Known(key.caller, "key")

    async def _session(self, token: str) -> Known:
        signed = await asyncio.to_thread(self._catalogue.sessions.signed_in, token)
        now = datetime.now(UTC)
        # What this process saw may not be written down yet.
        seen_at = self._sessions.get(token, signed.seen_at if signed else now)
        if signed is None or now > min(
            max(seen_at, signed.seen_at) + self._idle, signed.made_at + self._lasts
        ):
            self._sessions.pop(token, None)
            raise SessionEnded("登录已过期或已退出。Your session has ended.", advice="请重新登录。")
        self._sessions[token] = now
        via: Via = "oidc" if signed.via == "oidc" else "password"
        return Known(signed.caller, via, min(now + self._idle, signed.made_at + self._lasts))

    # ── writing behind ─────────────────────────────────────────────────────────

    def open(self) -> None:
        self._writing = asyncio.create_task(self._write_on())

    async def _write_on(self) -> None:
        while True:
            await asyncio.sleep(WRITTEN_EVERY)
            await self._write_and_prune()

    async def _write_and_prune(self) -> None:
        await self.write()
        with suppress(DanghaiError):
            await asyncio.to_thread(self._catalogue.sessions.prune, self._idle, self._lasts)

    async def write(self) -> None:
        """Write down what was used since the last time; kept for the next where the catalogue is away."""
        sessions, keys = self._sessions, self._keys
        self._sessions, self._keys = {}, set()
        try:
            if sessions:
                await asyncio.to_thread(self._catalogue.sessions.seen, sessions)
            if keys:
                today = datetime.now(UTC).date()
                await asyncio.to_thread(self._catalogue.keys.used, sorted(keys), today)
        except DanghaiError as error:
            log.warning("登录与密钥的最近使用时间没有写下：%s", error)
            self._sessions, self._keys = sessions | self._sessions, keys | self._keys

    async def close(self) -> None:
        if self._writing is not None:
            self._writing.cancel()
            with suppress(asyncio.CancelledError):
                await self._writing
        await self.write()

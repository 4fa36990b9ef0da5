"""A lock that PostgreSQL keeps for as long as the connection of its holder lives (an advisory lock).

The holder looks after its connection: a process that lost it no longer holds the lock, and ends at once.
Both ends give a silent connection up within seconds (the holder first), so that a machine that lost its power
or its network is soon relieved by another.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from hashlib import blake2b
from typing import Any

from sqlalchemy import Connection, Engine, NullPool, create_engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from holdings.catalogue.database import mapped_errors

log = logging.getLogger("danghai.locks")

#: Seconds between two looks after the connection, or for the lock.
LOOK, POLL = 1.0, 0.1
#: Exit status of a process that lost its lock: not ready, try again (holdings/console.py).
LOST = 3

#: How soon the holder gives a silent connection up (milliseconds, seconds), and the server, later.
_HOLDER: dict[str, Any] = {
    "connect_timeout": 5, "tcp_user_timeout": 4_000, "keepalives": 1,
    "keepalives_idle": 1, "keepalives_interval": 1, "keepalives_count": 3,
}  # fmt: skip
_SERVER = "-c tcp_keepalives_idle=4 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3"

_TAKE, _HELD = text("select pg_try_advisory_lock(:key)"), text(
    "select exists(select from pg_locks where locktype = 'advisory' and granted and objsubid = 1"
    " and database = (select oid from pg_database where datname = current_database())"
    " and classid::bigint = (:key >> 32) & 4294967295 and objid::bigint = :key & 4294967295)"
)  # fmt: skip


class DatabaseHeld:
    """holdings.locks.Lock in the catalogue's PostgreSQL. lost: what to do when the lock is gone under us."""

    grace = 2 * LOOK

    def __init__(self, url: str, name: str, lost: Callable[[], None] | None = None) -> None:
        self._url = url
        self._name = name
        self._key = int.from_bytes(blake2b(f"danghai.{name}".encode(), digest_size=8).digest(), signed=True)
        self._lost = lost or self._end
        self._held: Connection | None = None
        self._using = threading.Lock()
        self._released = threading.Event()

    def _engine(self) -> Engine:
        return create_engine(
            make_url(self._url).set(drivername="postgresql+psycopg"),
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args={**_HOLDER, "options": _SERVER},
        )

    def take(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        with mapped_errors():
            connection = self._engine().connect()
            while not connection.scalar(_TAKE, {"key": self._key}):
                if time.monotonic() >= until:
                    connection.close()
                    return False
                time.sleep(POLL)
        self._held = connection
        self._released.clear()
        threading.Thread(target=self._look_after, name=f"lock {self._name}", daemon=True).start()
        return True

    def release(self) -> None:
        self._released.set()
        with self._using:
            if self._held is not None:
                self._held.close()  # which ends the session, and so the lock
                self._held = None

    def is_held(self) -> bool:
        with mapped_errors(), self._engine().connect() as connection:
            return bool(connection.scalar(_HELD, {"key": self._key}))

    def _look_after(self) -> None:
        while not self._released.wait(LOOK):
            with self._using:
                if self._held is None:
                    return
                try:
                    self._held.scalar(text("select 1"))
                except SQLAlchemyError as error:
                    log.critical("the connection that holds the lock %s is gone: %s", self._name, error)
                    self._held = None
            if self._held is None:
                self._lost()
                return

    def _end(self) -> None:
        """At once, in the middle of whatever it is: all work here may be cut short at any instant, and none
        may go on beside another's."""
        os._exit(LOST)

"""The trail's file or table: appended to by many processes at once, read in order, searched."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    delete,
    func,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.exc import SQLAlchemyError

from holdings.audit.entry import ERASED, FIRST, Entry, Event, canonical, commitment
from holdings.audit.tables import DETAILS, ENTRIES, make, triggers_missing
from holdings.catalogue.database import connect
from holdings.errors import AuditUnavailable
from holdings.settings import Settings

#: Names the one lock under which entries of all processes are appended (PostgreSQL).
_LOCK = 0x64616E67686169
#: Seconds a writer waits for another's append before it says that the trail is not to be had.
PATIENCE = 3.0
#: secure_delete: what was erased after its period is not left in the file's free pages.
_PRAGMAS = ("synchronous=FULL", "secure_delete=ON")
BATCH = 2_000


@dataclass(frozen=True)
class Wanted:
    """What `search` looks for; what is empty does not bind.

    who: a caller's id ("account:7"), or the name of whoever asked.  what: an action, or the beginning of a `what`.
    address: where it was asked from.  Names and addresses are found while they are kept.
    """

    who: str = ""
    what: str = ""
    record: str = ""
    outcome: str = ""
    since: str = ""
    until: str = ""
    address: str = ""


@dataclass(frozen=True)
class Found:
    """An entry with its detail and that one's salt: None when there is none, or it was erased."""

    entry: Entry
    salt: str | None
    detail: str | None


class Trail:
    """Cheap to make; the first use connects. Thread-safe. Errors: AuditUnavailable."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._engine: Engine | None = None
        self._made = False

    @classmethod
    def of(cls, settings: Settings) -> Trail:
        return cls(settings.audit_url)

    # ── writing ────────────────────────────────────────────────────────────────

    def append(self, events: Sequence[Event]) -> list[int]:
        """Add these to the end of the chain, all or none; durable when it returns. Their numbers."""
        with self._write() as connection:
            return _append(connection, events)

    def erase(self, now: datetime, days: int) -> int:
        """Erase the details whose period is over; the chain says so first. How many were erased."""
        before = (now - timedelta(days=days)).astimezone(UTC).isoformat(timespec="microseconds")
        old = select(func.max(ENTRIES.c.seq)).where(ENTRIES.c.at < before)
        with self._write() as connection:
            through = connection.scalar(old) or 0
            # Clocks may be set back: none younger than the period may lie below the mark.
            young = select(func.min(ENTRIES.c.seq)).where(ENTRIES.c.at >= before)
            through = min(through, (connection.scalar(young) or through + 1) - 1)
            due = DETAILS.c.seq <= through
            count = connection.scalar(select(func.count()).select_from(DETAILS).where(due)) or 0
            if count:
                facts = {"through": through, "days": days, "before": before, "erased": count}
                _append(connection, [Event("", ERASED, now, outcome="noted", facts=facts)])
                connection.execute(delete(DETAILS).where(due))
        if count:
            self._leave_no_copy()
        return count

    def _leave_no_copy(self) -> None:
        """SQLite's write-ahead log still holds what was erased, until it begins anew."""
        with _mapped(), self._connected().connect() as connection:
            if connection.dialect.name == "sqlite":
                connection.rollback()
                connection.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    # ── reading ────────────────────────────────────────────────────────────────

    def last(self) -> Entry | None:
        with self._read() as connection:
            return _last(connection)

    def entries(self, after: int = 0, through: int | None = None) -> Iterator[Found]:
        """Every entry with its detail, in order of number, in batches that hold no lock between them.

        after -1: also what stands below the first number, where nothing of ours is.
        """
        low: int | None = None if after < 0 else after
        while True:
            query = _WITH_DETAIL.order_by(ENTRIES.c.seq).limit(BATCH)
            query = query if low is None else query.where(ENTRIES.c.seq > low)
            query = query if through is None else query.where(ENTRIES.c.seq <= through)
            with self._read() as connection:
                rows = connection.execute(query).all()
            if not rows:
                return
            yield from map(_found, rows)
            low = rows[-1].seq

    def search(self, wanted: Wanted, *, size: int = 100, before: int | None = None) -> list[Found]:
        """The newest first; `before`: only entries with a smaller number."""
        query = _WITH_DETAIL.order_by(ENTRIES.c.seq.desc()).limit(size)
        columns = {"record": wanted.record, "outcome": wanted.outcome}
        for name, value in columns.items():
            query = query.where(ENTRIES.c[name] == value) if value else query
        if wanted.who:
            is_id = ":" in wanted.who
            query = query.where(ENTRIES.c.actor == wanted.who if is_id else _detail_says("name", wanted.who))
        if wanted.address:
            query = query.where(_detail_says("address", wanted.address))
        if wanted.what:
            begins = ENTRIES.c.what.startswith(wanted.what, autoescape=True)
            query = query.where((ENTRIES.c.action == wanted.what) | begins)
        query = query.where(ENTRIES.c.at >= wanted.since) if wanted.since else query
        query = query.where(ENTRIES.c.at < wanted.until) if wanted.until else query
        query = query if before is None else query.where(ENTRIES.c.seq < before)
        with self._read() as connection:
            return [_found(row) for row in connection.execute(query)]

    def guards_missing(self) -> list[str]:
        with self._read() as connection:
            return triggers_missing(connection)

    def close(self) -> None:
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    # ── connections ────────────────────────────────────────────────────────────

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        if not self._made and not self._is_there():  # nobody has written yet: empty, not an error
            with self._write():
                pass
        with _mapped(), self._connected().connect() as connection:
            yield connection

    def _is_there(self) -> bool:
        with _mapped(), self._connected().connect() as connection:
            self._made = inspect(connection).has_table(ENTRIES.name)
        return self._made

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        """A transaction that no other writer of the trail overlaps."""
        with _mapped():
            engine = self._connected().execution_options(danghai_write=True)
            with engine.connect() as connection, connection.begin():
                if connection.dialect.name == "postgresql":
                    connection.execute(text(f"SET LOCAL lock_timeout = '{PATIENCE:.0f}s'"))
                    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
                if not self._made:
                    make(connection)
                yield connection
            self._made = True

    def _connected(self) -> Engine:
        if self._engine is None:
            self._engine = connect(self.url, PATIENCE, _PRAGMAS)
        return self._engine


_WITH_DETAIL = select(ENTRIES, DETAILS.c.salt, DETAILS.c.body).join_from(
    ENTRIES, DETAILS, DETAILS.c.seq == ENTRIES.c.seq, isouter=True
)


def _detail_says(name: str, value: str) -> ColumnElement[bool]:
    """Whether a detail, which is canonical JSON, gives this text for this name."""
    return DETAILS.c.body.contains(canonical({name: value})[1:-1], autoescape=True)


def _append(connection: Connection, events: Sequence[Event]) -> list[int]:
    last = _last(connection)
    seq, previous = (last.seq, last.hash) if last else (0, FIRST)
    entries, details = [], []
    for happened in events:
        seq += 1
        mark, salt = "", secrets.token_hex(16)
        if happened.detail:
            body = canonical(happened.detail)
            mark = commitment(salt, body)
            details.append({"seq": seq, "salt": salt, "body": body})
        entry = _entry(happened, seq, mark, previous).sealed()
        entries.append(asdict(entry))
        previous = entry.hash
    if entries:
        connection.execute(insert(ENTRIES), entries)
    if details:
        connection.execute(insert(DETAILS), details)
    return [entry["seq"] for entry in entries]


def _entry(happened: Event, seq: int, mark: str, previous: str) -> Entry:
    said = (happened.actor, happened.audience, happened.action, happened.what, happened.record)
    actor, audience, action, what, record = map(_plain, said)
    return Entry(
        seq=seq,
        at=happened.at.astimezone(UTC).isoformat(timespec="microseconds"),
        actor=actor,
        audience=audience,
        action=action,
        what=what,
        record=record,
        outcome=happened.outcome,
        facts=canonical(happened.facts),
        commitment=mark,
        previous=previous,
    )


def _plain(value: str) -> str:
    """What a caller put into an address, as every database takes it: no NUL, no lone surrogate, not endless."""
    return value[:500].replace("\0", "␀").encode("utf-8", "backslashreplace").decode()


def _last(connection: Connection) -> Entry | None:
    row = connection.execute(select(ENTRIES).order_by(ENTRIES.c.seq.desc()).limit(1)).one_or_none()
    return Entry(**row._mapping) if row else None


def _found(row: Any) -> Found:
    values: Mapping[str, Any] = row._mapping
    return Found(
        Entry(**{name: values[name] for name in Entry.__dataclass_fields__}), values["salt"], values["body"]
    )


@contextmanager
def _mapped() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        said = getattr(error, "orig", None) or error
        advice = "请检查审计文件所在磁盘的空间与权限，并看是否有别的程序锁住了它。"
        raise AuditUnavailable(f"审计记录写不进或读不出：{said}", advice=advice) from error

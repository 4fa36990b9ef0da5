"""Failed sign-ins: each name and each address waits longer after every failure.

A try is counted before the password is looked at, so that many at once are as many tries; a success takes
it back. Names are counted whether or not there is such an account: the answer tells nothing.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from holdings.catalogue.accounts import folded
from holdings.catalogue.database import Database
from holdings.catalogue.tables_accounts import FailureRow
from holdings.catalogue.tokens import digest
from holdings.errors import TooOften

#: Seconds of the first wait, doubled by every failure up to the longest.
FIRST_WAIT, LONGEST_WAIT = 15, 15 * 60
#: After this long without a failure all is forgotten.
FORGOTTEN = timedelta(hours=24)
#: An address may fail this many times as often as a name: a reading room shares one.
ADDRESS_TRIES = 4


def wait_after(failures: int, free: int) -> int:
    """Seconds to wait after so many failures, of which `free` cost nothing."""
    return min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(failures - free, 16)) if failures >= free else 0


class Failures:
    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, name: str, address: str, tries: int) -> None:
        """Count a try of this name from this address. tries: failures of a name that cost no wait.

        Errors: TooOften, with the seconds to wait; it is not counted then.
        """
        now = datetime.now(UTC)
        with self._database.write() as session:
            rows = [(_row(session, subject, now), free) for subject, free in _subjects(name, address, tries)]
            wait = max(_left(row, free, now) for row, free in rows)
            if wait > 0:
                raise TooOften("登录失败次数过多，请稍候再试。", wait)
            for row, _ in rows:
                row.count, row.last_at = row.count + 1, now
            session.execute(delete(FailureRow).where(FailureRow.last_at < now - FORGOTTEN))

    def succeeded(self, name: str, address: str) -> None:
        """The try was right: the name is as new, the address as before it."""
        with self._database.write() as session:
            session.execute(delete(FailureRow).where(FailureRow.subject == _name(name)))
            row = session.get(FailureRow, _address(address))
            if row is not None:
                row.count -= 1

    def forgive(self, name: str) -> None:
        """An administrator unlocks this name."""
        with self._database.write() as session:
            session.execute(delete(FailureRow).where(FailureRow.subject == _name(name)))


def _subjects(name: str, address: str, tries: int) -> list[tuple[str, int]]:
    return [(_name(name), tries), (_address(address), tries * ADDRESS_TRIES)]


def _name(name: str) -> str:
    return f"name:{digest(folded(name))}"


def _address(address: str) -> str:
    return f"address:{digest(address)}"


def _row(session: Session, subject: str, now: datetime) -> FailureRow:
    """The subject's row, this transaction's alone until it ends."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    new = dialect.insert(FailureRow).values(subject=subject, count=0, last_at=now)
    session.execute(new.on_conflict_do_nothing())
    row = session.get_one(FailureRow, subject, with_for_update=True)
    if row.last_at < now - FORGOTTEN:
        row.count = 0
    return row


def _left(row: FailureRow, free: int, now: datetime) -> int:
    wait = wait_after(row.count, free)
    return max(0, -int(-(wait - (now - row.last_at).total_seconds()) // 1)) if wait else 0

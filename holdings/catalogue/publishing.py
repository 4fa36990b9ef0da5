"""The ledger of packages between the archive and its public installation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, delete, exists, func, insert, or_, select, update

from holdings.access import PUBLIC
from holdings.catalogue import removal
from holdings.catalogue.database import CHUNK, Database, parts
from holdings.catalogue.records import Records
from holdings.catalogue.tables import RecordRow
from holdings.catalogue.tables_publishing import CarriedRow, PackageRow
from holdings.catalogue.visibility import is_held


@dataclass(frozen=True)
class Carried:
    """What a package said of one record. parent: "" for none."""

    version: int
    parent: str
    closed_at: datetime | None = None


@dataclass(frozen=True)
class Package:
    """See PackageRow."""

    sequence: int
    kind: str
    manifest: str
    made_at: datetime
    additions: int
    withdrawals: int
    closed_at: datetime | None = None
    done_at: datetime | None = None


@dataclass(frozen=True)
class Waiting:
    """Withdrawals that the outside is not known to have: in no package yet, or in one not acknowledged.

    since: when the first of these records was closed.
    """

    unpacked: int
    unacknowledged: int
    since: datetime | None

    @property
    def count(self) -> int:
        return self.unpacked + self.unacknowledged

    def hours(self, now: datetime) -> float:
        return 0.0 if self.since is None else max(0.0, (now - self.since).total_seconds() / 3600)


class Publishing:
    def __init__(self, database: Database, records: Records) -> None:
        self._database = database
        self._records = records

    # ── packages ───────────────────────────────────────────────────────────────

    def last(self, way: str) -> Package | None:
        """The package with the highest number, made here ("out") or brought in ("in")."""
        query = select(PackageRow).where(PackageRow.way == way).order_by(PackageRow.sequence.desc()).limit(1)
        with self._database.read() as session:
            row = session.scalar(query)
            return None if row is None else _package(row)

    def packages(self, *, limit: int = 50) -> list[Package]:
        """Those made here, newest first."""
        query = select(PackageRow).where(PackageRow.way == "out").order_by(PackageRow.sequence.desc())
        with self._database.read() as session:
            return [_package(row) for row in session.scalars(query.limit(limit))]

    def unacknowledged(self) -> list[Package]:
        query = select(PackageRow).where(PackageRow.way == "out", PackageRow.done_at.is_(None))
        with self._database.read() as session:
            return [_package(row) for row in session.scalars(query.order_by(PackageRow.sequence))]

    def made(self, package: Package, carried: Mapping[str, Carried], withdrawn: Sequence[str]) -> None:
        """A package is made: what it carries, and what it takes back."""
        with self._database.write() as session:
            session.add(PackageRow(way="out", **vars(package)))
            if package.kind == "full":
                session.execute(delete(CarriedRow))
            gone = [*withdrawn, *carried]
            for part in parts(gone):
                session.execute(delete(CarriedRow).where(CarriedRow.record_id.in_(part)))
            rows = [{"record_id": i, "sequence": package.sequence, **vars(c)} for i, c in carried.items()]
            for some in parts(rows):
                session.execute(insert(CarriedRow), some)

    def acknowledged(self, sequence: int) -> None:
        """The outside has this package and all before it."""
        with self._database.write() as session:
            through = (PackageRow.way == "out") & (PackageRow.sequence <= sequence)
            change = update(PackageRow).where(through, PackageRow.done_at.is_(None))
            session.execute(change.values(done_at=datetime.now(UTC)))

    # ── what was carried ───────────────────────────────────────────────────────

    def carried(self, ids: Sequence[str]) -> dict[str, Carried]:
        with self._database.read() as session:
            rows = session.scalars(select(CarriedRow).where(CarriedRow.record_id.in_(ids)))
            return {row.record_id: Carried(row.version, row.parent, row.closed_at) for row in rows}

    def carried_ids(self, *, batch: int = CHUNK) -> Iterator[list[str]]:
        """Ids of all that was carried, in batches."""
        last = ""
        while True:
            query = select(CarriedRow.record_id).where(CarriedRow.record_id > last)
            with self._database.read() as session:
                found = list(session.scalars(query.order_by(CarriedRow.record_id).limit(batch)))
            if not found:
                return
            yield found
            last = found[-1]

    def notice(self, *, all_of_them: bool = False) -> None:
        """Mark what was carried and is not public any more. What changed since is looked at; all_of_them: also
        what the rule itself may see otherwise now (a minute for a million records)."""
        if all_of_them:
            for ids in self.carried_ids():
                self._mark(ids)
            return
        changed = (
            select(CarriedRow.record_id)
            .join(RecordRow, RecordRow.id == CarriedRow.record_id, isouter=True)
            .where(CarriedRow.closed_at.is_(None))
            .where(or_(RecordRow.id.is_(None), RecordRow.version != CarriedRow.version))
        )
        with self._database.read() as session:
            ids = list(session.scalars(changed))
        for some in parts(ids):
            self._mark(some)

    def _mark(self, ids: Sequence[str]) -> None:
        known, stored = self.carried(ids), self._records.many(ids)
        public = {i for i, s in stored.items() if PUBLIC in s.audiences}
        closed = [i for i in ids if i not in public and known[i].closed_at is None]
        again = [i for i in public if known[i].closed_at is not None]
        if not closed and not again:
            return
        now = datetime.now(UTC)
        with self._database.write() as session:
            for record_id in closed:
                at = stored[record_id].changed_at if record_id in stored else now
                change = update(CarriedRow).where(CarriedRow.record_id == record_id)
                session.execute(change.values(closed_at=at))
            for record_id in again:
                change = update(CarriedRow).where(CarriedRow.record_id == record_id)
                session.execute(change.values(closed_at=None))

    def waiting(self, *, every: bool = True) -> Waiting:
        """As far as it was noticed. every False: without records that staff may not know of. What packages
        say of themselves counts either way."""
        query = select(func.count(), func.min(CarriedRow.closed_at)).where(_to_be_told(every))
        with self._database.read() as session:
            unpacked, first = session.execute(query).one()
        packed = [p for p in self.unacknowledged() if p.withdrawals]
        times = [t for t in (first, *(p.closed_at or p.made_at for p in packed)) if t is not None]
        return Waiting(unpacked, sum(p.withdrawals for p in packed), min(times) if times else None)

    def closed(self, limit: int, *, every: bool = True) -> list[tuple[str, datetime]]:
        """(record id, since when) of what is to be taken back and is in no package yet, the oldest first; as
        far as it was noticed. every: as for `waiting`."""
        query = select(CarriedRow.record_id, CarriedRow.closed_at).where(_to_be_told(every))
        with self._database.read() as session:
            found = session.execute(query.order_by(CarriedRow.closed_at, CarriedRow.record_id).limit(limit))
            return [(record_id, at) for record_id, at in found if at is not None]

    # ── on the outside ─────────────────────────────────────────────────────────

    def begin(self, package: Package, withdrawn: Sequence[str]) -> set[str]:
        """Take out what is withdrawn, in one transaction, and note that the package is being brought in.
        Returns files that nothing uses any more. Doing it again changes nothing."""
        with removal.overwriting(self._database) as session:
            unused = removal.take_out(session, withdrawn)
            session.merge(PackageRow(way="in", **vars(package)))
            return unused

    def files_of(self, ids: Sequence[str]) -> set[str]:
        """SHA-256 of the files that hang on these."""
        with self._database.read() as session:
            return removal.files_of(session, ids)

    def only_now(self, ids: Sequence[str], files: set[str]) -> set[str]:
        """Leave nothing of what these records were before: a redaction carried over must not stand beside
        what it hides. Returns which of `files` nothing uses any more."""
        with removal.overwriting(self._database) as session:
            return removal.forget_history(session, ids, files)

    def finish(self, sequence: int) -> None:
        change = update(PackageRow).where(PackageRow.way == "in", PackageRow.sequence == sequence)
        with self._database.write() as session:
            session.execute(change.values(done_at=datetime.now(UTC)))


def _to_be_told(every: bool) -> ColumnElement[bool]:
    """What was carried and is closed now; not every one: only what staff may see, neither held for a secrecy mark
    nor taken out of the catalogue."""
    closed = CarriedRow.closed_at.is_not(None)
    there = exists().where(RecordRow.id == CarriedRow.record_id)
    return closed if every else closed & there & ~is_held(CarriedRow.record_id)


def _package(row: PackageRow) -> Package:
    return Package(**{name: getattr(row, name) for name in Package.__dataclass_fields__})

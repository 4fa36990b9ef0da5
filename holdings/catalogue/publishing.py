"""The ledger of packages between the archive and its public installation."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, delete, exists, func, insert, or_, select, update

from holdings.access import PUBLIC
from holdings.catalogue import editions as published
from holdings.catalogue import removal
from holdings.catalogue.database import CHUNK, Database, parts
from holdings.catalogue.editions import StoredEdition
from holdings.catalogue.records import Records
from holdings.catalogue.tables import RecordRow
from holdings.catalogue.tables_editions import EditionRow
from holdings.catalogue.tables_publishing import CarriedEditionRow, CarriedRow, PackageRow
from holdings.catalogue.visibility import is_held


@dataclass(frozen=True)
class Carried:
    """What a package said of one record. parent: "" for none."""

    version: int
    parent: str
    closed_at: datetime | None = None


@dataclass(frozen=True)
class CarriedEdition:
    """What a package said of one exhibition: see CarriedEditionRow."""

    title: str
    digest: str
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
    editions: int = 0
    taken_down: int = 0


@dataclass(frozen=True)
class Waiting:
    """Withdrawals, records and exhibitions, that the outside is not known to have: in no package yet, or in one
    not acknowledged.

    since: when the first of them was closed.
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

    def made(
        self,
        package: Package,
        carried: Mapping[str, Carried],
        withdrawn: Sequence[str],
        editions: Mapping[str, CarriedEdition],
        taken_down: Sequence[str],
    ) -> None:
        """A package is made: what it carries, and what it takes back; records by id, exhibitions by slug."""
        with self._database.write() as session:
            session.add(PackageRow(way="out", **vars(package)))
            if package.kind == "full":
                session.execute(delete(CarriedRow))
                session.execute(delete(CarriedEditionRow))
            gone = [*withdrawn, *carried]
            for part in parts(gone):
                session.execute(delete(CarriedRow).where(CarriedRow.record_id.in_(part)))
            rows = [{"record_id": i, "sequence": package.sequence, **vars(c)} for i, c in carried.items()]
            for some in parts(rows):
                session.execute(insert(CarriedRow), some)
            for slug in (*taken_down, *editions):
                session.execute(delete(CarriedEditionRow).where(CarriedEditionRow.slug == slug))
            session.add_all(
                CarriedEditionRow(slug=slug, sequence=package.sequence, **vars(edition))
                for slug, edition in editions.items()
            )

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

    def carried_editions(self) -> dict[str, CarriedEdition]:
        """slug → exhibition."""
        with self._database.read() as session:
            rows = session.scalars(select(CarriedEditionRow).order_by(CarriedEditionRow.slug))
            return {row.slug: CarriedEdition(row.title, row.digest, row.closed_at) for row in rows}

    def notice(self, *, all_of_them: bool = False) -> None:
        """Mark what was carried and is not public any more. What changed since is looked at; all_of_them: also
        what the rule itself may see otherwise now (a minute for a million records)."""
        self._mark_editions()
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

    def _mark_editions(self) -> None:
        """An exhibition is closed from when it was taken down until it is published again."""
        known = self.carried_editions()
        if not known:
            return
        slug = EditionRow.slug
        stands = EditionRow.withdrawn_at.is_(None)
        with self._database.read() as session:
            standing = set(session.scalars(select(slug).where(stands, slug.in_(known))))
            query = select(slug, func.max(EditionRow.withdrawn_at)).where(slug.in_(known)).group_by(slug)
            ended = {slug: at for slug, at in session.execute(query) if slug not in standing}
        now = datetime.now(UTC)
        times = {s: None if s in standing else ended.get(s) or now for s in known}
        changed = {s: at for s, at in times.items() if (at is None) != (known[s].closed_at is None)}
        if not changed:
            return
        with self._database.write() as session:
            for one, at in changed.items():
                change = update(CarriedEditionRow).where(CarriedEditionRow.slug == one)
                session.execute(change.values(closed_at=at))

    def waiting(self, *, every: bool = True) -> Waiting:
        """As far as it was noticed. every False: without records that staff may not know of. What packages
        say of themselves counts either way."""
        query = select(func.count(), func.min(CarriedRow.closed_at)).where(_to_be_told(every))
        with self._database.read() as session:
            unpacked, first = session.execute(query).one()
        down = self.taken_down()
        packed = [p for p in self.unacknowledged() if p.withdrawals + p.taken_down]
        times = [
            t for t in (first, *(at for _, _, at in down), *(p.closed_at or p.made_at for p in packed)) if t
        ]
        told = sum(p.withdrawals + p.taken_down for p in packed)
        return Waiting(unpacked + len(down), told, min(times) if times else None)

    def taken_down(self) -> list[tuple[str, str, datetime]]:
        """(slug, title, since when) of exhibitions that the outside shows still and that are in no package yet as
        taken down, the oldest first; as far as it was noticed."""
        found = [(s, c.title, c.closed_at) for s, c in self.carried_editions().items()]
        return sorted(((s, title, at) for s, title, at in found if at), key=lambda one: (one[2], one[0]))

    def closed(self, limit: int, *, every: bool = True) -> list[tuple[str, datetime]]:
        """(record id, since when) of what is to be taken back and is in no package yet, the oldest first; as
        far as it was noticed. every: as for `waiting`."""
        query = select(CarriedRow.record_id, CarriedRow.closed_at).where(_to_be_told(every))
        with self._database.read() as session:
            found = session.execute(query.order_by(CarriedRow.closed_at, CarriedRow.record_id).limit(limit))
            return [(record_id, at) for record_id, at in found if at is not None]

    # ── on the outside ─────────────────────────────────────────────────────────

    def begin(
        self,
        package: Package,
        withdrawn: Sequence[str],
        editions: Sequence[StoredEdition],
        taken_down: Collection[str],
    ) -> set[str]:
        """Take out what is withdrawn, in one transaction, and note that the package is being brought in. An
        exhibition gives way to its newer edition in the same one: what that one leaves out is out.
        Returns files that nothing uses any more. Doing it again changes nothing."""
        with removal.overwriting(self._database) as session:
            unused = removal.take_out(session, withdrawn)
            published.bring(session, editions, taken_down)
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
            published.link(session)
            session.execute(change.values(done_at=datetime.now(UTC)))


def _to_be_told(every: bool) -> ColumnElement[bool]:
    """What was carried and is closed now; not every one: only what staff may see, neither held for a secrecy mark
    nor taken out of the catalogue."""
    closed = CarriedRow.closed_at.is_not(None)
    there = exists().where(RecordRow.id == CarriedRow.record_id)
    return closed if every else closed & there & ~is_held(CarriedRow.record_id)


def _package(row: PackageRow) -> Package:
    return Package(**{name: getattr(row, name) for name in Package.__dataclass_fields__})

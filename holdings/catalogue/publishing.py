"""The ledger of packages between the archive and its public installation."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, delete, exists, func, insert, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute

from holdings.access import PUBLIC
from holdings.catalogue import editions as published
from holdings.catalogue import removal
from holdings.catalogue.database import CHUNK, Database, parts
from holdings.catalogue.editions import StoredEdition
from holdings.catalogue.hiding import forms_of, hidden_of, more
from holdings.catalogue.records import Records, StoredRecord
from holdings.catalogue.redactions import Redactions
from holdings.catalogue.tables import RecordRow
from holdings.catalogue.tables_editions import EditionRow
from holdings.catalogue.tables_publishing import CarriedEditionRow, CarriedRow, PackageRow
from holdings.catalogue.visibility import is_held

_Since = InstrumentedAttribute[datetime | None]
_CLOSED, _HIDDEN = CarriedRow.closed_at, CarriedRow.hidden_at
_OUT = (PackageRow.way == "out") & (PackageRow.sequence == CarriedRow.sequence)
_MADE_AT = select(CarriedRow.record_id, PackageRow.made_at).join(PackageRow, _OUT)


@dataclass(frozen=True)
class Carried:
    """What a package said of one record: see CarriedRow. parent: "" for none."""

    version: int
    parent: str
    closed_at: datetime | None = None
    hidden_at: datetime | None = None
    hides: tuple[str, ...] | None = ()


@dataclass(frozen=True)
class CarriedEdition:
    """What a package said of one exhibition: see CarriedEditionRow."""

    title: str
    digest: str
    closed_at: datetime | None = None
    records: tuple[str, ...] = ()


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
    hidden: int = 0
    hidden_at: datetime | None = None


@dataclass(frozen=True)
class Waiting:
    """Withdrawals, or what was hidden since it was carried; records and exhibitions, that the outside is not known
    to have: in no package yet, or in one not acknowledged.

    since: when the first of them was closed, or hidden.
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
    def __init__(self, database: Database, records: Records, redactions: Redactions) -> None:
        self._database = database
        self._records = records
        self._redactions = redactions

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
            return {row.record_id: _carried(row) for row in rows}

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
            return {
                row.slug: CarriedEdition(row.title, row.digest, row.closed_at, tuple(row.records))
                for row in rows
            }

    def hidden_since(
        self, stored: Mapping[str, StoredRecord], hides: Mapping[str, Collection[str]]
    ) -> dict[str, datetime]:
        """record id → since when, of those of which more is hidden than in the line that was carried last.

        hides: what is hidden of each, now or in the line that is being made. Whatever hides more, or less, moves a
        record's version on: of a line that was carried before this was noted, and whose record has its version
        still, nothing was hidden since; of another one it is not known, and all that is hidden counts.
        """
        with self._database.read() as session:
            made_at = {
                record_id: at
                for some in parts([i for i, things in hides.items() if things])
                for record_id, at in session.execute(_MADE_AT.where(CarriedRow.record_id.in_(some)))
            }
        known, since = self.carried(list(made_at)), {}
        for record_id, was in known.items():
            unknown = hides[record_id] if stored[record_id].version == was.version else ()
            if new := more(hides[record_id], unknown if was.hides is None else was.hides):
                since[record_id] = was.hidden_at, new
        marked, now = self._redactions.since(list(since)), datetime.now(UTC)
        found = {}
        for record_id, (noticed, new) in since.items():
            times = marked.get(record_id, {}) | forms_of(stored[record_id].record)
            # One marked before the line went out hides more now because its page was replaced since, unnoted when.
            known_at = [at for thing in new if (at := times.get(thing, now)) >= made_at[record_id]]
            found[record_id] = noticed or min(known_at, default=now)
        return found

    def notice(self, *, all_of_them: bool = False) -> None:
        """Mark what was carried and is not public any more, or of which more is hidden. What changed since is looked
        at; all_of_them: also what the rule itself may see otherwise now (a minute for a million records)."""
        self._mark_editions()
        if all_of_them:
            for ids in self.carried_ids():
                self._mark(ids)
            return
        changed = (
            select(CarriedRow.record_id)
            .join(RecordRow, RecordRow.id == CarriedRow.record_id, isouter=True)
            .where(CarriedRow.closed_at.is_(None))
            .where(
                or_(
                    RecordRow.id.is_(None),
                    RecordRow.version != CarriedRow.version,
                    CarriedRow.hidden_at.is_not(None),  # perhaps marked while a package took it along
                )
            )
        )
        with self._database.read() as session:
            ids = list(session.scalars(changed))
        for some in parts(ids):
            self._mark(some)

    def _mark(self, ids: Sequence[str]) -> None:
        known, stored = self.carried(ids), self._records.many(ids)
        public = {i: s for i, s in stored.items() if PUBLIC in s.audiences}
        hidden = self.hidden_since(public, hidden_of(self._redactions.hidden(list(public)), public))
        now = datetime.now(UTC)
        times: dict[str, dict[str, datetime | None]] = {}
        for i, was in known.items():
            if i in public:
                found = {"closed_at": None, "hidden_at": hidden.get(i)}
            else:
                closed = was.closed_at or closed_since(was, stored[i].changed_at if i in stored else now)
                found = {"closed_at": closed, "hidden_at": was.hidden_at}
            if found != {"closed_at": was.closed_at, "hidden_at": was.hidden_at}:
                times[i] = found
        if not times:
            return
        with self._database.write() as session:
            for record_id, found in times.items():
                change = update(CarriedRow).where(CarriedRow.record_id == record_id)
                session.execute(change.values(**found))

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
        """Withdrawals, as far as they were noticed. every False: without records that staff may not know of. What
        packages say of themselves counts either way."""
        packed = [
            (p.withdrawals + p.taken_down, p.closed_at or p.made_at)
            for p in self.unacknowledged()
            if p.withdrawals + p.taken_down
        ]
        return self._waiting(_CLOSED, every, self.taken_down(), packed)

    def waiting_hidden(self, *, every: bool = True) -> Waiting:
        """What was hidden since it was carried: as `waiting`."""
        packed = [(p.hidden, p.hidden_at or p.made_at) for p in self.unacknowledged() if p.hidden]
        return self._waiting(_HIDDEN, every, self.hidden_editions(every=every), packed)

    def _waiting(
        self,
        since: _Since,
        every: bool,
        shows: Sequence[tuple[str, str, datetime]],
        packed: Sequence[tuple[int, datetime]],
    ) -> Waiting:
        query = select(func.count(), func.min(since)).where(*_to_be_told(since, every))
        with self._database.read() as session:
            unpacked, first = session.execute(query).one()
        times = [t for t in (first, *(at for _, _, at in shows), *(at for _, at in packed)) if t]
        told = sum(count for count, _ in packed)
        return Waiting(unpacked + len(shows), told, min(times, default=None))

    def taken_down(self) -> list[tuple[str, str, datetime]]:
        """(slug, title, since when) of exhibitions that the outside shows still and that are in no package yet as
        taken down, the oldest first; as far as it was noticed."""
        found = [(s, c.title, c.closed_at) for s, c in self.carried_editions().items()]
        return sorted(((s, title, at) for s, title, at in found if at), key=lambda one: (one[2], one[0]))

    def hidden_editions(self, *, every: bool = True) -> list[tuple[str, str, datetime]]:
        """(slug, title, since when) of exhibitions that the outside shows with a record of which something was hidden
        since; the oldest first. Inside all that stood on the record went with it, for people's words may say what was
        hidden: outside they stand until the next package. every: as for `waiting`."""
        shown = {s: c for s, c in self.carried_editions().items() if c.closed_at is None}
        since = dict(self.hidden(None, every=every)) if shown else {}
        found = [(s, c.title, times) for s, c in shown.items() if (times := first_of(c.records, since))]
        return sorted(found, key=lambda one: (one[2], one[0]))

    def closed(self, limit: int | None, *, every: bool = True) -> list[tuple[str, datetime]]:
        """(record id, since when) of what is to be taken back and is in no package yet, the oldest first; as
        far as it was noticed. every: as for `waiting`."""
        return self._told(_CLOSED, limit, every)

    def hidden(self, limit: int | None, *, every: bool = True) -> list[tuple[str, datetime]]:
        """As `closed`, of what was hidden since it was carried."""
        return self._told(_HIDDEN, limit, every)

    def _told(self, since: _Since, limit: int | None, every: bool) -> list[tuple[str, datetime]]:
        query = select(CarriedRow.record_id, since).where(*_to_be_told(since, every))
        with self._database.read() as session:
            found = session.execute(query.order_by(since, CarriedRow.record_id).limit(limit))
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


def closed_since(carried: Carried, changed_at: datetime) -> datetime:
    """The clock of what was hidden already goes on."""
    return min(changed_at, carried.hidden_at or changed_at)


def first_of(record_ids: Sequence[str], since: Mapping[str, datetime]) -> datetime | None:
    return min((since[i] for i in record_ids if i in since), default=None)


def _to_be_told(since: _Since, every: bool) -> list[ColumnElement[bool]]:
    """What was carried and is closed now, or hidden in part; not every one: only what staff may see, neither held for
    a secrecy mark nor taken out of the catalogue."""
    told: list[ColumnElement[bool]] = [since.is_not(None)]
    if since is _HIDDEN:
        told.append(_CLOSED.is_(None))  # all of it is to go
    if not every:
        told += [exists().where(RecordRow.id == CarriedRow.record_id), ~is_held(CarriedRow.record_id)]
    return told


def _carried(row: CarriedRow) -> Carried:
    hides = None if row.hides is None else tuple(row.hides)
    return Carried(row.version, row.parent, row.closed_at, row.hidden_at, hides)


def _package(row: PackageRow) -> Package:
    return Package(**{name: getattr(row, name) for name in Package.__dataclass_fields__})

"""Editions 定稿 as they were published, and what of each may be shown now.

Default deny: a record's part of an edition goes as soon as its audience may not see the record any more, and as
soon as something is hidden of the record that was not hidden when the edition was made: its texts, written by
people, may say it. The curator publishes anew when that was looked at.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import Select, bindparam, delete, func, insert, select, update
from sqlalchemy.orm import Session

from holdings.access import Caller
from holdings.catalogue.database import Database, parts
from holdings.catalogue.hiding import hidden_of
from holdings.catalogue.records import Records
from holdings.catalogue.redactions import Redactions
from holdings.catalogue.tables import RecordRow
from holdings.catalogue.tables_editions import EditionNameRow, EditionPartRow, EditionRecordRow, EditionRow
from holdings.catalogue.visibility import is_held
from holdings.edition_parts import Body, Kind, Part, apart, pruned, things_in, together
from holdings.errors import NotFound

#: record id → what is hidden of it, one text a thing.
Hidden = Mapping[str, Collection[str]]
#: The key that names a record wherever one stands in a body.
_RECORD = "record_id"
_STANDING = EditionRow.withdrawn_at.is_(None)

_P, _N, _R = EditionPartRow.__table__.c, EditionNameRow.__table__.c, EditionRecordRow.__table__.c
_THIS = (
    _P.slug == bindparam("slug"),
    _P.number == bindparam("number"),
    _P.kind == bindparam("kind"),
)
_PARTS = select(_P.kind, _P.place, _P.section, _P.body).where(*_THIS)
_ON = select(_P.record_id).where(*_THIS).order_by(_P.place)
_NAMED = (
    _PARTS.where(_N.slug == _P.slug, _N.number == _P.number, _N.place == _P.place)
    .where(_N.name == bindparam("name"))
    .order_by(_P.place)
)
_HID = select(_R.record_id, _R.hides).where(
    _R.slug == bindparam("slug"),
    _R.number == bindparam("number"),
    _R.record_id.in_(bindparam("ids", expanding=True)),
)


@dataclass(frozen=True)
class StoredEdition:
    """body: a `curation.edition.Edition` as JSON, number and all: whole, or its head with some of its parts."""

    slug: str
    number: int
    body: Body
    published_by: str
    published_at: datetime


class Editions:
    def __init__(self, database: Database, records: Records, redactions: Redactions) -> None:
        self._database = database
        self._records = records
        self._redactions = redactions

    def publish(self, body: Body, caller: Caller) -> int:
        """Store it as the next edition of its slug; the number it got. The one before is no longer shown.

        Errors: NotFound where a record is not here or held.
        """
        hides = self.hidden(sorted(records_of(body)))
        with self._database.write() as session:
            return put(session, body, hides, caller)

    def withdraw(self, slug: str, caller: Caller) -> None:
        """Take the exhibition from the public. Errors: NotFound where none is published."""
        with self._database.write() as session:
            if not take_down(session, slug, caller):
                raise NotFound(NO_EDITION)

    def latest(self, slug: str) -> StoredEdition:
        """The published edition, whole. Errors: NotFound, in the same words whether one ever was."""
        return self.whole(self.head(slug))

    def whole(self, head: StoredEdition) -> StoredEdition:
        """The same edition with all its parts."""
        return with_parts(head, [*self.parts(head, "exhibit"), *self.parts(head, "entry")])

    def head(self, slug: str) -> StoredEdition:
        """The published edition without its parts. Errors: as `latest`."""
        with self._database.read() as session:
            row = session.scalar(select(EditionRow).where(EditionRow.slug == slug, _STANDING))
            if row is None:
                raise NotFound(NO_EDITION)
            return _stored(row)

    def heads(self) -> list[StoredEdition]:
        """All that are published, without their parts, the latest first."""
        query = select(EditionRow).where(_STANDING).order_by(EditionRow.published_at.desc(), EditionRow.slug)
        with self._database.read() as session:
            return [_stored(row) for row in session.scalars(query)]

    def parts(self, edition: StoredEdition, kind: Kind) -> list[Part]:
        """All of a kind, in order."""
        return self._parts(_PARTS.order_by(_P.place), edition, kind=kind)

    def beside(
        self, edition: StoredEdition, kind: Kind, place: int, limit: int, *, before: bool = False
    ) -> list[Part]:
        """The parts that follow this place, or come before it, the nearest first."""
        query = (
            _PARTS.where(_P.place < place).order_by(_P.place.desc())
            if before
            else _PARTS.where(_P.place > place).order_by(_P.place)
        )
        return self._parts(query.limit(limit), edition, kind=kind)

    def named(self, edition: StoredEdition, name: str) -> list[Part]:
        """The exhibits to which a name in an address leads; more than one show a picture."""
        return self._parts(_NAMED, edition, kind="exhibit", name=name)

    def exhibits_on(self, edition: StoredEdition) -> list[str]:
        """The record each exhibit stands on, "" for none; in order."""
        given = {"slug": edition.slug, "number": edition.number, "kind": "exhibit"}
        return [record_id for (record_id,) in self._database.rows(_ON, given)]

    def _parts(self, query: Select[Any], edition: StoredEdition, **given: object) -> list[Part]:
        asked = {"slug": edition.slug, "number": edition.number, **given}
        return [Part(*row) for row in self._database.rows(query, asked)]

    def standing_on(self, record_ids: Sequence[str]) -> dict[str, list[str]]:
        """record id → slugs of the published editions that stand on it, for those on which one does."""
        found: dict[str, list[str]] = {}
        query = select(EditionRecordRow.record_id, EditionRecordRow.slug).join(EditionRow).where(_STANDING)
        with self._database.read() as session:
            for some in parts(record_ids):
                for record_id, slug in session.execute(query.where(EditionRecordRow.record_id.in_(some))):
                    found.setdefault(record_id, []).append(slug)
        return {record_id: sorted(slugs) for record_id, slugs in found.items()}

    def hidden(self, record_ids: Sequence[str]) -> dict[str, set[str]]:
        """record id → what of it is for staff alone now: redactions, and public forms with what they say."""
        redacted = self._redactions.hidden(record_ids)
        return hidden_of(redacted, self._records.many(record_ids))

    def gone(
        self, edition: StoredEdition, audience: str, record_ids: Collection[str] | None = None
    ) -> set[str]:
        """Its records that this audience may not be shown any more. record_ids: of these, in place of those on which
        its body stands."""
        ids = sorted(records_of(edition.body) if record_ids is None else record_ids)
        asked = ids or [""]  # an address that leads nowhere costs what one costs whose record was withdrawn
        hid = self._hid(edition, asked)
        found = self._records.many(asked)
        seen = {i: stored for i, stored in found.items() if audience in stored.audiences}
        hidden = hidden_of(self._redactions.hidden(sorted(seen)), seen)
        return {i for i in ids if i not in seen or not hidden[i] <= hid.get(i, set())}

    def _hid(self, edition: StoredEdition, record_ids: Sequence[str]) -> dict[str, set[str]]:
        """record id → what was hidden of it when the edition was made."""
        given = {"slug": edition.slug, "number": edition.number}
        return {
            record_id: set(hides)
            for some in parts(record_ids)
            for record_id, hides in self._database.rows(_HID, {**given, "ids": some})
        }


NO_EDITION = "没有这个展览，或已撤下。No such exhibition."


def put(session: Session, body: Body, hides: Hidden, caller: Caller) -> int:
    """`Editions.publish` within somebody's transaction. hides: `hidden` of its records, read before the body was
    made of them."""
    ids = sorted(records_of(body))
    _all_here(session, ids)
    slug, now = str(body["slug"]), datetime.now(UTC)
    last = session.scalar(select(func.max(EditionRow.number)).where(EditionRow.slug == slug))
    number = (last or 0) + 1
    take_down(session, slug, caller)
    _store(session, StoredEdition(slug, number, {**body, "number": number}, caller.signature, now))
    if records := [
        {"slug": slug, "number": number, "record_id": i, "hides": sorted(hides.get(i, ()))} for i in ids
    ]:
        session.execute(insert(EditionRecordRow), records)
    return number


def take_down(session: Session, slug: str, caller: Caller) -> bool:
    """Take what is published there from the public; whether anything was."""
    standing = update(EditionRow).where(EditionRow.slug == slug, _STANDING)
    done = session.execute(standing.values(withdrawn_by=caller.signature, withdrawn_at=datetime.now(UTC)))
    return bool(cast("Any", done).rowcount)


def bring(session: Session, given: Sequence[StoredEdition], gone: Collection[str]) -> None:
    """Have these editions under the numbers they have, and nothing of what those slugs were before; of the slugs
    that are gone leave nothing. The records they stand on may come later: `link`."""
    for slug in {*gone, *(edition.slug for edition in given)}:
        session.execute(delete(EditionRow).where(EditionRow.slug == slug))
    for edition in given:
        _store(session, edition)
    link(session)


def link(session: Session) -> None:
    """Note of published editions the records they stand on that have come since."""
    for row in session.scalars(select(EditionRow).where(_STANDING)).all():
        this = {"slug": row.slug, "number": row.number}
        bodies = session.scalars(select(EditionPartRow.body).filter_by(**this))
        noted = session.scalars(select(EditionRecordRow.record_id).filter_by(**this))
        for some in parts(sorted(records_of([row.body, *bodies]) - set(noted))):
            there = session.scalars(select(RecordRow.id).where(RecordRow.id.in_(some)))
            session.add_all(EditionRecordRow(**this, record_id=i, hides=[]) for i in there)


def without(body: Any, gone: Collection[str]) -> Any:
    """A body without what stands on these records: an entry of a list goes, a value becomes null."""
    return pruned(body, lambda value: _stands_on(value, gone)) if gone else body


def records_of(body: Any) -> set[str]:
    """The ids of all records that a body stands on."""
    return {found for thing in things_in(body) if isinstance(found := thing.get(_RECORD), str) and found}


def forget(session: Session, record_id: str) -> None:
    """Leave nothing of this record in any edition, published or not (removal.py)."""
    mine = select(EditionRecordRow.slug, EditionRecordRow.number).where(
        EditionRecordRow.record_id == record_id
    )
    for slug, number in session.execute(mine).all():
        of_it = EditionPartRow.slug == slug, EditionPartRow.number == number
        left: list[Part] = []
        for row in session.scalars(select(EditionPartRow).where(*of_it)):
            if row.record_id == record_id:
                session.delete(row)
                continue
            if record_id in records_of(row.body):
                row.body = without(row.body, {record_id})
            left.append(Part(cast("Kind", row.kind), row.place, row.section, row.body))
        session.flush()
        session.execute(
            delete(EditionNameRow).where(EditionNameRow.slug == slug, EditionNameRow.number == number)
        )
        _name(session, slug, number, left)
    session.execute(delete(EditionRecordRow).where(EditionRecordRow.record_id == record_id))


def with_parts(edition: StoredEdition, pieces: Sequence[Part]) -> StoredEdition:
    """The same edition with these of its parts and no others."""
    return replace(edition, body=together(edition.body, pieces))


def _store(session: Session, edition: StoredEdition) -> None:
    """A whole edition, in parts; not yet the records it stands on."""
    head, pieces = apart(edition.body)
    session.add(EditionRow(**{**vars(edition), "body": head}, withdrawn_by="", withdrawn_at=None))
    session.flush()
    rows = [
        {
            "slug": edition.slug,
            "number": edition.number,
            "kind": p.kind,
            "place": p.place,
            "section": p.section,
            "record_id": p.record_id,
            "body": p.body,
        }
        for p in pieces
    ]
    if rows:
        session.execute(insert(EditionPartRow), rows)
    _name(session, edition.slug, edition.number, pieces)


def _name(session: Session, slug: str, number: int, pieces: Sequence[Part]) -> None:
    rows = [
        {"slug": slug, "number": number, "name": name, "place": part.place}
        for part in pieces
        for name in sorted(part.names())
    ]
    if rows:
        session.execute(insert(EditionNameRow), rows)


def _stands_on(value: Any, records: Collection[str]) -> bool:
    return isinstance(value, Mapping) and value.get(_RECORD) in records


def _all_here(session: Session, ids: Sequence[str]) -> None:
    for some in parts(ids):
        known = select(RecordRow.id).where(RecordRow.id.in_(some), ~is_held(RecordRow.id))
        if missing := sorted(set(some) - set(session.scalars(known))):
            raise NotFound(f"没有这些条目：{'、'.join(missing[:5])}。", advice="请核对后重试。")


def _stored(row: EditionRow) -> StoredEdition:
    return StoredEdition(row.slug, row.number, row.body, row.published_by, row.published_at)

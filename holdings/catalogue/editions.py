"""Editions 定稿 as they were published, and what of each may be shown now.

Default deny: a record's part of an edition goes as soon as its audience may not see the record any more, and as
soon as something is hidden of the record that was not hidden when the edition was made: its texts, written by
people, may say it. The curator publishes anew when that was looked at.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from holdings.access import Caller
from holdings.catalogue.database import Database, parts
from holdings.catalogue.records import Records
from holdings.catalogue.redactions import Redactions
from holdings.catalogue.tables import RecordRow
from holdings.catalogue.tables_editions import EditionRecordRow, EditionRow
from holdings.catalogue.visibility import is_held
from holdings.errors import NotFound
from holdings.records import Record
from holdings.redaction import Hides

Body = Mapping[str, Any]
#: record id → what is hidden of it, one text a thing.
Hidden = Mapping[str, Collection[str]]
#: The key that names a record wherever one stands in a body.
_RECORD = "record_id"
_STANDING = EditionRow.withdrawn_at.is_(None)


@dataclass(frozen=True)
class StoredEdition:
    """body: `curation.edition.Edition` as JSON, number and all."""

    slug: str
    number: int
    body: Body
    hides: Hidden
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
        with self._database.read() as session:
            row = session.scalar(select(EditionRow).where(EditionRow.slug == slug, _STANDING))
            if row is None:
                raise NotFound(NO_EDITION)
            return _stored(row)

    def listing(self) -> list[StoredEdition]:
        """All that are published, the latest first."""
        query = select(EditionRow).where(_STANDING).order_by(EditionRow.published_at.desc(), EditionRow.slug)
        with self._database.read() as session:
            return [_stored(row) for row in session.scalars(query)]

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
        found = self._records.many(record_ids)
        return {
            record_id: {
                *_of_pages(redacted.get(record_id, {})),
                *_of_fields(stored.record),
            }
            for record_id, stored in found.items()
        }

    def gone(self, edition: StoredEdition, audience: str) -> set[str]:
        """Its records that this audience may not be shown any more."""
        ids = sorted(records_of(edition.body))
        seen = {i for i, stored in self._records.many(ids).items() if audience in stored.audiences}
        hidden = self.hidden(sorted(seen))
        return {i for i in ids if i not in seen or not hidden[i] <= set(edition.hides.get(i, ()))}


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
    session.add(
        EditionRow(
            slug=slug,
            number=number,
            body={**body, "number": number},
            hides={record_id: sorted(hides.get(record_id, ())) for record_id in ids},
            published_by=caller.signature,
            published_at=now,
            withdrawn_by="",
            withdrawn_at=None,
        )
    )
    session.flush()
    session.add_all(EditionRecordRow(slug=slug, number=number, record_id=i) for i in ids)
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
    session.add_all(EditionRow(**vars(edition), withdrawn_by="", withdrawn_at=None) for edition in given)
    session.flush()
    link(session)


def link(session: Session) -> None:
    """Note of published editions the records they stand on that have come since."""
    for row in session.scalars(select(EditionRow).where(_STANDING)).all():
        mine = EditionRecordRow.slug == row.slug, EditionRecordRow.number == row.number
        noted = set(session.scalars(select(EditionRecordRow.record_id).where(*mine)))
        for some in parts(sorted(records_of(row.body) - noted)):
            there = session.scalars(select(RecordRow.id).where(RecordRow.id.in_(some)))
            session.add_all(EditionRecordRow(slug=row.slug, number=row.number, record_id=i) for i in there)


def without(body: Any, gone: Collection[str]) -> Any:
    """A body without what stands on these records: an entry of a list goes, a value becomes null."""
    if isinstance(body, Mapping):
        return {k: None if _stands_on(v, gone) else without(v, gone) for k, v in body.items()}
    if isinstance(body, list | tuple):
        return [without(value, gone) for value in body if not _stands_on(value, gone)]
    return body


def records_of(body: Any) -> set[str]:
    """The ids of all records that a body stands on."""
    return set(_records_in(body))


def forget(session: Session, record_id: str) -> None:
    """Leave nothing of this record in any edition, published or not (removal.py)."""
    mine = select(EditionRecordRow.slug, EditionRecordRow.number).where(
        EditionRecordRow.record_id == record_id
    )
    for slug, number in session.execute(mine).all():
        row = session.get_one(EditionRow, (slug, number), with_for_update=True)
        row.body = without(row.body, {record_id})
        row.hides = {i: hides for i, hides in row.hides.items() if i != record_id}
    session.execute(delete(EditionRecordRow).where(EditionRecordRow.record_id == record_id))


def _records_in(body: Any) -> Iterator[str]:
    if isinstance(body, Mapping):
        if isinstance(found := body.get(_RECORD), str) and found:
            yield found
        for value in body.values():
            yield from _records_in(value)
    elif isinstance(body, list | tuple):
        for value in body:
            yield from _records_in(value)


def _stands_on(value: Any, records: Collection[str]) -> bool:
    return isinstance(value, Mapping) and value.get(_RECORD) in records


def _of_pages(pages: Mapping[int, Hides]) -> Iterator[str]:
    for number, hides in pages.items():
        if hides.whole:
            yield f"{number}"
        yield from (f"{number}:{','.join(map(str, box))}" for box in hides.regions)


def _of_fields(record: Record) -> Iterator[str]:
    for name, form in record.public_forms.items():
        yield f"{name}={'|'.join(form.value)}"


def _all_here(session: Session, ids: Sequence[str]) -> None:
    for some in parts(ids):
        known = select(RecordRow.id).where(RecordRow.id.in_(some), ~is_held(RecordRow.id))
        if missing := sorted(set(some) - set(session.scalars(known))):
            raise NotFound(f"没有这些条目：{'、'.join(missing[:5])}。", advice="请核对后重试。")


def _stored(row: EditionRow) -> StoredEdition:
    return StoredEdition(row.slug, row.number, row.body, row.hides, row.published_by, row.published_at)

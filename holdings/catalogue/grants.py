"""Grants from approved applications: named records, open to one reader by id until a day, never by search."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from holdings.catalogue import descriptions
from holdings.catalogue.database import Database
from holdings.catalogue.tables import RecordRow
from holdings.catalogue.tables_audiences import GrantRecordRow, GrantRow
from holdings.catalogue.visibility import marks_of, today, within
from holdings.errors import BadInput, NotFound

#: Records of one grant at most: an application names what it is about.
MOST = 200

_G, _N = GrantRow.__table__.c, GrantRecordRow.__table__.c
_OPENS = (
    select(_G.id)
    .join_from(GrantRow.__table__, GrantRecordRow.__table__, _G.id == _N.grant_id)
    .where(
        _G.reader == bindparam("reader"),
        _N.record_id == bindparam("record_id"),
        _G.until >= bindparam("today"),
        _G.revoked_at.is_(None),
    )
    .limit(1)
)


@dataclass(frozen=True)
class Grant:
    """reader: a caller's id ("account:7", "key:12").  until: the last ISO day."""

    id: int
    reader: str
    records: tuple[str, ...]
    until: str
    reason: str
    made_by: str
    made_at: datetime
    revoked_by: str
    revoked_at: datetime | None

    @property
    def stands(self) -> bool:
        return self.revoked_at is None and today().isoformat() <= self.until


class Grants:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, reader: str, records: Collection[str], *, until: date, reason: str, by: str) -> Grant:
        """Errors: BadInput for a day that is past, an empty list, or a record that is not here or is
        quarantined (the same words)."""
        wanted = list(dict.fromkeys(records))
        if not reader or not 0 < len(wanted) <= MOST:
            raise BadInput(f"请指明一位读者和 1 至 {MOST} 条条目。", advice="逐条写明条目 id。")
        if until < today():
            raise BadInput(f"截止日期 {until} 已过。", advice="请给出今天以后的日期。")
        with self._database.write() as session:
            rows = session.scalars(select(RecordRow).where(RecordRow.id.in_(wanted)))
            found = [descriptions.from_json(row.description) for row in rows]
            marks = marks_of(within(session), found, ())
            missing = [i for i in wanted if i not in marks or marks[i].quarantined]
            if missing:
                raise BadInput(f"没有这些条目：{'、'.join(missing[:5])}。", advice="请核对条目 id。")
            row = GrantRow(
                reader=reader,
                until=until.isoformat(),
                reason=reason,
                made_by=by,
                made_at=datetime.now(UTC),
                revoked_by="",
                revoked_at=None,
            )
            session.add(row)
            session.flush()
            session.execute(insert(GrantRecordRow), [{"grant_id": row.id, "record_id": i} for i in wanted])
            return _grant(session, row)

    def opens(self, reader: str, record_id: str) -> bool:
        """Whether a standing grant opens this record to this reader today. Nobody named has none."""
        if not reader:
            return False
        given = {"reader": reader, "record_id": record_id, "today": today().isoformat()}
        return bool(self._database.rows(_OPENS, given))

    def listing(self, reader: str | None = None) -> list[Grant]:
        """All grants, or one reader's, newest first."""
        query = select(GrantRow).order_by(GrantRow.id.desc())
        if reader is not None:
            query = query.where(GrantRow.reader == reader)
        with self._database.read() as session:
            return [_grant(session, row) for row in session.scalars(query)]

    def revoke(self, grant_id: int, *, by: str) -> None:
        """At once. Errors: NotFound for a grant that is not there or was revoked."""
        change = (
            update(GrantRow)
            .where(GrantRow.id == grant_id, GrantRow.revoked_at.is_(None))
            .values(revoked_at=datetime.now(UTC), revoked_by=by)
            .returning(GrantRow.id)
        )
        with self._database.write() as session:
            if session.scalar(change) is None:
                raise NotFound("没有这项有效的授权。")


def _grant(session: Session, row: GrantRow) -> Grant:
    named = select(GrantRecordRow.record_id).where(GrantRecordRow.grant_id == row.id)
    records = tuple(session.scalars(named.order_by(GrantRecordRow.record_id)))
    return Grant(
        row.id,
        row.reader,
        records,
        row.until,
        row.reason,
        row.made_by,
        row.made_at,
        row.revoked_by,
        row.revoked_at,
    )

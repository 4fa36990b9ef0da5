"""Audiences that were added: a unit over its own fonds, a contractor over a lot, a partner by agreement."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import delete, func, insert, select, update

from holdings.access import ADDED_KINDS, AUDIENCES, Audience
from holdings.catalogue.database import Database, parts
from holdings.catalogue.tables import RebuildRow, RecordRow
from holdings.catalogue.tables_audiences import AudienceRow, LotRow
from holdings.catalogue.visibility import audiences_now, today
from holdings.errors import BadInput, Conflict, IndexMissing, NotAllowed, NotFound

#: It names a folder and an index: small letters, digits and hyphens.
NAME = re.compile(r"[a-z][a-z0-9-]{1,39}")
#: Why a new audience's index is built.
NEW = "new audience"


@dataclass(frozen=True)
class AddedAudience:
    """One added audience, for people. records: how many its lot names.  state: building, ready, ended,
    removing."""

    name: str
    kind: str
    title: str
    fonds: tuple[str, ...]
    until: str
    records: int
    state: str


class Audiences:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        name: str,
        kind: str,
        *,
        title: str = "",
        fonds: Collection[str] = (),
        lot: Collection[str] = (),
        until: date | None = None,
    ) -> None:
        """A new audience; the projector builds its index, and it is asked only once that stands.

        fonds: codes, for a unit or a partner.  lot: record ids, for a contractor.  until: its last day;
        a contractor and a partner must have one.
        Errors: BadInput; Conflict for a name that is taken.
        """
        _check(name, kind, fonds, lot, until)
        with self._database.write() as session:
            if session.get(AudienceRow, name) is not None:
                raise Conflict(f"利用范围“{name}”已有，或尚在撤除。", advice="请换一个名字，或稍后再试。")
            known = set(session.scalars(select(RecordRow.fonds_code).distinct()))
            if unknown := sorted(set(fonds) - known):
                raise BadInput(f"没有全宗 {'、'.join(unknown)}。", advice="请核对全宗号。")
            now = datetime.now(UTC)
            session.add(
                AudienceRow(
                    name=name,
                    kind=kind,
                    title=title or name,
                    fonds=sorted(set(fonds)),
                    until=until.isoformat() if until else "",
                    made_at=now,
                    built_at=None,
                    removed_at=None,
                )
            )
            session.flush()
            rows = [{"audience": name, "record_id": record_id} for record_id in sorted(set(lot))]
            for some in parts(rows):
                session.execute(insert(LotRow), some)
            session.merge(RebuildRow(audience=name, reason=NEW, wanted_at=now))

    def remove(self, name: str) -> None:
        """It sees nothing from now on; the projector deletes its index. Errors: NotFound."""
        change = (
            update(AudienceRow)
            .where(AudienceRow.name == name, AudienceRow.removed_at.is_(None))
            .values(removed_at=datetime.now(UTC))
            .returning(AudienceRow.name)
        )
        with self._database.write() as session:
            if session.scalar(change) is None:
                raise NotFound(f"没有“{name}”这个另设的利用范围。", advice="`danghai audiences list` 可查。")

    def listing(self) -> list[AddedAudience]:
        query = (
            select(AudienceRow, func.count(LotRow.record_id))
            .join(LotRow, LotRow.audience == AudienceRow.name, isouter=True)
            .group_by(AudienceRow.name)
            .order_by(AudienceRow.name)
        )
        with self._database.read() as session:
            return [
                AddedAudience(r.name, r.kind, r.title, tuple(r.fonds), r.until, count, _state(r))
                for r, count in session.execute(query)
            ]

    # ── who is asked ───────────────────────────────────────────────────────────

    def now(self) -> tuple[Audience, ...]:
        """All there are, the built-in ones first; also such whose last day is past."""
        return audiences_now(self._database.rows)

    def names(self) -> tuple[str, ...]:
        """Those that are to have an index: all but the removed and the ended."""
        return tuple(a.name for a in self.now() if a.until is None or today() <= a.until)

    def check(self, name: str) -> None:
        """Errors: NotAllowed for an audience that was removed or has ended; IndexMissing until it is built."""
        if name in AUDIENCES:
            return
        with self._database.read() as session:
            row = session.get(AudienceRow, name)
            state = _state(row) if row is not None else "removing"
        if state == "building":
            raise IndexMissing(f"利用范围“{name}”的索引正在建立。", advice="请稍后再试。")
        if state != "ready":
            raise NotAllowed(f"利用范围“{name}”已到期或已撤销。", advice="请与本馆联系续订协议。")

    # ── for the projector ──────────────────────────────────────────────────────

    def built(self, name: str) -> None:
        """Its index stands: it may be asked."""
        change = update(AudienceRow).where(AudienceRow.name == name, AudienceRow.built_at.is_(None))
        with self._database.write() as session:
            session.execute(change.values(built_at=datetime.now(UTC)))

    def unwanted(self) -> list[str]:
        """Removed or ended ones whose index is still to be deleted."""
        with self._database.read() as session:
            rows = session.scalars(select(AudienceRow))
            return [r.name for r in rows if _state(r) == "removing" or (_state(r) == "ended" and r.built_at)]

    def dropped(self, name: str) -> None:
        """Its index is deleted: a removed one is forgotten, an ended one stays listed."""
        with self._database.write() as session:
            session.execute(delete(RebuildRow).where(RebuildRow.audience == name))
            row = session.get(AudienceRow, name)
            if row is not None and row.removed_at is not None:
                session.execute(delete(LotRow).where(LotRow.audience == name))
                session.execute(delete(AudienceRow).where(AudienceRow.name == name))
            elif row is not None:
                row.built_at = None


def _state(row: AudienceRow) -> str:
    if row.removed_at is not None:
        return "removing"
    if row.until and today().isoformat() > row.until:
        return "ended"
    return "ready" if row.built_at else "building"


def _check(name: str, kind: str, fonds: Collection[str], lot: Collection[str], until: date | None) -> None:
    if not NAME.fullmatch(name) or name in AUDIENCES:
        raise BadInput(
            f"“{name}”不能作利用范围的名字。", advice="请用小写字母、数字与连字符，例如 unit-j045。"
        )
    if kind not in ADDED_KINDS:
        raise BadInput(f"没有“{kind}”这种利用范围。", advice=f"可选：{'、'.join(ADDED_KINDS)}。")
    if kind == "contractor" and (not lot or fonds):
        raise BadInput("外包的利用范围要逐条指名。", advice="请给出条目（--records、--within），不给全宗。")
    if kind != "contractor" and (not fonds or lot):
        raise BadInput("单位与协作馆的利用范围按全宗划定。", advice="请给出全宗号（--fonds），不给条目。")
    if kind != "unit" and until is None:
        raise BadInput("外包与协作馆须有截止日期。", advice="请给出 --until 2027-12-31。")
    if until is not None and until < today():
        raise BadInput(f"截止日期 {until} 已过。", advice="请给出今天以后的日期。")

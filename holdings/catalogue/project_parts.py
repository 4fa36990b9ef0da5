"""Parts of projects: what is in them, in which order. A write names the version it saw; nothing is overwritten."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fractional_indexing import generate_key_between
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from holdings.access import Caller
from holdings.catalogue.database import Database
from holdings.catalogue.project_rows import (
    about,
    check_parent,
    check_seen,
    held_parts,
    note,
    part_row,
    project_row,
    write,
)
from holdings.catalogue.tables_projects import ChangeRow, CommentRow, MentionRow, PartRow, ProjectRow
from holdings.catalogue.visibility import all_here
from holdings.errors import BadInput, Conflict, NotFound

#: Most parts of one project, those taken away counted.
MOST_PARTS = 10_000


@dataclass(frozen=True)
class Part:
    """held: its record is withdrawn from staff too; then neither record nor body is shown."""

    id: str
    kind: str
    parent: str
    record_id: str
    body: Mapping[str, Any]
    version: int
    changed_by: str
    changed_at: datetime
    held: bool = False


@dataclass(frozen=True)
class NewPart:
    """id: "" for one that is made up.  after: the part it comes behind; "" to be the first, None the last."""

    kind: str
    body: Mapping[str, Any]
    parent: str = ""
    record_id: str = ""
    after: str | None = None
    id: str = ""


class ProjectParts:
    """Errors of its methods: those of Projects; NotFound for a part that is not there; Conflict for a change to
    one whose record is withdrawn or that lies in what is gone."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def tree(self, project_id: int, caller: Caller) -> list[Part]:
        """All parts in reading order: each before what lies in it. What lies in one that is gone is gone too."""
        mine = select(PartRow).where(PartRow.project_id == project_id, ~PartRow.gone)
        with self._database.read() as session:
            project_row(session, project_id, caller)
            held = held_parts(session, project_id)
            inside: dict[str, list[PartRow]] = {}
            for row in session.scalars(mine.order_by(PartRow.rank, PartRow.id)):
                inside.setdefault(row.parent, []).append(row)
            return [part_of(row, held) for row in _in_order(inside)]

    def kind_of(self, project_id: int, part_id: str, caller: Caller) -> str:
        """What kind of part it is, which says what its body may be."""
        with self._database.read() as session:
            project_row(session, project_id, caller)
            row = session.get(PartRow, (project_id, part_id))
            if row is None:
                raise NotFound("项目中没有这一部分。")
            return row.kind

    def add(self, project_id: int, new: Sequence[NewPart], caller: Caller) -> list[Part]:
        """New parts, all or none; one may lie in another that comes before it.

        Errors: NotFound (also a record that is not there or held), BadInput, Conflict for an id that is taken.
        """
        with self._database.write() as session:
            project = project_row(session, project_id, caller, "write")
            all_here(session, sorted({one.record_id for one in new if one.record_id}))
            count = select(func.count()).where(PartRow.project_id == project_id)
            if (session.scalar(count) or 0) + len(new) > MOST_PARTS:
                raise BadInput(f"一个项目至多 {MOST_PARTS} 个部分。", advice="请另建项目。")
            last: dict[str, str] = {}
            rows = [_add(session, project, one, caller, last) for one in new]
            session.flush()
            return [part_of(row) for row in rows]

    def change(
        self, project_id: int, part_id: str, body: Mapping[str, Any], version: int, caller: Caller
    ) -> Part:
        """Another body. version: as the caller saw the part. Errors: ChangedSince."""
        with self._database.write() as session:
            project = project_row(session, project_id, caller, "write")
            row = part_row(session, project_id, part_id)
            check_seen(session, row, version, {"body"})
            write(session, project, row, "changed", {"body": dict(body)}, caller)
            return part_of(row)

    def move(
        self, project_id: int, part_id: str, parent: str, after: str | None, version: int, caller: Caller
    ) -> Part:
        """To another place; after: as in NewPart. Errors: ChangedSince where somebody moved it, BadInput."""
        with self._database.write() as session:
            project = project_row(session, project_id, caller, "write")
            row = part_row(session, project_id, part_id)
            check_seen(session, row, version, {"parent", "rank"})
            check_parent(session, project_id, parent, moving=part_id)
            rank = _rank(session, project_id, parent, after)
            write(session, project, row, "moved", {"parent": parent, "rank": rank}, caller)
            return part_of(row)

    def remove(self, project_id: int, part_id: str, version: int, caller: Caller) -> None:
        """Take it away with what lies in it; undoing that brings it back as it was. Errors: ChangedSince."""
        with self._database.write() as session:
            project = project_row(session, project_id, caller, "write")
            row = session.get(PartRow, (project_id, part_id))
            if row is None:
                raise NotFound("项目中没有这一部分。")
            if part_id not in held_parts(session, project_id):  # what is withdrawn can always be taken away
                part_row(session, project_id, part_id)
                check_seen(session, row, version, {"body", "parent", "rank"})
            write(session, project, row, "removed", {"gone": True}, caller)


def free_rank(session: Session, row: PartRow, parent: str, rank: str) -> str:
    """That place for the row, or where another has it now, the one behind."""
    taken = select(PartRow.id).where(
        PartRow.project_id == row.project_id,
        PartRow.parent == parent,
        PartRow.rank == rank,
        PartRow.id != row.id,
    )
    return _between(session, row.project_id, parent, rank) if session.scalar(taken) else rank


def forget_record(session: Session, record_id: str) -> None:
    """Delete the parts that stand on a record, what lies in them or is about them, their history and what was said of
    them: the record must not be here at all."""
    query = select(PartRow.project_id, PartRow.id).where(PartRow.record_id == record_id)
    found: dict[int, set[str]] = {}
    for project_id, part_id in session.execute(query):
        found.setdefault(project_id, set()).add(part_id)
    for project_id, part_ids in found.items():
        ids = about(session, project_id, part_ids)
        said = select(CommentRow.id).where(CommentRow.project_id == project_id, CommentRow.part.in_(ids))
        session.execute(delete(MentionRow).where(MentionRow.comment_id.in_(said)))
        for table, column in (
            (CommentRow, CommentRow.part),
            (ChangeRow, ChangeRow.part),
            (PartRow, PartRow.id),
        ):
            session.execute(delete(table).where(table.project_id == project_id, column.in_(ids)))


def _add(
    session: Session, project: ProjectRow, new: NewPart, caller: Caller, last: dict[str, str]
) -> PartRow:
    """last: parent → key of the last that lies there, of those this transaction put something behind: a parent and
    its order are looked up once, however many parts come."""
    taken = session.get(PartRow, (project.id, new.id)) if new.id else None
    if taken is not None:
        raise Conflict(f"已有“{new.id}”这一部分。", advice="请换一个，或不写 id。")
    if new.parent not in last:
        check_parent(session, project.id, new.parent)
    if new.after is None and new.parent in last:
        rank = str(generate_key_between(last[new.parent], None))
    else:
        rank = _rank(session, project.id, new.parent, new.after)
    if new.after is None:
        last[new.parent] = rank
    elif new.parent in last:
        last[new.parent] = max(last[new.parent], rank)
    part_id = new.id or secrets.token_hex(6)
    row = PartRow(
        project_id=project.id,
        id=part_id,
        kind=new.kind,
        parent=new.parent,
        rank=rank,
        record_id=new.record_id or None,
        body=dict(new.body),
        version=1,
        gone=False,
        changed_by=caller.name,
        changed_at=datetime.now(UTC),
    )
    session.add(row)
    if new.id:  # others may lie in it
        session.flush()
    said = {"gone": False, "body": row.body, "parent": row.parent}
    note(session, project, row, "added", {"gone": True}, caller, said)
    return row


def _rank(session: Session, project_id: int, parent: str, after: str | None) -> str:
    """An order key for a place. Errors: BadInput where `after` lies elsewhere."""
    if after is None:
        last = select(func.max(PartRow.rank)).where(PartRow.project_id == project_id)
        return str(generate_key_between(session.scalar(last.where(PartRow.parent == parent)), None))
    if not after:
        return _between(session, project_id, parent, None)
    before = session.get(PartRow, (project_id, after))
    if before is None or before.parent != parent:
        raise BadInput(f"“{after}”不在那里，不能放在它后面。", advice="请刷新后再排。")
    return _between(session, project_id, parent, before.rank)


def _between(session: Session, project_id: int, parent: str, low: str | None) -> str:
    """Right behind `low`. Keys of what is gone count, so that it can come back to its place."""
    high = select(func.min(PartRow.rank)).where(PartRow.project_id == project_id, PartRow.parent == parent)
    if low is not None:
        high = high.where(PartRow.rank > low)
    return str(generate_key_between(low, session.scalar(high)))


def _in_order(inside: Mapping[str, Sequence[PartRow]], parent: str = "") -> Iterator[PartRow]:
    for row in inside.get(parent, ()):
        yield row
        yield from _in_order(inside, row.id)


def part_of(row: PartRow, held: Collection[str] = ()) -> Part:
    is_held = row.id in held
    return Part(
        row.id,
        row.kind,
        row.parent,
        "" if is_held else row.record_id or "",
        {} if is_held else row.body,
        row.version,
        row.changed_by,
        row.changed_at,
        is_held,
    )

"""A project's history, and undo: an undone step is one more step, so nothing is ever lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from holdings.access import Caller
from holdings.catalogue.database import Database
from holdings.catalogue.project_parts import free_rank
from holdings.catalogue.project_rows import (
    check_parent,
    held_parts,
    part_row,
    project_row,
    standing,
    write,
)
from holdings.catalogue.tables_projects import ChangeRow, PartRow
from holdings.errors import BadInput, ChangedSince, Conflict, NotFound


@dataclass(frozen=True)
class Change:
    """record_id: what the part stands on, "" for none.  before, after: the fields that changed.  Where the part's
    record is withdrawn, none of them is told."""

    id: int
    part: str
    record_id: str
    what: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    by_id: str
    by: str
    at: datetime


class ProjectHistory:
    """Errors of its methods: those of Projects."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def listing(
        self,
        project_id: int,
        caller: Caller,
        *,
        part: str | None = None,
        before: int | None = None,
        most: int = 50,
    ) -> list[Change]:
        """The latest first. part: of this one only, "" for the project itself. before: those that came before
        this change. Also of a project that is gone."""
        query = select(ChangeRow).where(ChangeRow.project_id == project_id)
        if part is not None:
            query = query.where(ChangeRow.part == part)
        if before is not None:
            query = query.where(ChangeRow.id < before)
        with self._database.read() as session:
            project_row(session, project_id, caller)
            held = held_parts(session, project_id)
            rows = list(session.scalars(query.order_by(ChangeRow.id.desc()).limit(most)))
            stands = select(PartRow.id, PartRow.record_id).where(
                PartRow.project_id == project_id, PartRow.id.in_({row.part for row in rows} - held)
            )
            records = {part_id: record_id or "" for part_id, record_id in session.execute(stands)}
            return [_change(row, records.get(row.part, ""), row.part in held) for row in rows]

    def undo(self, project_id: int, change_id: int, caller: Caller) -> None:
        """Put the fields that a change set back to what they were; whoever undoes that has done it again.

        Errors: NotFound; ChangedSince where one of them was changed since; Conflict; BadInput for a stage or an owner.
        """
        with self._database.write() as session:
            project = project_row(session, project_id, caller, "write", gone_too=True)
            change = session.get(ChangeRow, change_id)
            if change is None or change.project_id != project_id:
                raise NotFound("历史中没有这一步。")
            if "stage" in change.after:
                raise BadInput("阶段不能撤销。", advice="请按流程退回。")
            if "owner_id" in change.after:
                raise BadInput("移交不能撤销。", advice="请由新主人再移交。")
            if not change.part and "gone" in change.before:
                project_row(session, project_id, caller, "own", gone_too=True)
            elif project.gone:
                raise Conflict("这个项目已移去。", advice="请先恢复它。")
            row = part_row(session, project_id, change.part, gone_too=True) if change.part else project
            if any(getattr(row, name) != value for name, value in change.after.items()):
                raise ChangedSince(
                    "此后又改过，不能直接撤销这一步。",
                    standing(row),
                    advice="请先撤销后来的，或直接修改。",
                )
            wanted = dict(change.before)
            if isinstance(row, PartRow) and "rank" in wanted:
                parent = wanted.setdefault("parent", row.parent)
                check_parent(session, project_id, parent, moving=row.id)
                wanted["rank"] = free_rank(session, row, parent, wanted["rank"])
            write(session, project, row, "undone", wanted, caller)


def _change(row: ChangeRow, record_id: str, held: bool) -> Change:
    return Change(
        row.id,
        row.part,
        record_id,
        row.what,
        {} if held else row.before,
        {} if held else row.after,
        row.by_id,
        row.by,
        row.at,
    )

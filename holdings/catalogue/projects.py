"""Projects 项目: collections, exhibitions, compilations, and with whom each is shared. Their parts:
project_parts.py; history and undo: project_history.py; comments: project_comments.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from holdings.access import Caller
from holdings.catalogue.colleagues import colleagues
from holdings.catalogue.database import Database
from holdings.catalogue.project_rows import Right, are_of, check_seen, note, project_row, right_of, write
from holdings.catalogue.tables_projects import PartRow, ProjectRow, ShareRow
from holdings.errors import BadInput
from holdings.roles import PROJECT_ROLES

FIRST_STAGE = "draft"


@dataclass(frozen=True)
class Project:
    """right: what the asking caller may do.  shared: holder → may write.  parts: how many it has now."""

    id: int
    kind: str
    name: str
    body: Mapping[str, Any]
    stage: str
    version: int
    gone: bool
    owner_id: str
    owner: str
    made_at: datetime
    changed_by: str
    changed_at: datetime
    right: Right
    parts: int = 0
    shared: Mapping[str, bool] = field(default_factory=dict)


class Projects:
    """Errors of its methods: NotFound for a project that is not there or not shared with the caller;
    NotAllowed for more than the caller's right."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def listing(self, caller: Caller, *, gone: bool = False, everyones: bool = False) -> list[Project]:
        """Those the caller owns or was given, the latest changed first. gone: those taken away instead.
        everyones: for an admin, all there are."""
        query = select(ProjectRow).where(ProjectRow.gone == gone)
        if not (everyones and "admin" in caller.roles):
            query = query.where(are_of(caller))
        with self._database.read() as session:
            rows = session.scalars(query.order_by(ProjectRow.changed_at.desc(), ProjectRow.id.desc()))
            return _projects(session, list(rows), caller)

    def get(self, project_id: int, caller: Caller) -> Project:
        """Also one that is gone."""
        with self._database.read() as session:
            return _projects(session, [project_row(session, project_id, caller)], caller)[0]

    def add(self, kind: str, name: str, body: Mapping[str, Any], caller: Caller) -> Project:
        """A new one, the caller's own. Errors: BadInput."""
        now = datetime.now(UTC)
        with self._database.write() as session:
            row = ProjectRow(
                kind=kind,
                name=_name(name),
                body=dict(body),
                stage=FIRST_STAGE,
                version=1,
                gone=False,
                owner_id=caller.person,
                owner=caller.name,
                made_at=now,
                changed_by=caller.name,
                changed_at=now,
            )
            session.add(row)
            session.flush()
            said = {"gone": False, "name": row.name, "body": row.body}
            note(session, row, row, "added", {"gone": True}, caller, said)
            return _projects(session, [row], caller)[0]

    def change(
        self,
        project_id: int,
        version: int,
        caller: Caller,
        *,
        name: str | None = None,
        body: Mapping[str, Any] | None = None,
        stage: str | None = None,
    ) -> Project:
        """Set what is given. version: as the caller saw it. Errors: ChangedSince, BadInput."""
        wanted: dict[str, Any] = {}
        if name is not None:
            wanted["name"] = _name(name)
        if body is not None:
            wanted["body"] = dict(body)
        if stage is not None:
            wanted["stage"] = stage
        with self._database.write() as session:
            row = project_row(session, project_id, caller, "write")
            check_seen(session, row, version, set(wanted))
            write(session, row, row, "changed", wanted, caller)
            return _projects(session, [row], caller)[0]

    def remove(self, project_id: int, version: int, caller: Caller) -> None:
        """Take it away; undoing that brings it back whole. Errors: ChangedSince."""
        with self._database.write() as session:
            row = project_row(session, project_id, caller, "own")
            check_seen(session, row, version, {"name", "body", "stage", "gone"})
            write(session, row, row, "removed", {"gone": True}, caller)

    def share(self, project_id: int, holder: str, writes: bool | None, caller: Caller) -> Project:
        """Give a person or a role ("role:curator") reading or writing, or take it back (None).

        Errors: BadInput for nobody that could work on projects.
        """
        with self._database.write() as session:
            row = project_row(session, project_id, caller, "own")
            session.execute(
                delete(ShareRow).where(ShareRow.project_id == project_id, ShareRow.holder == holder)
            )
            if writes is not None:
                _check_holder(session, row, holder)
                session.add(ShareRow(project_id=project_id, holder=holder, writes=writes))
            session.flush()
            return _projects(session, [row], caller)[0]

    def hand_over(self, project_id: int, person: str, caller: Caller) -> Project:
        """Another owner, on record in the history; the old one may write to it still. Errors: BadInput for nobody
        that could work on projects."""
        with self._database.write() as session:
            row = project_row(session, project_id, caller, "own")
            heir = next((one for one in colleagues(session) if one.id == person), None)
            if heir is None or person == row.owner_id:
                raise BadInput(f"不能移交给“{person}”。", advice="请选另一位在用的同事。")
            shares = delete(ShareRow).where(ShareRow.project_id == project_id)
            session.execute(shares.where(ShareRow.holder.in_((person, row.owner_id))))
            session.add(ShareRow(project_id=project_id, holder=row.owner_id, writes=True))
            write(session, row, row, "changed", {"owner_id": person, "owner": heir.name}, caller)
            session.flush()
            return _projects(session, [row], caller)[0]


def _name(name: str) -> str:
    if not (name := name.strip()):
        raise BadInput("项目要有名称。")
    return name


def _check_holder(session: Session, row: ProjectRow, holder: str) -> None:
    known = {f"role:{role}" for role in PROJECT_ROLES} | {one.id for one in colleagues(session)}
    if holder not in known or holder == row.owner_id:
        raise BadInput(
            f"不能共享给“{holder}”。", advice="请选一位在用的同事（不是项目主人），或一个业务角色。"
        )


def _projects(session: Session, rows: list[ProjectRow], caller: Caller) -> list[Project]:
    ids = [row.id for row in rows]
    count = select(PartRow.project_id, func.count()).where(PartRow.project_id.in_(ids), ~PartRow.gone)
    counts = {project_id: n for project_id, n in session.execute(count.group_by(PartRow.project_id))}
    shared: dict[int, dict[str, bool]] = {}
    for share in session.scalars(
        select(ShareRow).where(ShareRow.project_id.in_(ids)).order_by(ShareRow.holder)
    ):
        shared.setdefault(share.project_id, {})[share.holder] = share.writes
    return [
        Project(
            row.id,
            row.kind,
            row.name,
            row.body,
            row.stage,
            row.version,
            row.gone,
            row.owner_id,
            row.owner,
            row.made_at,
            row.changed_by,
            row.changed_at,
            right_of(session, row, caller),
            counts.get(row.id, 0),
            shared.get(row.id, {}),
        )
        for row in rows
    ]

"""What one colleague meets across projects: which hold a record, parts of a kind, parts whose record is withdrawn."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from holdings.access import Caller
from holdings.catalogue.database import Database
from holdings.catalogue.project_parts import Part, part_of
from holdings.catalogue.project_rows import are_of, held_parts, within
from holdings.catalogue.tables_projects import PartRow, ProjectRow
from holdings.catalogue.visibility import is_held


@dataclass(frozen=True)
class Find:
    """A part, and whose it is."""

    project_id: int
    project_kind: str
    project: str
    part: Part


class ProjectFinds:
    """Of projects that the caller owns or was given, and that are not gone, parts that are not gone either: the
    latest changed project first, parts as they were made. An admin finds no more than their own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def holding(self, record_id: str, caller: Caller) -> list[Find]:
        """Parts that stand on this record; none while it is withdrawn."""
        return self._found(caller, PartRow.record_id == record_id, ~is_held(PartRow.record_id))

    def of_kind(self, kind: str, caller: Caller, *, most: int = 1_000) -> list[Find]:
        return self._found(caller, PartRow.kind == kind, most=most)

    def withdrawn(self, caller: Caller, *, most: int = 1_000) -> list[Find]:
        """Parts whose record is withdrawn from staff too; they say nothing but where they are."""
        return self._found(caller, is_held(PartRow.record_id), most=most)

    def _found(self, caller: Caller, *wanted: ColumnElement[bool], most: int = 1_000) -> list[Find]:
        query = (
            select(PartRow, ProjectRow)
            .join(ProjectRow, ProjectRow.id == PartRow.project_id)
            .where(*wanted, ~PartRow.gone, ~ProjectRow.gone, are_of(caller))
            .order_by(ProjectRow.changed_at.desc(), ProjectRow.id.desc(), PartRow.id)
            .limit(most)
        )
        with self._database.read() as session:
            rows = list(session.execute(query))
            projects = {project.id for _, project in rows}
            held = {number: held_parts(session, number) for number in projects}
            gone = {number: _gone(session, number) for number in projects}
            return [
                Find(project.id, project.kind, project.name, part_of(part, held[project.id]))
                for part, project in rows
                if part.id not in gone[project.id]
            ]


def _gone(session: Session, project_id: int) -> set[str]:
    """Parts that are gone, and what lies in them."""
    query = select(PartRow.id).where(PartRow.project_id == project_id, PartRow.gone)
    gone = set(session.scalars(query))
    return within(session, project_id, gone) if gone else gone

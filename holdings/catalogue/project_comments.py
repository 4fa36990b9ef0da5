"""Comments on projects and their parts, and whom they name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from holdings.access import Caller
from holdings.catalogue.colleagues import colleagues, named_in
from holdings.catalogue.database import Database
from holdings.catalogue.project_rows import held_parts, part_row, project_row, right_of
from holdings.catalogue.tables_projects import CommentRow, MentionRow, ProjectRow, ShareRow
from holdings.errors import BadInput, NotFound


@dataclass(frozen=True)
class Comment:
    """part: "" for the whole project.  mentions: ids of those it names.  done_by: "" while it is open."""

    id: int
    project_id: int
    part: str
    text: str
    by_id: str
    by: str
    at: datetime
    mentions: tuple[str, ...] = ()
    done_by: str = ""


class ProjectComments:
    """Whoever may read a project may comment on it. Errors of its methods: those of Projects."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, project_id: int, part: str, text: str, caller: Caller) -> Comment:
        """Errors: NotFound for no such part; BadInput for no words, and where it names somebody who could not
        read it."""
        if not (text := text.strip()):
            raise BadInput("评论要写字。")
        with self._database.write() as session:
            project = project_row(session, project_id, caller)
            if part:
                part_row(session, project_id, part)
            named = named_in(text, colleagues(session))
            known = set(session.scalars(select(ShareRow.holder).where(ShareRow.project_id == project_id)))
            known |= {project.owner_id, "role:admin"}
            if strangers := [one.name for one in named if not one.holders & known]:
                raise BadInput(
                    f"{'、'.join(strangers)}看不到这个项目。", advice="请先共享，或不要 @；您写的还在。"
                )
            row = CommentRow(
                project_id=project_id,
                part=part,
                text=text,
                by_id=caller.person,
                by=caller.name,
                at=datetime.now(UTC),
                done_by="",
            )
            session.add(row)
            session.flush()
            session.add_all(MentionRow(comment_id=row.id, person=one.id) for one in named)
            session.flush()
            return _comments(session, [row])[0]

    def listing(self, project_id: int, caller: Caller) -> list[Comment]:
        """The oldest first; nothing said of parts whose record is withdrawn."""
        query = select(CommentRow).where(CommentRow.project_id == project_id).order_by(CommentRow.id)
        with self._database.read() as session:
            project_row(session, project_id, caller)
            held = held_parts(session, project_id)
            return _comments(session, [row for row in session.scalars(query) if row.part not in held])

    def set_done(self, project_id: int, comment_id: int, done: bool, caller: Caller) -> Comment:
        """Dealt with, or open again. Errors: NotFound."""
        with self._database.write() as session:
            project_row(session, project_id, caller)
            row = session.get(CommentRow, comment_id)
            if row is None or row.project_id != project_id or row.part in held_parts(session, project_id):
                raise NotFound("没有这条评论。")
            row.done_by = caller.name if done else ""
            return _comments(session, [row])[0]

    def mentions(self, caller: Caller, *, most: int = 100) -> list[tuple[Comment, str]]:
        """Open comments that name the caller, the latest first, each with its project's name; of projects that
        the caller may still read."""
        query = (
            select(CommentRow, ProjectRow)
            .join(MentionRow, MentionRow.comment_id == CommentRow.id)
            .join(ProjectRow, ProjectRow.id == CommentRow.project_id)
            .where(MentionRow.person == caller.person, CommentRow.done_by == "", ~ProjectRow.gone)
            .order_by(CommentRow.id.desc())
            .limit(most)
        )
        with self._database.read() as session:
            found = [
                (row, project.name)
                for row, project in session.execute(query)
                if right_of(session, project, caller) != "none"
                and (not row.part or row.part not in held_parts(session, project.id))
            ]
            told = _comments(session, [row for row, _ in found])
            return list(zip(told, (name for _, name in found), strict=True))


def _comments(session: Session, rows: list[CommentRow]) -> list[Comment]:
    named: dict[int, list[str]] = {}
    query = select(MentionRow).where(MentionRow.comment_id.in_([row.id for row in rows]))
    for mention in session.scalars(query.order_by(MentionRow.person)):
        named.setdefault(mention.comment_id, []).append(mention.person)
    return [
        Comment(
            row.id,
            row.project_id,
            row.part,
            row.text,
            row.by_id,
            row.by,
            row.at,
            tuple(named.get(row.id, ())),
            row.done_by,
        )
        for row in rows
    ]

"""Tables of projects 项目: what people work on together, its parts, its history, its comments.

Bodies are JSON that this room does not read; curation/plan.py says what stands in them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from holdings.catalogue.tables import Base, BigId

#: Order keys grow by a character every six times that something is put in the same place, so they have no
#: bound; they are compared byte by byte, whatever the database's own collation.
RankKey = Text().with_variant(Text(collation="C"), "postgresql")


class ProjectRow(Base):
    """kind: "collection" 资料夹, "exhibition" 展览, "compilation" 汇编.  stage: to which the last act on a plan led
    (plan_acts.py); whether a change since took it back to draft, holdings/plan_rules.py tells.

    version: counts what was written to this row.  gone: taken away, and can be brought back.
    changed_by, changed_at: of the row or of any of its parts.
    """

    __tablename__ = "projects"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(200))
    body: Mapped[dict[str, Any]]
    stage: Mapped[str] = mapped_column(String(24))
    version: Mapped[int]
    gone: Mapped[bool]
    owner_id: Mapped[str] = mapped_column(String(64), index=True)
    owner: Mapped[str] = mapped_column(String(200))
    made_at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(String(200))
    changed_at: Mapped[datetime]


class ShareRow(Base):
    """Who else works on it. holder: "account:3", "key:1" or "role:curator"."""

    __tablename__ = "project_shares"

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    holder: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)
    writes: Mapped[bool]


class PartRow(Base):
    """One thing in a project: an item, a section, an object, a task.

    parent: the part it lies in, "" for none.  rank: its place among what lies there, an order key: to move it is
    to write this one row.  record_id: the record it stands on, for good; none for a text or a task.
    """

    __tablename__ = "project_parts"

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    parent: Mapped[str] = mapped_column(String(32))
    rank: Mapped[str] = mapped_column(RankKey)
    record_id: Mapped[str | None] = mapped_column(ForeignKey("records.id"), index=True)
    body: Mapped[dict[str, Any]]
    version: Mapped[int]
    gone: Mapped[bool]
    changed_by: Mapped[str] = mapped_column(String(200))
    changed_at: Mapped[datetime]


class ChangeRow(Base):
    """One step of a project's history. part: "" for the project itself.  what: "added", "changed", "moved",
    "removed" or "undone".  before, after: the fields that changed, as they were and as they became.
    version: the part's own after it."""

    __tablename__ = "project_changes"
    __table_args__ = (Index("ix_project_changes_part", "project_id", "part", "version"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    part: Mapped[str] = mapped_column(String(32))
    what: Mapped[str] = mapped_column(String(8))
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
    version: Mapped[int]
    by_id: Mapped[str] = mapped_column(String(64))
    by: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]


class CommentRow(Base):
    """part: "" for the whole project.  done_by: who said that it is dealt with, "" while it is open."""

    __tablename__ = "project_comments"

    id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), index=True)
    part: Mapped[str] = mapped_column(String(32))
    text: Mapped[str] = mapped_column(Text)
    by_id: Mapped[str] = mapped_column(String(64))
    by: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime]
    done_by: Mapped[str] = mapped_column(String(200))


class MentionRow(Base):
    """That a comment names a person."""

    __tablename__ = "project_mentions"

    comment_id: Mapped[int] = mapped_column(ForeignKey("project_comments.id"), primary_key=True)
    person: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)

"""projects: parts, history, comments with mentions, sharing"""

import sqlalchemy as sa
from alembic import op

revision = "projects_1"
down_revision = "curation_1"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_RANK = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "projects",
        sa.Column("id", _BIG, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("stage", sa.String(length=24), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.Column("owner_id", sa.String(length=64), nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("made_at", sa.String(length=32), nullable=False),
        sa.Column("changed_by", sa.String(length=200), nullable=False),
        sa.Column("changed_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_projects_owner_id"), "projects", ["owner_id"], unique=False)
    op.create_table(
        "project_shares",
        sa.Column("project_id", _BIG, nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("writes", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"]),
        sa.PrimaryKeyConstraint("project_id", "holder"),
    )
    op.create_index(op.f("ix_project_shares_holder"), "project_shares", ["holder"], unique=False)
    op.create_table(
        "project_parts",
        sa.Column("project_id", _BIG, nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("parent", sa.String(length=32), nullable=False),
        sa.Column("rank", _RANK, nullable=False),
        sa.Column("record_id", sa.String(length=255), nullable=True),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.Column("changed_by", sa.String(length=200), nullable=False),
        sa.Column("changed_at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"]),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"]),
        sa.PrimaryKeyConstraint("project_id", "id"),
    )
    op.create_index(op.f("ix_project_parts_record_id"), "project_parts", ["record_id"], unique=False)
    op.create_table(
        "project_changes",
        sa.Column("id", _BIG, autoincrement=True, nullable=False),
        sa.Column("project_id", _BIG, nullable=False),
        sa.Column("part", sa.String(length=32), nullable=False),
        sa.Column("what", sa.String(length=8), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.String(length=64), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "ix_project_changes_part", "project_changes", ["project_id", "part", "version"], unique=False
    )
    op.create_table(
        "project_comments",
        sa.Column("id", _BIG, autoincrement=True, nullable=False),
        sa.Column("project_id", _BIG, nullable=False),
        sa.Column("part", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by_id", sa.String(length=64), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("done_by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_project_comments_project_id"), "project_comments", ["project_id"], unique=False)
    op.create_table(
        "project_mentions",
        sa.Column("comment_id", _BIG, nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["comment_id"], ["project_comments.id"]),
        sa.PrimaryKeyConstraint("comment_id", "person"),
    )
    op.create_index(op.f("ix_project_mentions_person"), "project_mentions", ["person"], unique=False)

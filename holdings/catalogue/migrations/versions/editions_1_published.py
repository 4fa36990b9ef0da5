"""editions as they were published, and the records they stand on"""

import sqlalchemy as sa
from alembic import op

revision = "editions_1"
down_revision = "projects_1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "editions",
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("hides", sa.JSON(), nullable=False),
        sa.Column("published_by", sa.String(length=200), nullable=False),
        sa.Column("published_at", sa.String(length=32), nullable=False),
        sa.Column("withdrawn_by", sa.String(length=200), nullable=False),
        sa.Column("withdrawn_at", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("slug", "number"),
    )
    op.create_table(
        "edition_records",
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(["slug", "number"], ["editions.slug", "editions.number"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"]),
        sa.PrimaryKeyConstraint("slug", "number", "record_id"),
    )
    op.create_index(op.f("ix_edition_records_record_id"), "edition_records", ["record_id"], unique=False)

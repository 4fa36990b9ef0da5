"""packages between the archive and its public installation"""

import sqlalchemy as sa
from alembic import op

revision = "publish_1"
down_revision = "review_1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "publish_carried",
        sa.Column("record_id", sa.String(length=255), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("parent", sa.String(length=255), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("closed_at", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("record_id"),
    )
    op.create_table(
        "publish_packages",
        sa.Column("way", sa.String(length=3), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("manifest", sa.String(length=64), nullable=False),
        sa.Column("made_at", sa.String(length=32), nullable=False),
        sa.Column("additions", sa.Integer(), nullable=False),
        sa.Column("withdrawals", sa.Integer(), nullable=False),
        sa.Column("closed_at", sa.String(length=32), nullable=True),
        sa.Column("done_at", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("way", "sequence"),
    )

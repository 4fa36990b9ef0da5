"""plan_acts: what was done to a plan on its way before the public"""

import sqlalchemy as sa
from alembic import op

revision = "plans_1"
down_revision = "editions_1"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "plan_acts",
        sa.Column("id", _BIG, autoincrement=True, nullable=False),
        sa.Column("project_id", _BIG, nullable=False),
        sa.Column("part", sa.String(length=32), nullable=False),
        sa.Column("step", sa.String(length=16), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.String(length=64), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_plan_acts_project", "plan_acts", ["project_id", "id"], unique=False)
    op.create_index("ix_plan_acts_slug", "plan_acts", ["slug"], unique=False)

"""exhibitions in packages to the public installation"""

import sqlalchemy as sa
from alembic import op

revision = "publish_2"
down_revision = "parts_1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "publish_carried_editions",
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("closed_at", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("slug"),
    )
    for name in ("editions", "taken_down"):
        column = sa.Column(name, sa.Integer(), server_default="0", nullable=False)
        op.add_column("publish_packages", column)

"""an index by which a record's latest decision is found"""

from alembic import op

revision = "rules_1"
down_revision = "publish_1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_decisions_of", "opening_decisions", ["record_id", "latest"])


def downgrade() -> None:
    op.drop_index("ix_decisions_of", "opening_decisions")

"""what the outside still shows of what was redacted since, or given another form"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "publish_3"
down_revision = "publish_2"
branch_labels = None
depends_on = None

_SHOWS = sa.table("publish_carried_editions", sa.column("slug"), sa.column("records", sa.JSON()))
_STAND = sa.table("edition_records", sa.column("slug"), sa.column("record_id"))


def upgrade() -> None:
    op.add_column("publish_carried", sa.Column("hides", sa.JSON(), nullable=True))
    op.add_column("publish_carried", sa.Column("hidden_at", sa.String(length=32), nullable=True))
    records: sa.Column[Any] = sa.Column("records", sa.JSON(), server_default="[]", nullable=False)
    op.add_column("publish_carried_editions", records)
    hidden: sa.Column[Any] = sa.Column("hidden", sa.Integer(), server_default="0", nullable=False)
    op.add_column("publish_packages", hidden)
    op.add_column("publish_packages", sa.Column("hidden_at", sa.String(length=32), nullable=True))
    connection = op.get_bind()
    for slug in connection.scalars(sa.select(_SHOWS.c.slug)).all():  # all it ever stood on: rather too many
        ids = connection.scalars(sa.select(_STAND.c.record_id).where(_STAND.c.slug == slug).distinct()).all()
        connection.execute(sa.update(_SHOWS).where(_SHOWS.c.slug == slug).values(records=sorted(ids)))

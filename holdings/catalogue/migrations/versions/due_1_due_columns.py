"""what the due list counts by, in columns of its own"""

import sqlalchemy as sa
from alembic import op

revision = "due_1"
down_revision = "public_1"
branch_labels = None
depends_on = None

#: Rows of one statement.
_BATCH = 10_000
#: As `holdings.catalogue.due.columns_of` says it at this revision.
_OPEN, _OWN = "开放", ("", "本馆审核")
_EARLY = [
    "经济",
    "财政",
    "商业",
    "工业",
    "农业",
    "渔业",
    "贸易",
    "物价",
    "教育",
    "学校",
    "招生",
    "科技",
    "科学",
    "技术",
    "气象",
    "测绘",
    "文化",
    "文艺",
    "戏剧",
    "体育",
    "文物",
    "方志",
]


def upgrade() -> None:
    op.add_column("records", sa.Column("to_review", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("records", sa.Column("last_day", sa.String(length=10), nullable=True))
    op.add_column("records", sa.Column("last_year", sa.Integer(), nullable=True))
    op.add_column("records", sa.Column("early", sa.Boolean(), server_default=sa.false(), nullable=False))
    _fill()
    op.create_index(
        "ix_records_to_review",
        "records",
        ["fonds_code", "last_year", "last_day", "early", "id", "to_review"],
        unique=False,
        sqlite_where=sa.text("to_review = 1"),
        postgresql_where=sa.text("to_review"),
    )


def _fill() -> None:
    """Of every description that stands, in batches, in id order."""
    made = sa.table(
        "records",
        *(sa.column(name, sa.String()) for name in ("id", "level", "access_status", "last_day")),
        sa.column("description", sa.JSON()),
        sa.column("to_review", sa.Boolean()),
        sa.column("last_year", sa.Integer()),
        sa.column("early", sa.Boolean()),
    )
    said = made.c.description
    basis = sa.func.coalesce(said["access_basis"].as_string(), "")
    last = said["date"]["last"].as_string()
    category = sa.func.coalesce(said["category"].as_string(), "")
    closed = sa.and_(made.c.level == "file", sa.or_(made.c.access_status != _OPEN, basis.not_in(_OWN)))
    early = sa.or_(*(category.contains(word) for word in _EARLY))
    fill = sa.update(made).values(
        to_review=sa.case((closed, sa.true()), else_=sa.false()),
        last_day=last,
        last_year=sa.cast(sa.func.substr(last, 1, 4), sa.Integer()),
        early=sa.case((early, sa.true()), else_=sa.false()),
    )
    connection, after = op.get_bind(), ""
    following = sa.select(made.c.id).order_by(made.c.id)
    while ids := connection.scalars(following.where(made.c.id > after).limit(_BATCH)).all():
        connection.execute(fill.where(made.c.id > after, made.c.id <= ids[-1]))
        after = ids[-1]

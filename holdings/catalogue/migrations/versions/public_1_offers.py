"""offers, visits, favourites"""

import sqlalchemy as sa
from alembic import op

revision = "public_1"
down_revision = "plans_1"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "consents",
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("first_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("version"),
    )
    op.create_table(
        "offers",
        sa.Column("id", _BIG, autoincrement=True, nullable=False),
        sa.Column("receipt", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("record_id", sa.String(length=255), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("suggested", sa.Text(), nullable=False),
        sa.Column("wanted_slug", sa.String(length=120), nullable=False),
        sa.Column("wanted_section", sa.String(length=120), nullable=False),
        sa.Column("wanted", sa.Text(), nullable=False),
        sa.Column("consent", sa.String(length=32), nullable=False),
        sa.Column("agreement", sa.JSON(), nullable=False),
        sa.Column("package", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.String(length=32), nullable=False),
        sa.Column("changed_at", sa.String(length=32), nullable=False),
        sa.Column("erased_at", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["consent"], ["consents.version"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("receipt"),
    )
    op.create_index("ix_offers_state", "offers", ["state", "id"], unique=False)
    op.create_index("ix_offers_due", "offers", ["erased_at", "changed_at"], unique=False)
    op.create_index(op.f("ix_offers_record_id"), "offers", ["record_id"], unique=False)
    op.create_table(
        "offer_persons",
        sa.Column("offer_id", _BIG, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("contact", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["offer_id"], ["offers.id"]),
        sa.PrimaryKeyConstraint("offer_id"),
    )
    op.create_table(
        "offer_files",
        sa.Column("id", _BIG, autoincrement=True, nullable=False),
        sa.Column("offer_id", _BIG, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("stored", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["offer_id"], ["offers.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("offer_id", "number"),
    )
    op.create_table(
        "offer_steps",
        sa.Column("id", _BIG, autoincrement=True, nullable=False),
        sa.Column("offer_id", _BIG, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=120), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["offer_id"], ["offers.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_offer_steps_offer_id"), "offer_steps", ["offer_id"], unique=False)
    op.create_table(
        "visits",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("what", sa.String(length=300), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "kind", "what"),
    )
    op.create_table(
        "favourites",
        sa.Column("account_id", _BIG, nullable=False),
        sa.Column("record_id", sa.String(length=255), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"]),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"]),
        sa.PrimaryKeyConstraint("account_id", "record_id"),
    )
    op.create_index(op.f("ix_favourites_record_id"), "favourites", ["record_id"], unique=False)

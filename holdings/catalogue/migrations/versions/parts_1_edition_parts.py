"""editions in parts: exhibits and lines of chronology are rows, found by what names them in addresses"""

from hashlib import blake2b
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "parts_1"
down_revision = "due_1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, columns in _TABLES.items():
        op.create_table(
            name,
            *(sa.Column(column, kind, nullable=False) for column, kind in (_OF_EDITION | columns).items()),
            sa.ForeignKeyConstraint(
                ["slug", "number"], ["editions.slug", "editions.number"], ondelete="CASCADE"
            ),
            sa.PrimaryKeyConstraint("slug", "number", *_KEYS[name]),
        )
    op.add_column("edition_records", sa.Column("hides", sa.JSON(), server_default="[]", nullable=False))
    connection = op.get_bind()
    for slug, number in connection.execute(sa.select(_EDITIONS.c.slug, _EDITIONS.c.number)).all():
        _divide(connection, slug, number)
    op.drop_column("editions", "hides")


_OF_EDITION: dict[str, sa.types.TypeEngine[Any]] = {"slug": sa.String(length=80), "number": sa.Integer()}
_TABLES: dict[str, dict[str, sa.types.TypeEngine[Any]]] = {
    "edition_parts": {
        "kind": sa.String(length=8),
        "place": sa.Integer(),
        "section": sa.Integer(),
        "record_id": sa.String(length=255),
        "body": sa.JSON(),
    },
    "edition_names": {"name": sa.String(length=16), "place": sa.Integer()},
}
_KEYS = {"edition_parts": ("kind", "place"), "edition_names": ("name", "place")}


def _table(name: str, /, **columns: sa.types.TypeEngine[Any]) -> sa.TableClause:
    return sa.table(name, *(sa.column(n, kind) for n, kind in {**_OF_EDITION, **columns}.items()))


_EDITIONS = _table("editions", body=sa.JSON(), hides=sa.JSON())
_PARTS = _table("edition_parts", **_TABLES["edition_parts"])
_NAMES = _table("edition_names", **_TABLES["edition_names"])
_RECORDS = _table("edition_records", record_id=sa.String(), hides=sa.JSON())


def _divide(connection: sa.Connection, slug: str, number: int) -> None:
    """As `holdings.edition_parts.apart` says it at this revision."""
    this = {"slug": slug, "number": number}
    here = sa.and_(_EDITIONS.c.slug == slug, _EDITIONS.c.number == number)
    body, hides = connection.execute(sa.select(_EDITIONS.c.body, _EDITIONS.c.hides).where(here)).one()
    exhibits = [(n, one) for n, section in enumerate(body["sections"]) for one in section["exhibits"]]
    rows = [(*_row("exhibit", place, one), section) for place, (section, one) in enumerate(exhibits)]
    rows += [(*_row("entry", place, one), 0) for place, one in enumerate(body["chronology"])]
    parts = [
        {**this, "kind": kind, "place": place, "record_id": record_id, "body": one, "section": section}
        for kind, place, record_id, one, section in rows
    ]
    names = [
        {**this, "name": name, "place": place}
        for place, (_, one) in enumerate(exhibits)
        for name in sorted({_named(one["key"]), *(_named(f"{p['record_id']}/{p['page']}") for p in one["pictures"])})
    ]  # fmt: skip
    for table, made in ((_PARTS, parts), (_NAMES, names)):
        if made:
            connection.execute(sa.insert(table), made)
    for record_id, hidden in hides.items():
        mine = sa.and_(
            _RECORDS.c.slug == slug, _RECORDS.c.number == number, _RECORDS.c.record_id == record_id
        )
        connection.execute(sa.update(_RECORDS).where(mine).values(hides=hidden))
    head = {**body, "sections": [{**s, "exhibits": []} for s in body["sections"]], "chronology": []}
    connection.execute(sa.update(_EDITIONS).where(here).values(body=head))


def _row(kind: str, place: int, one: dict[str, Any]) -> tuple[str, int, str, dict[str, Any]]:
    return kind, place, one.get("record_id") or "", one


def _named(text: str) -> str:
    return blake2b(text.encode(), digest_size=8).hexdigest()

"""What stood in a catalogue before a migration is there after it, as if it had been written then."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command

from curation.edition import Edition, Entry, Exhibit, Outside, Picture, Section, as_json
from holdings.access import DECIDED_HERE, INHERITED
from holdings.catalogue import Catalogue, due
from holdings.catalogue.database import alembic_config
from holdings.catalogue.descriptions import to_json
from holdings.catalogue.tables import RecordRow
from holdings.catalogue.tables_editions import EditionNameRow, EditionRecordRow
from holdings.edition_parts import apart, name_of, page_name
from holdings.records import DateSpan, Record
from tests.postgres_server import fresh_database

AT = "2026-03-02T00:00:00.000+00:00"
DATE = DateSpan("1962年", "1962-01-01", "1962-12-31")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def older(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Catalogue]:
    """A catalogue as it was before `due_1` and `parts_1`."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'catalogue.sqlite'}"
    else:
        url = fresh_database(request.getfixturevalue("postgres_url"))
    made = Catalogue(url)
    with made.database.engine.begin() as connection:
        command.upgrade(alembic_config(connection), "public_1")
    yield made
    made.close()


def put(catalogue: Catalogue, table: str, rows: list[dict[str, Any]], *, json: tuple[str, ...] = ()) -> None:
    columns = [sa.column(name, sa.JSON() if name in json else None) for name in rows[0]]
    with catalogue.database.engine.begin() as connection:
        connection.execute(sa.insert(sa.table(table, *columns)), rows)


def described(number: int, **more: Any) -> Record:
    code = f"J001-1-{number}"
    values = {"id": f"990001:{code}", "reference_code": code, "title": "某件", "fonds_code": "J001"}
    return Record(**(values | more))


def stored(record: Record) -> dict[str, Any]:
    same = ("id", "reference_code", "level", "parent", "fonds_code", "title", "access_status", "publicity")
    own = {"sort_code": record.reference_code, "description": to_json(record), "version": 1}
    return (
        {name: getattr(record, name) for name in same}
        | {"classification": record.classification, "made_at": AT, "changed_at": AT}
        | own
    )


RECORDS = [
    described(1, date=DATE),
    described(2),
    described(3, date=DATE, category="渔业经济", access_status="控制"),
    described(4, date=DATE, category="人事", access_status="开放"),
    described(5, date=DATE, access_status="开放", access_basis=DECIDED_HERE),
    described(6, date=DATE, access_status="开放", access_basis=INHERITED),
    described(7, date=DATE, level="volume"),
]


def test_what_the_due_list_counts_by_is_filled_as_it_would_be_written(older: Catalogue) -> None:
    put(older, "records", [stored(record) for record in RECORDS], json=("description",))
    older.upgrade()
    names = ("to_review", "last_day", "last_year", "early")
    with older.database.read() as session:
        found = {r.id: {name: getattr(r, name) for name in names} for r in session.query(RecordRow)}
    assert found == {record.id: due.columns_of(record) for record in RECORDS}
    assert {tuple(values.values()) for values in found.values()} >= {
        (True, "1962-12-31", 1962, True),
        (True, None, None, False),
        (False, "1962-12-31", 1962, False),
    }


def test_editions_are_divided_and_say_the_same(older: Catalogue) -> None:
    one, two = RECORDS[0].id, RECORDS[2].id
    exhibits = tuple(
        Exhibit(f"k{n}", "题", "", "", "", "", record_id=i, pictures=(Picture(i, 2, 9, 9, "图"),))
        for n, i in enumerate((one, two))
    )
    lamp = Exhibit("lamp", "马灯", "", "", "", "", outside=Outside("loan", "某馆", "1", ""))
    sections = (Section("a", "一", "", exhibits), Section("b", "二", "", (lamp,), "旧照"))
    lines = (Entry("1962", "1962年", "事", "J001-1-1", one),)
    made = Edition("show", 3, "展", "", "", sections, (), (), "2026-03-02", chronology=lines)
    bare = Edition("none", 1, "空", "", "", (), (), (), "2026-03-02")
    put(older, "records", [stored(record) for record in RECORDS], json=("description",))
    hides = {one: ["1:1,2,3,4"], two: []}
    rows = [
        {"slug": e.slug, "number": e.number, "body": as_json(e), "hides": hides if e is made else {},
         "published_by": "某", "published_at": AT, "withdrawn_by": "", "withdrawn_at": None}
        for e in (made, bare)
    ]  # fmt: skip
    put(older, "editions", rows, json=("body", "hides"))
    put(older, "edition_records", [{"slug": "show", "number": 3, "record_id": i} for i in (one, two)])
    older.upgrade()
    assert older.editions.latest("show").body == as_json(made)
    assert older.editions.latest("none").body == as_json(bare)
    head, parts = apart(as_json(made))
    stands = older.editions.head("show")
    assert stands.body == head
    assert [*older.editions.parts(stands, "exhibit"), *older.editions.parts(stands, "entry")] == parts
    assert older.editions.exhibits_on(stands) == [one, two, ""]
    with older.database.read() as session:
        assert {row.record_id: row.hides for row in session.query(EditionRecordRow)} == hides
        names = {(row.name, row.place) for row in session.query(EditionNameRow)}
    assert names == {
        (name_of("k0"), 0), (page_name(one, 2), 0), (name_of("k1"), 1), (page_name(two, 2), 1), (name_of("lamp"), 2),
    }  # fmt: skip


def test_exhibitions_carried_before_publish_3_stand_on_all_they_ever_stood_on(older: Catalogue) -> None:
    with older.database.engine.begin() as connection:
        command.upgrade(alembic_config(connection), "publish_2")
    put(older, "records", [stored(record) for record in RECORDS], json=("description",))
    made = {"published_by": "某", "published_at": AT, "withdrawn_by": "", "withdrawn_at": None, "body": {}}
    put(older, "editions", [{"slug": "show", "number": n, **made} for n in (1, 2)], json=("body",))
    on = [(1, RECORDS[0].id), (1, RECORDS[1].id), (2, RECORDS[1].id)]
    put(older, "edition_records", [{"slug": "show", "number": n, "record_id": i} for n, i in on])
    carried = [{"slug": slug, "title": "展", "digest": "0" * 64, "sequence": 1} for slug in ("show", "none")]
    put(older, "publish_carried_editions", carried)
    older.upgrade()
    found = {slug: edition.records for slug, edition in older.publishing.carried_editions().items()}
    assert found == {"show": (RECORDS[0].id, RECORDS[1].id), "none": ()}

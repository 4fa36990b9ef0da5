"""The system of record: the same suite on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from holdings.access import PUBLIC, READING_ROOM, STAFF
from holdings.catalogue import Catalogue, Incoming, IncomingAttachment, IncomingPage, Stage
from holdings.catalogue.database import Database
from holdings.catalogue.tables import Base
from holdings.errors import BadInput, CatalogueUnavailable, Conflict, NotFound
from holdings.records import DateSpan, Line, PageText, Record

READER = "ocr-under-test"


def record(code: str, **fields: object) -> Record:
    made = Record(
        id=f"990001:{code}",
        reference_code=code,
        title=f"{code} 的题名",
        fonds_code=code.split("-", maxsplit=1)[0],
    )
    return replace(made, **fields)  # type: ignore[arg-type]


def scans(*shas: str) -> list[IncomingPage]:
    return [IncomingPage(n, sha.ljust(64, "0"), width=100, height=140) for n, sha in enumerate(shas, 1)]


def put(catalogue: Catalogue, *records: Record, **options: bool) -> list[str]:
    return [o.status for o in catalogue.records.put([Incoming(r) for r in records], **options)]


def stages(catalogue: Catalogue) -> list[tuple[str, Stage]]:
    found: list[tuple[str, Stage]] = []
    while items := catalogue.outbox.take():
        found += [(item.record_id, item.stage) for item in items]
        catalogue.outbox.done(items)
    return found


def test_migrations_make_the_tables_the_code_declares(catalogue: Catalogue) -> None:
    with catalogue.database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_a_record_comes_back_as_it_went_in(catalogue: Catalogue) -> None:
    full = record(
        "J045-1-12-3",
        creators=("定海县人民政府", "沈家门区公所"),
        date=DateSpan("[1953]", "1953-01-01", "1953-12-31", "inferred"),
        extra={"男方": "样例甲"},
        flags=("missing:genre",),
        pages=4,
    )
    assert put(catalogue, full) == ["new"]
    found = catalogue.records.get(full.id)
    assert found is not None
    assert found.record == full
    assert (found.version, found.page_count) == (1, 0)


def test_twice_is_the_same_as_once(catalogue: Catalogue) -> None:
    incoming = Incoming(
        record("J001-1-1-1"), scans("a", "b"), [IncomingAttachment("信.eml", "c" * 64, "message/rfc822", 9)]
    )
    assert [o.status for o in catalogue.records.put([incoming])] == ["new"]
    stages(catalogue)
    assert [o.status for o in catalogue.records.put([incoming])] == ["unchanged"]
    assert stages(catalogue) == []
    found = catalogue.records.get("990001:J001-1-1-1")
    assert found is not None
    assert found.version == 1


def test_a_revision_is_shown_and_written_only_when_accepted(catalogue: Catalogue) -> None:
    put(catalogue, record("J001-1-1-1", title="旧题名"))
    revised = Incoming(record("J001-1-1-1", title="新题名"), scans("a"))
    [shown] = catalogue.records.put([revised])
    assert shown.status == "revision"
    assert shown.differences["title"] == ("旧题名", "新题名")
    assert catalogue.pages.of("990001:J001-1-1-1") == []
    [accepted] = catalogue.records.put([revised], update=True)
    assert accepted.status == "changed"
    [(version, old, _)] = catalogue.records.versions("990001:J001-1-1-1")
    assert (version, old.title) == (1, "旧题名")
    assert len(catalogue.pages.of("990001:J001-1-1-1")) == 1


def test_pages_may_be_added_to_a_record_without_any_but_not_replaced_silently(catalogue: Catalogue) -> None:
    put(catalogue, record("J001-1-1-1"))
    one = record("J001-1-1-1")
    assert [o.status for o in catalogue.records.put([Incoming(one, scans("a", "b"))])] == ["changed"]
    [other] = catalogue.records.put([Incoming(one, scans("a", "x"))])
    assert other.status == "revision"
    assert [p.sha256[0] for p in catalogue.pages.of(one.id)] == ["a", "b"]


def test_a_page_whose_file_stays_keeps_its_reading(catalogue: Catalogue) -> None:
    one = record("J001-1-1-1")
    catalogue.records.put([Incoming(one, scans("a", "b"))])
    for page in catalogue.pages.waiting(READER):
        catalogue.pages.save_reading(
            page.id, PageText((Line(f"第{page.number}页"),), f"ocr:{READER}"), READER
        )
    catalogue.records.put([Incoming(one, scans("a", "x"))], update=True)
    first, second = catalogue.pages.of(one.id)
    assert first.text is not None
    assert first.text.text == "第1页"
    assert (second.text, second.status) == (None, "waiting")


def test_renumbering_keeps_the_id_and_remembers_the_code(catalogue: Catalogue) -> None:
    put(catalogue, record("J045-1-12-3"), record("J045-1-12-4"))
    catalogue.records.renumber("990001:J045-1-12-3", "J045-WS-0007")
    found = catalogue.records.get("990001:J045-1-12-3")
    assert found is not None
    assert found.record.reference_code == "J045-WS-0007"
    assert found.record.former_codes == ("J045-1-12-3",)
    ids = catalogue.records.ids_of_codes(["J045-1-12-3", "J045-WS-0007"])
    assert set(ids.values()) == {"990001:J045-1-12-3"}
    assert put(catalogue, replace(found.record, reference_code="J045-1-12-3")) == ["unchanged"]
    with pytest.raises(Conflict):
        catalogue.records.renumber("990001:J045-1-12-4", "J045-WS-0007")


def test_what_lies_in_a_record_that_moves_is_projected_again(catalogue: Catalogue) -> None:
    one, two = record("J001", level="fonds"), record("J002", level="fonds")
    series = record("J001-1", level="series", parent=one.id)
    volume = record("J001-1-1", level="volume", parent=series.id)
    files = [record(f"J001-1-1-{n}", parent=volume.id) for n in range(1, 1203)]
    beside = record("J001-2", parent=one.id)
    put(catalogue, one, two, series, volume, beside)
    for start in range(0, len(files), 50):
        put(catalogue, *files[start : start + 50])
    stages(catalogue)
    put(catalogue, replace(series, title="另题"), update=True)
    assert stages(catalogue) == [(series.id, Stage.WORDS)]  # its description alone changed
    put(catalogue, replace(series, title="另题", parent=two.id), update=True)
    lag = stages(catalogue)
    assert sorted(lag) == sorted([(r.id, Stage.WORDS) for r in (series, volume, *files)])
    assert catalogue.outbox.counts() == {}
    catalogue.records.renumber(series.id, "J002-7")  # places in the holdings go by id
    assert stages(catalogue) == [(series.id, Stage.WORDS)]


def test_children_come_in_natural_order(catalogue: Catalogue) -> None:
    put(catalogue, record("J045", level="fonds"))
    codes = ["J045-1-2-10", "J045-1-2-9", "J045-1-10-1", "J045-1-2-1"]
    put(catalogue, *(record(code, parent="990001:J045") for code in codes))
    children = catalogue.records.children("990001:J045")
    assert [c.record.reference_code for c in children] == [
        "J045-1-2-1",
        "J045-1-2-9",
        "J045-1-2-10",
        "J045-1-10-1",
    ]


@pytest.mark.parametrize(
    ("status", "publicity", "classification", "audiences"),
    [
        ("开放", "公开", "", {PUBLIC, READING_ROOM, STAFF}),
        ("开放", "公开", "无", {PUBLIC, READING_ROOM, STAFF}),
        ("开放", "馆内", "", {READING_ROOM, STAFF}),
        ("开放", "", "", {STAFF}),
        ("开放", "公开", "内部", {STAFF}),
        ("控制", "公开", "", {STAFF}),
        ("未审核", "公开", "", {STAFF}),
        ("", "公开", "", {STAFF}),
    ],
)
def test_the_visibility_rule_denies_by_default(
    catalogue: Catalogue, status: str, publicity: str, classification: str, audiences: set[str]
) -> None:
    put(catalogue, record("J1", access_status=status, publicity=publicity, classification=classification))
    found = catalogue.records.get("990001:J1")
    assert found is not None
    assert found.audiences == audiences


def test_closing_jumps_the_queue_and_opening_does_not(catalogue: Catalogue) -> None:
    put(catalogue, record("J1", access_status="开放", publicity="公开"), record("J2"))
    catalogue.records.set_access("990001:J1", access_status="控制", publicity="公开", reason="撤回")
    catalogue.records.set_access("990001:J2", access_status="开放", publicity="公开")
    assert stages(catalogue)[0] == ("990001:J1", Stage.WITHDRAWAL)
    with pytest.raises(BadInput):
        catalogue.records.set_access("990001:J1", access_status="公开了", publicity="公开")
    with pytest.raises(NotFound):
        catalogue.records.set_access("990001:none", access_status="开放", publicity="公开")


def test_the_list_of_work_is_in_reference_code_order_and_lacks_nothing(catalogue: Catalogue) -> None:
    for code in ("J045-1-10-1", "J001-1-1-1", "J045-1-2-1"):
        catalogue.records.put([Incoming(record(code), scans(f"{code}a", f"{code}b"))])
    pages = catalogue.pages.waiting(READER, limit=3)
    rest = catalogue.pages.waiting(READER, after=pages[-1].place)
    order = [(p.reference_code, p.number) for p in pages + rest]
    assert order == [(c, n) for c in ("J001-1-1-1", "J045-1-2-1", "J045-1-10-1") for n in (1, 2)]
    catalogue.pages.save_reading(pages[0].id, PageText((Line("甲"),), f"ocr:{READER}"), READER)
    catalogue.pages.save_failure(pages[1].id, "图像损坏", READER)
    assert len(catalogue.pages.waiting(READER)) == 4
    assert catalogue.pages.progress(READER) == {"waiting": 4, "read": 1, "failed": 1, "text": 0, "picture": 0}
    assert len(catalogue.pages.waiting("a later model")) == 6
    assert catalogue.pages.retry_failed() == 1
    assert len(catalogue.pages.waiting(READER)) == 5


def test_a_correction_is_a_new_version_and_is_not_read_over(catalogue: Catalogue) -> None:
    one = record("J1-1")
    catalogue.records.put([Incoming(one, scans("a"))])
    [page] = catalogue.pages.waiting(READER)
    catalogue.pages.save_reading(page.id, PageText((Line("沈家问"),), f"ocr:{READER}"), READER)
    fixed = PageText((Line("沈家门", (1, 2, 30, 40)),), "person:样例校对员", 90, True)
    assert catalogue.pages.correct(one.id, 1, fixed) == 2
    stored = catalogue.pages.get(one.id, 1)
    assert stored is not None
    assert stored.text == fixed
    assert [v.text.text for v in catalogue.pages.versions(one.id, 1)] == ["沈家门", "沈家问"]
    assert catalogue.pages.waiting("a later model") == []
    with pytest.raises(NotFound):
        catalogue.pages.correct(one.id, 7, fixed)


def test_a_reading_that_ends_after_a_correction_does_not_take_its_place(catalogue: Catalogue) -> None:
    one = record("J1-1")
    catalogue.records.put([Incoming(one, scans("a"))])
    [page] = catalogue.pages.waiting(READER)
    fixed = PageText((Line("沈家门"),), "person:样例校对员")
    catalogue.pages.correct(one.id, 1, fixed)
    assert not catalogue.pages.save_reading(page.id, PageText((Line("沈家问"),), f"ocr:{READER}"), READER)
    assert not catalogue.pages.save_failure(page.id, "图像损坏", READER)
    stored = catalogue.pages.get(one.id, 1)
    assert stored is not None
    assert (stored.text, stored.text_version, stored.status) == (fixed, 1, "read")


def test_readings_and_corrections_make_the_index_lag(catalogue: Catalogue) -> None:
    catalogue.records.put([Incoming(record("J1-1"), scans("a"))])
    stages(catalogue)
    [page] = catalogue.pages.waiting(READER)
    catalogue.pages.save_reading(page.id, PageText((Line("甲"),), f"ocr:{READER}"), READER)
    assert catalogue.outbox.is_pending("990001:J1-1")
    assert stages(catalogue) == [("990001:J1-1", Stage.WORDS)]
    found = catalogue.records.get("990001:J1-1")
    assert found is not None
    assert found.version == 2


def test_outbox_items_added_while_working_stay(catalogue: Catalogue) -> None:
    put(catalogue, record("J1"))
    items = catalogue.outbox.take()
    catalogue.records.set_access("990001:J1", access_status="开放", publicity="公开")
    catalogue.outbox.done(items, {Stage.BODY_VECTORS: ["990001:J1"]})
    assert stages(catalogue) == [("990001:J1", Stage.WORDS), ("990001:J1", Stage.BODY_VECTORS)]


def test_a_rebuild_asked_for_again_meanwhile_is_not_lost(catalogue: Catalogue) -> None:
    catalogue.outbox.ask_rebuild([PUBLIC], "withdrawal")
    [first] = catalogue.outbox.rebuilds()
    threading.Event().wait(0.01)
    catalogue.outbox.ask_rebuild([PUBLIC], "withdrawal")
    catalogue.outbox.rebuilt(first)
    [second] = catalogue.outbox.rebuilds()
    catalogue.outbox.rebuilt(second)
    assert catalogue.outbox.rebuilds() == []


def test_keys_are_shown_once_kept_hashed_and_can_be_revoked(catalogue: Catalogue) -> None:
    key = catalogue.keys.add(STAFF, roles=["curator"], name="样例编研员")
    caller = catalogue.keys.caller(key)
    assert caller is not None
    assert (caller.audience, caller.roles) == (STAFF, frozenset({"curator"}))
    assert key not in str(catalogue.keys.listing())
    assert catalogue.keys.caller(key + "x") is None
    [listed] = catalogue.keys.listing()
    assert catalogue.keys.revoke(int(str(listed["id"])))
    assert catalogue.keys.caller(key) is None
    with pytest.raises(BadInput):
        catalogue.keys.add("everyone")


def test_two_writers_at_once_lose_nothing(catalogue: Catalogue) -> None:
    """Eight threads, each its own records and one shared one: all are there, versions counted right."""
    put(catalogue, record("J0", access_status="开放", publicity="公开"))
    failures: list[BaseException] = []

    def work(thread: int) -> None:
        try:
            for n in range(5):
                put(catalogue, record(f"J{thread + 1}-{n}"))
                catalogue.records.set_access(
                    "990001:J0", access_status="开放", publicity="馆内" if n % 2 else "公开"
                )
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(t,)) for t in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sum(catalogue.records.count().values()) == 41
    shared = catalogue.records.get("990001:J0")
    assert shared is not None
    assert shared.version == 41


def test_every_id_is_listed_once(catalogue: Catalogue) -> None:
    put(catalogue, *(record(f"J{n}") for n in range(25)))
    batches: Sequence[list[str]] = list(catalogue.records.ids(batch=10))
    assert [len(b) for b in batches] == [10, 10, 5]
    assert len({i for b in batches for i in b}) == 25


def test_a_catalogue_without_tables_says_what_to_run() -> None:
    with pytest.raises(CatalogueUnavailable, match="danghai db upgrade"):
        Catalogue("sqlite://").records.get("x")


def test_a_server_that_is_away_is_a_named_error() -> None:
    with pytest.raises(CatalogueUnavailable), Database("postgresql://x@127.0.0.1:1/none").read() as session:
        session.connection()


def test_what_the_database_cannot_hold_is_bad_input_and_no_error_tells_the_statement(
    catalogue: Catalogue,
) -> None:
    """PostgreSQL refuses a NUL, which any visitor can write into an address; SQLite finds nothing."""
    if catalogue.database.engine.dialect.name == "postgresql":
        with pytest.raises(BadInput, match="NUL") as refused:
            catalogue.records.get("990001:\0")
        assert "SELECT" not in str(refused.value)
    else:
        assert catalogue.records.get("990001:\0") is None
    with pytest.raises(CatalogueUnavailable) as told, catalogue.database.read() as session:
        session.execute(text("select :value from nowhere_at_all"), {"value": "secret"})
    assert "secret" not in str(told.value)

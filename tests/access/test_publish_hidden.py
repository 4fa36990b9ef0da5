"""What was redacted, or given a public form, after it was carried: the outside shows it still, and that is said."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from typer.testing import CliRunner

from danghai import app
from holdings.access import PUBLIC, STAFF
from holdings.catalogue import Catalogue
from holdings.catalogue.hiding import more
from holdings.catalogue.publishing import Waiting
from holdings.catalogue.tables_publishing import CarriedRow, PackageRow
from holdings.catalogue.tables_redactions import RedactionRow
from holdings.publishing import going_out
from holdings.publishing.commands import _acknowledge
from holdings.publishing.going_out import export, make_plan
from holdings.records import Line, PageText, PublicForm
from holdings.signing import make_key
from tests.api.conftest import System
from tests.api.small_archive import small_archive
from tests.api.test_exhibitions import LEAVES, STAYS, edition, put_up

from .carrying import Side, bring, out

BOX = (96, 288, 160, 96)
CORRECTED = PageText((Line("校訂過的話", (60, 50, 120, 36)),), "person:试")


def redact(catalogue: Catalogue, record_id: str) -> int:
    [number] = catalogue.redactions.add(record_id, 1, [BOX], code="privacy", note="", by="试")
    return number


def status(side: System) -> tuple[int, dict[str, object], str]:
    """The command's exit code, what it says for programs, and for people."""
    env, command = {"DANGHAI_HOME": str(side.settings.home)}, ["publish", "status"]
    said, read = (CliRunner().invoke(app, [*command, *how], env=env) for how in ((), ("--json",)))
    assert said.exit_code == read.exit_code
    return said.exit_code, json.loads(read.stdout), "".join(said.stdout.split())


def made_earlier(side: System, redaction: int, hours: int) -> datetime:
    """All packages, and then this redaction, were made so long ago."""
    ago = datetime.now(UTC) - timedelta(hours=hours)
    with side.catalogue.database.write() as session:
        session.execute(update(PackageRow).values(made_at=ago - timedelta(hours=1)))
        session.execute(update(RedactionRow).where(RedactionRow.id == redaction).values(made_at=ago))
    return ago


def hidden(side: Side) -> Waiting:
    side.catalogue.publishing.notice()
    return side.catalogue.publishing.waiting_hidden()


def test_a_redaction_after_the_record_was_carried_is_told_with_its_age_until_the_outside_has_it(
    make_system: Callable[[], System], tmp_path: Path
) -> None:
    inside = make_system()
    inside.put(small_archive(inside.store).incoming)
    inside.project()
    make_key(inside.settings.publish_key_file)
    inside.keys["system_admin"] = inside.catalogue.keys.add(PUBLIC, roles=["system_admin"])
    key = inside.settings.publish_key_file.with_name("publish.key.pub")
    outside = Side(tmp_path / "outside", public_only=True, publish_public_key=key)
    put_up(inside, edition(1, 6, title="渔业展"))

    def carried() -> str:
        made = export(inside.settings, inside.catalogue, tmp_path / "stick")
        assert made is not None
        return bring(outside, made[0]).code

    _acknowledge(inside.catalogue, carried())
    inside.catalogue.pages.correct(STAYS, 1, CORRECTED)
    assert inside.get("/v1/publish", STAFF)["hidden"]["waiting_in_all"] == 0  # words corrected: no alert
    number = redact(inside.catalogue, LEAVES)
    ago = made_earlier(inside, number, 30)
    said = inside.get("/v1/publish", STAFF)
    assert (said["waiting_in_all"], said["overdue"]) == (0, False)  # none is withdrawn
    said = said["hidden"]
    assert [one["record_id"] for one in said["waiting"]] == [LEAVES]
    assert [(one["slug"], one["title"]) for one in said["exhibitions"]] == [("yu-ye", "渔业展")]
    assert (said["waiting_in_all"], said["unacknowledged"], said["overdue"]) == (2, 0, True)
    since = datetime.fromisoformat(said["since"])
    assert abs(since - ago) < timedelta(milliseconds=1)
    assert inside.get("/v1/status", STAFF)["hidden"] == {"waiting": 2, "oldest_hours": 30.0, "overdue": True}
    assert inside.get("/v1/status")["hidden"] is None
    code, read, text = status(inside)
    assert (code, read["hidden_not_exported"], read["withdrawals_not_exported"]) == (2, 2, 0)
    assert "涂黑、另写公开著录的2项" in text
    assert "最早的已30.0小时，已超过时限" in text
    audit = inside.client.app.state.house.audit  # type: ignore[attr-defined]
    for _ in range(2):
        audit._carried_over(datetime.now(UTC))
    metrics = inside.ask("/metrics", "system_admin").text
    assert 'danghai_alerts_total{rule="hidden"} 1.0' in metrics
    assert 'rule="withdrawals"' not in metrics
    assert "danghai_publish_hidden_waiting 2.0" in metrics
    receipt = carried()
    assert LEAVES not in json.dumps([line.decode() for line in outside.shows().values()])
    said = inside.get("/v1/publish", STAFF)  # in a package, perhaps on a shelf: the clock runs on
    assert (said["hidden"]["waiting_in_all"], said["hidden"]["unacknowledged"]) == (0, 2)
    assert datetime.fromisoformat(said["hidden"]["since"]) == since
    assert (said["packages"][0]["hidden"], said["unacknowledged"]) == (2, 0)
    assert status(inside)[0] == 2
    _acknowledge(inside.catalogue, receipt)
    code, read, text = status(inside)
    assert (code, read["hidden_not_exported"], read["hidden_not_acknowledged"]) == (0, 0, 0)
    assert "涂黑" not in text
    inside.catalogue.redactions.undo(LEAVES, number, by="试")
    redact(inside.catalogue, LEAVES)  # the outside hides it still
    assert inside.get("/v1/publish", STAFF)["hidden"]["since"] is None


def test_a_public_form_counts_as_long_as_it_stands_and_a_mere_correction_does_not(
    inside: Side, outside: Side, stick: Path
) -> None:
    ledger, records = inside.catalogue.publishing, inside.catalogue.records
    bring(outside, out(inside, stick))
    ledger.acknowledged(1)

    def form(title: str | None) -> datetime:
        at = datetime.now(UTC)
        records.set_public_forms(
            STAYS, {"title": title}, PublicForm((), "privacy", "", "试", at.isoformat("T", "milliseconds"))
        )
        return at

    inside.catalogue.pages.correct(STAYS, 1, CORRECTED)
    records.renumber(STAYS, "J009-9-9-9")
    assert hidden(inside).count == 0
    form("王××的申请")
    assert hidden(inside).unpacked == 1
    form(None)
    assert hidden(inside).count == 0
    at = form("王××的申请")
    since = hidden(inside).since
    assert since is not None
    assert abs(since - at) < timedelta(milliseconds=2)
    code = bring(outside, out(inside, stick)).code
    assert outside.state()[STAYS][0] == "王××的申请"
    assert (hidden(inside).unpacked, hidden(inside).unacknowledged, hidden(inside).since) == (0, 1, since)
    _acknowledge(inside.catalogue, code)
    inside.catalogue.pages.correct(STAYS, 1, PageText((), "person:试"))
    assert hidden(inside).count == 0
    form("某人的申请")
    since = hidden(inside).since
    assert since is not None
    inside.set_access(STAYS, open_=False)  # closed as well: a withdrawal, by the clock that runs
    assert (hidden(inside).count, ledger.waiting().unpacked) == (0, 1)
    assert ledger.waiting().since == since
    assert make_plan(inside.catalogue, full=False).closed_at == ledger.waiting().since


def test_what_is_hidden_while_the_package_is_made_counts_in_it_or_after_it(
    inside: Side, outside: Side, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(outside, out(inside, stick))
    inside.catalogue.publishing.acknowledged(1)
    plan = make_plan(inside.catalogue, full=True)
    drawn, coming = sorted(plan.carried, key=lambda i: (plan.depth[i], i))[-2:]

    def meanwhile(done: int, total: int) -> None:
        if done == total - 1:
            for record_id in (drawn, coming):
                redact(inside.catalogue, record_id)

    monkeypatch.setattr(going_out, "BATCH", 1)
    export(inside.settings, inside.catalogue, stick, full=True, progress=meanwhile)
    waiting = hidden(inside)
    assert (waiting.unpacked, waiting.unacknowledged) == (1, 1)
    assert [record_id for record_id, _ in inside.catalogue.publishing.hidden(9)] == [drawn]


def test_of_what_was_carried_before_this_was_noted_only_what_changed_since_counts(
    inside: Side, stick: Path
) -> None:
    redact(inside.catalogue, LEAVES)
    out(inside, stick)
    with inside.catalogue.database.write() as session:
        session.execute(update(CarriedRow).values(hides=None))
    inside.catalogue.publishing.notice(all_of_them=True)
    assert hidden(inside).count == 0
    inside.catalogue.pages.correct(LEAVES, 1, CORRECTED)  # not known what hid then: it counts, from now on
    waiting = hidden(inside)
    assert waiting.unpacked == 1
    assert waiting.hours(datetime.now(UTC)) < 0.1
    out(inside, stick)
    assert (hidden(inside).unpacked, hidden(inside).unacknowledged) == (0, 1)


def test_a_region_of_a_page_that_was_hidden_whole_is_not_more() -> None:
    assert more({"1:1,2,3,4", "title=3:某"}, {"1", "title=3"}) == {"title=3:某"}
    assert more({"1", "2:1,2,3,4"}, {"1:1,2,3,4", "2:1,2,3,4"}) == {"1"}

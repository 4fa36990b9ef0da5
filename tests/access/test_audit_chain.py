"""The audit trail shows whatever was done to it (issue 5, point 5). Tampering is done on the file itself."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from holdings.audit.check import check
from holdings.audit.entry import Entry
from holdings.audit.heads import parse, write_daily, write_head
from holdings.audit.trail import Trail, Wanted
from holdings.audit.verify import Report
from holdings.errors import AuditUnavailable, BadInput
from holdings.settings import Settings
from holdings.signing import make_key

from .trails import THEN, at_the_file, event, filled, settings

ROOT = Path(__file__).parents[2]


def kinds(report: Report) -> list[tuple[str, int]]:
    return [(finding.kind, finding.seq) for finding in report.findings]


def shift(connection: sqlite3.Connection, start: int, by: int) -> None:
    """Renumber all from `start` on."""
    for table in ("audit_entries", "audit_details"):
        connection.execute(f"UPDATE {table} SET seq = -seq WHERE seq >= {start}")
        connection.execute(f"UPDATE {table} SET seq = -seq + {by} WHERE seq < 0")


def insert(connection: sqlite3.Connection, seq: int, previous: str | None = None) -> None:
    """An entry that was never written, with a hash that is right for what it says."""
    (before,) = connection.execute(
        "SELECT hash FROM audit_entries WHERE seq < ? ORDER BY seq DESC", (seq,)
    ).fetchone() or ("0" * 64,)
    said = ("2026-03-02T08:00:00+00:00", "key:9", "staff", "search", "x", "", "done", "{}", "")
    row = Entry(seq, *said, previous or before).sealed()
    marks = ", ".join("?" * len(asdict(row)))
    connection.execute(f"INSERT INTO audit_entries VALUES ({marks})", list(asdict(row).values()))


def edit(sql: str) -> Callable[[sqlite3.Connection], None]:
    return lambda connection: connection.executescript(sql) and None


def insert_in_the_middle(connection: sqlite3.Connection) -> None:
    shift(connection, 9, 1)
    insert(connection, 9)


def remove_and_renumber(connection: sqlite3.Connection) -> None:
    connection.executescript(
        "DELETE FROM audit_details WHERE seq = 9; DELETE FROM audit_entries WHERE seq = 9"
    )
    shift(connection, 10, -1)


def rewrite(connection: sqlite3.Connection, start: int) -> None:
    """Change one entry and make all hashes from there right again, as somebody who knows how it is made."""
    connection.row_factory = sqlite3.Row
    previous = None
    for row in connection.execute(
        "SELECT * FROM audit_entries WHERE seq >= ? ORDER BY seq", (start,)
    ).fetchall():
        entry = Entry(**dict(row))
        entry = replace(entry, actor="key:77") if previous is None else replace(entry, previous=previous)
        previous = entry.sealed().hash
        connection.execute(
            "UPDATE audit_entries SET actor = ?, previous = ?, hash = ? WHERE seq = ?",
            (entry.actor, entry.previous, previous, entry.seq),
        )


def change_and_seal(connection: sqlite3.Connection) -> None:
    """One entry changed, its own hash made right."""
    connection.row_factory = sqlite3.Row
    row = connection.execute("SELECT * FROM audit_entries WHERE seq = 6").fetchone()
    changed = replace(Entry(**dict(row)), record="").sealed()
    connection.execute("UPDATE audit_entries SET record = '', hash = ? WHERE seq = 6", (changed.hash,))


_SWAP = "UPDATE audit_{t} SET seq = -1 WHERE seq = 5; UPDATE audit_{t} SET seq = 5 WHERE seq = 6; UPDATE audit_{t} SET seq = 6 WHERE seq = -1;"  # fmt: skip
TAMPERED: dict[str, tuple[Callable[[sqlite3.Connection], None], list[tuple[str, int]]]] = {
    "who": (edit("UPDATE audit_entries SET actor = 'key:7' WHERE seq = 4"), [("changed", 4)]),
    "when": (edit("UPDATE audit_entries SET at = '2026-03-01' WHERE seq = 4"), [("changed", 4)]),
    "outcome": (edit("UPDATE audit_entries SET outcome = 'refused' WHERE seq = 20"), [("changed", 20)]),
    "one entry changed and sealed": (change_and_seal, [("changed", 6)]),
    "removed": (edit("DELETE FROM audit_entries WHERE seq BETWEEN 4 AND 6"), [("removed", 4)]),
    "the first removed": (edit("DELETE FROM audit_entries WHERE seq = 1"), [("removed", 1)]),
    "removed and renumbered": (remove_and_renumber, [("removed", 9)]),
    "reordered": (edit(_SWAP.format(t="entries") + _SWAP.format(t="details")), [("reordered", 5), ("reordered", 6)]),
    "the last two reordered": (
        edit((_SWAP.format(t="entries") + _SWAP.format(t="details")).replace("6", "19").replace("5", "20")),
        [("reordered", 19), ("reordered", 20)],
    ),
    "inserted": (insert_in_the_middle, [("inserted", 9)]),
    "inserted before the first": (lambda c: insert(c, 0), [("inserted", 0)]),
    "appended by hand": (lambda c: insert(c, 21, "ab" * 32), [("changed", 20)]),
    "a detail changed": (edit("UPDATE audit_details SET body = '{}' WHERE seq = 8"), [("detail", 8)]),
    "a detail removed": (edit("DELETE FROM audit_details WHERE seq = 8"), [("detail", 8)]),
}  # fmt: skip


@pytest.mark.parametrize("name", TAMPERED)
def test_verify_says_which_entry_was_tampered_with(tmp_path: Path, name: str) -> None:
    made = filled(tmp_path)
    assert kinds(check(made)) == []
    tamper, found = TAMPERED[name]
    with at_the_file(made) as connection:
        tamper(connection)
    assert kinds(check(made)) == found


def test_a_tail_cut_off_and_a_chain_written_anew_are_found_by_the_signed_head(tmp_path: Path) -> None:
    made = filled(tmp_path)
    make_key(made.audit_key_file)
    assert made.audit_key_file.stat().st_mode & 0o777 == 0o600
    trail = Trail.of(made)
    line = write_head(made, trail, datetime.now(UTC))
    assert line in made.audit_heads_file.read_text()
    trail.append([event(n) for n in range(20, 25)])  # after the head: goes on
    assert (kinds(check(made)), check(made).heads) == ([], 1)
    with at_the_file(made) as connection:
        rewrite(connection, 12)
    assert kinds(check(made)) == [("rewritten", 20)]
    with at_the_file(made) as connection:
        connection.executescript(
            "DELETE FROM audit_entries WHERE seq > 11; DELETE FROM audit_details WHERE seq > 11"
        )
    assert kinds(check(made)) == [("truncated", 12)]
    made.audit_heads_file.write_text("")
    assert kinds(check(made)) == []  # without a head nobody can tell: so heads are kept elsewhere
    away = tmp_path / "printed.txt"
    away.write_text(str(line))
    assert kinds(check(made, heads=away)) == [("truncated", 12)]


def test_a_head_that_another_key_signed_or_that_was_edited_is_no_head(tmp_path: Path) -> None:
    made = filled(tmp_path)
    make_key(made.audit_key_file)
    with pytest.raises(BadInput, match="已有密钥"):
        make_key(made.audit_key_file)
    line = str(write_head(made, Trail.of(made), THEN))
    made.audit_heads_file.write_text(line.replace(" 20 ", " 19 "))
    assert kinds(check(made)) == [("head", 19)]
    other = settings(tmp_path / "other", audit_key=tmp_path / "other.key")
    make_key(other.audit_key_file)
    made.audit_heads_file.write_text(line)
    assert kinds(check(made, key=tmp_path / "other.key.pub")) == [("head", 20)]
    with pytest.raises(BadInput, match="第 1 行"):
        parse(["这不是日结"])
    made.audit_key_file.chmod(0o644)
    with pytest.raises(BadInput, match="chmod 600"):
        write_head(made, Trail.of(made), THEN)


def test_each_day_has_one_head(tmp_path: Path) -> None:
    made = filled(tmp_path)
    trail = Trail.of(made)
    assert not write_daily(made, trail, THEN)  # no key, no head
    make_key(made.audit_key_file)
    days = [THEN, THEN + timedelta(hours=3), THEN + timedelta(days=1), THEN + timedelta(days=1, hours=3)]
    assert [write_daily(made, trail, day) for day in days] == [True, False, True, False]


def test_the_file_itself_refuses_to_change_or_lose_an_entry(tmp_path: Path) -> None:
    made = filled(tmp_path)
    with closing(sqlite3.connect(made.home / "audit.sqlite")) as connection:
        for table in ("audit_entries", "audit_details"):
            for verb in (f"DELETE FROM {table}", f"UPDATE {table} SET seq = seq + 100"):
                with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                    connection.execute(verb)
        connection.rollback()
        connection.execute("DROP TRIGGER audit_entries_delete")
    assert kinds(check(made)) == [("guard", 0)]


# ── the period of what is personal ─────────────────────────────────────────────


def test_details_go_after_their_period_and_not_before(tmp_path: Path) -> None:
    made = settings(tmp_path)
    trail = Trail.of(made)
    now = THEN + timedelta(days=400)
    trail.append([event(n, THEN + timedelta(days=20 * n)) for n in range(20)])
    assert trail.erase(now, 184) == 11  # days 0, 20 … 200 of 400
    found = trail.search(Wanted(), size=100)
    assert [f.detail is None for f in found if f.entry.action == "search"] == [False] * 9 + [True] * 11
    assert "渔民登记10" not in (tmp_path / "audit.sqlite").read_bytes().decode("utf-8", "ignore")
    assert (tmp_path / "audit.sqlite-wal").stat().st_size == 0
    report = check(made)
    assert (kinds(report), report.erased) == ([], 11)
    assert trail.erase(now, 184) == 0  # nothing more is due, and nothing is said
    refused = pytest.raises(sqlite3.IntegrityError, match="append-only")
    with closing(sqlite3.connect(made.home / "audit.sqlite")) as connection, refused:
        connection.execute("DELETE FROM audit_details WHERE seq = 12")


def test_an_erasure_before_the_period_is_found_even_when_the_chain_was_told_of_it(tmp_path: Path) -> None:
    """Somebody lets `erase` run with a period of nothing: the chain gives the period, and verify counts."""
    made = settings(tmp_path)
    trail = Trail.of(made)
    trail.append([event(n) for n in range(3)])
    trail.erase(THEN + timedelta(days=1), 0)
    assert kinds(check(made)) == []  # by its own, stated period
    with pytest.raises(ValueError, match="audit_days"):
        settings(tmp_path, audit_days=0)


# ── several processes, killed ──────────────────────────────────────────────────

_APPEND = """
import sys
from pathlib import Path
from holdings.audit.trail import Trail
from tests.access.trails import event, settings
trail = Trail.of(settings(Path(sys.argv[1])))
n = 0
while n < int(sys.argv[2]):
    trail.append([event(n + k) for k in range(3)])
    n += 3
    print(n, flush=True)
"""


def appending(home: Path, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _APPEND, str(home), str(count)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_writers_at_once_make_one_chain(tmp_path: Path, long_run: bool) -> None:
    count = 3_000 if long_run else 150
    processes = [appending(tmp_path, count) for _ in range(3)]
    for process in processes:
        process.communicate()
        assert process.returncode == 0
    report = check(settings(tmp_path))
    assert (kinds(report), report.entries) == ([], 3 * count)


def test_killed_at_any_instant_the_chain_verifies_and_what_was_said_is_there(
    tmp_path: Path, long_run: bool
) -> None:
    chance, said = random.Random(5), 0
    for _ in range(30 if long_run else 3):
        process = appending(tmp_path, 1_000_000)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(chance.uniform(0, 0.2))
        process.send_signal(signal.SIGKILL)
        lines = process.stdout.read().split()
        process.wait()
        said += int(lines[-1]) if lines else 3
        report = check(settings(tmp_path))
        assert kinds(report) == []
        assert report.entries >= said


def test_a_locked_trail_is_a_named_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("holdings.audit.trail.PATIENCE", 0.1)
    made = filled(tmp_path)
    with closing(sqlite3.connect(made.home / "audit.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(AuditUnavailable, match="审计记录写不进"):
            Trail.of(made).append([event(1)])


def test_search_by_who_what_record_and_when(tmp_path: Path) -> None:
    made = settings(tmp_path)
    trail = Trail.of(made)
    trail.append(
        [event(n, THEN + timedelta(hours=n), outcome="done" if n % 2 else "refused") for n in range(12)]
    )

    def seqs(**wanted: str) -> list[int]:
        return [f.entry.seq for f in trail.search(Wanted(**wanted))]

    assert seqs() == list(range(12, 0, -1))
    assert seqs(who="key:1") == [11, 8, 5, 2]
    assert seqs(record="990001:J001-1-1-4") == [5]
    assert seqs(address="192.0.2.4") == [5]
    assert seqs(address="192.0.2") == seqs(address='%"') == []
    [named] = trail.append([event(99, detail={"name": "张三", "address": "192.0.2.4"})])
    assert seqs(who="张三") == [named]
    assert seqs(who="张") == []
    assert seqs(address="192.0.2.4") == [named, 5]
    assert seqs(what="search", outcome="refused") == [11, 9, 7, 5, 3, 1]
    assert seqs(what="GET /v1/s") == seqs()
    assert seqs(what="GET _v1/s") == []
    assert seqs(since="2026-03-02T12:00", until="2026-03-02T15:00") == [7, 6, 5]
    assert [f.entry.seq for f in trail.search(Wanted(), size=2, before=5)] == [4, 3]


def test_what_no_database_takes_is_kept_in_another_form(tmp_path: Path) -> None:
    """A caller's text may hold anything: NUL, a lone surrogate, no end."""
    made: Settings = settings(tmp_path)
    trail = Trail.of(made)
    trail.append([event(1, record="a\0b\ud800" + "x" * 9_000, detail={"query": "\0\ud800" + "y" * 9_000})])
    assert kinds(check(made)) == []
    assert trail.search(Wanted())[0].entry.record.startswith("a␀b\\ud800x")

"""Packages into the catalogue: twice is once, revisions are shown, killed and taken up again."""

from __future__ import annotations

import csv
import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from holdings.catalogue import Catalogue
from holdings.settings import Settings
from holdings.store import FileStore
from indexer.intake import Intake, Progress
from indexer.report import IntakeReport

SAMPLES = Path("corpus_samples/holdings")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(_env_file=None, home=tmp_path / "home", archive_code="990001")  # type: ignore[call-arg]


@pytest.fixture
def intake(catalogue: Catalogue, settings: Settings) -> Intake:
    return Intake(catalogue, FileStore(settings.store_dir), settings)


def package(folder: Path, rows: Sequence[dict[str, Any]], name: str = "catalogue.jsonl") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows), "utf-8")
    return folder


def image(path: Path, shade: int = 255) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (60, 80), shade).save(path)
    return path


def record(code: str, title: str = "甲", **fields: Any) -> dict[str, Any]:
    return {"reference_code": code, "title": title, "date": "1953", **fields}


def state(catalogue: Catalogue) -> dict[str, Any]:
    """Everything that intake writes, without times and numbers given by the database."""
    ids = [i for batch in catalogue.records.ids() for i in batch]
    records = catalogue.records.many(ids)
    pages = catalogue.pages.of_many(ids)
    return {
        i: (
            records[i].record,
            records[i].version,
            [(p.number, p.sha256, p.frame, p.kind, p.text) for p in pages.get(i, [])],
            [(a.name, a.sha256, a.text) for a in catalogue.records.attachments(i)],
        )
        for i in ids
    }


def reasons(report: IntakeReport) -> list[str]:
    return sorted(r.code for r in report.rejections)


# ── the samples ─────────────────────────────────────────────────────────────────


def test_the_sample_holdings_go_in_whole_and_twice_is_once(intake: Intake, catalogue: Catalogue) -> None:
    report = intake.run([SAMPLES])
    assert report.rejections == []
    assert (report.exit_status, report.derived) == (0, 0)
    assert report.records == report.new
    counts = catalogue.records.count()
    assert counts["file"] >= 160
    assert counts["fonds"] >= 5
    assert report.pages >= 140
    ids = [i for batch in catalogue.records.ids() for i in batch]
    records = {i: s.record for i, s in catalogue.records.many(ids).items()}
    rank = {"fonds": 0, "series": 1, "volume": 2, "file": 3}
    for one in records.values():
        if one.level == "fonds":
            assert one.parent is None
        else:
            assert one.parent is not None
            assert rank[records[one.parent].level] < rank[one.level]
            assert one.reference_code.startswith(records[one.parent].reference_code)
    before = state(catalogue)
    again = intake.run([SAMPLES])
    assert (again.new, again.changed, again.unchanged) == (0, 0, report.new)
    assert state(catalogue) == before


def test_every_sample_file_is_held_under_its_own_sum(
    intake: Intake, catalogue: Catalogue, settings: Settings
) -> None:
    import hashlib

    intake.run([SAMPLES / "J001"])
    for path in (SAMPLES / "J001").rglob("*.jpg"):
        sha = hashlib.sha256(path.read_bytes()).hexdigest()
        assert FileStore(settings.store_dir).path(sha).read_bytes() == path.read_bytes()
        code = path.parent.name
        assert sha in {p.sha256 for p in catalogue.pages.of(f"990001:{code}")}


# ── levels nobody described ─────────────────────────────────────────────────────


def test_levels_nobody_described_are_placeholders_until_somebody_does(
    intake: Intake, catalogue: Catalogue, tmp_path: Path
) -> None:
    report = intake.run(
        [package(tmp_path / "a", [record("J1-2-3-4", access_status="开放", publicity="公开")])]
    )
    assert (report.new, report.derived) == (1, 3)
    fonds = catalogue.records.get("990001:J1")
    assert fonds is not None
    assert (fonds.record.flags, fonds.record.title, fonds.audiences) == (("derived",), "J1", {"staff"})
    levels = [
        {"level": "fonds", "reference_code": "J1", "title": "渔会"},
        {"level": "案卷级", "reference_code": "J1-2-3", "title": "卷"},
    ]
    report = intake.run([package(tmp_path / "b", levels)])
    assert (report.changed, reasons(report)) == (2, [])
    fonds = catalogue.records.get("990001:J1")
    assert fonds is not None
    assert (fonds.record.title, fonds.record.flags) == ("渔会", ())
    file = catalogue.records.get("990001:J1-2-3-4")
    assert file is not None
    assert file.record.parent == "990001:J1-2-3"


# ── against the catalogue ───────────────────────────────────────────────────────


def test_a_revision_is_shown_and_accepted_only_with_update(
    intake: Intake, catalogue: Catalogue, tmp_path: Path
) -> None:
    intake.run([package(tmp_path / "a", [record("J1-1", "旧题名"), record("J1-2")])])
    revised = package(tmp_path / "a", [record("J1-1", "新题名"), record("J1-2"), record("J1-3")])
    report = intake.run([revised])
    assert (report.new, report.unchanged, report.exit_status, reasons(report)) == (1, 1, 2, ["revision"])
    assert report.rejections[0].differences == {"title": ("旧题名", "新题名")}
    assert catalogue.records.get("990001:J1-1").record.title == "旧题名"  # type: ignore[union-attr]
    accepted = intake.run([revised], update=True)
    assert (accepted.changed, accepted.exit_status) == (1, 0)
    assert catalogue.records.get("990001:J1-1").record.title == "新题名"  # type: ignore[union-attr]
    assert [old.title for _, old, _ in catalogue.records.versions("990001:J1-1")] == ["旧题名"]
    assert intake.run([revised]).unchanged == 3


def test_renumbering_keeps_the_id(intake: Intake, catalogue: Catalogue, tmp_path: Path) -> None:
    intake.run([package(tmp_path / "a", [record("J1-1")])])
    moved = package(tmp_path / "b", [record("J9-7", former_codes=["J1-1"])])
    assert reasons(intake.run([moved])) == ["conflict"]
    report = intake.run([moved], update=True)
    assert report.rejections == []
    found = catalogue.records.get("990001:J1-1")
    assert found is not None
    assert (found.record.reference_code, found.record.former_codes) == ("J9-7", ("J1-1",))
    assert catalogue.records.ids_of_codes(["J1-1", "J9-7"]) == dict.fromkeys(["J1-1", "J9-7"], "990001:J1-1")


def test_codes_that_differ_only_in_spelling_are_told(
    intake: Intake, catalogue: Catalogue, tmp_path: Path
) -> None:
    first = intake.run([package(tmp_path / "first", [record("J001-1"), record("J001-WS·2011-Y-3")])])
    assert (first.exit_status, first.warnings) == (0, [])
    rows = [
        record("ｊ００１－１"),  # its fonds becomes j001: said once
        record("j001-2"),
        record("J001-ws·2011-Y-3"),
        record("J001-WS·2012-Y-4"),
        record("J001-WS·2012-y-4"),
        record("J001-3"),
    ]
    folder = package(tmp_path / "second", rows)
    report = intake.run([folder])
    assert (report.exit_status, report.new, report.refused) == (0, 6, 0)
    told = {(w.row, w.reference_code): w.reason for w in report.warnings}
    assert sorted(told) == [(1, "j001-1"), (3, "J001-ws·2011-Y-3"), (5, "J001-WS·2012-y-4")]
    assert "全宗号 j001 与已有的 J001 只差" in told[1, "j001-1"]
    assert "与已有的 J001-WS·2011-Y-3 只差" in told[3, "J001-ws·2011-Y-3"]
    assert "已收而请核对 3 处" in report.summary()
    assert [w["row"] for w in report.as_dict()["warnings"]] == [w.row for w in report.warnings]  # type: ignore[attr-defined]
    again = intake.run([folder])
    assert (again.new, again.unchanged, again.refused) == (0, 6, 0)


def test_scans_may_come_after_the_catalogue(intake: Intake, catalogue: Catalogue, tmp_path: Path) -> None:
    intake.run([package(tmp_path / "a", [record("J1-1"), record("J1-WS·2")])])
    image(tmp_path / "scans/J1-1/0001.jpg")
    image(tmp_path / "scans/J1-WS_2.png")
    report = intake.run([tmp_path / "scans"])
    assert (report.pages, report.exit_status) == (2, 0)
    assert [p.media_type for p in catalogue.pages.of("990001:J1-WS·2")] == ["image/png"]


# ── pages ───────────────────────────────────────────────────────────────────────


def test_a_volume_scanned_whole_is_shared_among_its_files(
    intake: Intake, catalogue: Catalogue, tmp_path: Path
) -> None:
    rows = [
        {"level": "volume", "reference_code": "J1-1-1", "title": "卷"},
        record("J1-1-1-1", page_range="2"),
        record("J1-1-1-2", page_range="4-5"),
        record("J1-1-1-3", page_range="5"),
        record("J1-1-1-4", page_range="9-12"),
    ]
    folder = package(tmp_path / "a", rows)
    frames = [Image.new("L", (50 + n, 60), 255) for n in range(7)]
    frames[0].save(folder / "J1-1-1.tif", save_all=True, append_images=frames[1:])
    report = intake.run([folder])

    def widths(code: str) -> list[tuple[int, int]]:
        return [(p.number, p.width - 49) for p in catalogue.pages.of(f"990001:{code}")]

    assert widths("J1-1-1-1") == [(1, 2), (2, 3)]
    assert widths("J1-1-1-2") == [(1, 4), (2, 5)]
    assert widths("J1-1-1-3") == [(1, 5), (2, 6), (3, 7)]
    assert widths("J1-1-1") == [(1, 1)]  # the cover is no file's
    assert reasons(report) == ["page-range"]
    assert report.rejections[0].reference_code == "J1-1-1-4"
    assert intake.run([folder]).unchanged == 5


def test_ready_texts_and_scans_and_sidecars(intake: Intake, catalogue: Catalogue, tmp_path: Path) -> None:
    folder = package(
        tmp_path / "a",
        [record("J1-1", text=["一", "二"]), record("J1-2"), record("J1-3", text="总文"), record("J1-4")],
    )
    image(folder / "J1-2/0001.jpg", 1)
    image(folder / "J1-2/0002.jpg", 2)
    (folder / "J1-2/0002.txt").write_text("第二页的文字", "utf-8")
    image(folder / "J1-3/0001.jpg", 3)
    image(folder / "J1-3/0002.jpg", 4)
    (folder / "J1-4.txt").write_text("上页\f下页", "utf-8")
    intake.run([folder])

    def shown(code: str) -> list[tuple[str, str]]:
        return [(p.kind, p.text.text if p.text else "") for p in catalogue.pages.of(f"990001:{code}")]

    assert shown("J1-1") == [("text", "一"), ("text", "二")]
    assert shown("J1-2") == [("scan", ""), ("text", "第二页的文字")]
    assert shown("J1-3") == [("scan", ""), ("scan", "")]
    assert [a.text for a in catalogue.records.attachments("990001:J1-3")] == ["总文"]
    assert shown("J1-4") == [("text", "上页"), ("text", "下页")]


def test_tables_beside_a_records_pages_are_attachments(
    intake: Intake, catalogue: Catalogue, tmp_path: Path
) -> None:
    folder = package(tmp_path / "a", [record("J1-1")])
    (folder / "J1-1").mkdir()
    with (folder / "J1-1/名单.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["档号", "题名"], ["X-1", "王阿大"]])
    report = intake.run([folder])
    assert (report.records, report.attachments, report.exit_status) == (1, 1, 0)
    (held,) = catalogue.records.attachments("990001:J1-1")
    assert held.name == "名单.csv"
    assert "王阿大" in held.text


def test_a_file_list_names_what_to_take(intake: Intake, tmp_path: Path) -> None:
    folder = package(tmp_path / "a", [record("J1-1"), record("J1-2")])
    image(folder / "J1-1/0001.jpg")
    image(folder / "J1-2/0001.jpg")
    image(tmp_path / "outside.jpg")
    (folder / "这次.list").write_text(
        "catalogue.jsonl\nJ1-1/0001.jpg\n../outside.jpg\nnowhere.jpg\n", "utf-8"
    )
    report = intake.run([folder / "这次.list"])
    assert (report.new, report.pages, reasons(report)) == (2, 1, ["not-a-file", "outside"])


# ── killed, and taken up again ──────────────────────────────────────────────────


def test_stopped_half_way_and_run_again_ends_in_the_same_state(
    intake: Intake, catalogue: Catalogue, settings: Settings, tmp_path: Path
) -> None:
    folder = package(tmp_path / "a", [record(f"J1-1-{n}", text=f"第{n}件") for n in range(60)])

    def stop(progress: Progress) -> None:
        if progress.records > 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        intake.run([folder], progress=stop)
    assert 0 < catalogue.records.count()["file"] < 60
    report = intake.run([folder])
    assert report.new + report.unchanged == 60
    assert report.unchanged > 0
    other = Catalogue(f"sqlite:///{tmp_path / 'once.sqlite'}")
    other.upgrade()
    Intake(other, FileStore(tmp_path / "once"), settings).run([folder])
    assert state(other) == state(catalogue)
    other.close()


CHILD = """
import sys
from pathlib import Path
from holdings.catalogue import Catalogue
from holdings.settings import Settings
from holdings.store import FileStore
from indexer.intake import Intake
settings = Settings(_env_file=None, home=Path(sys.argv[1]))
catalogue = Catalogue(settings.catalogue_url)
catalogue.upgrade()
tell = lambda p: print(p.records, flush=True)
Intake(catalogue, FileStore(settings.store_dir), settings).run([Path(sys.argv[2])], progress=tell)
"""


def test_killed_and_run_again_nothing_is_lost_or_doubled(
    settings: Settings, tmp_path: Path, long_run: bool
) -> None:
    rows = [record(f"J1-1-{n}", text=f"第{n}件") for n in range(60)]
    folder = package(tmp_path / "a", rows)
    for n in range(0, 60, 7):
        image(folder / f"J1-1-{n}/0001.jpg", n)
    for kill_at in (1, 20, 40, 5, 10, 30) if long_run else (20,):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(settings.home), str(folder)], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        for line in child.stdout:
            if int(line) >= kill_at:
                child.send_signal(signal.SIGKILL)
                break
        child.wait()
        child.stdout.close()
    catalogue = Catalogue(settings.catalogue_url)
    Intake(catalogue, FileStore(settings.store_dir), settings).run([folder])
    assert catalogue.records.count() == {"file": 60, "fonds": 1, "volume": 1}
    once = Catalogue(f"sqlite:///{tmp_path / 'once.sqlite'}")
    once.upgrade()
    Intake(once, FileStore(tmp_path / "once"), settings).run([folder])
    assert state(catalogue) == state(once)
    once.close()
    catalogue.close()


def test_progress_says_how_far_it_is(intake: Intake, tmp_path: Path) -> None:
    told: list[Progress] = []
    intake.run(
        [package(tmp_path / "a", [record(f"J1-{n}", text="字") for n in range(30)])], progress=told.append
    )
    assert (told[-1].records, told[-1].total, told[-1].pages) == (30, 30, 30)
    assert [p.records for p in told] == sorted(p.records for p in told)
    assert "30 页" in told[-1].note

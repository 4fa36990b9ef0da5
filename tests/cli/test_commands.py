"""The front door: help, --json, exit statuses, and errors in plain words with what to do next."""

from __future__ import annotations

import ctypes
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from danghai import app
from holdings.catalogue import Catalogue, Incoming, IncomingPage, Worker
from holdings.locks import hold, projector_lock
from holdings.records import Record
from holdings.settings import Settings
from indexer.pool import OcrPool
from models.errors import ModelFilesMissing
from models.store import default_models_dir, locate

ROOT = Path(__file__).parents[2]
DONE, FAILED, PARTLY, NOT_YET = 0, 1, 2, 3
#: They run until told to stop.
ENDLESS = {("serve",), ("ui",), ("demo",), ("project",), ("work-one",)}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder; no setting of the machine's own reaches in."""
    for name in [name for name in os.environ if name.startswith("DANGHAI_") and name != "DANGHAI_LONG"]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DANGHAI_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path / "data"


def run(*arguments: str) -> Any:
    """A command in this process. What it says on standard error is in `stderr`."""
    answer = CliRunner().invoke(app, list(arguments))
    assert answer.exception is None or isinstance(answer.exception, SystemExit), answer.exc_info
    assert "Traceback" not in answer.output
    return answer


def commands(command: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    command = command or get_command(app)
    yield path
    for name, below in getattr(command, "commands", {}).items():
        yield from commands(below, (*path, name))


# ── help, usage ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("path", list(commands()), ids=" ".join)
def test_every_command_has_help_that_says_what_it_does(home: Path, path: tuple[str, ...]) -> None:
    answer = run(*path, "--help")
    assert answer.exit_code == DONE
    assert "Usage" in answer.output
    assert any("\u4e00" <= letter <= "\u9fff" for letter in answer.output)
    assert not home.exists()  # asking for help makes nothing


def test_the_commands_of_the_design_are_all_there() -> None:
    wanted = {("ingest",), ("search",), ("serve",), ("ui",), ("demo",), ("models", "pull"), ("index", "status"),
              ("index", "rebuild"), ("db", "upgrade"), ("keys", "add"),
              ("accounts", "add"), ("accounts", "list"), ("accounts", "lock"), ("accounts", "unlock"),
              ("accounts", "reset"), ("accounts", "roles")}  # fmt: skip
    assert wanted <= set(commands())


def test_every_command_that_ends_speaks_json() -> None:
    for path in commands():
        command: Any = get_command(app)
        for name in path:
            command = command.commands[name]
        if hasattr(command, "commands") or path in ENDLESS:
            continue
        assert any("--json" in option.opts for option in command.params), path


def test_help_loads_nothing_heavy() -> None:
    """So that it answers at once: no engine, no model, no web framework."""
    heavy = ("tantivy", "faiss", "onnxruntime", "rjieba", "fastapi", "sqlalchemy", "streamlit", "paddleocr")
    code = f"import sys, danghai; print([m for m in {heavy!r} if m in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


@pytest.mark.parametrize("arguments", [["nonsense"], ["search"], ["search", "x", "--size", "0"], ["keys", "revoke", "x"],
                                       ["search", "x", "--mode", "magic"], ["ingest", "no-such-folder"], ["keys", "add"]])  # fmt: skip
def test_bad_usage_is_said_with_status_2(home: Path, arguments: list[str]) -> None:
    answer = run(*arguments)
    assert answer.exit_code == PARTLY
    assert answer.stderr.strip()


# ── settings ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("name", "value"), [("DANGHAI_PORT", "many"), ("DANGHAI_PORT", "99999"), ("DANGHAI_ENGINE", "magic"),
                                             ("DANGHAI_OCR_WORKERS", "-1")])  # fmt: skip
def test_a_bad_setting_is_named(home: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    for arguments in (["index", "status"], ["serve"], ["search", "x"], ["db", "upgrade"]):
        answer = run(*arguments)
        assert answer.exit_code == FAILED
        assert name in answer.stderr
    assert not home.exists()


@pytest.mark.parametrize("content", [b"DANGHAI_EXAMPLE_QUESTIONS=[no json", b"DANGHAI_PORT=\xff\xfe"])
def test_settings_that_cannot_be_read_are_said(home: Path, tmp_path: Path, content: bytes) -> None:
    (tmp_path / ".env").write_bytes(content)
    result = run("db", "upgrade")
    assert result.exit_code == FAILED
    assert ".env" in result.stderr


def test_a_data_folder_that_cannot_be_is_said(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("DANGHAI_HOME", str(tmp_path / "file"))
    result = run("db", "upgrade")
    assert result.exit_code == FAILED
    assert "DANGHAI_HOME" in result.stderr


def test_a_port_in_use_is_said_with_the_setting_that_changes_it(home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        for arguments in (["serve", "--port", port], ["ui", "--port", port]):
            answer = run(*arguments)
            assert answer.exit_code == FAILED
            assert port in answer.stderr
            assert "--port" in answer.stderr


def test_a_database_that_does_not_answer(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DANGHAI_DATABASE_URL", "postgresql://nobody@127.0.0.1:19499/none")
    answer = run("keys", "list")
    assert answer.exit_code == NOT_YET
    assert "DANGHAI_DATABASE_URL" in answer.stderr


# ── before anything is there ───────────────────────────────────────────────────


@pytest.mark.parametrize(("arguments", "says"), [
    (["search", "渔民"], "danghai ingest"),
    (["index", "status"], "danghai db upgrade"),
    (["index", "rebuild"], "danghai db upgrade"),
    (["keys", "list"], "danghai db upgrade"),
])  # fmt: skip
def test_before_the_first_ingest_it_says_the_command_that_comes_first(
    home: Path, arguments: list[str], says: str
) -> None:
    answer = run(*arguments)
    assert answer.exit_code == NOT_YET
    assert says in answer.stderr


def test_without_the_model_files(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.setenv("DANGHAI_MODELS_DIR", str(tmp_path / "models"))
    answer = run("models", "check")
    assert answer.exit_code == FAILED
    assert "onnx" in answer.output
    said = json.loads(run("models", "check", "--json").stdout)
    assert (said["complete"], "tokenizer.json" in said["wrong"]) == (False, True)
    answer = run("models", "pull", "--from", str(empty))
    assert answer.exit_code == FAILED
    assert answer.stderr.strip().startswith("✗")
    assert not list((tmp_path / "models").rglob("*.onnx"))


# ── keys, database ─────────────────────────────────────────────────────────────


def test_a_key_has_no_role_that_does_not_exist(home: Path) -> None:
    result = run("keys", "add", "--audience", "staff", "--role", "archivst")
    assert result.exit_code == FAILED
    assert "archivist" in result.stderr


def test_keys_from_the_first_to_the_last(home: Path) -> None:
    assert json.loads(run("db", "upgrade", "--json").output) == {"upgraded": True}
    assert run("db", "upgrade").exit_code == DONE
    made = json.loads(
        run("keys", "add", "--audience", "staff", "--role", "curator", "--role", "archivist", "--json").output
    )
    assert made["key"].startswith("dh_")
    shown = run("keys", "add", "--audience", "reading_room", "--name", "阅览室")
    (listed, second) = json.loads(run("keys", "list", "--json").output)
    assert (listed["audience"], listed["roles"], listed["revoked_at"]) == (
        "staff",
        ["archivist", "curator"],
        None,
    )
    assert made["key"] not in json.dumps([listed, second])
    assert "阅览室" in run("keys", "list").output
    catalogue = Catalogue(Settings(home=home).catalogue_url)
    key = next(word for word in shown.output.split() if word.startswith("dh_"))
    assert catalogue.keys.caller(key).audience == "reading_room"  # type: ignore[union-attr]
    said = run("keys", "revoke", str(second["id"]), "--json")
    assert json.loads(said.stdout) == {"id": second["id"], "revoked": True}
    assert catalogue.keys.caller(key) is None
    answer = run("keys", "revoke", str(second["id"]))
    assert (answer.exit_code, "danghai keys list" in answer.stderr) == (FAILED, True)
    answer = run("keys", "add", "--audience", "everybody")
    assert (answer.exit_code, "reading_room" in answer.stderr) == (FAILED, True)
    catalogue.close()


def test_the_first_administrator_is_made_by_a_command_and_there_is_no_default_password(home: Path) -> None:
    made = json.loads(run("accounts", "add", "an.quan", "--role", "security_admin", "--json").output)
    assert (made["roles"], made["audience"], made["enrolled"]) == (["security_admin"], "public", False)
    catalogue = Catalogue(Settings(home=home).catalogue_url)
    password = "灯塔守夜人记得每一次台风"
    assert catalogue.accounts.enrol(made["enrolment"], password).name == "an.quan"
    both = run("accounts", "add", "shen.ji", "--role", "security_admin", "--role", "audit_admin")
    assert (both.exit_code, "三员" in both.stderr) == (FAILED, True)
    reader = run("accounts", "add", "du.zhe", "--audience", "reading_room")
    assert (reader.exit_code, "居民身份证" in reader.stderr) == (FAILED, True)
    given = ["--audience", "reading_room", "--checked-by", "柜台甲", "--document", "居民身份证"]
    shown = run("accounts", "add", "du.zhe", *given)
    assert (shown.exit_code, "de_" in shown.output) == (DONE, True)
    typed = CliRunner().invoke(
        app, ["accounts", "reset", "du.zhe", "--password-stdin"], input=f"{password}\n"
    )
    assert (typed.exit_code, password in typed.output) == (DONE, False)
    assert (
        CliRunner().invoke(app, ["accounts", "reset", "du.zhe", "--password-stdin"], input="").exit_code
        == FAILED
    )
    assert run("accounts", "roles", "du.zhe", "--role", "curator").exit_code == DONE
    assert run("accounts", "lock", "du.zhe").exit_code == DONE
    (first, second) = json.loads(run("accounts", "list", "--json").output)
    assert (first["enrolled"], second["locked"], second["roles"]) == (True, True, ["curator"])
    assert (second["checked_by"], second["document"]) == ("柜台甲", "居民身份证")
    assert "停用" in run("accounts", "list").output
    assert json.loads(run("accounts", "unlock", "du.zhe", "--json").output)["locked"] is False
    assert (run("accounts", "lock", "nobody").exit_code, password in json.dumps([first, second])) == (
        FAILED,
        False,
    )
    catalogue.close()


# ── the whole way ──────────────────────────────────────────────────────────────

ROWS = [
    {"reference_code": f"J001-1-1-{n}", "title": title, "fonds_code": "J001", "date": "19490301", "access_status": "开放",
     "publicity": "公开" if n != 2 else "不公开", "text": [f"查本縣漁民登記事宜第{n}件"]}
    for n, title in enumerate(["沈家门渔民登记公函", "定海灯塔通知", "岱山盐场报告"], 1)
]  # fmt: skip


@pytest.fixture
def package(tmp_path: Path) -> Path:
    path = tmp_path / "目录.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS), "utf-8")
    return path


@pytest.fixture
def with_model() -> None:
    try:
        locate(default_models_dir())
    except ModelFilesMissing:
        pytest.skip("embedding model is not here")


@pytest.mark.usefixtures("with_model")
def test_a_pull_of_what_is_there_says_where_it_is(home: Path) -> None:
    said = run("models", "pull", "--json")
    assert Path(json.loads(said.stdout)["folder"]) == locate(default_models_dir())
    assert json.loads(run("models", "check", "--json").stdout) == {"complete": True, "wrong": []}


def test_reading_nothing_is_said_as_json(home: Path) -> None:
    run("db", "upgrade")
    said = subprocess.run(
        [sys.executable, "-m", "danghai", "read", "--retry", "--json"], cwd=ROOT, capture_output=True, text=True, check=True
    )  # fmt: skip
    assert json.loads(said.stdout) == {"queued_again": 0, "read": 0, "failed": 0, "rate": 0.0}


def test_reading_says_that_it_stands_back_for_workers(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("db", "upgrade")
    monkeypatch.setenv("DANGHAI_WORK_GONE", "600")
    with closing(Catalogue(Settings().catalogue_url)) as catalogue:
        record = Record(id="990001:J1", reference_code="J1", title="样卷", fonds_code="J1", level="item")
        catalogue.records.put([Incoming(record, [IncomingPage(1, "a" * 64, "scan")])])
        catalogue.workers.seen(Worker("b/ocr-0", "ocr", OcrPool(1).reader_name, 0, 0, 0.0))
    said = subprocess.run(
        [sys.executable, "-m", "danghai", "read", "--json"], cwd=ROOT, capture_output=True, text=True, check=True
    )  # fmt: skip
    assert json.loads(said.stdout)["read"] == 0
    assert "还有 1 页" in said.stderr


@pytest.mark.usefixtures("with_model")
def test_ingest_search_status_rebuild(home: Path, package: Path) -> None:
    answer = run("ingest", str(package), "--json")
    assert answer.exit_code == DONE, answer.stderr
    json.loads(answer.stdout)
    again = run("ingest", str(package))
    assert again.exit_code == DONE
    assert again.stdout.strip()
    found = json.loads(run("search", "沈家門漁民登記", "--json", "--mode", "words").stdout)
    assert found["hits"][0]["reference_code"] == "J001-1-1-1"
    assert "from" in found["hits"][0]["date"]
    shown = run("search", "沈家门渔民登记")
    assert "J001-1-1-1" in shown.stdout
    assert "词第1位" in shown.stdout
    public = json.loads(run("search", "漁民", "--audience", "public", "--json", "--mode", "words").stdout)
    assert {hit["reference_code"] for hit in public["hits"]} == {"J001-1-1-1", "J001-1-1-3"}
    answer = run("search", "x", "--audience", "../staff")
    assert (answer.exit_code, "reading_room" in answer.stderr) == (FAILED, True)
    answer = run("search", "长" * 2000)
    assert (answer.exit_code, "1000" in answer.stderr) == (FAILED, True)
    status = json.loads(run("index", "status", "--json").stdout)
    counts = {row["audience"]: row["documents"] for row in status["indexes"]}
    assert counts["public"] == counts["reading_room"] < counts["staff"]
    assert status["lagging"] == {}
    assert "staff" in run("index", "status").stdout
    before = {row["audience"]: row["generation"] for row in status["indexes"]}
    told = json.loads(run("index", "rebuild", "--json", "--audience", "public").stdout)
    assert (told["audiences"], told["rebuild"]) == (["public"], "done")
    (report,) = told["verified"]
    assert report["ok"]
    assert report["documents"] == report["wanted"] == counts["public"]
    after = {
        row["audience"]: row["generation"]
        for row in json.loads(run("index", "status", "--json").stdout)["indexes"]
    }
    assert {a for a in after if after[a] != before[a]} == {"public"}
    answer = run("index", "rebuild", "--audience", "everybody")
    assert (answer.exit_code, "reading_room" in answer.stderr) == (FAILED, True)


def shown_status() -> tuple[dict[str, Any], dict[str, list[str]], str]:
    """index status: of the staff as JSON, every audience's row of the table, and all that was said."""
    said = run("index", "status").output
    table = {
        cells[0]: cells for line in said.splitlines() if len(cells := [c.strip() for c in line.strip("│").split("│")]) > 5
    }  # fmt: skip
    staff = json.loads(run("index", "status", "--json").stdout)["indexes"][-1]
    return staff, table, said


@pytest.mark.usefixtures("with_model")
def test_a_model_that_comes_late_and_what_status_says_of_it(
    home: Path, package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DANGHAI_MODELS_DIR", str(tmp_path / "none"))
    assert run("ingest", str(package)).exit_code == DONE
    staff, table, said = shown_status()
    assert (staff["documents"], staff["rows"], staff["with_rows"], staff["mismatch"]) == (6, 0, 0, "")
    assert table["staff"][3:7] == ["0%", "g000001", "✓", "—"]
    assert "danghai models pull" in said
    monkeypatch.delenv("DANGHAI_MODELS_DIR")
    staff, table, said = shown_status()
    assert table["staff"][3:7] == ["0%", "g000001", "✓", "✗"]
    assert "danghai index rebuild" in said
    assert "danghai index rebuild" in staff["mismatch"]
    assert json.loads(run("search", "登记", "--json").stdout)["query"]["answered_by"] == "words"
    assert run("ingest", str(package)).exit_code == DONE  # its projector gives the index its vectors
    staff, table, said = shown_status()
    assert (staff["with_rows"], staff["mismatch"]) == (6, "")
    assert table["staff"][3:7] == ["100%", "g000002", "✓", "✓"]
    assert json.loads(run("search", "登记", "--json").stdout)["query"]["answered_by"] == "hybrid"

    for change in ({"made_with": {"lexicon": "old"}}, {"format": 0}):
        for meta in home.glob("index/*/g000002/meta.json"):
            known = json.loads(meta.read_text("utf-8"))
            changed = {**known, **change, "made_with": {**known["made_with"], **change.get("made_with", {})}}
            meta.write_text(json.dumps(changed), "utf-8")
        staff, table, said = shown_status()
        assert (staff["words_ready"], staff["documents"]) == (False, 6 if "format" not in change else 0)
        assert table["staff"][5:7] == ["✗", "✗"]
        assert "danghai index rebuild" in said


@pytest.mark.usefixtures("with_model")
def test_what_is_refused_is_said_and_the_rest_goes_in(home: Path, package: Path) -> None:
    with package.open("a", encoding="utf-8") as file:
        file.write(
            json.dumps({"reference_code": "J001-1-1-9", "title": "绝密件", "classification": "绝密"}) + "\n"
        )
        file.write(json.dumps({"reference_code": "", "title": "无档号"}) + "\n")
    answer = run("ingest", str(package), "--json")
    assert answer.exit_code == PARTLY
    assert json.loads(answer.stdout)
    found = json.loads(run("search", "登记", "--json", "--mode", "words").stdout)
    assert {hit["reference_code"] for hit in found["hits"]} == {"J001-1-1-1", "J001-1-1-2", "J001-1-1-3"}


def obey_permissions() -> None:
    """Even as root: in the child, before the command starts."""
    cap_drop, may_write_anywhere = 24, 1
    ctypes.CDLL(None).prctl(cap_drop, may_write_anywhere, 0, 0, 0)


def test_an_index_folder_that_cannot_be_written_is_said(
    home: Path, package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DANGHAI_MODELS_DIR", str(tmp_path / "none"))
    assert run("ingest", str(package)).exit_code == DONE
    locked = [home / "index", *(home / "index").rglob("*")]
    modes = {path: path.stat().st_mode for path in locked}
    for path, mode in modes.items():
        path.chmod(mode & ~0o222)
    try:
        for arguments in (["search", "登记"], ["index", "status"], ["index", "rebuild"]):
            said = subprocess.run([sys.executable, "-m", "danghai", *arguments], cwd=ROOT, capture_output=True, text=True,
                                  check=False, preexec_fn=obey_permissions)  # fmt: skip
            assert said.returncode in (FAILED, NOT_YET), said.stderr
            assert "Traceback" not in said.stderr
            assert "DANGHAI_HOME" in said.stderr.replace("\n", "")
    finally:
        for path, mode in modes.items():
            path.chmod(mode)
    assert run("search", "登记").exit_code == DONE


def test_what_the_report_quotes_is_no_markup(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "package" / "["
    folder.mkdir(parents=True)
    (folder / "red].pdf").write_bytes(b"%PDF-")
    (folder.parent / "a.csv").write_text("档号,题名\nJ1-1,题名\n")
    result = run("ingest", str(folder.parent), "--no-ocr")
    assert result.exit_code == PARTLY
    assert "[/red].pdf" in result.stdout


def test_while_another_projector_works_a_rebuild_is_queued_and_a_second_projector_refuses(home: Path) -> None:
    run("db", "upgrade")
    lock = projector_lock(Settings(home=home))
    with hold(lock, "test"):
        said = json.loads(run("index", "rebuild", "--json").stdout)
        assert said["rebuild"] == "queued"
        answer = run("project")
        assert (answer.exit_code, "danghai serve" in answer.stderr) == (FAILED, True)
    assert not lock.is_held()
    catalogue = Catalogue(Settings(home=home).catalogue_url)
    assert {r.audience for r in catalogue.outbox.rebuilds()} == {"public", "reading_room", "staff"}
    catalogue.close()

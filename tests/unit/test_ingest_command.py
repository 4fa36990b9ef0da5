"""`danghai ingest` as it is run: it never reports success while a part of it failed."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from typer.testing import CliRunner

from danghai import app
from holdings.errors import Conflict
from holdings.locks import hold, projector_lock
from holdings.settings import Settings


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DANGHAI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DANGHAI_MODELS_DIR", str(tmp_path / "no models"))
    return tmp_path / "home"


def package(folder: Path, code: str) -> str:
    path = folder / f"{code}.jsonl"
    path.write_text(json.dumps({"reference_code": code, "title": "关于渔民登记的通知"}), encoding="utf-8")
    return str(path)


def test_an_index_that_cannot_be_written_fails_the_run_and_the_report_is_still_said(
    home: Path, tmp_path: Path
) -> None:
    assert CliRunner().invoke(app, ["ingest", package(tmp_path, "J001-1-1-1"), "--no-ocr"]).exit_code == 0
    for meta in (home / "index").glob("*/*/meta.json"):
        told = json.loads(meta.read_text(encoding="utf-8"))
        told["made_with"]["lexicon"] = "another"
        meta.write_text(json.dumps(told), encoding="utf-8")
    again = CliRunner().invoke(app, ["ingest", package(tmp_path, "J001-1-1-2"), "--no-ocr"])
    assert again.exit_code == 3  # not ready: a rebuild mends it
    assert "新收 1" in again.stdout
    assert "danghai index rebuild" in again.output


def test_a_worker_of_serve_waits_for_the_lock_and_nobody_else_does(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    took = threading.Event()

    def work() -> None:
        with hold(projector_lock(settings), "索引投影", patiently=True):
            took.set()

    with hold(projector_lock(settings), "索引投影"):
        with pytest.raises(Conflict), hold(projector_lock(settings), "索引投影"):
            pass
        worker = threading.Thread(target=work)
        worker.start()
        assert not took.wait(1.0)
    assert took.wait(10)
    worker.join(10)
    assert not projector_lock(settings).is_held()

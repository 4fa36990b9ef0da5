"""The sample exhibition of `make demo`: eight people bring it before the public, and a withdrawal takes its part away."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from corpus_samples.exhibition import ARCHIVE_CODE, PLAN, STEPS, put_on
from holdings.access import STAFF
from holdings.records import Line, PageText
from indexer.intake import Intake
from tests.api.conftest import System

SAMPLES = Path("corpus_samples/holdings")
#: What the one page that is quoted says, as OCR reads it.
READ = "出来。今天不讲大道理，请各位把难处一桩一桩摆"


def test_it_is_put_on_over_the_api_and_a_withdrawn_record_leaves_it(
    make_system: Callable[[], System],
) -> None:
    plan = json.loads(PLAN.read_text(encoding="utf-8"))
    codes = [one["code"] for section in plan["sections"] for one in section["objects"]]
    system = make_system()
    fonds = sorted({code.partition("-")[0] for code in codes})
    assert (
        not Intake(system.catalogue, system.store, system.settings)
        .run([SAMPLES / f for f in fonds])
        .rejections
    )
    [page] = [p for p in system.catalogue.pages.of(f"{ARCHIVE_CODE}:J001-1-1-3") if p.number == 1]
    text = PageText((Line(READ),), "ocr:test@1")
    assert system.catalogue.pages.save_reading(page.id, text, "ocr:test@1")

    keys = {
        step: system.catalogue.keys.add(STAFF, roles=[role], name=name)
        for step, (name, role) in STEPS.items()
    }
    path = put_on(system.client, keys)
    assert put_on(system.client, keys) == path, "twice is once"
    shown = system.client.get(path).text
    assert all(f"档号 {code}" in shown for code in codes)
    assert "今天不讲大道理" in shown

    gone = codes[3]
    system.catalogue.records.set_access(
        f"{ARCHIVE_CODE}:{gone}", access_status="控制", publicity="不公开", reason="试"
    )
    shown = system.client.get(path).text
    assert [code for code in codes if f"档号 {code}" not in shown] == [gone]

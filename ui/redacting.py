"""Redaction beside the scan: regions drawn or written, seen as the public would, saved, undone."""

from __future__ import annotations

import re
from collections.abc import Sequence

import streamlit as st

from ui import shapes
from ui.client import record_path
from ui.frame import Desk
from ui.leaf import Leaf
from ui.markup import esc
from ui.state import address
from ui.texts import Words

REASONS = ("privacy", "identity", "address", "health", "minor", "commercial", "third-party", "other")
Region = tuple[int, int, int, int]


def redact_view(here: Desk, record: shapes.Record, leaf: Leaf, drawn: Sequence[Sequence[int]]) -> None:
    """The form and the history. drawn: regions drawn on the scan since it was shown."""
    say, place = here.say, f"{record['id']}/{leaf.number}"
    key = f"redact/{place}"
    _take_up(key, drawn)
    st.html(f'<p class="dh-hint">{esc(say("redact_hint"))}</p>')
    st.text_area(say("redact_regions"), key=key, height=120)
    whole = st.checkbox(say("redact_whole"), key=f"whole/{place}")
    code = st.selectbox(
        say("redact_reason"), REASONS, format_func=lambda c: say(f"reason_{c}"), key=f"code/{place}"
    )
    note = st.text_input(say("redact_note"), key=f"note/{place}", max_chars=1000)
    regions, bad = regions_of(str(st.session_state.get(key, "")))
    if bad:
        st.html(f'<p class="dh-notice" role="alert">{esc(say("redact_bad", line=bad))}</p>')
        return
    preview, save = st.columns(2)
    if preview.button(say("redact_preview"), key=f"preview/{place}") and (whole or regions):
        _preview(here, record, leaf, "whole" if whole else written(regions, ";", ","))
    if save.button(say("redact_save"), key=f"save/{place}", type="primary") and (whole or regions):
        said = {"page": leaf.number, "whole": whole, "code": code, "note": note}
        here.api.redact(record["id"], said | {"regions": [] if whole else regions})
        st.session_state[f"clear/{key}"] = True
        st.success(say("redact_saved"))
    _history(here, record, say)


def _take_up(key: str, drawn: Sequence[Sequence[int]]) -> None:
    """Add what was drawn since the last run to what is written; empty it after saving."""
    if st.session_state.pop(f"clear/{key}", False):
        st.session_state[key] = ""
    seen = st.session_state.get(f"drawn/{key}", 0)
    fresh = [(int(x), int(y), int(w), int(h)) for x, y, w, h in drawn[seen:]]
    st.session_state[f"drawn/{key}"] = len(drawn)
    if fresh:
        old = str(st.session_state.get(key, "")).strip()
        st.session_state[key] = "\n".join(part for part in (old, written(fresh, "\n", " ")) if part)


def regions_of(text: str) -> tuple[list[Region], str]:
    """What is written, one region a line; and the first line that cannot be read, or ''."""
    regions: list[Region] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        numbers = re.split(r"[\s,，、]+", line)
        if len(numbers) != 4 or not all(re.fullmatch(r"[0-9]{1,6}", n) for n in numbers):
            return [], line
        x, y, w, h = map(int, numbers)
        regions.append((x, y, w, h))
    return regions, ""


def written(regions: Sequence[Region], between: str, within: str) -> str:
    return between.join(within.join(map(str, region)) for region in regions)


def _preview(here: Desk, record: shapes.Record, leaf: Leaf, regions: str) -> None:
    path = f"/x/api{record_path(record['id'])}/pages/{leaf.number}/outer/image"
    picture = address(path, [("regions", regions)])
    text = here.api.outer_text(record["id"], leaf.number, regions)
    st.html(
        f'<img class="dh-outer" style="max-width:100%" src="{esc(picture)}" '
        f'alt="{esc(here.say("redact_preview"))}">'
        f'<h2 class="dh-h">{esc(here.say("redact_left"))}</h2><pre class="dh-outer-text">{esc(text)}</pre>'
    )


def _history(here: Desk, record: shapes.Record, say: Words) -> None:
    found = here.api.redactions(record["id"])
    st.html(f'<h2 class="dh-h">{esc(say("redact_standing" if found else "redact_none"))}</h2>')
    for one in found:
        box = "×".join(map(str, one["box"])) if one["box"] else say("redact_whole")
        said = (
            f"{say('redact_page', n=one['page'])} · {box} · {say('reason_' + one['code'])} · {one['made_by']}"
        )
        left, right = st.columns([4, 1])
        if one["undone_at"]:
            left.html(f'<p class="dh-meta"><s>{esc(said)}</s> {esc(say("redact_undone"))}</p>')
            continue
        left.html(f'<p class="dh-meta">{esc(said)}</p>')
        if right.button(say("redact_undo"), key=f"undo/{one['id']}"):
            here.api.undo_redaction(record["id"], one["id"])
            st.rerun()

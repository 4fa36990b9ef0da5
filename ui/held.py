"""The security officer's queue on the explorer's first page."""

from __future__ import annotations

import streamlit as st

from ui import shapes
from ui.client import ApiProblem
from ui.frame import Desk
from ui.markup import esc, link
from ui.state import record_address


def held(here: Desk) -> None:
    """What is held, for who may decide on it; nothing for anybody else."""
    if not here.visitor.key:
        return
    try:
        found = here.api.quarantine()
    except ApiProblem as problem:
        if problem.status == 403:
            return
        raise
    if not found:
        return
    say = here.say
    with st.container(key="held"):
        st.html(f'<h2 class="dh-h">{esc(say("held_title", n=len(found)))}</h2><p>{esc(say("held_lead"))}</p>')
        for finding in found:
            _one(here, finding)


def _one(here: Desk, finding: shapes.Finding) -> None:
    say, number = here.say, finding["id"]
    there = record_address(finding["record_id"], page=finding["page"])
    with_it = f" · {say('held_with', n=finding['with_it'])}" if finding["with_it"] else ""
    said = f"{finding['mark']} · {finding['line']} · {finding['found_at'][:10]}{with_it}"
    st.html(
        f"<p>{link(there, esc(finding['title']))} <code>{esc(finding['reference_code'])}</code><br>"
        f"<small>{esc(said)}</small></p>"
    )
    if finding["state"] == "confirmed":
        st.html(f'<p class="dh-hint">{esc(say("held_confirmed"))}</p>')
        return
    reason, release, confirm = st.columns([4, 1, 1])
    why = reason.text_input(say("held_reason"), key=f"held-reason-{number}", max_chars=1000)
    for column, verdict in ((release, "release"), (confirm, "confirm")):
        if column.button(say(f"held_{verdict}"), key=f"held-{verdict}-{number}") and why.strip():
            here.api.judge(number, verdict, why.strip())
            st.rerun()

"""The security officer's queue: records held for a secrecy mark, each with the place it was read, decided one by one."""

from __future__ import annotations

from functools import partial

import streamlit as st

from ui import shapes
from ui.client import record_path
from ui.frame import Desk
from ui.markup import esc, link
from ui.state import address, record_address
from ui.tables import tag, when
from ui.telling import attempt, tell, told
from ui.texts import Words

#: Findings shown at once: each shows its page.
SHOWN = 20


def show(here: Desk) -> None:
    """The page."""
    say, found = here.say, here.api.quarantine()
    waiting = [finding for finding in found if finding["state"] != "confirmed"]
    confirmed = [finding for finding in found if finding["state"] == "confirmed"]
    counted = esc(say.counted("held_count", len(waiting)))
    st.html(
        f'<div class="dh-top"><h1 class="dh-where">{esc(say("nav_quarantine"))} <small>{counted}</small></h1>'
        f'<p class="dh-hint">{esc(say("held_lead"))}</p></div>'
    )
    told()
    if not found:
        st.html(f'<p class="dh-notice">{esc(say("held_none"))}</p>')
    for finding in waiting[:SHOWN]:
        with st.container(border=True, key=f"held-{finding['id']}"):
            _one(here, finding)
    if len(waiting) > SHOWN:
        st.html(f'<p class="dh-hint">{esc(say("held_more", n=len(waiting) - SHOWN))}</p>')
    if confirmed:
        rows = "".join(f"<li>{_title(one)} {_decided(one, say)}</li>" for one in confirmed)
        st.html(
            f'<h2 class="dh-h">{esc(say("held_confirmed_all"))}</h2>'
            f'<p class="dh-notice">{esc(say("held_confirmed"))} <code>danghai quarantine export</code></p>'
            f'<ul class="dh-plainlist">{rows}</ul>'
        )


def _title(finding: shapes.Finding) -> str:
    there = record_address(finding["record_id"], page=finding["page"])
    return f"{link(there, esc(finding['title']), 'dh-title')} <code>{esc(finding['reference_code'])}</code>"


def _decided(finding: shapes.Finding, say: Words) -> str:
    said = f"{when(finding['decided_at'])[:10]} {finding['decided_by']} {finding['reason']}"
    return f'<span class="dh-hint">{tag(finding["mark"], "closed")} {esc(said)}</span>'


def _one(here: Desk, finding: shapes.Finding) -> None:
    say, number = here.say, finding["id"]
    left, right = st.columns([1, 1.6], gap="medium")
    picture = address(
        f"/x/api{record_path(finding['record_id'])}/pages/{finding['page']}/image", [("width", "800")]
    )
    there = record_address(finding["record_id"], page=finding["page"])
    alt = say("scan", n=finding["page"])
    with left:
        st.html(
            link(
                there,
                f'<img src="{esc(picture)}" alt="{esc(alt)}" loading="lazy">',
                f"dh-held is-{finding['place']}",
                aria_label=alt,
            )
        )
    with right:
        st.html(f'<div class="dh-cardhead"><h3>{_title(finding)}</h3></div>{_about(finding, say)}')
        why = st.text_area(say("held_reason"), key=f"held-reason-{number}", max_chars=1000, height=80)
        release, confirm = st.columns(2)
        for column, verdict in ((release, "release"), (confirm, "confirm")):
            if not column.button(say(f"held_{verdict}"), key=f"held-{verdict}-{number}", width="stretch"):
                continue
            if not why.strip():
                st.error(say("held_why"))
            elif attempt(partial(here.api.judge, number, verdict, why.strip())) is not None:
                tell(say(f"held_{verdict}_done", code=finding["reference_code"]))
                st.rerun()


def _about(finding: shapes.Finding, say: Words) -> str:
    place = (
        say(f"held_at_{finding['place']}")
        if finding["place"] in ("head", "stamp", "star")
        else finding["place"]
    )
    where = f"{esc(say('on_page', n=finding['page']))} · {esc(place)} · {esc(when(finding['found_at']))}"
    inside = (
        f'<p class="dh-meta">{esc(say("held_with", n=finding["with_it"]))}</p>' if finding["with_it"] else ""
    )
    return (
        f'<p>{tag(finding["mark"], "closed")} <span class="dh-snippet"><mark>{esc(finding["line"])}</mark></span></p>'
        f'<p class="dh-meta">{where}</p>{inside}'
    )

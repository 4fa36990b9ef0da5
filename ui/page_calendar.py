"""Anniversaries of the coming year, and records for each."""

from __future__ import annotations

import streamlit as st

from ui.cards import date_text, dotted
from ui.curation_client import Curation, Json
from ui.frame import Desk
from ui.markup import esc, link
from ui.page_series import reasons
from ui.state import record_address


def show(here: Desk) -> None:
    """The page."""
    say, curation = here.say, Curation(here.api)
    st.html(
        f'<div class="dh-top"><h1 class="dh-where">{esc(say("nav_calendar"))}</h1>'
        f'<p class="dh-hint">{esc(say("calendar_hint"))}</p></div>'
    )
    coming, asked = curation.coming(), here.param("id")
    left, right = st.columns([1, 1.4], gap="large")
    left.html(f'<ul class="dh-tree">{"".join(_day(one, asked, here) for one in coming)}</ul>')
    chosen = next((one for one in coming if str(one["anniversary"]["id"]) == asked), None)
    if chosen:
        found = curation.for_date(chosen["anniversary"]["id"])
        right.html(
            f'<h2 class="dh-h">{esc(chosen["anniversary"]["name"])}</h2>'
            f'<ul class="dh-tree">{"".join(_record(one, here) for one in found["proposals"])}</ul>'
        )


def _day(coming: Json, asked: str, here: Desk) -> str:
    say, one = here.say, coming["anniversary"]
    years = esc(say("calendar_years", n=coming["years"])) if coming["years"] else ""
    told = dotted(
        [esc(say(f"calendar_{one['scope']}")), f"<strong>{years}</strong>" if coming["round"] else years]
    )
    current = {"aria_current": "true"} if str(one["id"]) == asked else {}
    name = link(f"/calendar?id={one['id']}", esc(one["name"]), data_key=f"day-{one['id']}", **current)
    return f'<li class="dh-node"><code>{esc(coming["on"])}</code> {name} <span class="dh-meta">{told}</span></li>'


def _record(proposal: Json, here: Desk) -> str:
    hit = proposal["hit"]
    return (
        f'<li class="dh-node">{link(record_address(hit["id"]), esc(hit["title"]))} '
        f'<span class="dh-meta">{date_text(hit["date"], here.say)}</span>'
        f'<p class="dh-why">{esc("；".join(reasons(proposal, here)))}</p></li>'
    )

"""Anniversaries of the coming year, and records for each."""

from __future__ import annotations

import streamlit as st

from ui.cards import date_text, dotted
from ui.curation_client import Curation, Json
from ui.frame import Desk
from ui.markup import esc, link
from ui.page_series import reasons
from ui.state import record_address
from ui.telling import attempt, tell, told

KINDS = ("solar", "lunar")
SCOPES = ("international", "national", "local")


def show(here: Desk) -> None:
    """The page."""
    say, curation = here.say, Curation(here.api)
    st.html(
        f'<div class="dh-top"><h1 class="dh-where">{esc(say("nav_calendar"))}</h1>'
        f'<p class="dh-hint">{esc(say("calendar_hint"))}</p></div>'
    )
    told()
    coming, asked = curation.coming(), here.param("id")
    left, right = st.columns([1, 1.4], gap="large")
    new = link("/calendar?id=new", "＋ " + esc(say("calendar_new")), "dh-act", data_key="day-new")
    left.html(
        f'<p class="dh-row">{new}</p><ul class="dh-tree">{"".join(_day(one, asked, here) for one in coming)}</ul>'
    )
    chosen = next((one for one in coming if str(one["anniversary"]["id"]) == asked), None)
    if asked == "new":
        with right:
            _edit(here, curation, None)
    if chosen:
        with right.expander(say("calendar_edit")):
            _edit(here, curation, chosen["anniversary"])
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


def _edit(here: Desk, curation: Curation, one: Json | None) -> None:
    """The form of a date, and the button that drops it."""
    say = here.say
    now = one or {"name": "", "calendar": "solar", "month": 1, "day": 1, "year": None, "scope": "local"}
    with st.form(f"date_{one['id'] if one else 'new'}"):
        name = st.text_input(say("calendar_name"), now["name"], max_chars=120)
        calendar = st.selectbox(
            say("calendar_kind"),
            KINDS,
            KINDS.index(now["calendar"]),
            format_func=lambda kind: say(f"calendar_{kind}"),
        )
        month, day, year = st.columns(3)
        body: Json = {
            "name": name,
            "calendar": calendar,
            "month": month.number_input(say("calendar_month"), 1, 12, now["month"]),
            "day": day.number_input(say("calendar_day"), 1, 31, now["day"]),
            "year": year.number_input(say("calendar_year"), 1, 9999, now["year"]),
            "scope": st.selectbox(
                say("calendar_scope"),
                SCOPES,
                SCOPES.index(now["scope"]),
                format_func=lambda scope: say(f"calendar_{scope}"),
            ),
        }
        questions = st.text_area(say("series_questions"), "\n".join(now.get("questions", ())))
        body["questions"] = [line.strip() for line in questions.splitlines() if line.strip()]
        if st.form_submit_button(say("series_save"), type="primary"):
            number = one["id"] if one else None
            saved = attempt(lambda: curation.save_date(number, body))
            if saved is not None:
                tell(say("series_saved"))
                st.query_params.from_dict({"id": str(saved["id"])})
                st.rerun()
    if one and st.button(say("calendar_drop"), key=f"drop_date_{one['id']}"):
        _drop(here, curation, one)


@st.dialog(" ")
def _drop(here: Desk, curation: Curation, one: Json) -> None:
    say = here.say
    st.html(f"<p>{esc(say('calendar_drop_sure', name=one['name']))}</p>")
    if st.button(say("calendar_drop"), type="primary", key="drop_date_sure") and (
        attempt(lambda: curation.drop_date(one["id"])) is not None
    ):
        tell(say("calendar_dropped", name=one["name"]))
        st.query_params.clear()
        st.rerun()

"""What was shown where: noted, seen, and dropped where it was noted wrongly."""

from __future__ import annotations

from datetime import date
from functools import partial

import streamlit as st

from ui.by_code import clear, codes
from ui.cards import date_text
from ui.curation_client import Curation, Json
from ui.frame import Desk
from ui.markup import esc, link
from ui.state import record_address
from ui.telling import attempt, tell, told

#: Most records noted at once; the API takes these.
MOST = 500


def show(here: Desk) -> None:
    """The page."""
    say, curation = here.say, Curation(here.api)
    st.html(
        f'<div class="dh-top"><h1 class="dh-where">{esc(say("nav_showings"))}</h1>'
        f'<p class="dh-hint">{esc(say("showings_hint"))}</p></div>'
    )
    told()
    left, right = st.columns([1.5, 1], gap="large")
    with right:
        _new(here, curation)
    with left:
        found = curation.showings()
        if not found:
            st.html(f'<p class="dh-notice">{esc(say("showings_none"))}</p>')
        for one in found:
            count = say("showings_count", n=len(one["records"]))
            with st.expander(f"{one['name']} · {one['on']} · {count}"):
                _one(here, curation, one)


def _one(here: Desk, curation: Curation, one: Json) -> None:
    say, name = here.say, one["name"]
    for record in one["records"]:
        left, right = st.columns([5, 1], vertical_alignment="center")
        left.html(
            f"<p>{link(record_address(record['id']), esc(record['title']))} <code>{esc(record['reference_code'])}</code> "
            f'<span class="dh-meta">{date_text(record["date"], say)}</span></p>'
        )
        if right.button(say("showings_drop"), key=f"drop_{name}_{one['on']}_{record['id']}"):
            _drop(here, partial(curation.drop_showing, name, record["id"]))
    if st.button(say("showings_drop_all"), key=f"drop_all_{name}_{one['on']}"):
        _drop(here, partial(curation.drop_showing, name))


def _drop(here: Desk, act: partial[Json]) -> None:
    if attempt(act) is not None:
        tell(here.say("showings_dropped"))
        st.rerun()


def _new(here: Desk, curation: Curation) -> None:
    say = here.say
    st.html(f'<h2 class="dh-h">{esc(say("showings_new"))}</h2>')
    name = st.text_input(say("showings_name"), max_chars=200)
    on = st.date_input(say("showings_on"), date.today(), min_value=date(1900, 1, 1), format="YYYY-MM-DD")
    found = codes(here, "codes/showing", MOST)
    if not st.button(say("showings_save"), type="primary"):
        return
    ids = [one["id"] for one in found.values() if one]
    if not name.strip() or not ids or len(ids) < len(found):
        st.error(say("showings_need"))
    elif attempt(lambda: curation.note_showing(ids, name.strip(), f"{on}")) is not None:
        clear("codes/showing")
        tell(say("showings_saved", name=name.strip(), n=len(ids)))
        st.rerun()

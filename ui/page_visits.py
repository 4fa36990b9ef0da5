"""How often records and exhibitions were looked at, by day."""

from __future__ import annotations

from datetime import date, timedelta

import streamlit as st

from ui.frame import Desk
from ui.markup import esc, link
from ui.public_client import Json, Public
from ui.state import address, record_address
from ui.tables import table

DAYS = (7, 30, 365)


def show(here: Desk) -> None:
    """The page."""
    say = here.say
    kind = "exhibition" if here.param("kind") == "exhibition" else "record"
    days = next((n for n in DAYS if str(n) == here.param("days")), 30)
    last = date.today()
    first = last - timedelta(days=days - 1)
    asked = [("kind", kind), ("from", f"{first}"), ("to", f"{last}")]
    found = Public(here.api).visits(asked)["visits"]
    choices = [(k, days, say(f"visits_{k}"), k == kind) for k in ("record", "exhibition")]
    choices += [(kind, n, say("visits_days", n=n), n == days) for n in DAYS]
    links = "".join(
        link(
            address("/visits", [("kind", k), ("days", f"{n}")]),
            esc(text),
            "dh-act",
            **({"aria_current": "true"} if on else {}),
        )
        for k, n, text, on in choices
    )
    st.html(
        f'<div class="dh-top"><h1 class="dh-where">{esc(say("nav_visits"))}</h1>'
        f'<p class="dh-hint">{esc(say("visits_hint"))}</p><p class="dh-row">{links}</p></div>'
    )
    if not found:
        st.html(f'<p class="dh-notice">{esc(say("visits_none"))}</p>')
        return
    headers = [say("visits_what"), say("visits_total"), say("visits_by_day")]
    st.html(table(headers, [_row(one, kind) for one in found], caption=say("nav_visits")))


def _row(one: Json, kind: str) -> list[str]:
    name = esc(one["title"])
    if kind == "record":
        name = f"{link(record_address(one['what']), name)} <code>{esc(one['reference_code'])}</code>"
    newest = list(one["days"].items())[-7:]
    by_day = " · ".join(f"{esc(day[5:])} {count:,}" for day, count in newest)
    return [name, f"{one['total']:,}", f'<span class="dh-meta">{by_day}</span>']

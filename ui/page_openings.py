"""What was opened lately: the published catalogue, by day and batch."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import streamlit as st

from ui.cards import date_text, dotted
from ui.frame import Desk
from ui.markup import esc, link
from ui.state import address, record_address


def show(here: Desk) -> None:
    """The page."""
    say = here.say
    asked = [(n, here.param(n)) for n in ("batch", "cursor") if here.param(n)]
    found = here.api.get("/v1/openings", asked)
    feed = f'<a class="dh-act" href="/x/api/v1/openings/feed" download="openings.atom">{esc(say("openings_feed"))}</a>'
    st.html(
        f'<div class="dh-top"><h1 class="dh-where">{esc(say("nav_openings"))}</h1>'
        f'<p class="dh-hint">{esc(say("openings_hint"))}</p><p class="dh-row">{feed}</p></div>'
    )
    if not found["items"]:
        st.html(f'<p class="dh-notice">{esc(say("openings_none"))}</p>')
        return
    groups = groupby(found["items"], key=lambda item: (item["day"], item["batch"]))
    st.html("".join(_group(day, batch, list(items), here) for (day, batch), items in groups))
    if found["next"]:
        more = address("/openings", [*(p for p in asked if p[0] == "batch"), ("cursor", found["next"])])
        st.html(f'<nav class="dh-pager">{link(more, esc(say("page_next")), "dh-next")}</nav>')


def _group(day: str, batch: str, items: list[Any], here: Desk) -> str:
    name = link(address("/openings", [("batch", batch)]), esc(batch)) if batch else ""
    rows = "".join(
        f'<li class="dh-node is-file"><div class="dh-cardhead"><h3>'
        f"{link(record_address(item['id']), esc(item['title']), 'dh-title')}</h3>"
        f"<code>{esc(item['reference_code'])}</code></div>"
        f'<p class="dh-meta">{date_text(item["date"], here.say)}</p></li>'
        for item in items
    )
    return f'<h2 class="dh-h">{dotted([esc(day), name])}</h2><ul class="dh-tree">{rows}</ul>'

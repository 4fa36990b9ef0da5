"""One collection 资料夹: its records with note, tags and rating."""

from __future__ import annotations

import streamlit as st

from ui.cards import date_text, dotted
from ui.frame import Desk
from ui.markup import esc, link
from ui.projects_client import Json, Projects
from ui.state import record_address
from ui.telling import told


def show(here: Desk) -> None:
    """The page."""
    number = here.param("id")
    tree = Projects(here.api).tree(int(number) if number.isascii() and number.isdigit() else 0)
    st.html(f'<div class="dh-top"><h1 class="dh-where">{esc(tree["project"]["name"])}</h1></div>')
    told()
    items = "".join(_item(part, here) for part in tree["parts"])
    st.html(f'<ol class="dh-list">{items}</ol>')


def _item(part: Json, here: Desk) -> str:
    record = part["record"]
    if record is None:
        return f'<li class="dh-kept">{esc(here.say("list_gone"))}</li>'
    meta = [f"<code>{esc(record['reference_code'])}</code>", date_text(record["date"], here.say)]
    title = link(record_address(record["id"]), esc(record["title"]), "dh-title")
    return f'<li class="dh-kept"><h3>{title}</h3><p class="dh-meta">{dotted(meta)}</p></li>'

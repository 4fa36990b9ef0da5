"""Browsing: 全宗 with their introductions → 目录 → 案卷 → 件, in natural order, with search within."""

from __future__ import annotations

import streamlit as st

from ui import shapes
from ui.cards import date_text, dotted, level_mark
from ui.frame import Desk, question_box
from ui.markup import esc, link
from ui.state import browse_address, record_address
from ui.texts import Words

#: An introduction longer than this many characters is folded.
INTRODUCTION = 160


def show(here: Desk) -> None:
    """The page."""
    say, node = here.say, here.param("node") or None
    found = here.api.browse(node, here.param("cursor"))
    path = found["path"]
    crumbs = breadcrumbs(path[:-1], say)
    if path:
        title = f"{esc(path[-1]['title'])} <code>{esc(path[-1]['reference_code'])}</code>"
        keep = [("within", node or "")]
        box = question_box(say, "", keep=keep, label=say("within_search"))
    else:
        title, box = esc(say("all_fonds")), ""
    st.html(f'{crumbs}<h1 class="dh-where">{title}</h1>{_described(here, path)}{box}')
    items = "".join(_item(item, say) for item in found["items"])
    more = link(browse_address(node), esc(say("page_first"))) if here.param("cursor") else ""
    if found["next"]:
        more += link(browse_address(node, found["next"]), esc(say("page_next")), "dh-next")
    if items:
        st.html(f'<ul class="dh-tree">{items}</ul><nav class="dh-pager">{more}</nav>')
    else:
        st.html(f'<p class="dh-notice">{esc(say("nothing_inside"))}</p>')


def breadcrumbs(path: list[shapes.Ancestor], say: Words, *, home: bool = True) -> str:
    """All fonds, then what a place lies in; a closed place shows only as its code, without a link."""
    steps = [link(browse_address(), esc(say("all_fonds")))] if home else []
    for place in path:
        text = esc(place["title"])
        if place["id"] is None:
            steps.append(f'<span title="{esc(say("closed_node"))}">{esc(place["reference_code"])}</span>')
        else:
            steps.append(link(browse_address(place["id"]), text, title=place["reference_code"]))
    return f'<nav class="dh-crumbs">{"<span> › </span>".join(steps)}</nav>'


def _described(here: Desk, path: list[shapes.Ancestor]) -> str:
    """The place's own dates and introduction, and the way to its whole description, where it is open."""
    if not path or path[-1]["id"] is None:
        return ""
    record = here.api.record(path[-1]["id"])
    values = {field["name"]: field["value"] for field in record["fields"]}
    text = values.get("agency_history") or values.get("abstract") or ""
    there = link(record_address(record["id"], view="fields"), esc(here.say("whole_description")))
    meta = dotted([date_text(record["date"], here.say) if record["date"]["text"] else "", there])
    return f'<p class="dh-meta">{meta}</p>{_introduction(str(text))}'


def _item(item: shapes.BrowseItem, say: Words) -> str:
    is_file = item["level"] == "file"
    there = record_address(item["node"]) if is_file else browse_address(item["node"])
    meta = [date_text(item["date"], say)] if item["date"]["text"] else []
    if is_file:
        meta += [esc(say.counted("pages", item["pages"]))] if item["pages"] else []
    else:
        meta.append(esc(say.counted("inside", item["count"])))
    if item["id"] is None:
        meta.append(esc(say("closed_node")))
    # A closed place has no title but its code: say it once.
    code = f"<code>{esc(item['reference_code'])}</code>" if item["id"] is not None else ""
    title = link(there, esc(item["title"]), "dh-title", data_key=f"node-{item['node']}")
    return (
        f'<li class="dh-node is-{esc(item["level"])}"><div class="dh-cardhead"><h3>{level_mark(item["level"], say)}{title}</h3>{code}</div>'
        f'<p class="dh-meta">{dotted(meta)}</p>{_introduction(item["introduction"])}</li>'
    )


def _introduction(text: str) -> str:
    if not text:
        return ""
    if len(text) <= INTRODUCTION:
        return f'<p class="dh-intro">{esc(text)}</p>'
    return (
        f'<details class="dh-intro"><summary>{esc(text[: INTRODUCTION // 2])}…</summary>'
        f"<p>{esc(text)}</p></details>"
    )

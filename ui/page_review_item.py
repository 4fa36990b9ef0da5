"""One record under review: the scan beside its text with what the machine saw marked on both, and the opinion."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any, Literal

import streamlit as st

from ui.cards import badge, date_text, dotted
from ui.frame import Desk, put
from ui.leaf import leaf_of, scan, text_view
from ui.markup import esc, link, snippet
from ui.review_parts import machine, marks, others, step_name, turning
from ui.reviews_client import Reviews
from ui.state import address, record_address
from ui.telling import attempt, tell, told
from ui.texts import Words

#: Opinion buttons: (status, publicity), text, key, Streamlit's look.
OPENING = (
    ("开放", "", "status_开放", "1"), ("控制", "", "status_控制", "2"), ("延期开放", "", "status_延期开放", "3"),
)  # fmt: skip
WEB = (
    ("开放", "公开", "review_publish", "1"), ("开放", "馆内", "review_room", "2"), ("开放", "不公开", "review_not_published", "3"),
)  # fmt: skip


def show(here: Desk) -> None:
    """The page."""
    reviews = Reviews(here.api)
    review_id = here.param("id")
    if not review_id.isascii() or not review_id.isdigit():
        st.html(f'<p class="dh-notice">{esc(here.say("which_record"))}</p>')
        return
    item = reviews.item(int(review_id))
    record = here.api.record(item["record_id"])
    st.html(_head(item, here.say))
    told()
    matches, named = marks(item), ("id", review_id)

    def to_page(number: int) -> str:
        return address("/review-item", [named, ("page", str(number))])

    leaf = leaf_of(here, record, matches, "")
    left, right = st.columns([1.15, 1], gap="medium")
    with left, st.container(key="scan"):
        if leaf is not None:
            put(turning(record, leaf.number, matches, to_page))
            scan(here, record, leaf)
            with st.expander(here.say("review_text"), expanded=not leaf.page["has_image"]):
                text_view(here, record, leaf)
    with right, st.container(key="side"):
        _opinion(here, reviews, item)
        put(machine(item, to_page, here.say) + others(item, here.say))
        _preview(here, reviews, item)


def _head(item: dict[str, Any], say: Words) -> str:
    here = step_name(item["step"], say)
    meta = [date_text(item["date"], say), badge(item["access_status"], say)]
    due = item["first_opinion"]["due"]
    meta += [esc(say("review_due_day", day=due))] if due else []
    batch = address("/review-batch", [("id", str(item["batch_id"]))])
    back = link(batch, f"← {esc(item['batch_name'])}", "dh-act")
    title = link(record_address(item["record_id"]), esc(item["title"]))
    return (
        f'<div class="dh-top"><h1 class="dh-where">{esc(here)}　{title} <code>{esc(item["reference_code"])}</code></h1>'
        f'<p class="dh-meta">{dotted(meta)}</p><p class="dh-row">{back}</p></div>'
    )


# ── the opinion ────────────────────────────────────────────────────────────────


def _opinion(here: Desk, reviews: Reviews, item: dict[str, Any]) -> None:
    say, step = here.say, item["step"]
    if item["why_not"]:
        st.html(f'<p class="dh-notice">{esc(say("review_cannot", why=item["why_not"]))}</p>')
        _next_button(item, say)
        return
    first, key = item["first_opinion"], f"{item['id']}_{item['version']}"
    st.html(f'<h2 class="dh-h">{esc(say("review_your", step=say(f"review_{step}")))}</h2>')
    texts = {r["code"]: r["text"] for r in reviews.reasons()}
    last = next((o for o in reversed(item["opinions"]) if o["step"] in ("first", "second")), None)
    start = [code for code in (last["reasons"] if last else first["reasons"]) if code in texts]
    chosen = st.multiselect(
        say("review_reasons"), list(texts), start, format_func=lambda code: texts[code], key=f"reasons_{key}"
    )
    words = st.text_area(say("review_words"), key=f"words_{key}", height=68, max_chars=2000)
    again = None
    if item["kind"] == "opening":
        again = st.date_input(say("review_again"), _again(item), min_value=date.today(), key=f"again_{key}")
    body = {"step": step, "version": item["version"], "words": words}
    for status, publicity in _pressed(item, key, say):
        body |= {"status": status, "publicity": publicity, "reasons": _fitting(reviews, status, chosen)}
        if status == "延期开放" and isinstance(again, date):
            body["review_again"] = again.isoformat()
        _done(here, partial(reviews.say, item["id"], body), item)
    if step == "final" and st.button(say("review_send_back"), key=f"return_{key}"):
        _done(here, lambda: reviews.send_back(item["id"], item["version"], words), item)
    _next_button(item, say)


def _pressed(item: dict[str, Any], key: str, say: Words) -> list[tuple[str, str]]:
    """The (status, publicity) whose button was pressed in this run; the machine's suggestion stands out."""
    choices = OPENING if item["kind"] == "opening" else WEB
    suggested = item["first_opinion"]["suggests"] if item["kind"] == "opening" else ""
    pressed = []
    for column, (status, publicity, text, number) in zip(st.columns(len(choices)), choices, strict=True):
        look: Literal["primary", "secondary"] = "primary" if status == suggested else "secondary"
        name = f"say_{status}_{publicity}_{key}"
        if column.button(say(text), key=name, shortcut=number, type=look, width="stretch"):
            pressed.append((status, publicity))
    return pressed


def _fitting(reviews: Reviews, status: str, chosen: list[str]) -> list[str]:
    """Of the reasons chosen those that may stand for this state: the machine's are offered for its own."""
    states = {r["code"]: r["states"] for r in reviews.reasons()}
    return [code for code in chosen if status in states.get(code, ())]


def _again(item: dict[str, Any]) -> date:
    """When to look again, offered: the day it is due, or five years on."""
    due = item["first_opinion"]["due"]
    if due and date.fromisoformat(due) > date.today():
        return date.fromisoformat(due)
    return date(date.today().year + 5, 12, 31)


def _done(here: Desk, act: Any, item: dict[str, Any]) -> None:
    """Do it and go on to the next record; what goes wrong is said where the person stands, nothing typed lost."""
    done = attempt(act)
    if done is None:
        return
    say = here.say
    tell(say("review_stored", code=item["reference_code"], step=say(f"review_{item['step']}")))
    _go(item["next"] or done["extra"].get("next"))


def _next_button(item: dict[str, Any], say: Words) -> None:
    if item["next"] and st.button(f"{say('review_next')} →", key=f"next_{item['id']}", shortcut="n"):
        _go(item["next"])


def _go(review_id: int | None) -> None:
    if review_id is None:
        st.switch_page(st.session_state["pages"]["review"])
    st.query_params.from_dict({"id": str(review_id)})
    st.rerun()


def _preview(here: Desk, reviews: Reviews, item: dict[str, Any]) -> None:
    """What the public could newly find, built when somebody wants to see it."""
    say = here.say
    if not st.toggle(say("review_preview"), key=f"preview_{item['id']}"):
        return
    shown = reviews.preview(item["id"])
    found = "".join(
        f"<li>{'<mark>' if f['new'] else ''}{esc(f['value'])}{'</mark>' if f['new'] else ''} "
        f'<span class="dh-hint">{esc(say("review_new" if f["new"] else "review_known"))}</span></li>'
        for f in shown["findable"]
    )
    passages = "".join(
        f'<li>{snippet(p["text"], [])} <span class="dh-place">{esc(say("review_page", n=p["page"]) if p["page"] else say("review_description"))}</span></li>'
        for p in shown["passages"]
    )
    if shown["kept"]:
        st.html(f'<p class="dh-notice">{esc(say("review_kept", why=shown["kept"]))}</p>')
    st.html(
        f'<h3 class="dh-h">{esc(say("review_all_names"))}</h3><ul class="dh-plainlist">{found}</ul>'
        f'<h3 class="dh-h">{esc(say("review_passages"))}</h3><ul class="dh-plainlist">{passages}</ul>'
    )

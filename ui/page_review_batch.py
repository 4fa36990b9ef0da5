"""One batch of a review: who does which step, its records, and one opinion for many of them."""

from __future__ import annotations

from datetime import date
from typing import Any

import streamlit as st

from ui.cards import badge, date_text
from ui.frame import Desk
from ui.leaf import number_of
from ui.markup import esc, link
from ui.page_review import STEPS
from ui.page_review_item import OPENING, WEB
from ui.review_parts import step_name, suggested
from ui.reviews_client import Reviews
from ui.state import address
from ui.tables import table, tag
from ui.telling import attempt, tell, told
from ui.texts import Words

SIZE = 50
#: Records asked for at once where all that wait are wanted; the API gives no more.
WHOLE = 200
_LOOKS = {"looking": "later", "done": "open", "stopped": "closed"}


def show(here: Desk) -> None:
    """The page."""
    number = number_of(here.param("id"))
    if number is None:
        st.html(f'<p class="dh-notice">{esc(here.say("which_record"))}</p>')
        return
    reviews = Reviews(here.api)
    batch = reviews.batch(number)
    st.html(_head(batch, here.say))
    told()
    left, right = st.columns([1.7, 1], gap="large")
    with left:
        _items(here, reviews, batch)
    with right:
        _assigning(reviews, batch, here.say)
        _bulks(reviews, batch, here.say)


def _head(batch: dict[str, Any], say: Words) -> str:
    counts = batch["counts"]
    total, done = sum(counts.values()), counts.get("done", 0)
    kind = say(f"review_{batch['kind']}")
    back = link("/review", f"← {esc(say('review_back'))}", "dh-act")
    about = " · ".join(
        filter(None, (batch["source"], batch["unit"], batch["made_by"], batch["made_at"][:10]))
    )
    return (
        f'<div class="dh-top"><p class="dh-row">{back}</p><h1 class="dh-where">{esc(batch["name"])} '
        f"{tag(kind)}</h1>"
        f'<p class="dh-meta">{esc(about)}</p><p><progress class="dh-progress" max="{total or 1}" value="{done}"></progress> '
        f'<span class="dh-hint">{esc(say("review_done"))} {done} / {total}</span></p></div>'
    )


# ── its records ────────────────────────────────────────────────────────────────


def _items(here: Desk, reviews: Reviews, batch: dict[str, Any]) -> None:
    say, step = here.say, here.param("step")
    steps = (*STEPS[batch["kind"]], "done")
    step = step if step in steps else next((s for s in steps if batch["counts"].get(s)), "first")
    named = [("id", str(batch["id"]))]
    tabs = "".join(
        link(
            address("/review-batch", [*named, ("step", s)]),
            esc(f"{_step(s, say)} {batch['counts'].get(s, 0)}"),
            "is-on" if s == step else "",
            data_key=f"tab-{s}",
        )
        for s in steps
    )
    st.html(f'<nav class="dh-tabs">{tabs}</nav>')
    found = reviews.items(
        batch["id"], step, number_of(here.param("after")) or 0, SIZE, machine=step != "done"
    )
    if not found["items"]:
        st.html(f'<p class="dh-hint">{esc(say("batch_none_here"))}</p>')
        return
    headers = [say(f"batch_{name}") for name in ("record", "date", "now", "machine", "last")]
    st.html(table(headers, [_row(one, say) for one in found["items"]], caption=say("batch_records")))
    if found["after"]:
        more = address("/review-batch", [*named, ("step", step), ("after", str(found["after"]))])
        st.html(f'<nav class="dh-pager">{link(more, esc(say("page_next")), "dh-next")}</nav>')


def _step(step: str, say: Words) -> str:
    return step_name(step, say)


def _row(one: dict[str, Any], say: Words) -> list[str]:
    there = address("/review-item", [("id", str(one["id"]))])
    said = one["opinions"][-1] if one["opinions"] else None
    last = (
        f"{esc(step_name(said['step'], say))} {badge(said['status'], say)} {esc(said['publicity'])} "
        f'<span class="dh-hint">{esc(said["by"])}</span>'
        if said
        else ""
    )
    seen = f' <span class="dh-hint">{esc(say("batch_seen", n=one["seen"]))}</span>' if one["seen"] else ""
    machine = suggested(one["suggests"], say) + seen
    title = link(there, esc(one["title"]), "dh-title", data_key=f"item-{one['id']}")
    return [
        f"{title} <code>{esc(one['reference_code'])}</code>",
        date_text(one["date"], say),
        badge(one["access_status"], say),
        machine,
        last,
    ]


# ── who does which step ────────────────────────────────────────────────────────


def _assigning(reviews: Reviews, batch: dict[str, Any], say: Words) -> None:
    people = {one["id"]: one["name"] for one in reviews.people()}
    people |= {one["id"]: one["name"] for one in batch["assigned"].values()}
    with st.form("assign"):
        st.html(
            f'<h2 class="dh-h">{esc(say("batch_assign"))}</h2><p class="dh-hint">{esc(say("batch_assign_hint"))}</p>'
        )
        chosen = {}
        for step in STEPS[batch["kind"]]:
            offered = ["", *people]
            now = batch["assigned"].get(step, {}).get("id", "")
            chosen[step] = st.selectbox(
                _step(step, say),
                offered,
                offered.index(now),
                format_func=lambda who: people.get(who) or say("batch_anybody"),
                key=f"assign_{batch['id']}_{step}",
            )
        if st.form_submit_button(say("batch_assign_do")):
            steps = {step: {"id": who, "name": people[who]} for step, who in chosen.items() if who}
            if attempt(lambda: reviews.assign(batch["id"], steps)) is not None:
                tell(say("batch_assigned"))
                st.rerun()


# ── one opinion for many ───────────────────────────────────────────────────────


def _bulks(reviews: Reviews, batch: dict[str, Any], say: Words) -> None:
    st.html(f'<h2 class="dh-h">{esc(say("bulk_all"))}</h2><p class="dh-hint">{esc(say("bulk_hint"))}</p>')
    for bulk in reviews.bulks(batch["id"]):
        st.html(_bulk(bulk, say))
    waiting = [step for step in STEPS[batch["kind"]] if batch["counts"].get(step)]
    if waiting:
        with st.expander(say("bulk_new")):
            _propose(reviews, batch, waiting, say)


def _bulk(bulk: dict[str, Any], say: Words) -> str:
    there = address("/review-bulk", [("id", str(bulk["id"]))])
    words = say("bulk_name", step=_step(bulk["step"], say), n=bulk["targets"])
    name = link(there, esc(words), data_key=f"bulk-{bulk['id']}")
    state = tag(say(f"bulk_is_{bulk['state']}"), _LOOKS[bulk["state"]])
    looked = say("bulk_looked", n=len(bulk["looked"]), all=len(bulk["sample"]))
    return (
        f'<p class="dh-node">{name} {said_badge(bulk, say)} {state}<br>'
        f'<span class="dh-hint">{esc(looked)} · {esc(bulk["by"])} · {esc(bulk["at"][:10])}</span></p>'
    )


def said_badge(bulk: dict[str, Any], say: Words) -> str:
    """What a bulk opinion says."""
    publicity = f" {esc(bulk['publicity'])}" if bulk["publicity"] else ""
    return badge(bulk["status"], say) + publicity


def _propose(reviews: Reviews, batch: dict[str, Any], waiting: list[str], say: Words) -> None:
    key, kind = batch["id"], batch["kind"]
    choices = {
        text: (status, publicity) for status, publicity, text, _ in (OPENING if kind == "opening" else WEB)
    }
    reasons = {one["code"]: one for one in reviews.reasons()}
    step = st.selectbox(
        say("bulk_step"), waiting, format_func=lambda s: _step(s, say), key=f"bulk_step_{key}"
    )
    text = st.radio(
        say("bulk_opinion"), list(choices), format_func=say, horizontal=True, key=f"bulk_text_{key}"
    )
    status, publicity = choices[text]
    fitting = [code for code, one in reasons.items() if status in one["states"]]
    codes = st.multiselect(
        say("review_reasons"), fitting, format_func=lambda c: reasons[c]["text"], key=f"bulk_why_{key}_{status}",
        placeholder=say("bulk_reasons_choose"),
    )  # fmt: skip
    again = None
    if status == "延期开放":
        again = st.date_input(
            say("review_again"),
            date(date.today().year + 5, 12, 31),
            min_value=date.today(),
            format="YYYY-MM-DD",
        )
    words = st.text_area(say("review_words"), height=68, max_chars=2000, key=f"bulk_words_{key}")
    left = st.text_area(say("bulk_except"), height=68, key=f"bulk_except_{key}", help=say("bulk_except_hint"))
    if not st.button(say("bulk_propose"), type="primary", key=f"bulk_do_{key}"):
        return
    ids, unknown = _without(reviews, batch["id"], step, str(left).split())
    if unknown:
        st.error(say("bulk_unknown", codes="、".join(unknown)))
        return
    body = {
        "step": step,
        "status": status,
        "publicity": publicity,
        "reasons": codes,
        "words": words,
        "reviews": ids,
    }
    body |= {"review_again": f"{again}"} if again else {}
    made = attempt(lambda: reviews.propose(batch["id"], body))
    if made is not None:
        tell(say("bulk_proposed", n=made["targets"], sample=len(made["sample"])))
        st.switch_page(st.session_state["pages"]["review-bulk"], query_params={"id": str(made["id"])})


def _without(reviews: Reviews, batch_id: int, step: str, codes: list[str]) -> tuple[list[int], list[str]]:
    """The reviews that wait at a step without these reference codes, and the codes that none of them has.
    Nothing left out: no ids, which means all."""
    if not codes:
        return [], []
    ids: dict[str, int] = {}
    after: int | None = 0
    while after is not None:
        found = reviews.items(batch_id, step, after, WHOLE)
        ids |= {one["reference_code"]: one["id"] for one in found["items"]}
        after = found["after"]
    return [i for code, i in ids.items() if code not in codes], [code for code in codes if code not in ids]

"""Reviews: what is due, by fonds and year, and the batches with what waits in each."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import streamlit as st

from ui.frame import Desk
from ui.markup import esc, link
from ui.reviews_client import Reviews
from ui.state import address
from ui.telling import attempt, tell, told
from ui.texts import Words

if TYPE_CHECKING:
    import altair

STEPS = {"opening": ("first", "second", "final"), "web": ("first", "final")}
_INK, _PALE = "#8c2f23", "#cbbfa9"


def show(here: Desk) -> None:
    """The page."""
    reviews = Reviews(here.api)
    due, batches = reviews.due(), reviews.batches()
    st.html(f'<h1 class="dh-where">{esc(here.say("nav_review"))}</h1>')
    told()
    left, right = st.columns([1.1, 1], gap="large")
    with left:
        _due(here, reviews, due)
    with right:
        _batches(here, reviews, batches)


# ── due ────────────────────────────────────────────────────────────────────────


def _due(here: Desk, reviews: Reviews, due: list[dict[str, Any]]) -> None:
    say = here.say
    st.html(
        f'<h2 class="dh-h">{esc(say("review_due"))}</h2><p class="dh-hint">{esc(say("review_due_hint"))}</p>'
    )
    if not due:
        st.html(f'<p class="dh-notice">{esc(say("review_none_due"))}</p>')
        return
    titles = {c["fonds_code"]: f"{c['fonds_code']} {c['fonds_title']}".strip() for c in due}
    totals = {code: sum(c["due"] + c["again"] for c in due if c["fonds_code"] == code) for code in titles}
    fonds = st.selectbox(
        say("review_fonds"), list(titles), format_func=lambda code: f"{titles[code]}（{totals[code]:,}）"
    )
    mine = [c for c in due if c["fonds_code"] == fonds]
    st.altair_chart(chart([c for c in mine if c["year"]], say), width="stretch")
    notes = []
    if undated := sum(c["due"] for c in mine if not c["year"]):
        notes.append(say("review_undated", n=f"{undated:,}"))
    if busy := sum(c["busy"] for c in mine):
        notes.append(say("review_busy", n=f"{busy:,}"))
    export = address("/x/api/v1/reviews/due/export", [("format", "xlsx"), ("fonds", fonds)])
    st.html(
        f'<p class="dh-row"><a class="dh-act" href="{esc(export)}" download>{esc(say("review_export"))}</a>'
        f'<span class="dh-hint">{esc("；".join(notes))}</span></p>'
    )
    _make(here, reviews, fonds, [c["year"] for c in mine if c["year"]])


def chart(counts: list[dict[str, Any]], say: Words) -> altair.Chart:
    """Records by year; a darker bar came back from a postponement."""
    import altair as alt

    rows = [{"year": c["year"], "count": c["due"], "kind": "due"} for c in counts]
    rows += [{"year": c["year"], "count": c["again"], "kind": "again"} for c in counts]
    made: altair.Chart = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_bar()
        .encode(
            x=alt.X("year:O", title=say("review_year"), axis=alt.Axis(labelAngle=0, labelOverlap=True)),
            y=alt.Y("count:Q", title=say("review_count"), axis=alt.Axis(tickMinStep=1, format="d")),
            color=alt.Color(
                "kind:N", legend=None, scale=alt.Scale(domain=["due", "again"], range=[_PALE, _INK])
            ),
            tooltip=[
                alt.Tooltip("year:O", title=say("review_year")),
                alt.Tooltip("count:Q", title=say("review_count")),
            ],
        )
        .properties(height=170)
    )
    return made


def _make(here: Desk, reviews: Reviews, fonds: str, years: list[int]) -> None:
    say = here.say
    first, last = (min(years), max(years)) if years else (1900, date.today().year - 25)
    with st.form(f"make_{fonds}"):
        st.html(f'<h3 class="dh-h">{esc(say("review_make_from"))}</h3>')
        name = st.text_input(say("review_name"), f"{fonds} {first}–{last}", max_chars=200)
        one, two, three = st.columns(3)
        low = one.number_input(say("review_from"), 1, 9999, first)
        high = two.number_input(say("review_to"), 1, 9999, last)
        most = three.number_input(say("review_most"), 1, 5000, 200)
        announced = st.text_input(say("review_announced"), "", max_chars=200)
        unit = st.text_input(say("review_unit"), "", max_chars=200)
        if st.form_submit_button(say("review_make"), type="primary"):
            wish = {"fonds": fonds, "year_from": int(low), "year_to": int(high), "limit": int(most)}
            body = {"name": name, "announced": announced, "unit": unit, "due": wish}
            made = attempt(lambda: reviews.make(body))
            if made is None:
                return
            said = [say("review_made", n=made["taken"])]
            if left := made["left_out"]:
                said.append(say("review_left_out", n=len(left), why=left[0]["why"]))
            tell(" ".join(said))
            st.rerun()


# ── batches ────────────────────────────────────────────────────────────────────


def _batches(here: Desk, reviews: Reviews, batches: list[dict[str, Any]]) -> None:
    say = here.say
    st.html(f'<h2 class="dh-h">{esc(say("review_batches"))}</h2>')
    if not batches:
        st.html(f'<p class="dh-notice">{esc(say("review_no_batches"))}</p>')
    for batch in batches:
        with st.container(border=True):
            st.html(_batch(batch, reviews, say))
            if batch["kind"] == "opening":
                _form_back(batch, reviews, say)
            _whole(batch, reviews, say)


def _batch(batch: dict[str, Any], reviews: Reviews, say: Words) -> str:
    counts, kind = batch["counts"], batch["kind"]
    total = sum(counts.values()) or 1
    done = counts.get("done", 0)
    steps = []
    for step in STEPS[kind]:
        waiting = counts.get(step, 0)
        who = batch["assigned"].get(step, {}).get("name", "")
        text = say("review_go", step=say(f"review_{step}"), n=waiting) + (f" · {who}" if who else "")
        if waiting and (first := reviews.first_waiting(batch["id"], step)):
            steps.append(
                link(
                    address("/review-item", [("id", str(first))]),
                    esc(text),
                    "dh-act",
                    data_key=f"step-{batch['id']}-{step}",
                )
            )
        else:
            steps.append(f'<span class="dh-hint">{esc(text)}</span>')
    form = address(f"/x/api/v1/reviews/batches/{batch['id']}/form", [("format", "xlsx")])
    out = (
        f'<a class="dh-act" href="{esc(form)}" download>{esc(say("review_form_out"))}</a>'
        if kind == "opening"
        else ""
    )
    there = address("/review-batch", [("id", str(batch["id"]))])
    name = link(there, esc(batch["name"]), "dh-title", data_key=f"batch-{batch['id']}")
    return (
        f'<div class="dh-cardhead"><h3>{name}</h3><span class="dh-badge">{esc(say(f"review_{kind}"))}</span></div>'
        f'<p class="dh-meta">{esc(batch["source"])} · {esc(batch["made_by"])} · {esc(batch["made_at"][:10])}</p>'
        f'<progress class="dh-progress" max="{total}" value="{done}"></progress> '
        f'<span class="dh-hint">{esc(say("review_done"))} {done} / {total}</span>'
        f'<p class="dh-row">{"".join(steps)}{out}</p>'
    )


def _form_back(batch: dict[str, Any], reviews: Reviews, say: Words) -> None:
    with st.expander(say("review_form_in")):
        given = st.file_uploader(
            say("review_form_in"), ["csv", "xlsx"], key=f"form_{batch['id']}", label_visibility="collapsed"
        )
        if given is None or st.session_state.get(f"taken_{batch['id']}") == given.file_id:
            return
        taken = attempt(lambda: reviews.take_form(batch["id"], given.getvalue()))
        if taken is None:
            return
        st.session_state[f"taken_{batch['id']}"] = given.file_id
        st.success(say("review_form_taken", n=taken["taken"]))
        for wrong in taken["problems"]:
            st.warning(
                say("review_row", row=wrong["row"], code=wrong["reference_code"], problem=wrong["problem"])
            )


def _whole(batch: dict[str, Any], reviews: Reviews, say: Words) -> None:
    """What the whole batch would open, asked for only when somebody wants to see it."""
    if not st.toggle(say("review_preview"), key=f"whole_{batch['id']}"):
        return
    shown = reviews.batch_preview(batch["id"])
    titles = "".join(f"<li>{esc(one['why'])}</li>" for one in shown["records"][:40])
    names = "、".join(one["value"] for one in shown["new_names"])
    said = f'<p class="dh-meta">{esc(say("review_all_names"))}：{esc(names)}</p>' if names else ""
    st.html(
        f'<p>{esc(say("review_would_open", n=shown["opening"]))}</p>{said}<ul class="dh-plainlist">{titles}</ul>'
    )

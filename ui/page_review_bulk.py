"""One opinion for many records: its sample looked at one by one, beside the scan; then put into effect, or stopped."""

from __future__ import annotations

from typing import Any

import streamlit as st

from ui.cards import badge, date_text, dotted
from ui.frame import Desk, put
from ui.leaf import leaf_of, number_of, scan, text_view
from ui.markup import esc, link
from ui.page_review_batch import said_badge
from ui.review_parts import machine, marks, others, step_name, turning
from ui.reviews_client import Reviews
from ui.state import address, record_address
from ui.tables import tag
from ui.telling import attempt, tell, told
from ui.texts import Words


def show(here: Desk) -> None:
    """The page. `look`: the record of the sample that is open; the first not looked at, where none is named."""
    number = number_of(here.param("id"))
    if number is None:
        st.html(f'<p class="dh-notice">{esc(here.say("which_record"))}</p>')
        return
    reviews = Reviews(here.api)
    bulk = reviews.bulk(number)
    looked = {one["review_id"]: one for one in bulk["looked"]}
    left = [i for i in bulk["sample"] if i not in looked]
    wanted = number_of(here.param("look"))
    at = wanted if wanted in bulk["sample"] else next(iter(left), None)
    st.html(_head(bulk, reviews.batch(bulk["batch_id"])["name"], here.say))
    told()
    st.html(_strip(bulk, looked, at, here.say))
    if bulk["state"] == "looking" and not left:
        _through(reviews, bulk, here.say)
    if bulk["state"] == "stopped":
        against = "".join(_objection(one, here.say) for one in bulk["looked"] if not one["agrees"])
        st.html(f'<div class="dh-notice"><p>{esc(here.say("bulk_stopped_hint"))}</p><ul>{against}</ul></div>')
    if at is not None and (bulk["state"] == "looking" or wanted):
        _look(here, reviews, bulk, at, looked.get(at))


def _head(bulk: dict[str, Any], name: str, say: Words) -> str:
    back = link(address("/review-batch", [("id", str(bulk["batch_id"]))]), f"← {esc(name)}", "dh-act")
    title = say("bulk_name", step=step_name(bulk["step"], say), n=bulk["targets"])
    state = say(f"bulk_is_{bulk['state']}")
    meta = [
        said_badge(bulk, say),
        *map(esc, bulk["reasons"]),
        esc(bulk["words"]),
        esc(bulk["review_again"] or ""),
    ]
    meta += [esc(bulk["by"]), esc(bulk["at"][:10])]
    return (
        f'<div class="dh-top"><p class="dh-row">{back}</p><h1 class="dh-where">{esc(title)} '
        f'{tag(state)}</h1><p class="dh-meta">{dotted([m for m in meta if m])}</p>'
        f'<p class="dh-hint">{esc(say("bulk_sample_hint", n=len(bulk["sample"]), all=bulk["targets"]))}</p></div>'
    )


def _strip(bulk: dict[str, Any], looked: dict[int, Any], at: int | None, say: Words) -> str:
    """The sample in its order: looked at, objected to, open."""
    links = []
    for place, review_id in enumerate(bulk["sample"], 1):
        one = looked.get(review_id)
        sign = "" if one is None else " ✓" if one["agrees"] else " ✗"
        there = address("/review-bulk", [("id", str(bulk["id"])), ("look", str(review_id))])
        look = f"dh-act{' is-on' if review_id == at else ''}"
        links.append(link(there, esc(f"{place}{sign}"), look, data_stay="", data_key=f"sample-{place}"))
    counted = say("bulk_looked", n=len(looked), all=len(bulk["sample"]))
    return f'<p class="dh-row dh-sample"><span class="dh-hint">{esc(counted)}</span>{"".join(links)}</p>'


def _objection(one: dict[str, Any], say: Words) -> str:
    return f"<li>{esc(say('bulk_objected', by=one['by'], words=one['words']))}</li>"


def _through(reviews: Reviews, bulk: dict[str, Any], say: Words) -> None:
    """The whole sample was looked at without objection."""
    if not bulk["mine"]:
        st.html(f'<p class="dh-notice">{esc(say("bulk_through_other", by=bulk["by"]))}</p>')
        return
    st.html(f'<p class="dh-notice is-good">{esc(say("bulk_through", n=bulk["targets"]))}</p>')
    if not st.button(say("bulk_apply", n=bulk["targets"]), type="primary", key="bulk_apply"):
        return
    with st.spinner(say("working")):
        done = attempt(lambda: reviews.apply(bulk["id"]))
    if done is not None:
        said = [say("bulk_applied", n=done["done"])]
        said += (
            [say("bulk_left", n=len(done["problems"]), why=done["problems"][0]["problem"])]
            if done["problems"]
            else []
        )
        tell(" ".join(said))
        st.rerun()


def _look(here: Desk, reviews: Reviews, bulk: dict[str, Any], at: int, seen: dict[str, Any] | None) -> None:
    say = here.say
    item = reviews.item(at)
    record = here.api.record(item["record_id"])
    matches = marks(item)
    named = [("id", str(bulk["id"])), ("look", str(at))]

    def to_page(number: int) -> str:
        return address("/review-bulk", [*named, ("page", str(number))])

    title = link(record_address(item["record_id"]), esc(item["title"]))
    meta = dotted([date_text(item["date"], say), badge(item["access_status"], say)])
    st.html(
        f'<h2 class="dh-where">{title} <code>{esc(item["reference_code"])}</code></h2><p class="dh-meta">{meta}</p>'
    )
    leaf = leaf_of(here, record, matches, "")
    left, right = st.columns([1.15, 1], gap="medium")
    with left, st.container(key="scan"):
        if leaf is not None:
            put(turning(record, leaf.number, matches, to_page))
            scan(here, record, leaf)
            with st.expander(say("review_text"), expanded=not leaf.page["has_image"]):
                text_view(here, record, leaf)
        else:
            st.html(f'<p class="dh-hint">{esc(say("no_pages"))}</p>')
    with right, st.container(key="side"):
        _verdict(reviews, bulk, at, seen, say)
        put(machine(item, to_page, say) + others(item, say))


def _verdict(
    reviews: Reviews, bulk: dict[str, Any], at: int, seen: dict[str, Any] | None, say: Words
) -> None:
    if seen is not None:
        text = "bulk_agreed" if seen["agrees"] else "bulk_objected"
        st.html(f'<p class="dh-notice">{esc(say(text, by=seen["by"], words=seen["words"]))}</p>')
    if bulk["state"] != "looking":
        return
    st.html(f'<h2 class="dh-h">{esc(say("bulk_question"))} {said_badge(bulk, say)}</h2>')
    words = st.text_area(say("bulk_words"), key=f"look_{bulk['id']}_{at}", height=68, max_chars=2000)
    agree, object_ = st.columns(2)
    said: bool | None = None
    if agree.button(say("bulk_agree"), key=f"agree_{at}", shortcut="1", type="primary", width="stretch"):
        said = True
    if object_.button(say("bulk_object"), key=f"object_{at}", shortcut="2", width="stretch"):
        said = False
    if said is None:
        return
    body = {"review_id": at, "agrees": said, "words": words}
    if attempt(lambda: reviews.look(bulk["id"], body)) is not None:
        tell(say("bulk_look_stored" if said else "bulk_look_stopped"))
        st.query_params.from_dict({"id": str(bulk["id"])})
        st.rerun()

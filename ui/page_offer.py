"""The public's form: a donation, or a correction of the record it is opened from; and how an offer stands."""

from __future__ import annotations

from typing import Any

import streamlit as st

from ui import shapes
from ui.client import ApiAway, ApiProblem
from ui.frame import Desk
from ui.markup import esc, link
from ui.public_client import Json, Public
from ui.state import address, record_address
from ui.telling import attempt, show_once, shown_once
from ui.texts import Words

_TYPES = ["jpg", "jpeg", "png", "tif", "tiff", "webp", "pdf"]
_ROUND = "offer_round"


def offer_address(record_id: str = "", page: int = 0) -> str:
    """The address of the form, for a correction of this record and page where one is named."""
    return address("/offer", [("record", record_id), ("page", str(page) if page else "")])


def answer_address(one: Json) -> str:
    """The address of the form for an entry of the wanted list."""
    return address("/offer", [("slug", one["slug"]), ("section", one["section"])])


def show(here: Desk) -> None:
    """The page."""
    say, public = here.say, Public(here.api)
    terms = public.terms()
    record = here.api.record(here.param("record")) if here.param("record") else None
    page = int(here.param("page")) if record and here.param("page").isdecimal() else 0
    looked_for = public.wanted()
    asked = here.param("slug"), here.param("section")
    answers = next((one for one in looked_for if (one["slug"], one["section"]) == asked), None)
    title = say("offer_correct_of", title=record["title"]) if record else say("offer_donate")
    hint = say("offer_correct_hint" if record else "offer_hint") if terms["open"] else ""
    about = ""
    if record:
        there = link(record_address(record["id"], page=page), esc(record["reference_code"]))
        about = f'<p class="dh-meta">{there} {esc(say("offers_page", n=page)) if page else ""}</p>'
    st.html(
        f'<div class="dh-top"><h1 class="dh-where">{esc(title)}</h1>{about}<p class="dh-hint">{esc(hint)}</p></div>'
    )
    left, right = st.columns([1.6, 1], gap="large")
    with left:
        if shown_once(say):  # alone: on a phone the form would push it out of sight
            for refused in st.session_state.get("offer_refused", ()):
                st.warning(refused)
        elif terms["open"]:
            if answers and not record:
                st.html(_answers(answers, say))
            _form(here, public, terms, record, page, answers)
        else:
            st.html(f'<p class="dh-notice">{esc(say("offer_closed"))}</p>')
    with right:
        if terms["open"]:
            _ask(public, say)
        st.html(_wanted(looked_for, say, answers=terms["open"]))


def _wanted(looked_for: list[Json], say: Words, *, answers: bool) -> str:
    """The wanted list: what published exhibitions still lack, each with a way to answer where offers are taken."""
    if not looked_for:
        return ""

    def way(one: Json) -> str:
        return link(answer_address(one), esc(say("offer_answer"))) if answers else ""

    items = "".join(
        f'<li data-key="wanted-{esc(one["slug"])}-{esc(one["section"])}"><p class="dh-lines">{esc(one["wanted"])}</p>'
        f'<p class="dh-meta">{esc(one["exhibition"])} · {esc(one["heading"])} {way(one)}</p></li>'
        for one in looked_for
    )
    title = esc(say("offer_wanted"))
    return f'<h2 class="dh-h">{title}</h2><ul class="dh-plainlist">{items}</ul>'


def _answers(one: Json, say: Words) -> str:
    said = esc(say("offer_answers", exhibition=one["exhibition"], heading=one["heading"]))
    return f'<div class="dh-notice"><p class="dh-meta">{said}</p><p class="dh-lines">{esc(one["wanted"])}</p></div>'


def _form(
    here: Desk,
    public: Public,
    terms: Json,
    record: shapes.Record | None,
    page: int,
    answers: Json | None,
) -> None:
    say = here.say
    # A new round after each offer that went out: the form is empty then, and never before.
    key = f"offer_{st.session_state.get(_ROUND, 0)}_{record['id'] if record else ''}_{page}"
    now = _text_of(here, record, page)
    with st.form(key):
        what = st.text_area(
            say("offer_wrong" if record else "offer_what"),
            max_chars=terms["words"],
            height=140,
            placeholder="" if record else say("offer_what_like"),
        )
        text = st.text_area(say("offer_suggested"), now, max_chars=terms["words"], height=220) if now else now
        name = st.text_input(say("offer_name"), max_chars=80, autocomplete="name")
        contact = st.text_input(say("offer_contact"), max_chars=200)
        hint = _limits(terms, say)
        files = st.file_uploader(say("offer_files"), _TYPES, accept_multiple_files=True)
        consent = terms["consent"]["zh" if say.language == "zh" else "en"]
        st.html(
            f'<p class="dh-hint">{esc(hint)}</p><h2 class="dh-h">{esc(say("offer_consent"))}</h2>'
            f'<p class="dh-consent">{esc(consent)}</p>'
        )
        agreed = st.checkbox(say("offer_agree"))
        if not st.form_submit_button(say("offer_send"), type="primary"):
            return
        if not (what.strip() and name.strip() and contact.strip()):
            st.error(say("offer_need"))
            return
        if not agreed:
            st.error(say("offer_need_consent"))
            return
        body: Json = {"kind": "correction" if record else "donation", "what": what, "name": name}
        body |= {"contact": contact, "consent": terms["consent"]["version"]}
        if record:
            changed = text if text.strip() != now.strip() else ""
            body |= {"record_id": record["id"], "page": page, "suggested": changed}
        elif answers:
            body |= {"slug": answers["slug"], "section": answers["section"]}
        made = attempt(lambda: public.offer(body))
    if made is not None:
        st.session_state["offer_refused"] = _send(public, made["receipt"], files, terms, say)
        st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
        show_once(say("offer_sent"), made["receipt"], say("offer_sent_hint"))
        st.rerun()


def _text_of(here: Desk, record: shapes.Record | None, page: int) -> str:
    """What the page reads now; "" where there is no such page, or none is named."""
    found = next((one for one in record["pages"] if one["number"] == page), None) if record else None
    return here.api.page_text(record["id"], page)["text"] if record and found and found["has_text"] else ""


def _send(public: Public, receipt: str, files: list[Any], terms: Json, say: Words) -> list[str]:
    """Each file by itself, so that one that is refused takes no other with it; what was refused, and why."""
    refused, most = [], terms["files"]
    for file in files[:most]:
        try:
            public.add_file(receipt, file.name, file.getvalue())
        except (ApiProblem, ApiAway) as problem:
            refused.append(say("offer_file_refused", name=file.name, why=problem))
    hint = _limits(terms, say)
    return refused + [say("offer_file_refused", name=file.name, why=hint) for file in files[most:]]


def _limits(terms: Json, say: Words) -> str:
    return say("offer_files_hint", n=terms["files"], mb=terms["bytes"] >> 20)


def _ask(public: Public, say: Words) -> None:
    with st.form("offer_ask"):
        st.html(f'<h2 class="dh-h">{esc(say("offer_ask"))}</h2>')
        written = st.text_input(say("offer_receipt"), max_chars=40, placeholder="ZJ-XXXX-XXXX-XXXX-XXXX")
        asked = st.form_submit_button(say("offer_ask_do"))
        if not asked or not written.strip():
            return
        found = attempt(lambda: public.standing(written.strip()))
    if found is None:
        return
    kind = say(f"offer_kind_{found['kind']}")
    st.html(
        f'<div class="dh-notice" role="status" data-key="standing"><h2>{esc(say("offer_is_" + found["state"]))}</h2>'
        f"<p>{esc(say('offer_stands', kind=kind, made=found['made_on'], files=found['files']))} "
        f'{esc(say("offer_changed", day=found["changed_on"]))}</p><p class="dh-lines">{esc(found["told"])}</p></div>'
    )

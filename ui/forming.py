"""Public forms of a description beside the record: what all but staff read of each field, written, seen, taken away."""

from __future__ import annotations

from typing import Any

import streamlit as st

from ui import shapes
from ui.frame import Desk
from ui.markup import esc, link
from ui.redacting import REASONS
from ui.state import record_address
from ui.tables import when
from ui.telling import attempt
from ui.texts import TEXTS, Words

Json = dict[str, Any]


def form_view(here: Desk, record: shapes.Record) -> None:
    """The fields that may be given another form, and where the words left out can still be read."""
    say, found = here.say, here.api.public_form(record["id"])
    round_ = st.session_state.get(f"form_round/{record['id']}", 0)
    st.html(f'<p class="dh-hint">{esc(say("form_hint"))}</p>')
    _still(record, found, say)
    changed: Json = {}
    with st.form(f"form/{record['id']}/{round_}"):
        for field in found["fields"]:
            if not field["original"] and field["public"] is None:
                continue
            changed |= _field(field, say)
        code = st.selectbox(say("redact_reason"), REASONS, format_func=lambda c: say(f"reason_{c}"))
        note = st.text_input(say("redact_note"), max_chars=1000)
        pressed = st.form_submit_button(say("form_save"), type="primary")
    if pressed and not changed:
        st.info(say("form_same"))
    elif pressed:
        body = {"fields": changed, "code": code, "note": note}
        if attempt(lambda: here.api.put_public_form(record["id"], body)) is not None:
            st.session_state[f"form_round/{record['id']}"] = round_ + 1
            st.session_state["form_said"] = record["id"], round_ + 1
            st.rerun()
    elif st.session_state.get("form_said") == (record["id"], round_):  # the scan beside it may draw anew
        st.success(say("form_saved"))


def _field(field: Json, say: Words) -> Json:
    """One field; what is to be said of it to the API: {name: text, entries or None}, {} where nothing changed."""
    original, public = field["original"], field["public"]
    several = isinstance(original, list)
    standing = original if public is None else public
    term = field["term"]
    shown = "；".join(original) if several else original
    st.html(f'<p class="dh-meta"><strong>{esc(term)}</strong> {esc(shown)}</p>')
    now = "\n".join(standing) if several else standing
    text = st.text_area(term, now, height=68 + 22 * min(4, now.count("\n")), label_visibility="collapsed")
    if public is not None:
        reason = f"reason_{field['code']}"
        why = say(reason) if reason in TEXTS else field["reason"]
        st.html(
            f'<p class="dh-hint">{esc(say("form_formed", by=field["by"], at=when(field["at"]), reason=why))}</p>'
        )
    value = _read(text, several=several)
    if value == _read(now, several=several):
        return {}
    whole = "\n".join(original) if several else original
    return {field["name"]: None if value == _read(whole, several=several) else value}


def _read(text: str, *, several: bool) -> str | list[str]:
    """A field as it is typed: a text, or an entry a line."""
    return [line.strip() for line in text.splitlines() if line.strip()] if several else text.strip()


def _still(record: shapes.Record, found: Json, say: Words) -> None:
    if found["left_out"]:
        words = "、".join(found["left_out"][:20])
        st.html(f'<p class="dh-meta">{esc(say("form_left_out"))}：{esc(words)}</p>')
    terms = {field["name"]: field["term"] for field in found["fields"]}
    places = [esc(terms.get(name, name)) for name in found["still_in"]]
    places += [
        link(record_address(record["id"], page=n, view="redact"), esc(say("form_still_page", n=n)))
        for n in found["still_on"]
    ]
    if places:
        st.html(f'<p class="dh-notice" role="alert">{esc(say("form_still"))}{"、".join(places)}</p>')

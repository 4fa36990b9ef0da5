"""The desk: readers registered with their name checked, and named records opened to one of them until a day."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any

import streamlit as st

from ui.by_code import clear, codes
from ui.frame import Desk
from ui.markup import esc, link
from ui.office_client import Office
from ui.page_accounts import code_once
from ui.state import address, record_address
from ui.tables import table, tag, when
from ui.telling import attempt, shown_once, tell, told
from ui.texts import Words

#: Kinds of document that are shown at the desk; the API takes these.
DOCUMENTS = ("居民身份证", "港澳居民来往内地通行证", "台湾居民来往大陆通行证", "护照", "工作证", "介绍信")
#: Most records of one grant.
MOST = 200


def show(here: Desk) -> None:
    """The page: the desk, or one reader (`id`)."""
    office, q = Office(here.api), here.param("q").strip()
    number = here.param("id")
    if number.isascii() and number.isdigit():
        _one(here, office, int(number), q)
        return
    readers = office.readers(q)
    say = here.say
    st.html(
        f'<div class="dh-top"><h1 class="dh-where">{esc(say("nav_readers"))}</h1>'
        f'<p class="dh-hint">{esc(say("reader_hint"))}</p></div>'
    )
    told()
    left, right = st.columns([1.3, 1], gap="large")
    with left:
        _all(readers, q, say)
        _standing(office, say)
    with right:
        _register(office, say)


# ── the desk ───────────────────────────────────────────────────────────────────


def _all(readers: list[dict[str, Any]], q: str, say: Words) -> None:
    find = esc(say("reader_find"))
    st.html(
        f'<h2 class="dh-h">{esc(say("reader_all"))}</h2>'
        '<form class="dh-go dh-question" role="search" action="/readers"><div class="dh-ask">'
        f'<input type="search" name="q" value="{esc(q)}" maxlength="80" data-key="readers-q" aria-label="{find}" '
        f'placeholder="{find}"></div><button class="dh-act" type="submit">{esc(say("find"))}</button></form>'
    )
    if not readers:
        st.html(f'<p class="dh-notice">{esc(say("reader_none"))}</p>')
        return
    headers = [say("account_person"), say("account_checked"), say("account_state")]
    st.html(table(headers, [_row(one, q, say) for one in readers], caption=say("reader_all")))


def _row(one: dict[str, Any], q: str, say: Words) -> list[str]:
    there = address("/readers", [("id", str(one["id"])), ("q", q)])
    name = link(there, esc(one["real_name"]), "dh-title", data_key=f"reader-{one['id']}")
    return [
        f"{name} <code>{esc(one['name'])}</code>",
        esc(" ".join(filter(None, (one["checked_on"], one["document"], one["checked_by"])))),
        _state(one, say),
    ]


def _state(one: dict[str, Any], say: Words) -> str:
    if one["locked"]:
        return tag(say("account_is_locked"), "closed")
    name, look = ("used", "open") if one["enrolled"] else ("waiting", "later")
    return tag(say(f"account_is_{name}"), look)


def _register(office: Office, say: Words) -> None:
    with st.form("register", clear_on_submit=False):
        st.html(
            f'<h2 class="dh-h">{esc(say("reader_new"))}</h2><p class="dh-hint">{esc(say("reader_new_hint"))}</p>'
        )
        real_name = st.text_input(say("account_real_name"), max_chars=80)
        document = st.selectbox(say("reader_document"), DOCUMENTS)
        name = st.text_input(say("account_name"), max_chars=64, help=say("account_name_hint"))
        if not st.form_submit_button(say("reader_new_do"), type="primary"):
            return
        if not (name.strip() and real_name.strip()):
            st.error(say("account_need"))
            return
        body = {"name": name, "real_name": real_name, "document": document}
        made = attempt(lambda: office.register(body))
    if made is not None:
        code_once(made, say)
        st.query_params.from_dict({"id": str(made["account"]["id"])})
        st.rerun()


def _standing(office: Office, say: Words) -> None:
    """What is open to anybody now."""
    standing = [grant for grant in office.grants() if grant["stands"]]
    st.html(f'<h2 class="dh-h">{esc(say("grant_standing"))}</h2>')
    if not standing:
        st.html(f'<p class="dh-hint">{esc(say("grant_none_standing"))}</p>')
        return
    headers = [say("grant_reader"), say("grant_records"), say("grant_until")]
    rows = []
    for grant in standing:
        kind, _, number = grant["reader"].partition(":")
        name = esc(grant["reader_name"] or grant["reader"])
        there = address("/readers", [("id", number), ("q", grant["reader_name"])])
        who = link(there, name) if kind == "account" else name
        rows.append([who, esc(say("grant_count", n=len(grant["records"]))), esc(grant["until"])])
    st.html(table(headers, rows, caption=say("grant_standing")))


# ── one reader ─────────────────────────────────────────────────────────────────


def _one(here: Desk, office: Office, number: int, q: str) -> None:
    say, reader = here.say, f"account:{number}"
    grants = office.grants(reader)
    known = next((one for one in office.readers(q) if one["id"] == number), None)
    name = known["real_name"] if known else next((g["reader_name"] for g in grants), "") or reader
    back = link(address("/readers", [("q", q)]), f"← {esc(say('reader_back'))}", "dh-act")
    about = f'<p class="dh-meta">{_row(known, q, say)[1]} {_state(known, say)}</p>' if known else ""
    st.html(
        f'<div class="dh-top"><p class="dh-row">{back}</p><h1 class="dh-where">{esc(name)} '
        f"<code>{esc(known['name'] if known else reader)}</code></h1>{about}</div>"
    )
    told()
    shown_once(say)
    left, right = st.columns([1.2, 1], gap="large")
    with left:
        _approve(here, office, reader, name)
    with right:
        _granted(office, grants, say)


def _approve(here: Desk, office: Office, reader: str, name: str) -> None:
    say = here.say
    st.html(
        f'<h2 class="dh-h">{esc(say("grant_new", name=name))}</h2><p class="dh-hint">{esc(say("grant_hint"))}</p>'
    )
    key = f"codes/{reader}"
    found = codes(here, key, MOST)
    until = st.date_input(say("grant_until"), _month_on(), min_value=date.today(), format="YYYY-MM-DD")
    reason = st.text_input(say("grant_reason"), max_chars=1000, placeholder=say("grant_reason_like"))
    if not st.button(say("grant_do"), type="primary", key="grant_do"):
        return
    missing = [line for line, one in found.items() if one is None]
    if missing or not found or not reason.strip():
        what = "grant_missing" if missing else "grant_no_codes" if not found else "grant_no_reason"
        st.error(say(what, codes="、".join(missing)) if missing else say(what))
        return
    ids = [one["id"] for one in found.values() if one]
    body = {"reader": reader, "records": ids, "until": f"{until}", "reason": reason.strip()}
    if attempt(lambda: office.grant(body)) is not None:
        clear(key)
        tell(say("grant_done", name=name, n=len(ids), until=f"{until}"))
        st.rerun()


def _month_on() -> date:
    """A month from now, or the last day of that month."""
    today = date.today()
    year, month = divmod(today.year * 12 + today.month, 12)
    for day in (today.day, 30, 29, 28):
        try:
            return date(year, month + 1, day)
        except ValueError:
            continue
    return today


def _granted(office: Office, grants: list[dict[str, Any]], say: Words) -> None:
    st.html(f'<h2 class="dh-h">{esc(say("grant_all"))}</h2>')
    if not grants:
        st.html(f'<p class="dh-hint">{esc(say("grant_none"))}</p>')
    for grant in grants:
        with st.container(border=True):
            st.html(_grant(grant, say))
            pressed = grant["stands"] and st.button(say("grant_revoke"), key=f"revoke_{grant['id']}")
            if pressed and attempt(partial(office.revoke_grant, grant["id"])) is not None:
                tell(say("grant_revoked"))
                st.rerun()


def _grant(grant: dict[str, Any], say: Words) -> str:
    if grant["stands"]:
        state = tag(say("grant_is_standing", until=grant["until"]), "open")
    elif grant["revoked_at"]:
        state = tag(say("grant_is_revoked", at=when(grant["revoked_at"])[:10]), "closed")
    else:
        state = tag(say("grant_is_over", until=grant["until"]))
    records = "".join(
        f"<li><code>{link(record_address(i), esc(i.rpartition(':')[2]))}</code></li>"
        for i in grant["records"]
    )
    return (
        f'<p class="dh-row">{state}</p><p>{esc(grant["reason"])}</p>'
        f'<p class="dh-meta">{esc(when(grant["made_at"]))} {esc(grant["made_by"])}</p>'
        f'<ul class="dh-inline">{records}</ul>'
    )

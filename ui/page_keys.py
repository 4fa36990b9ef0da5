"""Keys of programs: the system administrator's list of all of them, and one's own, made and revoked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import streamlit as st

from ui.frame import Desk
from ui.markup import esc
from ui.office_client import Office
from ui.page_accounts import audience_name, role_names
from ui.tables import table, tag, when
from ui.telling import attempt, show_once, shown_once, tell, told
from ui.texts import Words

_HEADERS = ("number", "name", "owner", "powers", "expires", "used", "state")


def show(here: Desk) -> None:
    """The page of all keys."""
    office, say = Office(here.api), here.say
    keys = office.keys()
    st.html(
        f'<div class="dh-top"><h1 class="dh-where">{esc(say("nav_keys"))} '
        f"<small>{esc(say.counted('key_count', sum(map(is_valid, keys))))}</small></h1>"
        f'<p class="dh-hint">{esc(say("key_all_hint"))}</p></div>'
    )
    told()
    every = st.toggle(say("key_show_all"), key="keys_all")
    shown = [key for key in reversed(keys) if every or is_valid(key)]
    if not shown:
        st.html(f'<p class="dh-notice">{esc(say("key_none"))}</p>')
        return
    left, right = st.columns([2.4, 1], gap="large")
    with left:
        st.html(keys_table(shown, say))
    with right:
        revoking(shown, office.revoke_key, say)


def mine(here: Desk) -> None:
    """One's own keys, on the page of one's own account."""
    office, say = Office(here.api), here.say
    keys = office.my_keys()
    st.html(
        f'<h2 class="dh-h" id="keys">{esc(say("key_mine"))}</h2><p class="dh-hint">{esc(say("key_mine_hint"))}</p>'
    )
    told()
    shown_once(say)
    if keys:
        st.html(keys_table(list(reversed(keys)), say, owners=False))
        revoking(keys, office.revoke_my_key, say)
    with st.form("key_new"):
        st.html(f'<h3 class="dh-h">{esc(say("key_new"))}</h3>')
        name = st.text_input(say("key_name"), max_chars=120, placeholder=say("key_name_like"))
        own = here.me()["roles"]
        roles = (
            st.multiselect(say("key_roles"), own, own, format_func=lambda r: role_names([r], say))
            if own
            else []
        )
        last = st.date_input(
            say("key_expires"),
            date.today() + timedelta(days=365),
            min_value=date.today(),
            format="YYYY-MM-DD",
        )
        if st.form_submit_button(say("key_new_do")):
            if not name.strip():
                st.error(say("key_need"))
                return
            body = {"name": name, "roles": roles, "expires_on": f"{last}"}
            made = attempt(lambda: office.make_key(body))
            if made is not None:
                show_once(say("once_key", name=name), made, say("once_key_hint"))
                st.rerun()


def is_valid(key: dict[str, Any]) -> bool:
    return not key["revoked_at"] and not (key["expires_on"] and key["expires_on"] < f"{date.today()}")


def keys_table(keys: list[dict[str, Any]], say: Words, *, owners: bool = True) -> str:
    """Keys with whose they are and when they were used last; never the key."""
    headers = [name for name in _HEADERS if owners or name != "owner"]
    rows = [
        [
            f"<code>key:{key['id']}</code>",
            esc(key["name"]),
            *([esc(key["owner"] or say("key_by_command"))] if owners else []),
            esc(role_names(key["roles"], say) or audience_name(key["audience"], say)),
            esc(key["expires_on"] or say("key_no_end")),
            esc(key["used_on"] or say("key_never")),
            _state(key, say),
        ]
        for key in keys
    ]
    return table([say(f"key_{name}") for name in headers], rows, caption=say("nav_keys"))


def _state(key: dict[str, Any], say: Words) -> str:
    if key["revoked_at"]:
        return tag(say("key_is_revoked", at=when(key["revoked_at"])[:10]), "closed")
    return tag(say("key_is_valid"), "open") if is_valid(key) else tag(say("key_is_over"))


def revoking(keys: list[dict[str, Any]], revoke: Callable[[int], Any], say: Words) -> None:
    """Choose one that is valid, and revoke it."""
    names = {key["id"]: f"key:{key['id']} {key['name']}" for key in keys if is_valid(key)}
    if not names:
        return
    with st.form("key_revoke", clear_on_submit=True):
        st.html(
            f'<h2 class="dh-h">{esc(say("key_revoke"))}</h2><p class="dh-hint">{esc(say("key_revoke_hint"))}</p>'
        )
        chosen = st.selectbox(
            say("key_which"), list(names), None, format_func=lambda n: names[n], placeholder=say("key_choose")
        )
        if not st.form_submit_button(say("key_revoke_do")):
            return
        if chosen is None:
            st.error(say("key_choose"))
        elif attempt(lambda: revoke(chosen)) is not None:
            tell(say("key_revoked", name=names[chosen]))
            st.rerun()

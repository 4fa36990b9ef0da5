"""Who one is signed in as, what one may see, and one's password."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from ui import page_keys
from ui.frame import Desk
from ui.markup import esc, link
from ui.page_sign_in import field, new_password, said
from ui.tables import facts
from ui.texts import TEXTS


def show(here: Desk) -> None:
    """The page."""
    say, me = here.say, here.api.me()
    head = f'<section class="dh-narrow"><h1 class="dh-where">{esc(say("nav_me"))}</h1>'
    if not me["id"]:
        st.html(
            f"{head}<p>{esc(say('me_public'))}</p><p>{link('/sign-in', esc(say('nav_sign_in')))}</p></section>"
        )
        return
    audience = f"audience_{me['audience']}"
    rows = [(say("me_audience"), say(audience) if audience in TEXTS else me["audience"])]
    if me["roles"]:
        names = me["role_names"] if say.language == "zh" else me["roles"]
        rows.append((say("me_role"), "、".join(names)))
    if me["ends_at"]:
        until = datetime.fromisoformat(me["ends_at"]).astimezone()
        rows.append((say("me_until"), f"{until:%H:%M}"))
    about = facts((name, esc(value)) for name, value in rows)
    password = (
        f'<h2 class="dh-h">{esc(say("change_password"))}</h2>'
        '<form method="post" action="/x/password" class="dh-stack">'
        + field(say("old_password"), "old", "current-password")
        + new_password(say)
        + f'{said(here)}<button class="dh-main" type="submit">{esc(say("change_password"))}</button></form>'
        if me["via"] == "password"
        else ""
    )
    own = f"{head}<p><strong>{esc(me['name'])}</strong></p>{about}{password}</section>"
    if me["via"] == "key":
        st.html(own)
        return
    left, right = st.columns([1, 1.7], gap="large")
    left.html(own)
    with right:
        page_keys.mine(here)

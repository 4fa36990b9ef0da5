"""Who one is signed in as, what one may see, and one's password."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from ui.frame import Desk
from ui.markup import esc, link
from ui.page_sign_in import field, new_password, said
from ui.texts import TEXTS


def show(here: Desk) -> None:
    """The page."""
    say, me = here.say, here.api.me()
    head = f'<section class="dh-narrow"><h1>{esc(say("nav_me"))}</h1>'
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
    table = "".join(f"<dt>{esc(name)}</dt><dd>{esc(value)}</dd>" for name, value in rows)
    password = (
        f"<h2>{esc(say('change_password'))}</h2>"
        '<form method="post" action="/x/password" class="dh-stack">'
        + field(say("old_password"), "old", "current-password")
        + new_password(say)
        + f'{said(here)}<button class="dh-main" type="submit">{esc(say("change_password"))}</button></form>'
        if me["via"] == "password"
        else ""
    )
    st.html(f"{head}<p><strong>{esc(me['name'])}</strong></p><dl>{table}</dl>{password}</section>")

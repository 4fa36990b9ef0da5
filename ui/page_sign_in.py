"""Signing in with a key, until there are accounts."""

from __future__ import annotations

import streamlit as st

from ui.frame import Desk
from ui.markup import esc


def show(here: Desk) -> None:
    """The page."""
    say = here.say
    said = {"failed": "sign_in_failed", "away": "sign_in_away"}.get(here.param("said"))
    error = f'<p class="dh-error" role="alert">{esc(say(said))}</p>' if said else ""
    signed = f"<p>{esc(say('signed_in'))}</p>" if here.visitor.key else ""
    st.html(
        f'<section class="dh-narrow"><h1>{esc(say("nav_sign_in"))}</h1>{signed}'
        f'<form method="post" action="/x/sign-in" class="dh-stack"><label>{esc(say("key"))}'
        '<input type="password" name="key" autocomplete="off" required maxlength="500"></label>'
        f'{error}<button class="dh-main" type="submit">{esc(say("sign_in"))}</button></form>'
        f'<p class="dh-hint">{esc(say("key_help"))}</p></section>'
    )

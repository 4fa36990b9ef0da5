"""Signing in: by name and password, by the organisation's own sign-in, or with a key; and the first password."""

from __future__ import annotations

import streamlit as st

from ui.frame import Desk
from ui.markup import esc, link
from ui.texts import TEXTS, Words


def show(here: Desk) -> None:
    """The page."""
    say = here.say
    label = here.api.oidc_label()
    oidc = (
        f'<form method="post" action="/x/oidc"><button class="dh-act" type="submit">'
        f"{esc(say('sign_in_oidc', label=label))}</button></form>"
        if label
        else ""
    )
    st.html(
        f'<section class="dh-narrow"><h1>{esc(say("nav_sign_in"))}</h1>'
        '<form method="post" action="/x/sign-in" class="dh-stack">'
        + field(say("account_name"), "account", "username", kind="text", most=100)
        + field(say("password"), "password", "current-password")
        + f'{said(here)}<button class="dh-main" type="submit">{esc(say("sign_in"))}</button></form>{oidc}'
        f"<p>{link('/enrol', esc(say('have_code')))}</p>"
        f"<details><summary>{esc(say('sign_in_other'))}</summary>"
        '<form method="post" action="/x/sign-in" class="dh-stack dh-key">'
        + field(say("key"), "key", "off")
        + f'<button class="dh-main" type="submit">{esc(say("sign_in"))}</button></form>'
        f'<p class="dh-hint">{esc(say("key_help"))}</p></details></section>'
    )


def show_enrol(here: Desk) -> None:
    """A one-time code and the password it sets."""
    say = here.say
    st.html(
        f'<section class="dh-narrow"><h1>{esc(say("nav_enrol"))}</h1>'
        '<form method="post" action="/x/enrol" class="dh-stack">'
        + field(say("code"), "code", "one-time-code", kind="text", most=200)
        + new_password(say)
        + f'{said(here)}<button class="dh-main" type="submit">{esc(say("set_password"))}</button></form></section>'
    )


def field(label: str, name: str, fills: str, *, kind: str = "password", most: int = 500) -> str:
    """A labelled field. fills: what a browser may fill in (HTML's autocomplete). name: none that a form has
    itself, such as "name": the page's sanitiser takes those away."""
    return (
        f'<label>{esc(label)}<input type="{kind}" name="{name}" autocomplete="{fills}" required '
        f'maxlength="{most}" autocapitalize="none" spellcheck="false"></label>'
    )


def new_password(say: Words) -> str:
    return (
        field(say("new_password"), "new", "new-password")
        + f'<p class="dh-hint">{esc(say("password_help"))}</p>'
    )


def said(here: Desk) -> str:
    """What the last try came to, by the address's `said`; nothing for anything that is no text of ours."""
    key = f"said_{here.param('said')}"
    good = key in ("said_enrolled", "said_changed")
    kind = 'class="dh-hint" role="status"' if good else 'class="dh-error" role="alert"'
    return f"<p {kind}>{esc(here.say(key))}</p>" if key in TEXTS else ""

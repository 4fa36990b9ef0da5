"""What an action did: said once where the person stands; and what is shown once and never again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from ui.client import ApiProblem
from ui.markup import esc
from ui.texts import Words

T = TypeVar("T")
_TOLD, _ONCE, _PLACE = "told", "shown_once", "shown_once_at"


def tell(words: str) -> None:
    """To be said by the next page that calls `told`."""
    st.session_state[_TOLD] = words


def told() -> None:
    """What the last action did, once. Its place is kept where there is nothing: what follows is not drawn anew."""
    place = st.empty()
    if words := st.session_state.pop(_TOLD, ""):
        place.html(f'<p class="dh-notice dh-tell" role="status">{esc(words)}</p>')


def attempt(act: Callable[[], T]) -> T | None:
    """Do it. What the API refuses is said where the person stands, with what to do, and nothing typed is lost;
    then None. A session that ended is the whole page's business."""
    try:
        return act()
    except ApiProblem as problem:
        if problem.status in (401, 503):
            raise
        st.error(f"{problem} {problem.advice}".strip())
        return None


def show_once(title: str, secret: str, hint: str) -> None:
    """Keep a secret for the next page that calls `shown_once`, until it is taken down or left."""
    st.session_state[_ONCE] = (title, secret, hint)
    st.session_state.pop(_PLACE, None)


def arrived(place: str) -> None:
    """A page is shown. What was to be seen once on another one is gone."""
    if _ONCE in st.session_state and st.session_state.setdefault(_PLACE, place) != place:
        _forget()


def _forget() -> None:
    st.session_state.pop(_ONCE, None)
    st.session_state.pop(_PLACE, None)


def shown_once(say: Words) -> bool:
    """The secret, if there is one, in a box that says it will not come again; whether there is one."""
    kept = st.session_state.get(_ONCE)
    if kept is None:
        return False
    title, secret, hint = kept
    with st.container(key="once", border=True):
        st.html(
            f'<div role="status"><h2 class="dh-h">{esc(title)}</h2><p><code id="dh-once" class="dh-once">{esc(secret)}</code></p>'
            f'<p class="dh-row"><button type="button" class="dh-act" data-copy="dh-once">{esc(say("copy"))}</button></p>'
            f'<p class="dh-hint">{esc(hint)}</p></div>'
        )
        if st.button(say("once_taken"), key="once_taken"):
            _forget()
            st.rerun()
    return True

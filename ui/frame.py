"""What every page has: the visitor, the head of the page, and what is said when something is wrong."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import cast

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from ui import shapes
from ui.client import Api, ApiAway, ApiProblem, api_url, came_from
from ui.drafting import visited
from ui.markup import esc, hidden, link
from ui.state import address
from ui.telling import arrived
from ui.texts import Words, language_of
from ui.visitors import COOKIE, LANGUAGE_COOKIE, Visitor, visitors

log = logging.getLogger("danghai.ui")
_HERE = Path(__file__).parent
_NAV = ("search", "browse", "list", "openings", "offer")
#: Who keeps series.
CURATING = frozenset({"curator", "admin"})
#: Who works on projects, by their sharing.
COLLEAGUES = frozenset({"archivist", "reviewer", "curator", "admin"})
#: Pages of the archive's own offices → who finds them in the head of the page. The API decides who may.
_OFFICES: dict[str, frozenset[str]] = {
    "home": COLLEAGUES,
    "review": frozenset({"archivist", "reviewer", "admin"}),
    "workspace": COLLEAGUES,
    "plans": COLLEAGUES,
    "themes": CURATING,
    "series": CURATING,
    "calendar": CURATING,
    "showings": CURATING,
    "offers": frozenset({"archivist", "curator", "admin"}),
    "visits": frozenset({"archivist", "curator", "admin"}),
    "readers": frozenset({"archivist", "admin"}),
    "quarantine": frozenset({"security_officer"}),
    "publish": frozenset({"archivist", "reviewer", "admin", "security_officer"}),
    "accounts": frozenset({"security_admin"}),
    "keys": frozenset({"system_admin"}),
    "audit": frozenset({"audit_admin", "security_officer"}),
}
#: Pages that lie within one of these.
_OF = {
    "review-item": "review",
    "review-batch": "review",
    "review-bulk": "review",
    "collection": "workspace",
    "plan": "plans",
}
#: Of them those that are a person's own, and no key's.
_PERSONS = frozenset({"readers", "accounts", "keys"})


@dataclass(frozen=True)
class Desk:
    """One visitor at work: the API with their key, the texts in their language, their list, the address."""

    api: Api
    say: Words
    visitor: Visitor
    params: Mapping[str, Sequence[str]]

    def param(self, name: str) -> str:
        """The last value of a parameter in the address; '' when it is not there."""
        values = self.params.get(name, ())
        return values[-1] if values else ""

    def me(self) -> shapes.Me:
        """Who the visitor is taken for: asked once for a key or session."""
        known = st.session_state.get("me")
        if known is None or known[0] != self.visitor.key:
            known = st.session_state["me"] = self.visitor.key, self.api.me()
        return cast(shapes.Me, known[1])

    def offices(self) -> list[str]:
        """The office pages that are this visitor's; none while the API is away."""
        if not self.visitor.key:
            return []
        try:
            me = self.me()
        except (ApiAway, ApiProblem):
            return []
        mine = [name for name, roles in _OFFICES.items() if roles & set(me["roles"])]
        return [name for name in mine if me["via"] != "key" or name not in _PERSONS]

    def is_colleague(self) -> bool:
        """Whether the visitor works on projects."""
        return "workspace" in self.offices()

    def is_staff(self) -> bool:
        """Whether the API tells this visitor what it tells staff alone."""
        return bool(self.visitor.key) and self.api.status()["reading"] is not None


def desk() -> Desk:
    """The desk of the visitor whose run this is."""
    cookies = st.context.cookies.to_dict()
    visitor = visitors().get(cookies.get(COOKIE))
    params = {name: st.query_params.get_all(name) for name in st.query_params}
    told = st.context.headers.get("X-Forwarded-For")
    agent = st.context.headers.get("User-Agent") or ""
    api = Api(visitor.key, came_from=came_from(told, st.context.ip_address or "127.0.0.1"), agent=agent)
    return Desk(api, Words(language_of(cookies.get(LANGUAGE_COOKIE))), visitor, params)


@cache
def asset(name: str) -> str:
    """A stylesheet or script of ours, as text."""
    return (_HERE / name).read_text(encoding="utf-8")


@cache
def component(name: str, script: str, html: str = "") -> ComponentRenderer:
    """A component of ours, registered once. html is fixed markup, never data."""
    return st.components.v2.component(f"danghai_{name}", html=html, js=asset(script), isolate_styles=False)


def put(html: str) -> None:
    """Show HTML, already escaped; nothing for nothing."""
    if html:
        st.html(html)


def frame(here: Desk, page: str) -> None:
    """Stylesheet, router and the head of the page."""
    say = here.say
    arrived(f"{page} {here.param('id')}")
    visited(f"{page} {dict(here.params)}")
    st.html(f"<style>{asset('style.css')}</style>")
    labels = {name: say(name) for name in ("copy", "copied", "close", "gone", "trouble")}
    with st.container(key="router"):
        component("router", "router.js")(
            key="router_script", data={"labels": labels, "language": say.language}
        )
    st.html(_head(here, page))


def _head(here: Desk, page: str) -> str:
    say = here.say
    items = []
    for name in (*_NAV, *here.offices()):
        href = "/" if name == "search" else f"/{name}"
        count = len(here.visitor.kept) if name == "list" else 0
        badge = f' <span class="dh-count">{count}</span>' if count else ""
        current = {"aria_current": "page"} if name == _OF.get(page, page) else {}
        items.append(link(href, esc(say(f"nav_{name}")) + badge, data_key=f"nav-{name}", **current))
    # Pages of their own, not the explorer's.
    shows = (
        f'<a href="/exhibitions" target="_self" data-key="nav-exhibitions">{esc(say("nav_exhibitions"))}</a>'
    )
    items.insert(_NAV.index("openings") + 1, shows)
    other = "en" if say.language == "zh" else "zh"
    back = address(
        "/" if page == "search" else f"/{page}", [(n, v) for n, vs in here.params.items() for v in vs]
    )
    switch = address(f"/x/language/{other}", [("back", back)])
    if here.visitor.key:
        name = here.visitor.name or say("signed_in")
        sign = link("/me", esc(name), data_key="nav-me") + (
            '<form method="post" action="/x/sign-out">'
            f'<button class="dh-plain" type="submit">{esc(say("sign_out"))}</button></form>'
        )
    else:
        sign = link("/sign-in", esc(say("nav_sign_in")), data_key="nav-sign-in")
    return (
        f'<header class="dh-head"><a class="dh-go dh-name" href="/">{esc(say("name"))}'
        f"<small>{esc(say('tagline'))}</small></a>"
        f'<nav aria-label="{esc(say("nav_label"))}">{"".join(items)}</nav>'
        f'<div class="dh-side"><a href="{esc(switch)}" target="_self" class="dh-language">'
        f"{esc(say('other_language'))}</a>{sign}</div></header>"
    )


# ── asking ─────────────────────────────────────────────────────────────────────


def question_box(
    say: Words,
    q: str,
    *,
    action: str = "/",
    keep: Sequence[tuple[str, str]] = (),
    after: str = "",
    label: str = "",
    button: str = "",
) -> str:
    """A form with the question and its completions. keep: parameters that stay; after: HTML beside the box."""
    name = esc(label or say("ask"))
    return (
        f'<form class="dh-go dh-question" role="search" action="{esc(action)}">{hidden(keep)}'
        '<div class="dh-ask"><input type="search" name="q" autocomplete="off" role="combobox" '
        f'aria-expanded="false" aria-controls="dh-suggestions" aria-label="{name}" placeholder="{name}" '
        f'value="{esc(q)}" data-key="q" maxlength="1000">'
        '<ul id="dh-suggestions" role="listbox" hidden></ul></div>'
        f'{after}<button class="dh-main" type="submit">{esc(button or say("ask_button"))}</button></form>'
    )


# ── when something is wrong ────────────────────────────────────────────────────


@contextmanager
def trouble(here: Desk) -> Iterator[None]:
    """Says what is wrong instead of a page, and goes on by itself when that has passed."""
    say = here.say
    try:
        yield
    except ApiAway:
        _notice(say("away"), say("away_detail", url=api_url()))
        _until_it_answers(here)
    except ApiProblem as problem:
        if problem.status == 503:
            _notice(say("not_ready"), f"{problem.detail} {problem.advice}")
            _until_it_answers(here)
        elif problem.status == 401 and here.visitor.key:
            _forget_key()
            ended = problem.code == "session-ended"
            _notice(
                say("session_ended" if ended else "key_ended"), say("sign_in_again"), to="/sign-in", home=say
            )
        elif problem.status == 429:
            _notice(say("too_often"), f"{problem.detail} {problem.advice}")
        elif problem.status == 404:
            _notice(say("gone"), "", home=say)
        else:
            _notice(say("trouble"), f"{problem.detail} {problem.advice}", home=say)
    except Exception:
        log.exception("a page could not be shown")
        _notice(say("trouble"), say("unexpected"), home=say)


def _forget_key() -> None:
    """The key or session is worth nothing any more: the next page is the public's, the list stays."""
    if token := st.context.cookies.to_dict().get(COOKIE):
        visitors().change(token, lambda visitor: replace(visitor, key=None, name=""))


def _notice(title: str, detail: str, *, to: str = "/", home: Words | None = None) -> None:
    again = link(to, esc(home("start_again" if to == "/" else "nav_sign_in"))) if home else ""
    st.html(f'<div class="dh-notice" role="alert"><h2>{esc(title)}</h2><p>{esc(detail)}</p>{again}</div>')


def _until_it_answers(here: Desk) -> None:
    @st.fragment(run_every=2.0)
    def watch() -> None:
        if here.api.answers():
            st.rerun()

    watch()

"""Objects into a section: from a search, a collection, a series, or from outside the house."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from ui.cards import date_text, dotted
from ui.client import ApiProblem
from ui.curation_client import Curation
from ui.frame import Desk, question_box
from ui.markup import button, esc, link
from ui.plan_board import plan_address
from ui.plan_object_form import OWNERS
from ui.plan_writing import one_of
from ui.projects_client import Json, Projects, may_write
from ui.state import address, record_address
from ui.tables import tag
from ui.telling import attempt, tell
from ui.texts import Words

SOURCES = ("search", "collection", "series", "outside")
#: Records shown of one source; sent to the API at once.
MOST = 30
AT_ONCE = 200
Brief = Mapping[str, Any]


def plans_from(source: str, of: int) -> str:
    """The address where a plan is made of what is in a collection or series."""
    return address("/plans", [("from", source), ("of", str(of))])


def adding(here: Desk, projects: Projects, project: Json, parts: Sequence[Json]) -> None:
    """The view. The section stands in the address."""
    say = here.say
    section = next((p for p in parts if p["id"] == here.param("to") and p["kind"] == "section"), None)
    if section is None or not may_write(project):
        st.html(f'<p class="dh-notice">{esc(say("plan_gone"))}</p>')
        return
    source = here.param("from") if here.param("from") in SOURCES else "search"
    st.html(_head(project, section, source, say))
    there = {part["record"]["id"] for part in parts if part["kind"] == "object" and part["record"]}

    def listed(found: Sequence[Brief]) -> None:
        if source != "search":
            _every(projects, project, section, [one["id"] for one in found if one["id"] not in there], say)
        _listed(project, section, found, there, say)

    match source:
        case "collection":
            _collection(here, projects, listed)
        case "series":
            _series(here, listed)
        case "outside":
            _outside(projects, project, section, say)
        case _:
            _search(here, project, section, listed)


def _head(project: Json, section: Json, source: str, say: Words) -> str:
    done = link(plan_address(project), f"← {esc(say('plan_finished'))}", "dh-act", data_key="added")
    ways = "".join(
        link(
            plan_address(project, view="add", to=section["id"], **{"from": one}),
            esc(say(f"plan_from_{one}")),
            "dh-act is-on" if one == source else "dh-act",
            data_key=f"from-{one}",
        )
        for one in SOURCES
    )
    title = esc(say("plan_add_to", title=section["body"]["title"]))
    return f'<h2 class="dh-where">{title}</h2><p class="dh-row">{done}{ways}</p>'


# ── from the holdings ──────────────────────────────────────────────────────────


def _search(here: Desk, project: Json, section: Json, listed: Callable[[Sequence[Brief]], None]) -> None:
    q = here.param("q")
    # A field called "id" would hide the form's own: the browser's sanitiser takes its name away.
    keep = [("plan", str(project["id"])), ("view", "add"), ("to", section["id"])]
    st.html(question_box(here.say, q, action="/plan", keep=keep))
    if q:
        answer = here.api.search([("q", q), ("level", "file"), ("size", str(MOST))])
        listed(answer["hits"])


def names_of(here: Desk, source: str) -> dict[int, str]:
    """The visitor's collections, or series, by number; those they may not see are none."""
    if source == "collection":
        return {one["id"]: one["name"] for one in Projects(here.api).listing() if one["kind"] == source}
    try:
        return {one["id"]: one["name"] for one in Curation(here.api).series()}
    except ApiProblem as problem:
        if problem.status != 403:
            raise
        return {}


def _collection(here: Desk, projects: Projects, listed: Callable[[Sequence[Brief]], None]) -> None:
    chosen = _which(here, "collection", "plan_which_collection", "plan_no_collections")
    if chosen:
        parts = projects.tree(chosen)["parts"]
        listed([part["record"] for part in parts if part["record"]])


def _series(here: Desk, listed: Callable[[Sequence[Brief]], None]) -> None:
    chosen = _which(here, "series", "plan_which_series", "plan_no_series")
    if chosen:
        listed([choice["record"] for choice in Curation(here.api).choices(chosen, "accepted")])


def _which(here: Desk, source: str, ask: str, none: str) -> int | None:
    """Which of them: at first the one that the address says."""
    names, asked = names_of(here, source), here.param("of")
    if not names:
        st.html(f'<p class="dh-notice">{esc(here.say(none))}</p>')
        return None
    first = next((n for n, number in enumerate(names) if str(number) == asked), 0)
    return st.selectbox(here.say(ask), list(names), first, format_func=names.__getitem__)


def _every(projects: Projects, project: Json, section: Json, new: Sequence[str], say: Words) -> None:
    """A button that puts all of them into the section."""
    if len(new) < 2 or not st.button(say("plan_put_all", n=len(new)), key="put_all"):
        return
    exhibits = [{"kind": "object", "record": one, "parent": section["id"]} for one in new[:AT_ONCE]]
    added = attempt(lambda: projects.add(project["id"], exhibits))
    if added is not None:
        tell(say("plan_put_done", n=len(added)))
        st.rerun()


def _listed(
    project: Json,
    section: Json,
    found: Sequence[Brief],
    there: set[str],
    say: Words,
) -> None:
    """Records, each with a button that puts it into the section."""
    if not found:
        st.html(f'<p class="dh-notice">{esc(say("plan_found_none"))}</p>')
        return
    rows = "".join(_row(project, section, one, one["id"] in there, say) for one in found)
    st.html(f'<ul class="plan-found">{rows}</ul>')


def _row(project: Json, section: Json, one: Brief, known: bool, say: Words) -> str:
    title = esc(say("plan_put_title", title=one["title"]))
    put = (
        tag(say("plan_is_in"), "open")
        if known
        else button(
            "/x/plan/add",
            f'<span aria-hidden="true">＋ {esc(say("plan_put"))}</span><span class="dh-hidden">{title}</span>',
            project=str(project["id"]),
            record=one["id"],
            parent=section["id"],
            key=f"put-{one['id']}",
        )
    )
    thumbnail = one.get("thumbnail")
    image = (
        f'<img src="{esc("/x/api" + thumbnail)}" alt="" loading="lazy">'
        if thumbnail
        else f"<span>{esc(say('no_scan'))}</span>"
    )
    meta = [
        date_text(one["date"], say),
        esc(one.get("genre", "")),
        f"<code>{esc(one['reference_code'])}</code>",
    ]
    return (
        f'<li data-id="{esc(one["id"])}"><div class="plan-thumb" aria-hidden="true">{image}</div>'
        f"<div>{link(record_address(one['id']), esc(one['title']), 'dh-title')}"
        f'<p class="dh-meta">{dotted(meta)}</p></div>{put}</li>'
    )


# ── from outside ───────────────────────────────────────────────────────────────


def _outside(projects: Projects, project: Json, section: Json, say: Words) -> None:
    with st.form("outside", clear_on_submit=False, border=False):
        title = st.text_input(say("plan_f_title"), max_chars=200)
        date = st.text_input(say("plan_f_date"), max_chars=60)
        kind = one_of("plan_f_kind", OWNERS, "loan", "plan_kind", "outside_kind", say)
        owner = st.text_input(say("plan_f_owner"), max_chars=120)
        number = st.text_input(say("plan_f_number"), max_chars=60)
        agreement = st.text_input(say("plan_f_agreement"), max_chars=200)
        if not st.form_submit_button(say("plan_put"), type="primary"):
            return
    if not (title.strip() and owner.strip()):
        st.error(say("plan_need_owner"))
        return
    outside = {"kind": kind, "owner": owner, "number": number, "agreement": agreement}
    body = {"title": title.strip(), "date": date, "outside": outside}
    part = {"kind": "object", "parent": section["id"], "body": body}
    added = attempt(lambda: projects.add(project["id"], [part]))
    if added is not None:
        tell(say("plan_put_done", n=1))
        st.query_params.from_dict({"id": str(project["id"]), "part": added[0]["id"]})
        st.rerun()

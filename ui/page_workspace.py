"""Collections 资料夹: one's own and those shared with one, made, removed and brought back."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from ui.cards import dotted
from ui.frame import Desk
from ui.markup import esc, link
from ui.projects_client import PLACES, Json, Projects, project_address
from ui.tables import tag, when
from ui.telling import attempt, tell, told
from ui.texts import Words


def show(here: Desk) -> None:
    """The page."""
    say = here.say
    st.html(
        f'<div class="dh-top"><h1 class="dh-where">{esc(say("nav_workspace"))}</h1>'
        f'<p class="dh-hint">{esc(say("workspace_hint"))}</p></div>'
    )
    told()
    listed(here, ("collection",))


def listed(here: Desk, kinds: tuple[str, ...]) -> None:
    """All projects of these kinds, a form to make one, and those that were removed."""
    say, projects = here.say, Projects(here.api)
    found = [one for one in projects.listing() if one["kind"] in kinds]
    me = here.me()["id"]
    left, right = st.columns([1.6, 1], gap="large")
    with left:
        for name, some in (
            ("project_mine", [one for one in found if one["owner_id"] == me]),
            ("project_shared", [one for one in found if one["owner_id"] != me]),
        ):
            st.html(f'<h2 class="dh-h">{esc(say(name))}</h2>{rows(some, say)}')
        removed(projects, kinds, say)
    with right:
        for kind in kinds:
            make_form(projects, kind, say)


def rows(found: list[Json], say: Words) -> str:
    """Projects as a list, HTML."""
    if not found:
        return f'<p class="dh-hint">{esc(say("project_none"))}</p>'
    return f'<ul class="dh-tree">{"".join(row(one, say) for one in found)}</ul>'


def row(one: Json, say: Words, more: str = "") -> str:
    """One project in a list, HTML. more: HTML beside its name."""
    there = project_address(one["kind"], one["id"])
    name = f'<span class="dh-title">{esc(one["name"])}</span>'
    name = link(there, name, data_key=f"project-{one['id']}") if there else name
    rights = tag(say(f"right_{one['right']}")) if one["right"] == "read" else ""
    meta = [
        esc(say.counted("project_parts", one["parts"])),
        esc(say("project_of", who=one["owner"])) if one["right"] != "own" else "",
        esc(say("project_changed", who=one["changed_by"], at=when(one["changed_at"]))),
    ]
    return f'<li class="dh-node"><b>{name}</b> {rights}{more}<p class="dh-meta">{dotted(meta)}</p></li>'


def make_form(
    projects: Projects,
    kind: str,
    say: Words,
    *,
    called: str = "",
    begun: Callable[[Json], Mapping[str, str]] | None = None,
) -> None:
    """A form that makes a project of this kind and goes to it. called: what it proposes as its name. begun: what is to be
    done with the new one, and what its page's address then says beside its number."""
    with st.form(f"make_{kind}"):
        st.html(f'<h2 class="dh-h">{esc(say(f"project_new_{kind}"))}</h2>')
        name = st.text_input(say("project_name"), called, max_chars=200)
        about = st.text_area(say("project_about"), max_chars=4000, height=100) if kind == "collection" else ""
        if not st.form_submit_button(say("project_make"), type="primary"):
            return
        if not name.strip():
            st.error(say("project_need_name"))
            return
        body = {"about": about.strip()} if kind == "collection" else {}
        made = attempt(lambda: projects.make(kind, name.strip(), body))
    if made is not None:
        there = {"id": str(made["id"]), **(begun(made) if begun else {})}
        st.switch_page(st.session_state["pages"][PLACES[kind].lstrip("/")], query_params=there)


def removed(projects: Projects, kinds: tuple[str, ...], say: Words) -> None:
    """Own projects of these kinds that were removed, to be brought back."""
    gone = [o for o in projects.listing(gone=True) if o["kind"] in kinds and o["right"] == "own"]
    if not gone:
        return
    with st.expander(f"{say('project_gone')} · {len(gone)}"):
        for one in gone:
            left, right = st.columns([4, 1], vertical_alignment="center")
            meta = esc(say("project_changed", who=one["changed_by"], at=when(one["changed_at"])))
            left.html(f'<p>{esc(one["name"])} <span class="dh-meta">{meta}</span></p>')
            if right.button(say("project_restore"), key=f"restore_{one['id']}"):
                restore(projects, one, say)


def restore(projects: Projects, project: Json, say: Words) -> None:
    """Bring back a removed project and say so: its removal is the last that was done to it."""

    def undo() -> bool:
        projects.undo(project["id"], projects.changes(project["id"], size=1)["changes"][0]["id"])
        return True

    if attempt(undo):
        tell(say("project_restored", name=project["name"]))
        st.rerun()

"""With whom a project is shared, and whose it is. Any kind of project."""

from __future__ import annotations

from typing import cast

import streamlit as st

from ui.frame import Desk
from ui.markup import esc
from ui.projects_client import Json, May, Projects
from ui.telling import attempt, tell
from ui.texts import Words


def sharing(here: Desk, projects: Projects, project: Json) -> None:
    """Who has it; for its owner, what changes that."""
    say, people = here.say, projects.people()
    names = _names(people, say)
    st.html(
        f'<p class="dh-hint">{esc(say("share_hint"))}</p>'
        f"<p>{esc(say('project_of', who=project['owner']))}</p>"
    )
    owns = project["right"] == "own"
    for holder, writes in project["shared"].items():
        left, right = st.columns([5, 1], vertical_alignment="center")
        may = say("right_write" if writes else "right_read")
        left.html(
            f'<p data-holder="{esc(holder)}">{esc(names.get(holder, holder))} '
            f'<span class="dh-badge is-unknown">{esc(may)}</span></p>'
        )
        if owns and right.button(say("share_back"), key=f"share_back_{holder}"):
            _share(projects, project, holder, None, say("share_taken", who=names.get(holder, holder)))
    if not project["shared"]:
        st.html(f'<p class="dh-hint">{esc(say("share_none"))}</p>')
    if owns:
        _give(projects, project, names, say)
        _hand_over(projects, project, names, say)


def _names(people: Json, say: Words) -> dict[str, str]:
    """Holder → what it is called."""
    roles = {f"role:{role}": say("share_role", name=name) for role, name in people["roles"].items()}
    return roles | {one["id"]: f"{one['name']}（{one['handle']}）" for one in people["people"]}


def _give(projects: Projects, project: Json, names: dict[str, str], say: Words) -> None:
    others = [holder for holder in names if holder != project["owner_id"]]
    with st.form("share"):
        holder = st.selectbox(say("share_with"), others, format_func=names.__getitem__)
        may = st.radio(
            say("share_may"), ("write", "read"), format_func=lambda one: say(f"right_{one}"), horizontal=True
        )
        given = st.form_submit_button(say("share_do"), type="primary")
    if given and holder:
        _share(projects, project, holder, cast(May, may), say("share_done", who=names[holder]))


def _share(projects: Projects, project: Json, holder: str, may: May | None, words: str) -> None:
    if attempt(lambda: projects.share(project["id"], holder, may)) is not None:
        tell(words)
        st.rerun()


def _hand_over(projects: Projects, project: Json, names: dict[str, str], say: Words) -> None:
    people = [holder for holder in names if not holder.startswith("role:") and holder != project["owner_id"]]
    with st.expander(say("hand_over")), st.form("hand_over", border=False):
        st.html(f'<p class="dh-hint">{esc(say("hand_over_hint"))}</p>')
        heir = st.selectbox(say("hand_over_to"), people, None, format_func=names.__getitem__)
        given = st.form_submit_button(say("hand_over_do"))
    if given and heir and attempt(lambda: projects.hand_over(project["id"], heir)) is not None:
        tell(say("hand_over_done", who=names[heir]))
        st.rerun()

"""Exhibitions and compilations: one's own and those shared with one, where each stands, and what waits."""

from __future__ import annotations

import streamlit as st

from ui.cards import dotted
from ui.frame import Desk
from ui.markup import esc, link
from ui.page_workspace import make_form, removed
from ui.plan_adding import names_of
from ui.projects_client import Json, Projects, project_address
from ui.tables import tag, when
from ui.telling import told
from ui.texts import Words

KINDS = ("exhibition", "compilation")
#: Stage → how it looks.
STAGES = {"cleared": "open", "published": "open", "archived": "unknown", "draft": "unknown"}


def show(here: Desk) -> None:
    """The page."""
    say, projects = here.say, Projects(here.api)
    st.html(
        f'<div class="dh-top"><h1 class="dh-where">{esc(say("nav_plans"))}</h1>'
        f'<p class="dh-hint">{esc(say("plans_hint"))}</p></div>'
    )
    told()
    plans = projects.plans()
    left, right = st.columns([1.6, 1], gap="large")
    with left:
        own = [one for one in plans if one["right"] == "own"]
        shared = [one for one in plans if one["right"] != "own"]
        for name, some in (("project_mine", own), ("project_shared", shared)):
            items = "".join(plan_row(one, say) for one in some)
            none = f'<p class="dh-hint">{esc(say("project_none"))}</p>'
            st.html(
                f'<h2 class="dh-h">{esc(say(name))}</h2>'
                + (f'<ul class="dh-tree">{items}</ul>' if items else none)
            )
        removed(projects, KINDS, say)
    with right:
        _make(here, projects)


def _make(here: Desk, projects: Projects) -> None:
    """Forms for a new plan. Whoever comes from a collection or series goes on choosing of it for the first section."""
    say, source, of = here.say, here.param("from"), here.param("of")
    name = ""
    if source in ("collection", "series"):
        name = next((one for n, one in names_of(here, source).items() if str(n) == of), "")
    if not name:
        for kind in KINDS:
            make_form(projects, kind, say)
        return
    st.html(f'<p class="dh-tell" data-key="of">{esc(say(f"plans_from_{source}", name=name))}</p>')

    def begun(made: Json) -> dict[str, str]:
        section = projects.add(made["id"], [{"kind": "section", "body": {"title": name}}])[0]
        return {"view": "add", "to": section["id"], "from": source, "of": of}

    for kind in KINDS:
        make_form(projects, kind, say, called=name, begun=begun)


def plan_row(one: Json, say: Words) -> str:
    """One plan in a list, HTML."""
    there = project_address(one["kind"], one["project"])
    name = link(
        there, f'<span class="dh-title">{esc(one["name"])}</span>', data_key=f"project-{one['project']}"
    )
    late = sum(task["state"] == "late" for task in one["tasks"])
    tags = [
        tag(one["label"], STAGES.get(one["stage"], "later")),
        tag(say("plans_yours" if one["mine"] else "plans_waits", step=one["step_label"]), "later")
        if one["mine"] or one["stage"] not in ("draft", "published", "archived")
        else "",
        tag(say("plans_changed"), "later") if one["changed"] else "",
        tag(say("plans_returned"), "closed") if one["returned"] else "",
        tag(say("plans_withdrawn", n=len(one["withdrawn"])), "closed") if one["withdrawn"] else "",
        tag(say("plans_late", n=late), "closed") if late else "",
        tag(say("right_read")) if one["right"] == "read" else "",
    ]
    meta = [
        esc(say(f"kind_{one['kind']}")),
        esc(say("plans_tasks", n=len(one["tasks"]))) if one["tasks"] else "",
        esc(say("project_of", who=one["owner"])) if one["right"] != "own" else "",
        esc(when(one["changed_at"])),
    ]
    return f'<li class="dh-node"><b>{name}</b> {" ".join(tags)}<p class="dh-meta">{dotted(meta)}</p></li>'

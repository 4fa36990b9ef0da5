"""One plan of an exhibition or compilation: its board, and the ways from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from ui.cards import dotted
from ui.collection_item import removed_just_now
from ui.drafting import Draft
from ui.frame import Desk, asset, component, put
from ui.markup import esc, link
from ui.page_workspace import restore
from ui.plan_about import about
from ui.plan_adding import adding
from ui.plan_board import board, plan_address, title_of
from ui.plan_gaps import gaps
from ui.plan_object import object_panel
from ui.plan_preview import preview
from ui.plan_section import section_panel
from ui.plan_stage import stage_panel
from ui.plan_tables import film, rooms
from ui.plans_client import Plans
from ui.project_comments import comments
from ui.project_history import history
from ui.project_sharing import sharing
from ui.projects_client import Json, Projects, may_write
from ui.tables import tag, when
from ui.telling import attempt, told
from ui.texts import Words

VIEWS = (
    "board", "gaps", "rooms", "film", "stage", "preview", "about", "comments", "history", "sharing",
)  # fmt: skip
_TABLES = {"rooms": rooms, "film": film, "gaps": gaps}


def show(here: Desk) -> None:
    """The page."""
    say, number = here.say, here.param("id") or here.param("plan")
    if not (number.isascii() and number.isdigit() and 0 < int(number) < 2**31):
        st.html(f'<p class="dh-notice">{esc(say("project_which"))}</p>')
        return
    projects, plans = Projects(here.api), Plans(here.api)
    tree = projects.tree(int(number))
    project, parts = tree["project"], tree["parts"]
    mine = next((one for one in projects.plans() if one["project"] == project["id"]), None)
    st.html(f"<style>{asset('plans.css')}</style>{_top(project, mine, say)}")
    view = here.param("view") or "board"
    opened = here.param("part") if view == "board" else ""  # a history may be of one part
    if not opened:
        told()
    removed_just_now(projects, project, say)
    if project["gone"] or mine is None:
        st.html(f'<p class="dh-notice" role="status">{esc(say("project_is_gone"))}</p>')
        if project["right"] == "own" and st.button(say("project_restore")):
            restore(projects, project, say)
        return
    put(_gone(project, parts, mine["withdrawn"], say))
    st.html(_tabs(project, "" if opened else view, say))
    if opened:
        _part(here, projects, plans, project, parts, opened)
    elif view in _TABLES:
        _TABLES[view](here, projects, plans, project, parts)
    else:
        _view(
            here,
            projects,
            plans,
            project,
            parts,
            view,
            {one["part"]: one["why"] for one in mine["withdrawn"]},
        )


def _view(
    here: Desk,
    projects: Projects,
    plans: Plans,
    project: Json,
    parts: Sequence[Json],
    view: str,
    withdrawn: Mapping[str, str],
) -> None:
    match view:
        case "add":
            adding(here, projects, project, parts)
        case "stage":
            stage_panel(here, plans, project)
        case "preview":
            preview(here, plans, project)
        case "about":
            about(here, projects, project)
        case "comments":
            titles = {part["id"]: title_of(part, here.say) for part in parts if "title" in part["body"]}
            comments(here, projects, project, projects.comments(project["id"]), titles=titles)
        case "history":
            history(here, projects, project, here.param("part"))
        case "sharing":
            sharing(here, projects, project)
        case _:
            _board(here, projects, plans, project, parts, withdrawn)


# ── the head ───────────────────────────────────────────────────────────────────


def _top(project: Json, mine: Json | None, say: Words) -> str:
    back = link("/plans", f"← {esc(say('nav_plans'))}", "dh-act")
    tags = tag(say("right_read")) if project["right"] == "read" else ""
    if mine is not None:
        tags += " " + tag(mine["label"], "open" if mine["stage"] in ("cleared", "published") else "later")
        if mine["returned"]:
            there = plan_address(project, view="stage")
            tags += " " + link(there, esc(say("plans_returned")), "dh-badge is-closed", data_key="returned")
    meta = [
        esc(say(f"kind_{project['kind']}")),
        esc(say("project_of", who=project["owner"])),
        esc(say("project_changed", who=project["changed_by"], at=when(project["changed_at"]))),
    ]
    return (
        f'<div class="dh-top"><p class="dh-row">{back}</p><h1 class="dh-where">{esc(project["name"])} {tags}</h1>'
        f'<p class="dh-meta">{dotted(meta)}</p></div>'
    )


def _tabs(project: Json, view: str, say: Words) -> str:
    tabs = []
    for name in VIEWS:
        there = plan_address(project, view="" if name == "board" else name)
        current = {"aria_current": "true"} if name == view else {}
        cls = "is-on" if name == view else ""
        tabs.append(link(there, esc(say(f"plan_view_{name}")), cls, data_key=f"view-{name}", **current))
    return f'<nav class="dh-tabs plan-tabs">{"".join(tabs)}</nav>'


def _gone(project: Json, parts: Sequence[Json], withdrawn: Sequence[Json], say: Words) -> str:
    """What left by itself, shown plainly on every view."""
    if not withdrawn:
        return ""
    known = {part["id"] for part in parts}
    rows = []
    for one in withdrawn:
        title = esc(one["title"] or say("plan_withdrawn_one"))
        shown = link(plan_address(project, part=one["part"]), title) if one["part"] in known else title
        rows.append(f'<li>{shown} <span class="dh-meta">{esc(one["why"])}</span></li>')
    return (
        f'<div class="dh-notice" role="alert" data-key="withdrawn"><h2>{esc(say("plan_withdrawn_head", n=len(withdrawn)))}</h2>'
        f'<ul class="dh-plainlist">{"".join(rows)}</ul><p class="dh-hint">{esc(say("plan_withdrawn_hint"))}</p></div>'
    )


# ── the board ──────────────────────────────────────────────────────────────────


def _board(
    here: Desk,
    projects: Projects,
    plans: Plans,
    project: Json,
    parts: Sequence[Json],
    withdrawn: Mapping[str, str],
) -> None:
    say = here.say
    if any(part["kind"] in ("section", "object") for part in parts):
        if may_write(project):
            with st.container(key="dragging"):
                component("dragging", "dragging.js")(key="dragging_script")
                st.html(f'<p class="dh-hint">{esc(say("plan_drag"))}</p>')
        st.html(board(project, parts, plans.checks(project["id"]), withdrawn, say))
    else:
        st.html(f'<p class="dh-notice">{esc(say("plan_empty"))}</p>')
    if may_write(project):
        _new_section(projects, project, say)


def _new_section(projects: Projects, project: Json, say: Words) -> None:
    with st.form("new_section", clear_on_submit=True, border=False):
        left, right = st.columns([3, 1], vertical_alignment="bottom")
        title = left.text_input(say("plan_new_section"), max_chars=120)
        if not right.form_submit_button(say("plan_make_section")):
            return
    if not title.strip():
        st.error(say("plan_need_title"))
        return
    part = {"kind": "section", "body": {"title": title.strip()}}
    if attempt(lambda: projects.add(project["id"], [part])) is not None:
        st.rerun()


# ── one part of it ─────────────────────────────────────────────────────────────


def _part(
    here: Desk, projects: Projects, plans: Plans, project: Json, parts: Sequence[Json], opened: str
) -> None:
    say = here.say
    part = next((one for one in parts if one["id"] == opened), None)
    part = part or Draft(f"{project['id']}/{opened}").first_seen  # removed while this person wrote
    st.html(_around(project, parts, part, say))
    if part is not None and part["kind"] == "object":
        object_panel(here, projects, plans, project, part, parts)  # says what was done beside its buttons
        return
    told()
    if part is None:
        st.html(f'<p class="dh-notice">{esc(say("plan_gone"))}</p>')
    elif part["kind"] == "section":
        section_panel(here, projects, project, part, parts)
    else:
        (film if part["kind"] == "shot" else rooms)(here, projects, plans, project, parts)


def _around(project: Json, parts: Sequence[Json], part: Json | None, say: Words) -> str:
    """Back to the board, and to the exhibits before and behind."""
    links = [link(plan_address(project), f"← {esc(say('plan_back'))}", "dh-act", data_key="to-board")]
    objects = [one for one in parts if one["kind"] == "object"]
    at = next((n for n, one in enumerate(objects) if part and one["id"] == part["id"]), None)
    if at is not None:
        for n, sign in ((at - 1, "‹"), (at + 1, "›")):
            if 0 <= n < len(objects):
                there = plan_address(project, part=objects[n]["id"])
                title = esc(title_of(objects[n], say)[:18])
                inner = f"{sign} {title}" if sign == "‹" else f"{title} {sign}"
                links.append(link(there, inner, "dh-act", data_key=f"beside-{sign}"))
    return f'<p class="dh-row">{"".join(links)}</p>'

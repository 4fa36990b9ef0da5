"""A colleague's desk 工作台: what waits, and the projects they work on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import streamlit as st

from ui.cards import dotted
from ui.curation_client import Curation
from ui.frame import CURATING, Desk
from ui.markup import esc, link
from ui.page_workspace import row
from ui.project_comments import comment_html
from ui.projects_client import Json, Projects, project_address
from ui.state import record_address
from ui.tables import tag
from ui.telling import told
from ui.texts import Words

#: Projects of a kind that are listed, and candidates of a series.
LISTED, CANDIDATES = 8, 3


def show(here: Desk) -> None:
    """The page."""
    say, projects = here.say, Projects(here.api)
    found, plans = projects.listing(), projects.plans()
    st.html(f'<div class="dh-top"><h1 class="dh-where">{esc(say("nav_home"))}</h1></div>')
    told()
    left, right = st.columns([1.25, 1], gap="large")
    with left:
        _projects(found, {one["project"]: one for one in plans}, say)
    with right:
        _mentions(here, projects, {one["id"]: one["kind"] for one in found})
        st.html(
            _tasks(projects.of_kind("task"), date.today(), say) + _withdrawn(projects.withdrawn(), plans, say)
        )
        if CURATING & set(here.me()["roles"]):
            _series(here)


def _projects(found: list[Json], plans: dict[int, Json], say: Words) -> None:
    for kind in sorted({"collection", *(one["kind"] for one in found)}):
        some = [one for one in found if one["kind"] == kind]
        every = ""
        if kind == "collection":
            every = link("/workspace", esc(say("home_all", n=len(some))), data_key="home-all")
        listed = "".join(row(one, say, _stands(plans.get(one["id"]), say)) for one in some[:LISTED])
        none = f'<p class="dh-hint">{esc(say("project_none"))}</p>'
        st.html(
            f'<h2 class="dh-h">{esc(say(f"kind_{kind}"))} <small>{every}</small></h2>'
            + (f'<ul class="dh-tree">{listed}</ul>' if listed else none)
        )


def _stands(plan: Json | None, say: Words) -> str:
    """How far a plan is, and whether it waits for this visitor."""
    if plan is None:
        return ""
    waits = tag(say("home_waits"), "later") if plan["mine"] else ""
    back = tag(say("plans_returned"), "closed") if plan["returned"] else ""
    return f"{tag(plan['step_label'] or plan['label'])} {back} {waits}"


# ── what waits ─────────────────────────────────────────────────────────────────


def _mentions(here: Desk, projects: Projects, kinds: dict[int, str]) -> None:
    say, found = here.say, projects.mentions()
    st.html(_heading("home_mentions", len(found), say))
    for mention in found:
        comment = mention["comment"]
        number = comment["project_id"]
        view = "" if comment["part"] else "comments"
        there = project_address(kinds.get(number, ""), number, part=comment["part"], view=view)
        name = esc(mention["project"])
        left, right = st.columns([5, 1], vertical_alignment="center")
        left.html(comment_html(comment, link(there, name, "dh-place") if there else name, here))
        if right.button(say("comment_done"), key=f"home_done_{comment['id']}"):
            projects.set_done(number, comment["id"], True)
            st.rerun()


def _tasks(found: Iterable[Json], today: date, say: Words) -> str:
    """Tasks that are not done, the soonest first, those without a day last."""
    tasks = [one for one in found if not one["part"]["body"].get("done")]
    tasks.sort(key=lambda one: one["part"]["body"].get("due") or "9999")
    items = "".join(f'<li class="dh-node">{_task(one, today, say)}</li>' for one in tasks)
    return _heading("home_tasks", len(tasks), say) + (f'<ul class="dh-tree">{items}</ul>' if items else "")


def _task(one: Json, today: date, say: Words) -> str:
    body = one["part"]["body"]
    due = body.get("due") or ""
    late = due and due < today.isoformat()
    day = tag(say("home_late", day=due), "closed") if late else esc(due)
    return f"{esc(body.get('title', ''))} {day} <p class='dh-meta'>{dotted([_where(one), esc(body.get('who', ''))])}</p>"


def _withdrawn(found: list[Json], plans: list[Json], say: Words) -> str:
    """Of collections how many, for no more is told; of plans each and why, those that left a published one too."""
    counts: dict[int, list[Json]] = {}
    for one in found:
        if one["project_kind"] == "collection":
            counts.setdefault(one["project_id"], []).append(one)
    items = [
        f"{_where(some[0])} {tag(say('home_withdrawn_n', n=len(some)), 'closed')}" for some in counts.values()
    ]
    for plan in plans:
        there = project_address(plan["kind"], plan["project"])
        name = link(there, esc(plan["name"])) if there else esc(plan["name"])
        items += [
            f'{name} {esc(one["title"] or say("item_withdrawn_short"))} <p class="dh-meta">{esc(one["why"])}</p>'
            for one in plan["withdrawn"]
        ]
    if not items:
        return ""
    listed = "".join(f'<li class="dh-node">{item}</li>' for item in items)
    n = sum(map(len, counts.values())) + sum(len(plan["withdrawn"]) for plan in plans)
    hint = f'<p class="dh-hint">{esc(say("home_withdrawn_hint"))}</p>'
    return _heading("home_withdrawn", n, say) + f'{hint}<ul class="dh-tree">{listed}</ul>'


def _where(one: Json) -> str:
    there = project_address(one["project_kind"], one["project_id"], part=one["part"]["id"])
    return link(there, esc(one["project"])) if there else esc(one["project"])


def _heading(name: str, n: int, say: Words) -> str:
    count = f'<span class="dh-count">{n}</span>' if n else f"<small>{esc(say('home_none'))}</small>"
    return f'<h2 class="dh-h" data-key="{name}">{esc(say(name))} {count}</h2>'


# ── candidates of series ───────────────────────────────────────────────────────


def _series(here: Desk) -> None:
    """What was left for later in each series; new candidates are searched for when somebody asks."""
    say, curation = here.say, Curation(here.api)
    series = curation.series()
    st.html(f'<h2 class="dh-h" data-key="home_series">{esc(say("home_series"))}</h2>')
    if st.button(say("home_candidates"), key="home_candidates"):
        st.session_state["home_found"] = {
            one["id"]: curation.proposals(one["id"], size=CANDIDATES)["proposals"] for one in series
        }
    found = st.session_state.get("home_found", {})
    st.html("".join(_one_series(one, found.get(one["id"]), say) for one in series))


def _one_series(one: Json, found: list[Json] | None, say: Words) -> str:
    counts = one["counts"]
    there = link(f"/series?id={one['id']}", esc(one["name"]), data_key=f"home-series-{one['id']}")
    later = tag(say("home_later", n=counts["later"]), "later") if counts.get("later") else ""
    told = f'{there} {later} <span class="dh-meta">{esc(say("home_accepted", n=counts.get("accepted", 0)))}</span>'
    candidates = "".join(
        f"<li>{link(record_address(p['hit']['id']), esc(p['hit']['title']))} <code>{esc(p['hit']['reference_code'])}</code></li>"
        for p in found or ()
    )
    none = f'<p class="dh-hint">{esc(say("series_none"))}</p>' if found == [] else ""
    return f'<div class="dh-node">{told}<ul class="dh-plainlist">{candidates}</ul>{none}</div>'

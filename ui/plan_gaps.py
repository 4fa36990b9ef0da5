"""What a plan lacks, section by section, and the wanted list that comes of it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from ui.drafting import Draft
from ui.frame import Desk
from ui.markup import esc, link
from ui.plan_board import plan_address
from ui.plans_client import Plans
from ui.projects_client import Json, Projects, may_write
from ui.tables import tag
from ui.telling import attempt, tell


def gaps(here: Desk, projects: Projects, plans: Plans, project: Json, parts: Sequence[Json]) -> None:
    """The view."""
    say, found = here.say, plans.gaps(project["id"])
    st.html(f'<p class="dh-hint">{esc(say("plan_gaps_hint", day=found["liberation"]))}</p>')
    if not found["gaps"]:
        st.html(f'<p class="dh-notice">{esc(say("plan_gaps_none"))}</p>')
    for n, gap in enumerate(found["gaps"]):
        left, right = st.columns([5, 1.4], vertical_alignment="center")
        title = link(plan_address(project, part=gap["section"]), esc(gap["title"]))
        left.html(
            f'<div data-gap="{gap["section"]}-{gap["kind"]}"><b>{title}</b> {esc(gap["said"])}'
            f'<p class="dh-meta">{esc(gap["wanted"])}</p></div>'
        )
        section = next((part for part in parts if part["id"] == gap["section"]), None)
        if section is None or not may_write(project):
            continue
        if gap["wanted"] in section["body"]["wanted"]:
            right.html(tag(say("plan_wanted"), "later"))
        elif right.button(say("plan_gap_take"), key=f"gap_{n}_{gap['section']}_{gap['kind']}"):
            _take(here, projects, project, section, gap["wanted"])
    wanted = "".join(
        f"<li><b>{link(plan_address(project, part=one['section']), esc(one['title']))}</b> "
        f'<span class="dh-lines">{esc(one["wanted"])}</span></li>'
        for one in found["wanted"]
    )
    none = f'<p class="dh-hint">{esc(say("plan_wanted_none"))}</p>'
    st.html(
        f'<h2 class="dh-h">{esc(say("plan_wanted_list"))}</h2>'
        + (f'<ul class="dh-plainlist" data-key="wanted">{wanted}</ul>' if wanted else none)
    )


def _take(here: Desk, projects: Projects, project: Json, section: Json, wanted: str) -> None:
    """Write it behind what is wanted already."""
    body = section["body"]
    new = body | {"wanted": "\n".join(filter(None, (body["wanted"], wanted)))[:300]}
    done = attempt(lambda: projects.change_part(project["id"], section["id"], section["version"], new))
    if done is not None:
        Draft(f"{project['id']}/{section['id']}").put_away()
        tell(here.say("plan_gap_taken"))
        st.rerun()

"""What stands on a plan's cover: name, address, lead, who made it; where and when it opens."""

from __future__ import annotations

import streamlit as st

from ui.drafting import Draft
from ui.frame import Desk
from ui.markup import esc
from ui.plan_writing import flat, lines
from ui.projects_client import Json, Projects, may_write
from ui.telling import attempt, tell
from ui.texts import Words


def about(here: Desk, projects: Projects, project: Json) -> None:
    """The view."""
    say = here.say
    if not may_write(project):
        st.html(f'<p class="dh-lines">{esc(project["body"]["lead"])}</p>')
        return
    draft = Draft(f"{project['id']}/")
    seen = draft.seen(project)

    def told(one: Json) -> list[tuple[str, str]]:
        return [(say("plan_f_name"), one["name"]), *flat(one["body"], say)]

    def put(version: int, mine: Json) -> Json:
        return projects.change(project["id"], version, name=mine["name"], body=mine["body"])

    saved = draft.choice(say, told, put)
    with st.form(f"{draft.key}/form", border=False):
        name, body = _fields(seen, draft.key, project["kind"] == "compilation", say)
        if st.form_submit_button(say("plan_save"), type="primary"):
            if name:
                mine = {"name": name, "body": body}
                saved = draft.save(mine, lambda version: put(version, mine))
            else:
                st.error(say("project_need_name"))
    if saved is not None:
        tell(say("project_saved"))
        st.rerun()
    if project["right"] == "own" and st.button(say("project_remove_plan"), key="project_remove"):
        _remove(projects, project, say)


def _fields(seen: Json, key: str, compiled: bool, say: Words) -> tuple[str, Json]:
    """Name and body, as typed."""
    body = seen["body"]
    left, right = st.columns(2, gap="large")
    with left:
        name = st.text_input(say("plan_f_name"), seen["name"], max_chars=200, key=f"{key}/name")
        subtitle = st.text_input(say("plan_f_subtitle"), body["subtitle"], max_chars=200, key=f"{key}/sub")
        slug = st.text_input(
            say("plan_f_slug"), body["slug"], max_chars=64, placeholder="yu-gang-1950", key=f"{key}/slug"
        )
        lead = st.text_area(say("plan_f_lead"), body["lead"], max_chars=2000, height=260, key=f"{key}/lead")
    with right:
        organisers = _list("organisers", body, key, say)
        curators = _list("curators", body, key, say)
        venue = st.text_input(say("plan_f_venue"), body["venue"], max_chars=200, key=f"{key}/venue")
        one, two = st.columns(2)
        opens = one.text_input(
            say("plan_f_opens"), body["opens"], placeholder="2027-06-09", key=f"{key}/opens"
        )
        closes = two.text_input(
            say("plan_f_closes"), body["closes"], placeholder="2027-09-30", key=f"{key}/closes"
        )
        review = one.text_input(say("plan_f_map_review"), body["map_review"], max_chars=60, key=f"{key}/map")
        funds = two.number_input(
            say("plan_f_funds"),
            0.0,
            1e11,
            body["funds"] / 100,
            step=1000.0,
            format="%.2f",
            key=f"{key}/funds",
        )
    editorial = _list("editorial", body, key, say, height=160) if compiled else body["editorial"]
    return name.strip(), {
        "slug": slug.strip(),
        "subtitle": subtitle,
        "lead": lead,
        "organisers": organisers,
        "curators": curators,
        "venue": venue,
        "opens": opens.strip(),
        "closes": closes.strip(),
        "map_review": review,
        "editorial": editorial,
        "funds": round(funds * 100),
    }


def _list(name: str, body: Json, key: str, say: Words, *, height: int = 90) -> list[str]:
    return lines(
        st.text_area(say(f"plan_f_{name}"), "\n".join(body[name]), height=height, key=f"{key}/{name}")
    )


def _remove(projects: Projects, project: Json, say: Words) -> None:
    def removed() -> bool:
        projects.remove(project["id"], project["version"])
        return True

    if attempt(removed):
        tell(say("project_removed", name=project["name"]))
        st.rerun()

"""One section of a plan: its title, its text, what is still wanted for it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from ui.drafting import Draft
from ui.frame import Desk
from ui.markup import esc
from ui.plan_writing import remove, save, written
from ui.projects_client import Json, Projects, may_write
from ui.telling import tell


def section_panel(here: Desk, projects: Projects, project: Json, part: Json, parts: Sequence[Json]) -> None:
    """What can be done with it."""
    say = here.say
    st.html(f'<h2 class="dh-where">{esc(part["body"]["title"])}</h2>')
    if not may_write(project):
        st.html(f'<p class="dh-lines">{esc(part["body"]["text"])}</p>')
        return
    draft = Draft(f"{project['id']}/{part['id']}")
    seen = draft.seen(part)
    body = seen["body"]
    saved = written(projects, project, part, seen, draft, say)
    with st.form(f"{draft.key}/form", border=False):
        title = st.text_input(say("plan_f_title"), body["title"], max_chars=120, key=f"{draft.key}/title")
        text = st.text_area(
            say("plan_f_text"), body["text"], max_chars=2000, height=200, key=f"{draft.key}/text"
        )
        wanted = st.text_area(
            say("plan_f_wanted"), body["wanted"], max_chars=300, height=90, key=f"{draft.key}/wanted"
        )
        if st.form_submit_button(say("plan_save"), type="primary"):
            if title.strip():
                mine = {"title": title, "text": text, "wanted": wanted}
                saved = save(projects, project, part, draft, mine)
            else:
                st.error(say("plan_need_title"))
    if saved is not None:
        tell(say("plan_saved", title=title.strip()))
        st.query_params.pop("part", None)
        st.rerun()
    if any(one["parent"] == part["id"] for one in parts):
        st.html(f'<p class="dh-hint">{esc(say("plan_section_full"))}</p>')
    elif st.button(say("plan_remove_section"), key="plan_remove"):
        remove(projects, project, part, say)

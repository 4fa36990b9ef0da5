"""One item of a collection at work: its note, tags and rating, its place, what is said of it, its removal."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from ui.drafting import Draft
from ui.frame import Desk
from ui.markup import esc, link
from ui.project_comments import comments
from ui.project_history import latest, undo
from ui.projects_client import Json, Projects, may_write, project_address
from ui.tables import when
from ui.telling import attempt, tell
from ui.texts import Words

#: Tags of one item.
MOST_TAGS = 30


# ── its place ──────────────────────────────────────────────────────────────────


def moves(
    projects: Projects, project: Json, part: Json, parts: Sequence[Json], shown: Sequence[Json], say: Words
) -> None:
    """Buttons that put the item before the one above it, behind the one below it, as the page shows them."""
    at = next(n for n, one in enumerate(shown) if one["id"] == part["id"])
    up = st.button("↑", key=f"up_{part['id']}", help=say("up"), disabled=at == 0)
    down = st.button("↓", key=f"down_{part['id']}", help=say("down"), disabled=at == len(shown) - 1)
    if not (up or down):
        return
    if up:
        place = next(n for n, one in enumerate(parts) if one["id"] == shown[at - 1]["id"])
        after = parts[place - 1]["id"] if place else ""
    else:
        after = shown[at + 1]["id"]
    if attempt(lambda: projects.move(project["id"], part["id"], part["version"], after=after)) is not None:
        st.rerun()


# ── its panel ──────────────────────────────────────────────────────────────────


def item_panel(
    here: Desk, projects: Projects, project: Json, part: Json, tags: Sequence[str], said: Sequence[Json]
) -> None:
    """What can be done with one item. tags: those the collection uses. said: comments on it."""
    say = here.say
    with st.container(border=True, key="panel"):
        if may_write(project) and not part["withdrawn"]:
            _write(projects, project, part, tags, say)
        if may_write(project):
            _remove(projects, project, part, say)
        if not part["withdrawn"]:
            st.html(f'<h2 class="dh-h">{esc(say("collection_comments"))}</h2>')
            comments(here, projects, project, said, part=part["id"])


def _write(projects: Projects, project: Json, part: Json, tags: Sequence[str], say: Words) -> None:
    draft = Draft(f"{project['id']}/{part['id']}")
    seen = draft.seen(part)
    body = seen["body"]

    def put(version: int, mine: Json) -> Json:
        return projects.change_part(project["id"], part["id"], version, mine["body"])

    saved = draft.choice(say, lambda one: _told(one, say), put)
    if draft.clash and draft.clash[0]["gone"]:
        saved = bring_back(projects, project, part["id"], draft, say)
    elif not draft.clash and part["body"] != body:
        who = say("item_changed_meanwhile", who=part["changed_by"], at=when(part["changed_at"]))
        st.html(f'<p class="dh-tell">{esc(who)}</p>')
    with st.form(f"{draft.key}/form", border=False):
        note = st.text_area(
            say("body_note"), body["note"], max_chars=4000, height=100, key=f"{draft.key}/note"
        )
        chosen = st.multiselect(
            say("body_tags"),
            sorted({*tags, *body["tags"]}),
            body["tags"],
            accept_new_options=True,
            max_selections=MOST_TAGS,
            placeholder=say("item_tags_like"),
            key=f"{draft.key}/tags",
        )
        rating = st.radio(
            say("body_rating"),
            range(6),
            int(body["rating"]),
            format_func=lambda n: f"{n} ★" if n else say("item_no_stars"),
            horizontal=True,
            key=f"{draft.key}/rating",
        )
        if st.form_submit_button(say("project_save"), type="primary"):
            mine = {"body": {"note": note, "tags": chosen, "rating": rating}}
            saved = draft.save(mine, lambda version: put(version, mine))
    if saved is not None:
        tell(say("item_saved", title=_title(part, say)))
        st.query_params.pop("part", None)
        st.rerun()


def _told(one: Json, say: Words) -> list[tuple[str, str]]:
    body = one["body"]
    return [
        (say("body_note"), body["note"]),
        (say("body_tags"), "、".join(body["tags"])),
        (say("body_rating"), "★" * int(body["rating"])),
    ]


def bring_back(projects: Projects, project: Json, part: str, draft: Draft, say: Words) -> Json | None:
    """The item was removed while this person wrote: bring it back, and save what they wrote."""
    if draft.clash is None or not st.button(say("clash_restore"), key="clash_restore", type="primary"):
        return None
    mine = draft.clash[1]

    def restored() -> Json:
        projects.undo(project["id"], latest(projects, project["id"], part))
        back = next(one for one in projects.tree(project["id"])["parts"] if one["id"] == part)
        return projects.change_part(project["id"], part, back["version"], mine["body"])

    saved = attempt(restored)
    if saved is not None:
        draft.put_away()
    return saved


def _remove(projects: Projects, project: Json, part: Json, say: Words) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        gone = st.button(say("item_remove"), key=f"remove_{part['id']}")
        there = project_address(project["kind"], project["id"], view="history", part=part["id"])
        st.html(link(there, esc(say("item_history")), "dh-act"))
    if not gone:
        return

    def removed() -> bool:
        projects.remove_part(project["id"], part["id"], part["version"])
        return True

    if attempt(removed):
        Draft(f"{project['id']}/{part['id']}").put_away()
        st.session_state["removed"] = (project["id"], part["id"], _title(part, say))
        st.session_state.pop("removed_at", None)
        st.query_params.pop("part", None)
        st.rerun()


def removed_just_now(projects: Projects, project: Json, say: Words) -> None:
    """That an item was removed, and what brings it back, until the person goes elsewhere."""
    kept = st.session_state.get("removed")
    if kept is None:
        return
    number, part, title = kept
    here = st.query_params.to_dict()
    if st.session_state.setdefault("removed_at", here) != here or number != project["id"]:
        del st.session_state["removed"]
        return
    with st.container(horizontal=True, vertical_alignment="center", key="removed_row"):
        st.html(f'<p class="dh-tell" role="status">{esc(say("item_removed", title=title))}</p>')
        if st.button(say("history_undo"), key="undo_removal"):
            del st.session_state["removed"]
            undo(projects, project["id"], latest(projects, project["id"], part), say)


def _title(part: Json, say: Words) -> str:
    return part["record"]["title"] if part["record"] else say("item_withdrawn_short")

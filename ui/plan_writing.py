"""What forms of the planner share: a body that is written while others may write too."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from ui.collection_item import bring_back
from ui.drafting import Draft
from ui.markup import esc
from ui.plan_board import title_of
from ui.projects_client import Json, Projects
from ui.tables import when
from ui.telling import attempt
from ui.texts import Words


def flat(body: Json, say: Words) -> list[tuple[str, str]]:
    """Name of a field → what stands in it, of a body with bodies in it."""
    rows: list[tuple[str, str]] = []
    for name, value in body.items():
        label = say(f"plan_f_{name}")
        if name in ("rights", "original") or (name == "outside" and value):
            rows += [(f"{label} · {inner}", said) for inner, said in flat(value, say)]
        else:
            rows.append((label, _said(value)))
    return rows


def _said(value: object) -> str:
    if isinstance(value, dict):
        return f"{value['text']}〔{value['page']}〕"
    if isinstance(value, list):
        return "\n".join(_said(one) for one in value)
    return "" if value is None or value is False else "✓" if value is True else str(value)


def written(
    projects: Projects, project: Json, part: Json, seen: Json, draft: Draft, say: Words
) -> Json | None:
    """Where somebody else saved first: both, and the choice. The part as it was saved, where that was chosen.
    seen: the part as the form began with it."""

    def put(version: int, mine: Json) -> Json:
        return projects.change_part(project["id"], part["id"], version, mine["body"])

    saved = draft.choice(say, lambda one: flat(one["body"], say), put)
    if draft.clash and draft.clash[0]["gone"]:
        saved = bring_back(projects, project, part["id"], draft, say)
    elif not draft.clash and part["body"] != seen["body"]:
        who = say("plan_changed_meanwhile", who=part["changed_by"], at=when(part["changed_at"]))
        st.html(f'<p class="dh-tell">{esc(who)}</p>')
    return saved


def save(projects: Projects, project: Json, part: Json, draft: Draft, body: Json) -> Json | None:
    """Save what was typed, with the version that was seen."""
    return draft.save(
        {"body": body}, lambda version: projects.change_part(project["id"], part["id"], version, body)
    )


def remove(projects: Projects, project: Json, part: Json, say: Words) -> None:
    """Remove a part and go back to the board, where that is said."""

    def done() -> bool:
        projects.remove_part(project["id"], part["id"], part["version"])
        return True

    if attempt(done):
        Draft(f"{project['id']}/{part['id']}").put_away()
        st.session_state.pop("removed_at", None)
        st.session_state["removed"] = (project["id"], part["id"], title_of(part, say))
        st.query_params.pop("part", None)
        st.rerun()


def lines(text: str) -> list[str]:
    """What stands on the lines of a field, empty ones aside."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def one_of(name: str, options: Sequence[str], now: str, kind: str, key: str, say: Words) -> str:
    """A choice among named values. kind: the texts' prefix."""
    at = options.index(now) if now in options else 0
    chosen = st.selectbox(say(name), options, at, format_func=lambda one: say(f"{kind}_{one}"), key=key)
    return str(chosen)


def yes_no(name: str, now: bool | None, key: str, say: Words) -> bool | None:
    """Yes, no, or nobody knows yet."""
    words = {None: say("plan_unknown"), True: say("plan_yes"), False: say("plan_no")}
    options: list[bool | None] = [None, True, False]
    return st.selectbox(say(name), options, options.index(now), format_func=words.__getitem__, key=key)

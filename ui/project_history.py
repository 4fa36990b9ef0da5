"""A project's history for people: who changed what from what to what, and undo. Any kind of project."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import streamlit as st

from ui.frame import Desk
from ui.markup import esc, link
from ui.projects_client import Json, Projects, may_write, project_address
from ui.tables import when
from ui.telling import attempt, tell
from ui.texts import TEXTS, Words

#: Characters shown of a text that changed.
SHOWN = 80


def history(here: Desk, projects: Projects, project: Json, part: str = "") -> None:
    """The latest steps, each with what undoes it. part: of this one only."""
    say = here.say
    before = here.param("before")
    found = projects.changes(
        project["id"], part=part, before=int(before) if before.isascii() and before.isdigit() else None
    )
    if part:
        everything = project_address(project["kind"], project["id"], view="history")
        st.html(f'<p class="dh-row">{link(everything, esc(say("history_all")), "dh-act")}</p>')
    for change in found["changes"]:
        left, right = st.columns([6, 1], vertical_alignment="center")
        left.html(_step(change, say))
        if may_write(project) and _can_be_undone(change):
            label = say("history_redo" if change["what"] == "undone" else "history_undo")
            if right.button(label, key=f"undo_{change['id']}"):
                undo(projects, project["id"], change["id"], say)
    if found["next"]:
        there = project_address(project["kind"], project["id"], view="history", part=part)
        earlier = link(f"{there}&before={found['next']}", esc(say("history_earlier")), "dh-next")
        st.html(f'<nav class="dh-pager">{earlier}</nav>')


def undo(projects: Projects, project_id: int, change: int, say: Words) -> None:
    """Undo one step and say so; where somebody changed the same since, say that."""

    def done() -> bool:
        projects.undo(project_id, change)
        return True

    if attempt(done):
        tell(say("history_undone"))
        st.rerun()


def latest(projects: Projects, project_id: int, part: str) -> int:
    """The number of the last step that a part went through."""
    return int(projects.changes(project_id, part=part, size=1)["changes"][0]["id"])


def _can_be_undone(change: Json) -> bool:
    made = not change["part"] and change["what"] == "added"
    return not made and not {"stage", "owner_id"} & set(change["after"]) and bool(change["after"])


def _step(change: Json, say: Words) -> str:
    """One step as HTML."""
    told = "".join(
        f"<li>{esc(name)}：{f'<del>{esc(old)}</del> → ' if old else ''}{esc(new) or '—'}</li>"
        for name, old, new in _differences(change, say)
    )
    return (
        f'<div class="dh-step" data-change="{change["id"]}"><p><b>{esc(say(f"history_{_what(change)}"))}</b> '
        f'{_subject(change, say)} <span class="dh-meta">{esc(change["by"])} · {when(change["at"])}</span></p>'
        f"{f'<ul>{told}</ul>' if told else ''}</div>"
    )


def _what(change: Json) -> str:
    gone = change["after"].get("gone")
    if change["what"] == "added" and not change["part"]:
        return "made"
    if change["what"] != "undone":
        return str(change["what"])
    return "undid" if gone is None else "taken" if gone else "back"


def _subject(change: Json, say: Words) -> str:
    if not change["part"]:
        return esc(say("history_project"))
    if change["record"]:
        return f"“{esc(change['record']['title'])}” <code>{esc(change['record']['reference_code'])}</code>"
    if not change["after"]:
        return esc(say("item_withdrawn_short"))
    body = change["after"].get("body") or change["before"].get("body") or {}
    return esc(
        next((str(body[name]) for name in ("title", "name", "item") if body.get(name)), change["part"])
    )


def _differences(change: Json, say: Words) -> Iterator[tuple[str, str, str]]:
    """Name, as it was, as it became, of each field that differs. A move is told by its name alone."""
    before, after = change["before"], change["after"]
    if change["what"] == "added" or "gone" in after:
        return
    for name in ("name", "owner", "stage"):
        if name in after:
            yield say(f"history_{name}"), _said(before.get(name)), _said(after[name])
    old, new = before.get("body") or {}, after.get("body") or {}
    for name in new:
        if old.get(name) != new[name]:
            yield field_name(name, say), _said(old.get(name)), _said(new[name])


def field_name(name: str, say: Words) -> str:
    """What a field of a body is called; its own name where nobody named it."""
    known = (f"{page}_{name}" for page in ("body", "plan_f", "plan_c"))
    return next((say(key) for key in known if key in TEXTS), name)


def _said(value: Any) -> str:
    match value:
        case None | "" | [] | 0:
            return ""
        case bool():
            return "✓"
        case list():
            text = "、".join(map(_said, value))
        case Mapping():
            text = "；".join(filter(None, (_said(one) for one in value.values())))
        case _:
            text = str(value)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"

"""Cases, budget, tasks and the story-board of a plan, as tables that are edited in place; and their sums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import pandas as pd
import streamlit as st

from ui.client import ApiProblem
from ui.drafting import beside
from ui.frame import Desk
from ui.markup import esc
from ui.plan_board import title_of
from ui.plans_client import Plans
from ui.projects_client import Json, Projects, may_write
from ui.telling import attempt, tell
from ui.texts import Words

#: Kind of part → its columns: name → how it is written.
COLUMNS: dict[str, dict[str, str]] = {
    "case": {
        "name": "text",
        "kind": "case,wall,plinth,screen",
        "width": "whole",
        "height": "whole",
        "depth": "whole",
        "light": "whole",
        "note": "text",
    },
    "budget": {
        "item": "text",
        "category": "collecting,design,printing,transport,digital,publicity,other",
        "planned": "money",
        "spent": "money",
        "note": "text",
    },
    "task": {"title": "text", "who": "text", "due": "day", "done": "yes", "about": "text"},
    "shot": {
        "object": "object",
        "page": "whole",
        "movement": "still,zoom-in,zoom-out,pan",
        "picture": "text",
        "narration": "text",
        "sound": "text",
        "seconds": "whole",
    },
}
#: What must stand in a row for it to be one.
NEEDED = {"case": "name", "budget": "item", "task": "title", "shot": "seconds"}


def rooms(here: Desk, projects: Projects, plans: Plans, project: Json, parts: Sequence[Json]) -> None:
    """Cases, budget and tasks, each with its sums."""
    say, sums = here.say, plans.sums(project["id"])
    st.html(f'<p class="dh-hint">{esc(say("plan_table_hint"))}</p>')
    for kind, told in (
        ("task", _tasks(sums, say)),
        ("budget", _money(sums, say)),
        ("case", _room(sums, say)),
    ):
        _table(projects, project, parts, kind, told, say)


def film(here: Desk, projects: Projects, plans: Plans, project: Json, parts: Sequence[Json]) -> None:
    """The story-board of a short video."""
    say, sums = here.say, plans.sums(project["id"])
    st.html(f'<p class="dh-hint">{esc(say("plan_table_hint"))}</p>')
    told = [say("plan_sum_film", seconds=sums["seconds"], n=sums["characters"])]
    told += [say("plan_sum_hurried", n=len(sums["hurried"]))] if sums["hurried"] else []
    _table(projects, project, parts, "shot", told, say)


# ── sums ───────────────────────────────────────────────────────────────────────


def yuan(fen: int) -> str:
    """Money for people."""
    return f"{fen / 100:,.2f}"


def _money(sums: Json, say: Words) -> list[str]:
    return [
        say("plan_sum_money", **{name: yuan(sums[name]) for name in ("planned", "spent", "funds", "left")})
    ]


def _tasks(sums: Json, say: Words) -> list[str]:
    states = [task["state"] for task in sums["tasks"]]
    todo = sum(state != "done" for state in states)
    return [say("plan_sum_tasks", n=todo, late=states.count("late"))] if states else []


def _room(sums: Json, say: Words) -> list[str]:
    told = []
    for room in sums["rooms"]:
        said = say("plan_sum_room", name=room["name"], n=len(room["objects"]), used=room["used"])
        said += " " + say("plan_sum_of", width=room["width"]) if room["width"] else ""
        said += " · " + say("plan_sum_full") if room["full"] else ""
        said += " · " + say("plan_sum_unmeasured", n=room["unmeasured"]) if room["unmeasured"] else ""
        told.append(said)
    told += [say("plan_sum_unplaced", n=len(sums["unplaced"]))] if sums["unplaced"] else []
    return told


# ── one table ──────────────────────────────────────────────────────────────────


def _table(
    projects: Projects, project: Json, parts: Sequence[Json], kind: str, told: Sequence[str], say: Words
) -> None:
    at = f"table/{project['id']}/{kind}"
    kept = st.session_state.setdefault(at, {"round": 0})
    seen = cast(list[Json], kept.setdefault("seen", [part for part in parts if part["kind"] == kind]))
    names = {part["id"]: title_of(part, say) for part in parts if part["kind"] == "object"}
    said = "".join(f"<li>{esc(one)}</li>" for one in told)
    st.html(
        f'<h2 class="dh-h">{esc(say(f"plan_table_{kind}"))}</h2><ul class="dh-plainlist" data-key="sum-{kind}">{said}</ul>'
    )
    for clash in kept.pop("clashes", []):
        st.html(clash)
    frame = pd.DataFrame(
        [[shown(part["body"][name], how) for name, how in COLUMNS[kind].items()] for part in seen],
        columns=list(COLUMNS[kind]),
    )
    writes = may_write(project)
    with st.form(f"{at}/form", border=False):
        edited = st.data_editor(
            frame,
            num_rows="dynamic" if writes else "fixed",
            disabled=not writes,
            hide_index=True,
            width="stretch",
            column_config={name: _column(kind, name, how, names, say) for name, how in COLUMNS[kind].items()},
            key=f"{at}/{kept['round']}",
        )
        saving = writes and st.form_submit_button(say("plan_save"))
    if saving:
        clashes: list[str] = []
        done = attempt(lambda: save_rows(projects, project, kind, seen, edited, clashes, say))
        if done is None:
            return
        st.session_state[at] = {"round": kept["round"] + 1, "clashes": clashes}
        tell(say("plan_table_saved", n=done) if done else say("plan_table_same"))
        st.rerun()


def _column(kind: str, name: str, how: str, names: Mapping[str, str], say: Words) -> Any:
    label, needed = say(f"plan_c_{name}"), NEEDED[kind] == name
    config = st.column_config
    match how:
        case "text":
            return config.TextColumn(label, required=needed, max_chars=200)
        case "whole":
            return config.NumberColumn(label, min_value=1, step=1, required=needed)
        case "money":
            return config.NumberColumn(label, min_value=0.0, step=0.01, format="%.2f")
        case "day":
            return config.DateColumn(label, format="YYYY-MM-DD")
        case "yes":
            return config.CheckboxColumn(label)
        case "object":
            return config.SelectboxColumn(
                label, options=list(names), format_func=lambda one: names.get(str(one), "")
            )
    words = {one: say(f"plan_{kind}_{one}") for one in how.split(",")}
    return config.SelectboxColumn(label, options=list(words), format_func=lambda one: words.get(str(one), ""))


def shown(value: Any, how: str) -> Any:
    """What stands in a cell."""
    if how == "money":
        return value / 100
    if how == "day":
        return pd.Timestamp(value).date() if value else None
    return (value or None) if how == "object" else value


def typed(row: Mapping[str, Any], kind: str) -> Json:
    """A row as a body: what is empty is left to the API's own default."""
    body: Json = {}
    for name, how in COLUMNS[kind].items():
        value = row[name]
        if pd.isna(value):
            if how == "whole" and NEEDED[kind] != name and name != "page":
                body[name] = None
            continue
        match how:
            case "whole":
                body[name] = int(value)
            case "money":
                body[name] = round(float(value) * 100)
            case "day":
                body[name] = pd.Timestamp(value).date().isoformat()
            case "yes":
                body[name] = bool(value)
            case _:
                body[name] = str(value).strip()
    return body


def save_rows(
    projects: Projects,
    project: Json,
    kind: str,
    seen: Sequence[Json],
    edited: pd.DataFrame,
    clashes: list[str],
    say: Words,
) -> int:
    """Rows that were changed, added or deleted, each by its own version; how many. What somebody else changed
    first is not overwritten, and put into `clashes` beside what was typed."""
    done = 0
    left = dict(zip(range(len(seen)), seen, strict=True))
    new: list[Json] = []
    for index, row in edited.iterrows():
        body = typed(cast(Mapping[str, Any], row), kind)
        part = left.pop(index, None) if isinstance(index, int) else None
        if part is None:
            new += [{"kind": kind, "body": body}] if body.get(NEEDED[kind]) else []
        elif any(part["body"].get(name) != value for name, value in (_blank(kind) | body).items()):
            done += _change(projects, project, part, part["body"] | _blank(kind) | body, clashes, say)
    if new:
        done += len(projects.add(project["id"], new))
    for part in left.values():
        projects.remove_part(project["id"], part["id"], part["version"])
        done += 1
    return done


def _blank(kind: str) -> Json:
    """What a cell stands for that was emptied."""
    empty: dict[str, Any] = {"text": "", "day": "", "object": "", "money": 0, "yes": False}
    return {name: empty[how] for name, how in COLUMNS[kind].items() if how in empty}


def _change(projects: Projects, project: Json, part: Json, body: Json, clashes: list[str], say: Words) -> int:
    try:
        projects.change_part(project["id"], part["id"], part["version"], body)
    except ApiProblem as problem:
        if problem.now is None:
            raise
        now = problem.now
        who = esc(say("plan_table_clash", who=now["changed_by"]))
        rows = [
            [(say(f"plan_c_{name}"), str(one.get(name) or "")) for name in COLUMNS[part["kind"]]]
            for one in (now["body"], body)
        ]
        clashes.append(
            f'<div role="alert" class="dh-notice"><p>{who}</p>{beside(rows[0], rows[1], say)}</div>'
        )
        return 0
    return 1

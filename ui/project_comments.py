"""Comments on a project or one of its parts: written, answered, dealt with. Any kind of project."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import streamlit as st

from ui.frame import Desk
from ui.markup import esc, link
from ui.projects_client import Json, Projects, project_address
from ui.tables import tag, when
from ui.telling import attempt, tell


def comments(
    here: Desk,
    projects: Projects,
    project: Json,
    found: Sequence[Json],
    *,
    part: str = "",
    titles: Mapping[str, str] | None = None,
) -> None:
    """These comments, the open ones first, and a form for one more. part: what it is about, "" for the project.
    titles: part → its title, for comments on parts."""
    say = here.say
    for comment in sorted(found, key=lambda one: bool(one["done_by"])):
        left, right = st.columns([6, 1], vertical_alignment="center")
        about = ""
        if titles is not None and comment["part"]:
            there = project_address(project["kind"], project["id"], part=comment["part"])
            about = link(there, esc(titles.get(comment["part"], say("comment_gone_part"))), "dh-place")
        left.html(comment_html(comment, about, here))
        done = bool(comment["done_by"])
        if right.button(say("comment_open" if done else "comment_done"), key=f"done_{comment['id']}"):
            projects.set_done(project["id"], comment["id"], not done)
            st.rerun()
    _write(here, projects, project, part)


def comment_html(comment: Json, about: str, here: Desk) -> str:
    """One comment. about: HTML of what it is about."""
    done = tag(here.say("comment_done_by", who=comment["done_by"]), "open") if comment["done_by"] else ""
    return (
        f'<div class="dh-comment{" is-done" if done else ""}" data-comment="{comment["id"]}">'
        f'<p class="dh-meta"><b>{esc(comment["by"])}</b> · {when(comment["at"])} {about} {done}</p>'
        f"<p>{_named(comment['text'])}</p></div>"
    )


def _named(text: str) -> str:
    """Escaped, what follows an @ standing out."""
    return re.sub(r"@[\w.\-]+", lambda name: f"<b>{name[0]}</b>", esc(text))


def _write(here: Desk, projects: Projects, project: Json, part: str) -> None:
    say = here.say
    counter = f"comments/{project['id']}/{part}"
    written = st.session_state.setdefault(counter, 0)
    with st.form(f"{counter}/form/{written}", border=False):
        text = st.text_area(
            say("comment_new"),
            key=f"{counter}/text/{written}",
            max_chars=2000,
            height=80,
            placeholder=say("comment_like"),
            help=say("comment_who", names="、".join(reachable(projects, project))),
        )
        if not st.form_submit_button(say("comment_send")):
            return
        if not text.strip():
            st.error(say("comment_empty"))
            return
        made = attempt(lambda: projects.comment(project["id"], text, part))
    if made is not None:
        st.session_state[counter] = written + 1
        tell(say("comment_sent", n=len(made["mentions"])) if made["mentions"] else say("comment_sent_all"))
        st.rerun()


def reachable(projects: Projects, project: Json) -> list[str]:
    """Names of those who can read the project, so that a comment may name them."""
    known = {project["owner_id"], *project["shared"]}
    return [
        f"@{one['handle']}" + (f"（{one['name']}）" if one["name"] != one["handle"] else "")
        for one in projects.people()["people"]
        if {one["id"], *(f"role:{role}" for role in one["roles"])} & known or "admin" in one["roles"]
    ]

"""One collection 资料夹: its records in order with note, tags and rating, and who does what to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import streamlit as st

from ui.cards import badge, date_text, dotted
from ui.collection_item import item_panel, moves, removed_just_now
from ui.drafting import Draft
from ui.frame import Desk
from ui.markup import esc, link
from ui.page_workspace import restore
from ui.plan_adding import plans_from
from ui.project_comments import comments
from ui.project_history import history
from ui.project_sharing import sharing
from ui.projects_client import Json, Projects, may_write, project_address
from ui.state import address, record_address
from ui.tables import tag, when
from ui.telling import attempt, tell, told
from ui.texts import Words

VIEWS = ("items", "comments", "history", "sharing", "settings")
#: Items on one page.
SIZE = 30


def show(here: Desk) -> None:
    """The page."""
    say, number = here.say, here.param("id")
    if not (number.isascii() and number.isdigit() and 0 < int(number) < 2**31):
        st.html(f'<p class="dh-notice">{esc(say("project_which"))}</p>')
        return
    projects = Projects(here.api)
    tree = projects.tree(int(number))
    project, parts = tree["project"], tree["parts"]
    said = projects.comments(project["id"])
    view = here.param("view") if here.param("view") in VIEWS else "items"
    st.html(_top(project, say))
    told()
    removed_just_now(projects, project, say)
    if project["gone"]:
        st.html(f'<p class="dh-notice" role="status">{esc(say("project_is_gone"))}</p>')
        if project["right"] == "own" and st.button(say("project_restore")):
            restore(projects, project, say)
        return
    st.html(_tabs(project, view, len(parts), sum(not one["done_by"] for one in said), say))
    match view:
        case "comments":
            titles = {part["id"]: part["record"]["title"] for part in parts if part["record"]}
            comments(here, projects, project, said, titles=titles)
        case "history":
            history(here, projects, project, here.param("part"))
        case "sharing":
            sharing(here, projects, project)
        case "settings":
            _settings(projects, project, say)
        case _:
            _items(here, projects, project, parts, said)


# ── the head ───────────────────────────────────────────────────────────────────


def _top(project: Json, say: Words) -> str:
    back = link("/workspace", f"← {esc(say('nav_workspace'))}", "dh-act")
    rights = tag(say("right_read")) if project["right"] == "read" else ""
    meta = [
        esc(say("project_of", who=project["owner"])),
        esc(say("project_changed", who=project["changed_by"], at=when(project["changed_at"]))),
    ]
    about = project["body"].get("about", "")
    said = f'<p class="dh-intro dh-lines">{esc(about)}</p>' if about else ""
    return (
        f'<div class="dh-top"><p class="dh-row">{back}</p><h1 class="dh-where">{esc(project["name"])} {rights}</h1>'
        f'<p class="dh-meta">{dotted(meta)}</p>{said}</div>'
    )


def _tabs(project: Json, view: str, parts: int, open_comments: int, say: Words) -> str:
    counts = {"items": parts, "comments": open_comments}
    tabs = []
    for name in VIEWS:
        if name == "settings" and not may_write(project):
            continue
        count = f" <small>{counts[name]}</small>" if counts.get(name) else ""
        there = project_address(project["kind"], project["id"], view="" if name == "items" else name)
        current = {"aria_current": "true"} if name == view else {}
        cls = "is-on" if name == view else ""
        inner = esc(say(f"collection_{name}")) + count
        tabs.append(link(there, inner, cls, data_stay="", data_key=f"view-{name}", **current))
    return f'<nav class="dh-tabs">{"".join(tabs)}</nav>'


# ── its items ──────────────────────────────────────────────────────────────────


def _items(
    here: Desk, projects: Projects, project: Json, parts: Sequence[Json], said: Sequence[Json]
) -> None:
    say, wanted = here.say, here.param("tag")
    tags = Counter(one for part in parts for one in part["body"].get("tags", ()))
    shown = [part for part in parts if not wanted or wanted in part["body"].get("tags", ())]
    at = _at(here)
    page = shown[(at - 1) * SIZE : at * SIZE]
    st.html(_bar(project, parts, tags, wanted, say))
    if not parts:
        st.html(f'<p class="dh-notice">{esc(say("collection_empty"))}</p>')
    opened = here.param("part")

    def panel(part: Json) -> None:
        about = [comment for comment in said if comment["part"] == part["id"]]
        item_panel(here, projects, project, part, sorted(tags), about)

    elsewhere = _elsewhere(project, parts, opened) if opened not in {p["id"] for p in page} else None
    if elsewhere is not None:
        st.html(item_card(elsewhere, project, (), say))
        panel(elsewhere)
    for part in page:
        _item(here, projects, project, part, parts, shown, said)
        if part["id"] == opened:
            panel(part)
    pages = -(-len(shown) // SIZE)
    if pages > 1:
        links = [
            link(_address(project, tag=wanted, at=n), esc(say("page_at", n=n)), "is-on" if n == at else "")
            for n in range(1, pages + 1)
        ]
        st.html(f'<nav class="dh-pager">{"".join(links)}</nav>')


def _elsewhere(project: Json, parts: Sequence[Json], opened: str) -> Json | None:
    """An item that is open and not on this page: on another, or somebody removed it while this person wrote."""
    part = next((one for one in parts if one["id"] == opened), None)
    return part or Draft(f"{project['id']}/{opened}").first_seen


def _at(here: Desk) -> int:
    """Which page of items is shown, from 1."""
    said = here.param("at")
    return max(1, int(said)) if said.isascii() and said.isdigit() else 1


def _address(project: Json, *, tag: str = "", at: int = 1, part: str = "") -> str:
    said = [("id", str(project["id"])), ("tag", tag), ("at", str(at) if at > 1 else ""), ("part", part)]
    return address("/collection", said)


def _bar(project: Json, parts: Sequence[Json], tags: Mapping[str, int], wanted: str, say: Words) -> str:
    """Tags to filter by, and the files to take away."""
    chips = [
        link(
            _address(project, tag="" if name == wanted else name),
            f"{esc(name)} <small>{tags[name]}</small>",
            "dh-act is-on" if name == wanted else "dh-act",
            data_stay="",
            data_key=f"tag-{name}",
        )
        for name in sorted(tags, key=lambda one: (-tags[one], one))
    ]
    filters = f'<span class="dh-lead">{esc(say("body_tags"))}</span>{"".join(chips)}' if chips else ""
    export = f"/x/api/v1/projects/{project['id']}/export?format="
    files = "".join(
        f'<a class="dh-act" href="{export}{form}" download data-key="export-{form}">{esc(say("collection_export", form=form.upper()))}</a>'
        for form in ("xlsx", "csv")
    )
    make = link(
        plans_from("collection", project["id"]), esc(say("plans_make")), "dh-act", data_key="make-plan"
    )
    return f'<div class="dh-row dh-apart"><span class="dh-row">{filters}</span><span class="dh-row">{make + files if parts else ""}</span></div>'


def _item(
    here: Desk,
    projects: Projects,
    project: Json,
    part: Json,
    parts: Sequence[Json],
    shown: Sequence[Json],
    said: Sequence[Json],
) -> None:
    say = here.say
    left, right = st.columns([6, 1.4], vertical_alignment="center")
    left.html(
        item_card(part, project, [c for c in said if c["part"] == part["id"] and not c["done_by"]], say)
    )
    with right.container(horizontal=True, vertical_alignment="center"):
        if may_write(project):
            moves(projects, project, part, parts, shown, say)
        is_open = here.param("part") == part["id"]
        there = _address(project, tag=here.param("tag"), at=_at(here), part="" if is_open else part["id"])
        label = say("item_close" if is_open else "item_open" if may_write(project) else "item_look")
        st.html(link(there, esc(label), "dh-act", data_stay="", data_key=f"open-{part['id']}"))


def item_card(part: Json, project: Json, open_comments: Sequence[Json], say: Words) -> str:
    """One item as HTML: the record, and what is written about it."""
    record, body = part["record"], part["body"]
    if record is None:
        return (
            f'<div class="dh-card dh-small" data-part="{part["id"]}"><span class="dh-thumb is-empty"></span>'
            f'<div class="dh-body"><p class="dh-hint">{esc(say("item_withdrawn"))}</p></div></div>'
        )
    there = record_address(record["id"])
    picture = (
        link(
            there,
            f'<img src="{esc("/x/api" + record["thumbnail"])}" alt="" loading="lazy">',
            "dh-thumb",
            tabindex="-1",
            aria_hidden="true",
        )
        if record["thumbnail"]
        else f'<span class="dh-thumb is-empty" aria-hidden="true">{esc(say("no_scan"))}</span>'
    )
    rating = int(body.get("rating") or 0)
    stars = (
        f'<span class="dh-stars" title="{esc(say("item_stars", n=rating))}">{"★" * rating}</span>'
        if rating
        else ""
    )
    tags = "".join(
        link(_address(project, tag=one), esc(one), "dh-tag", data_stay="") for one in body.get("tags", ())
    )
    asked = tag(say.counted("item_comments", len(open_comments)), "later") if open_comments else ""
    marks = f'<p class="dh-row">{stars}{tags}{asked}</p>' if stars or tags or asked else ""
    note = f'<p class="dh-lines">{esc(body["note"])}</p>' if body.get("note") else ""
    meta = [date_text(record["date"], say), esc(record["genre"]), badge(record["access_status"], say)]
    return (
        f'<div class="dh-card dh-small" data-part="{part["id"]}">{picture}<div class="dh-body">'
        f'<div class="dh-cardhead"><h3>{link(there, esc(record["title"]), "dh-title")}</h3>'
        f"<code>{esc(record['reference_code'])}</code></div>"
        f'<p class="dh-meta">{dotted(meta)}</p>{marks}{note}</div></div>'
    )


# ── what it is ─────────────────────────────────────────────────────────────────


def _settings(projects: Projects, project: Json, say: Words) -> None:
    draft = Draft(f"{project['id']}/")
    seen = draft.seen(project)

    def told_of(one: Json) -> list[tuple[str, str]]:
        return [(say("project_name"), one["name"]), (say("project_about"), one["body"].get("about", ""))]

    def put(version: int, mine: Json) -> Json:
        return projects.change(project["id"], version, name=mine["name"], body=mine["body"])

    saved = draft.choice(say, told_of, put)
    with st.form(f"{draft.key}/form"):
        name = st.text_input(say("project_name"), seen["name"], max_chars=200, key=f"{draft.key}/name")
        about = st.text_area(
            say("project_about"), seen["body"].get("about", ""), max_chars=4000, key=f"{draft.key}/about"
        )
        if st.form_submit_button(say("project_save"), type="primary"):
            if name.strip():
                mine = {"name": name.strip(), "body": {"about": about.strip()}}
                saved = draft.save(mine, lambda version: put(version, mine))
            else:
                st.error(say("project_need_name"))
    if saved is not None:
        tell(say("project_saved"))
        st.rerun()
    if project["right"] == "own" and st.button(say("project_remove"), key="project_remove"):
        _remove(projects, project, say)


def _remove(projects: Projects, project: Json, say: Words) -> None:
    def removed() -> bool:
        projects.remove(project["id"], project["version"])
        return True

    if attempt(removed):
        tell(say("project_removed", name=project["name"]))
        st.rerun()

"""One exhibit of a plan: its label and what that stands on, its pages, its rights, the thing itself, its checks."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from ui import shapes
from ui.client import ApiProblem
from ui.drafting import Draft
from ui.frame import Desk, put
from ui.markup import esc, link
from ui.plan_board import is_approved, lights, title_of
from ui.plan_object_form import object_form
from ui.plan_words import drafted, quoting
from ui.plan_writing import remove, save, written
from ui.plans_client import Plans
from ui.projects_client import Json, Projects, may_write
from ui.state import record_address
from ui.tables import tag
from ui.telling import attempt, tell, told
from ui.texts import Words


def object_panel(
    here: Desk, projects: Projects, plans: Plans, project: Json, part: Json, parts: Sequence[Json]
) -> None:
    """What can be done with it."""
    say = here.say
    found = next((o for o in plans.checks(project["id"])["exhibits"] if o["part"] == part["id"]), None)
    record = _record(here, part)
    st.html(_head(part, found, say))
    left, right = st.columns([1, 1.7], gap="large")
    with left:
        put(_pages(part, record, say) + (lights(found["checks"], say, opened=True) if found else ""))
    with right:
        if may_write(project) and not part["withdrawn"]:
            _write(here, projects, plans, project, part, parts, record, found)
        elif not part["withdrawn"]:
            st.html(f'<p class="plan-serif">{esc(part["body"]["label"] or say("plan_label_none"))}</p>')
        if may_write(project) and st.button(say("plan_remove_object"), key="plan_remove"):
            remove(projects, project, part, say)


def _record(here: Desk, part: Json) -> shapes.Record | None:
    if part["record"] is None:
        return None
    try:
        return here.api.record(part["record"]["id"])
    except ApiProblem as problem:
        if problem.status == 404:  # closed since
            return None
        raise


# ── what it is ─────────────────────────────────────────────────────────────────


def _head(part: Json, found: Json | None, say: Words) -> str:
    body, record = part["body"], part["record"]
    where = f"<code>{esc(record['reference_code'])}</code>" if record else ""
    there = link(record_address(record["id"]), esc(say("plan_open_record")), "dh-act") if record else ""
    if outside := body.get("outside"):
        said = "，".join(filter(None, (outside["owner"], outside["number"], outside["agreement"])))
        where = f'{tag(say("plan_outside"))} <span class="dh-meta">{esc(said)}</span>'
    state = ""
    if body.get("label"):
        approved = is_approved(found)
        state = tag(
            say("plan_approved_mark" if approved else "plan_draft_mark"), "open" if approved else "later"
        )
    gone = f'<p class="dh-error">{esc(say("plan_withdrawn_held"))}</p>' if part["withdrawn"] else ""
    return (
        f'<h2 class="dh-where">{esc(title_of(part, say))}</h2>'
        f'<p class="dh-row">{where} {state} {there}</p>{gone}'
    )


def _pages(part: Json, record: shapes.Record | None, say: Words) -> str:
    """Its pages small, those that are shown marked."""
    if record is None:
        return ""
    images = [page for page in record["pages"] if page["has_image"] and page["thumbnail"]]
    shown = part["body"].get("pages") or [page["number"] for page in images[:1]]
    items = "".join(
        f'<a class="dh-go{" is-on" if page["number"] in shown else ""}" '
        f'href="{esc(record_address(record["id"], page=page["number"]))}">'
        f'<img src="{esc("/x/api" + str(page["thumbnail"]))}" alt="" loading="lazy">'
        f"{esc(say('plan_on_page', n=page['number']))}</a>"
        for page in images
    )
    return (
        f'<div class="plan-pages">{items}</div>' if items else f'<p class="dh-hint">{esc(say("no_scan"))}</p>'
    )


# ── its words ──────────────────────────────────────────────────────────────────


def _write(
    here: Desk,
    projects: Projects,
    plans: Plans,
    project: Json,
    part: Json,
    parts: Sequence[Json],
    record: shapes.Record | None,
    found: Json | None,
) -> None:
    say = here.say
    draft = Draft(f"{project['id']}/{part['id']}")
    if f"{draft.key}/label" not in st.session_state and not draft.clash:
        draft.put_away()  # it was left: what was typed is gone with its fields
    seen = draft.seen(part)
    saved = written(projects, project, part, seen, draft, say)
    _begin(draft.key, seen["body"])
    if record is not None:
        drafted(here, plans, project, part, draft.key)
        quoting(here, record, draft.key)
    cases = {one["id"]: one["body"]["name"] for one in parts if one["kind"] == "case"}
    approve = False
    with st.form(f"{draft.key}/form", border=False):
        body = object_form(seen, record, cases, draft.key, project["kind"] == "compilation", say)
        with st.container(horizontal=True):
            kept = st.form_submit_button(say("plan_save"), type="primary")
            approve = st.form_submit_button(say("plan_save_approve"))
        if kept or approve:
            if body["outside"] and not (body["outside"]["owner"] and body["title"]):
                st.error(say("plan_need_owner"))
            else:
                saved = save(projects, project, part, draft, body)
    told()
    if saved is not None:
        if approve:
            _approve(plans, project, saved, say, quietly=True)
        else:
            tell(say("plan_saved", title=title_of(part, say)))
        st.rerun()
    label = part["body"]["label"]
    if label and not is_approved(found) and st.button(say("plan_approve"), key="plan_approve"):
        _approve(plans, project, part, say)


def _begin(key: str, body: Json) -> None:
    """What fields hold that a draft or a quotation may fill from outside the form."""
    if f"{key}/label" in st.session_state:
        return
    quoted = body["quotation"] or {"text": "", "page": 1}
    for name, value in (
        ("label", body["label"]),
        ("sources", body["sources"]),
        ("quote", quoted["text"]),
        ("quote_page", quoted["page"]),
    ):
        st.session_state[f"{key}/{name}"] = value


def _approve(plans: Plans, project: Json, part: Json, say: Words, *, quietly: bool = False) -> None:
    """Approve the label as it stands. quietly: it was just saved; a refusal is said by the next run."""
    title, label = title_of(part, say), part["body"]["label"]

    def done() -> bool:
        plans.approve(project["id"], part["id"], label)
        return True

    if not quietly:
        if attempt(done):
            tell(say("plan_approved", title=title))
            st.rerun()
        return
    try:
        done()
        tell(say("plan_approved", title=title))
    except ApiProblem as problem:
        tell(f"{say('plan_saved_unapproved', title=title)}{problem} {problem.advice}".strip())

"""A plan's way before the public: where it stands, who did what, what comes next, what is in the way; its documents."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from ui.frame import Desk, put
from ui.markup import esc, link
from ui.plan_board import check_row, plan_address
from ui.plans_client import Plans
from ui.projects_client import Json, may_write
from ui.tables import tag, when
from ui.telling import attempt, tell
from ui.texts import Words

#: A round, as it is gone through.
STEPS = (
    "submit",
    "first",
    "second",
    "final",
    "proof-first",
    "proof-second",
    "proof-third",
    "openness",
    "publish",
)
#: What a published exhibition can be had as.
DOCUMENTS = (
    "text", "labels", "slides", "panels", "compilation", "chronology", "article", "objects", "objects-csv",
    "loans", "site",
)  # fmt: skip


def stage_panel(here: Desk, plans: Plans, project: Json) -> None:
    """The view."""
    say, now = here.say, plans.stage(project["id"])
    left, right = st.columns([1.2, 1], gap="large")
    with left:
        st.html(_now(now, say) + _steps(now, say))
        _act(plans, project, now, say)
        put(_published(plans, now, say))
        if now["published"] and may_write(project):
            with st.expander(say("plan_archive")):
                st.html(f'<p class="dh-hint">{esc(say("plan_archive_hint"))}</p>')
                if st.button(say("plan_archive"), key="archive"):
                    _do(plans, project, now, "archive", "", say("plan_archive"), say)
    with right:
        st.html(_checks(project, plans.checks(project["id"]), say))
        put(_history(now["acts"], say))


def _now(now: Json, say: Words) -> str:
    told = [f"<p><b>{esc(say('plan_stage_now', stage=now['label']))}</b></p>"]
    if now["changed"]:
        told.append(f'<p class="dh-tell">{esc(say("plan_stage_changed"))}</p>')
    if back := now["returned"]:
        said = say("plan_stage_returned", who=back["by"], words=back["words"])
        told.append(f'<p class="dh-notice">{esc(said)}</p>')
    return f'<div data-key="stage">{"".join(told)}</div>'


def _steps(now: Json, say: Words) -> str:
    """The round, step by step, with who and when."""
    done = {act["step"]: act for act in now["done"]}
    rows = []
    for step in STEPS:
        act = done.get(step)
        name = say(f"plan_step_{step}")
        if act:
            said = f"✓ <b>{esc(name)}</b> {esc(act['by'])} <span class='dh-meta'>{esc(when(act['at']))} {esc(act['words'])}</span>"
        else:
            said = f"<b>{esc(name)}</b>" if step == now["step"] else esc(name)
        state = "is-done" if act else "is-next" if step == now["step"] else ""
        current = ' aria-current="step"' if state == "is-next" else ""
        rows.append(f'<li class="{state}" data-step="{step}"{current}>{said}</li>')
    return f'<ol class="plan-steps">{"".join(rows)}</ol>'


# ── what a person may do ───────────────────────────────────────────────────────


def _act(plans: Plans, project: Json, now: Json, say: Words) -> None:
    step, name = now["step"], now["step_label"]
    under_way = now["stage"] in ("review", "proof", "openness", "cleared")
    if step == "archive":
        return
    with st.form("act", border=True):
        st.html(f'<h2 class="dh-h">{esc(say("plan_stage_next", step=name))}</h2>')
        if not now["mine"]:
            st.html(
                f'<p class="dh-hint" data-key="not-you">{esc(say("plan_stage_not_you", why=now["why"]))}</p>'
            )
        words = st.text_area(say("plan_stage_words"), max_chars=2000, height=80)
        with st.container(horizontal=True):
            do = say("plan_stage_publish") if step == "publish" else say("plan_stage_do", step=name)
            doing = st.form_submit_button(do, type="primary", disabled=not now["mine"])
            back = under_way and st.form_submit_button(say("plan_stage_return"))
    if doing:
        _do(plans, project, now, step, words, name, say)
    if back:
        _do(plans, project, now, "return", words, say("plan_stage_return"), say)


def _do(plans: Plans, project: Json, now: Json, step: str, words: str, name: str, say: Words) -> None:
    """What is refused is said where the button stands; the checks beside it say which."""
    if attempt(lambda: plans.act(project["id"], step, words, now["digest"])) is not None:
        tell(say("plan_stage_done", step=name))
        st.rerun()


# ── what is in the way ─────────────────────────────────────────────────────────


def _checks(project: Json, found: Json, say: Words) -> str:
    whole = [check for check in found["plan"] if check["blocks"]]
    blocks = [("", say("plan_stage_whole"), whole)] if whole else []
    for one in found["exhibits"]:
        if own := [check for check in one["checks"] if check["blocks"]]:
            blocks.append((one["part"], one["title"] or say("plan_withdrawn_one"), own))
    head = f'<h2 class="dh-h">{esc(say("plan_checks"))}</h2>'
    if not blocks:
        return f'{head}<p data-key="failing">{tag("✓", "open")} {esc(say("plan_stage_fine"))}</p>'
    rows = []
    for part, title, checks in blocks:
        there = plan_address(project, part=part) if part else plan_address(project, view="about")
        rows.append(
            f"<li><b>{link(there, esc(title), data_key=f'fails-{part}')}</b>"
            f'<ul class="plan-fails">{"".join(check_row(check, say) for check in checks)}</ul></li>'
        )
    n = sum(len(checks) for _, _, checks in blocks)
    return (
        f'{head}<p data-key="failing">{esc(say("plan_stage_failing", n=n))}</p>'
        f'<ul class="dh-plainlist">{"".join(rows)}</ul>'
    )


def _history(acts: Sequence[Json], say: Words) -> str:
    if not acts:
        return ""
    rows = "".join(
        f'<li><span class="dh-meta">{esc(when(act["at"]))}</span> {esc(act["by"])} {esc(act["label"])} {esc(act["words"])}</li>'
        for act in reversed(acts)
    )
    return (
        f"<details><summary>{esc(say('plan_stage_history'))} · {len(acts)}</summary>"
        f'<ul class="dh-plainlist">{rows}</ul></details>'
    )


# ── what is published ──────────────────────────────────────────────────────────


def _published(plans: Plans, now: Json, say: Words) -> str:
    """Its public address, and its documents."""
    act, slug = now["published"], now["slug"]
    if not act or not plans.published(slug):
        return ""
    said = say("plan_public_number", n=act["edition"], who=act["by"], at=when(act["at"]))
    there = f"/exhibitions/{slug}"
    files = "".join(
        f'<a class="dh-act" href="/x/api/v1/exhibitions/{esc(slug)}/export/{name}" download data-key="doc-{name}">'
        f"{esc(say(f'plan_doc_{name}'))}</a>"
        for name in DOCUMENTS
    )
    return (
        f'<div class="dh-notice" data-key="public"><h2>{esc(say("plan_public_at"))}</h2>'
        f'<p><a href="{esc(there)}" target="_blank" data-key="public-address">{esc(there)}</a></p>'
        f'<p class="dh-meta">{esc(said)}</p><h3 class="dh-h">{esc(say("plan_downloads"))}</h3>'
        f'<p class="dh-row">{files}</p></div>'
    )

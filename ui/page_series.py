"""Series: what each is about, what is proposed and why, what was chosen."""

from __future__ import annotations

import streamlit as st

from ui.cards import date_text, dotted
from ui.client import ApiProblem
from ui.curation_client import Curation, Json
from ui.frame import Desk
from ui.markup import esc, link
from ui.plan_adding import plans_from
from ui.state import record_address

VERDICTS = {"accepted": "series_accept", "rejected": "series_reject", "later": "series_wait"}


def show(here: Desk) -> None:
    """The page."""
    say, curation = here.say, Curation(here.api)
    series = curation.series()
    st.html(
        f'<div class="dh-top"><h1 class="dh-where">{esc(say("nav_series"))}</h1>'
        f'<p class="dh-hint">{esc(say("series_hint"))}</p></div>'
    )
    links = [
        link(
            f"/series?id={one['id']}",
            f'{esc(one["name"])} <span class="dh-count">{one["counts"].get("accepted", 0)}</span>',
            data_key=f"series-{one['id']}",
        )
        for one in series
    ]
    new = link("/series?id=new", "＋ " + esc(say("series_new")), data_key="series-new")
    st.html(f'<p class="dh-row">{dotted([*links, new])}</p>')
    asked = here.param("id")
    chosen = next((one for one in series if str(one["id"]) == asked), None)
    if asked == "new":
        _define(here, curation, None)
    elif chosen:
        _one(here, curation, chosen)


def _one(here: Desk, curation: Curation, series: Json) -> None:
    say = here.say
    names = ("proposals", "accepted", "rejected", "later", "define")
    tabs = st.tabs([say(f"series_{name}") for name in names])
    with tabs[0]:
        _proposals(here, curation, series["id"])
    for tab, verdict in zip(tabs[1:4], VERDICTS, strict=True):
        with tab:
            _chosen(here, curation, series["id"], verdict)
    with tabs[4]:
        _define(here, curation, series)


# ── proposals ──────────────────────────────────────────────────────────────────


def _proposals(here: Desk, curation: Curation, series_id: int) -> None:
    """The list is asked for once and stays in hand while it is worked through; the next round asks anew."""
    say, key = here.say, f"proposals_{series_id}"
    if st.button(say("series_next_round"), key=f"next_{series_id}") or key not in st.session_state:
        st.session_state[key] = curation.proposals(series_id)
    found = st.session_state[key]
    n = found["learned_from"]
    told = [say("series_learned", n=n) if n else say("series_unlearned")]
    told += [say("series_words_only")] if found["mode"] == "words" else []
    st.html(f'<p class="dh-hint" data-key="learned">{esc("；".join(told))}</p>')
    if not found["proposals"]:
        st.html(f'<p class="dh-notice">{esc(say("series_none"))}</p>')
    for proposal in found["proposals"]:
        _proposal(here, curation, series_id, proposal)


def _proposal(here: Desk, curation: Curation, series_id: int, proposal: Json) -> None:
    say, hit = here.say, proposal["hit"]
    left, right = st.columns([4, 1.5], vertical_alignment="center")
    meta = [date_text(hit["date"], say), esc(hit["genre"]), esc(hit["access_status"])]
    left.html(
        f'<div class="dh-proposal" data-key="proposal-{esc(hit["id"])}">'
        f"{link(record_address(hit['id']), esc(hit['title']), 'dh-title')} <code>{esc(hit['reference_code'])}</code>"
        f'<p class="dh-meta">{dotted(meta)}</p><p class="dh-why">{esc("；".join(reasons(proposal, here)))}</p></div>'
    )
    with right.container(horizontal=True):
        for verdict, name in VERDICTS.items():
            if st.button(say(name), key=f"{verdict}_{series_id}_{hit['id']}"):
                curation.choose(series_id, [hit["id"]], verdict)
                kept = st.session_state[f"proposals_{series_id}"]
                kept["proposals"] = [one for one in kept["proposals"] if one["hit"]["id"] != hit["id"]]
                st.rerun()


def reasons(proposal: Json, here: Desk) -> list[str]:
    """Why it is proposed, for people."""
    say, why = here.say, proposal["reasons"]
    said = [say("series_found_by", q=one["question"][:40], n=one["rank"]) for one in why["found_by"][:2]]
    said += [say("series_like", title=why["like"]["title"])] if why["like"] else []
    said += [say("series_words", words="、".join(why["words"]))] if why["words"] else []
    said += [say("series_that_year")] if why["that_year"] else []
    said += [say("series_in", names="、".join(why["series"]))] if why["series"] else []
    return said


def _chosen(here: Desk, curation: Curation, series_id: int, verdict: str) -> None:
    say = here.say
    found = curation.choices(series_id, verdict)
    if not found:
        st.html(f'<p class="dh-notice">{esc(say("series_empty"))}</p>')
    elif verdict == "accepted":
        there = link(plans_from("series", series_id), esc(say("plans_make")), "dh-act", data_key="make-plan")
        st.html(f'<p class="dh-row">{there}</p>')
    for choice in found:
        record = choice["record"]
        left, right = st.columns([5, 1], vertical_alignment="center")
        left.html(
            f"<p>{link(record_address(record['id']), esc(record['title']))} "
            f"<code>{esc(record['reference_code'])}</code> "
            f'<span class="dh-meta">{dotted([date_text(record["date"], say), esc(choice["by"])])}</span></p>'
        )
        if right.button(say("series_back"), key=f"back_{series_id}_{record['id']}"):
            curation.choose(series_id, [record["id"]], None)
            st.session_state.pop(f"proposals_{series_id}", None)
            st.rerun()


# ── the definition ─────────────────────────────────────────────────────────────


def _define(here: Desk, curation: Curation, series: Json | None) -> None:
    say = here.say
    now = series or {"id": None, "name": "", "about": "", "questions": [], "excluded": [], "version": 1}
    with st.form(f"define_{now['id']}"):
        name = st.text_input(say("series_name"), now["name"], max_chars=120)
        about = st.text_area(say("series_about"), now["about"], max_chars=2000)
        questions = st.text_area(say("series_questions"), "\n".join(now["questions"]))
        excluded = st.text_area(say("series_excluded"), "\n".join(now["excluded"]))
        if st.form_submit_button(say("series_save"), type="primary"):
            body: Json = {"name": name, "about": about, "version": now["version"]}
            body |= {"questions": _lines(questions), "excluded": _lines(excluded)}
            try:
                saved = curation.save(now["id"], body)
            except ApiProblem as problem:
                st.error(f"{problem} {problem.advice}")
                return
            st.session_state.pop(f"proposals_{saved['id']}", None)
            st.query_params.from_dict({"id": str(saved["id"])})
            st.rerun()


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]

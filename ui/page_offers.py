"""Moderation of offers 征集: what waits, and one of them from lead to receipt into intake."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st

from ui.frame import Desk
from ui.markup import esc, link
from ui.public_client import Json, Public
from ui.state import address, record_address
from ui.tables import facts, table, tag, when
from ui.telling import attempt, tell, told
from ui.texts import Words

OPEN = ("lead", "appraisal", "agreement")
STATES = (*OPEN, "received", "accepted", "declined", "spam")
_LOOK = {"lead": "later", "received": "open", "accepted": "open", "declined": "closed", "spam": "closed"}


def show(here: Desk) -> None:
    """The page: the list, or one offer (`id`)."""
    public, number = Public(here.api), here.param("id")
    if number.isascii() and number.isdigit():
        _one(here, public, public.one_offer(int(number)))
    else:
        _list(here, public)


def _look(state: str) -> str:
    return _LOOK.get(state, "unknown")


# ── the list ───────────────────────────────────────────────────────────────────


def _list(here: Desk, public: Public) -> None:
    say, chosen = here.say, here.param("state")
    states = OPEN if not chosen else () if chosen == "all" else (chosen,) if chosen in STATES else OPEN
    asked = [("state", state) for state in states]
    if here.param("slug"):
        asked.append(("slug", here.param("slug")))
    if here.param("before").isdecimal():
        asked.append(("before", here.param("before")))
    found = public.offers(asked)
    export = f'<a class="dh-act" href="/x/api/v1/offers/export" download>{esc(say("offers_export"))}</a>'
    st.html(
        f'<div class="dh-top"><h1 class="dh-where">{esc(say("nav_offers"))}</h1>'
        f'<p class="dh-hint">{esc(say("offers_hint"))}</p><p class="dh-row">{_filters(found["counts"], chosen, say)}'
        f"{export}</p></div>"
    )
    told()
    if not found["offers"]:
        st.html(f'<p class="dh-notice">{esc(say("offers_none"))}</p>')
        return
    headers = [say("offer_what"), say("offers_about"), say("offers_from"), say("account_state")]
    st.html(table(headers, [_row(one, say) for one in found["offers"]], caption=say("nav_offers")))
    if found["before"]:
        older = address("/offers", [("state", chosen), ("before", str(found["before"]))])
        st.html(f'<p class="dh-row">{link(older, esc(say("offers_more")), "dh-act")}</p>')


def _filters(counts: dict[str, int], chosen: str, say: Words) -> str:
    names = {"": say("offers_open"), **{s: say(f"offer_is_{s}") for s in STATES}, "all": say("offers_all")}
    numbers = {"": sum(counts.get(s, 0) for s in OPEN), "all": sum(counts.values()), **counts}
    out = []
    for name, text in names.items():
        if name in STATES and not counts.get(name):
            continue
        current = {"aria_current": "true"} if name == chosen else {}
        inner = f'{esc(text)} <span class="dh-count">{numbers.get(name, 0)}</span>'
        there = address("/offers", [("state", name)])
        out.append(link(there, inner, "dh-act", data_key=f"offers-{name or 'open'}", **current))
    return "".join(out)


def _row(one: Json, say: Words) -> list[str]:
    there = address("/offers", [("id", str(one["id"]))])
    what = one["what"] if len(one["what"]) <= 60 else f"{one['what'][:60]}…"
    shown = esc(what or say("offers_erased", day=(one["erased_at"] or "")[:10]))
    about = esc(one["record"]["reference_code"]) if one["record"] else esc(one["wanted"][:40])
    name = link(there, shown, "dh-title", data_key=f"offer-{one['id']}")
    return [
        f"{name} "
        f'<span class="dh-meta">{esc(say("offer_kind_" + one["kind"]))} · {esc(when(one["made_at"]))}</span>',
        about,
        esc(one["name"]),
        tag(say(f"offer_is_{one['state']}"), _look(one["state"])),
    ]


# ── one offer ──────────────────────────────────────────────────────────────────


def _one(here: Desk, public: Public, one: Json) -> None:
    say = here.say
    back = link("/offers", f"← {esc(say('offers_back'))}", "dh-act")
    kind, state = say(f"offer_kind_{one['kind']}"), say(f"offer_is_{one['state']}")
    st.html(
        f'<div class="dh-top"><p class="dh-row">{back}</p><h1 class="dh-where">{esc(kind)} {one["id"]} '
        f"{tag(state, _look(one['state']))}</h1></div>"
    )
    told()
    left, right = st.columns([1.3, 1], gap="large")
    with left:
        st.html(_about(one, say))
    with right:
        _result(one, say)
        if one["next"]:
            _steps(here, public, one)


def _about(one: Json, say: Words) -> str:
    about = ""
    if one["record"]:
        there = record_address(one["record"]["id"], page=one["page"])
        page = f" {esc(say('offers_page', n=one['page']))}" if one["page"] else ""
        about = f"{link(there, esc(one['record']['title']))} <code>{esc(one['record']['reference_code'])}</code>{page}"
    sender = esc(f"{one['name']} {one['contact']}".strip())
    if one["erased_at"]:
        sender = esc(say("offers_erased", day=one["erased_at"][:10]))
    agreed = one["agreement"] or dict.fromkeys(("number", "reference_code", "title", "donor_limits"), "")
    said = facts(
        [
            (say("offer_what"), esc(one["what"])),
            (say("offers_about"), about),
            (say("offer_suggested"), esc(one["suggested"])),
            (say("offers_wanted"), esc(one["wanted"])),
            (say("offers_from"), sender),
            (say("offer_receipt"), f"<code>{esc(one['receipt'])}</code>"),
            (say("offers_agreement"), esc(agreed["number"])),
            (say("offers_code"), esc(f"{agreed['reference_code']} {agreed['title']}".strip())),
            (say("offers_limits"), esc(agreed["donor_limits"])),
        ]
    )
    files = "".join(
        f'<li><a href="{esc("/x/api" + f["url"])}" download data-key="offer-file-{f["number"]}">{esc(f["name"])}</a> '
        f"<small>{esc(f['media_type'])} · {max(1, f['size'] // 1024):,} KB</small></li>"
        for f in one["files"]
    )
    kept = f'<h2 class="dh-h">{esc(say("offers_files"))}</h2><ul class="dh-attachments">{files}</ul>'
    return f"{said}{kept if files else ''}{_history(one, say)}"


def _history(one: Json, say: Words) -> str:
    rows = "".join(
        f'<li><span class="dh-meta">{esc(when(s["at"]))} {esc(s["by"] or say("offers_sender"))}</span> '
        f"{tag(say('offer_is_' + s['state']), _look(s['state']))} {esc(s['words'])}"
        f"{'<br>' + esc(say('offers_told') + s['told']) if s['told'] else ''}</li>"
        for s in one["steps"]
    )
    return f'<h2 class="dh-h">{esc(say("offers_history"))}</h2><ul class="dh-plainlist">{rows}</ul>'


def _result(one: Json, say: Words) -> None:
    """What became of a donation that was received."""
    if one["taken_in"]:
        made = one["taken_in"]
        there = link(record_address(made["id"]), esc(made["title"]), data_key="offer-record")
        st.html(
            f'<p class="dh-notice">{esc(say("offers_taken_in"))}{there} <code>{esc(made["reference_code"])}</code></p>'
        )
    elif one["package"]:
        command = f"danghai ingest $DANGHAI_HOME/donations/{one['package']}"
        st.html(f'<p class="dh-notice">{esc(say("offers_package"))}<br><code>{esc(command)}</code></p>')


def _steps(here: Desk, public: Public, one: Json) -> None:
    """The next step: what is said with it, then a button for each state it may come to."""
    say, key = here.say, f"{one['id']}_{one['version']}"
    st.html(f'<h2 class="dh-h">{esc(say("offers_next"))}</h2>')
    body: Json = {"version": one["version"]}
    agreement = _agreement(say, key, one) if "received" in one["next"] else None
    text = None
    if "accepted" in one["next"] and one["page"]:
        text = _text(here, one, key)
    body["words"] = st.text_area(say("offers_words"), key=f"words_{key}", max_chars=4000, height=90)
    body["told"] = st.text_area(say("offers_tell"), key=f"told_{key}", max_chars=4000, height=90)
    with st.container(horizontal=True):
        for state in one["next"]:
            kind: Any = "primary" if state == one["next"][0] else "secondary"
            if not st.button(say(f"offers_to_{state}"), key=f"to_{state}_{key}", type=kind):
                continue
            if state in ("declined", "spam") and not body["words"].strip():
                st.error(say("offers_why"))
                continue
            said: Json = body | {"to": state}
            if state == "received":
                said["agreement"] = agreement
            elif state == "accepted" and text is not None:
                said["lines"] = text
            if attempt(partial(public.step, one["id"], said)) is not None:
                tell(say("offers_done", state=say(f"offer_is_{state}")))
                st.rerun()


def _agreement(say: Words, key: str, one: Json) -> Json:
    number = st.text_input(say("offers_agreement"), key=f"number_{key}", max_chars=80)
    code = st.text_input(say("offers_code"), key=f"code_{key}", max_chars=100)
    title = st.text_input(say("offers_title"), key=f"title_{key}", max_chars=500)
    date = st.text_input(say("offers_date"), key=f"date_{key}", max_chars=200)
    source = st.text_input(say("offers_source"), "捐赠", key=f"source_{key}", max_chars=200)
    limits = st.text_input(say("offers_limits"), key=f"limits_{key}", max_chars=200)
    return {
        "number": number,
        "reference_code": code,
        "title": title,
        "date": date,
        "acquisition": source,
        "donor_limits": limits,
    }


def _text(here: Desk, one: Json, key: str) -> list[str] | None:
    """The page's text as it is to stand, or None where it stays as it is."""
    say = here.say
    start = one["suggested"] or here.api.page_text(one["record"]["id"], one["page"])["text"]
    text = st.text_area(say("offers_text"), start, key=f"text_{key}", height=220)
    put = st.checkbox(say("offers_put_text"), value=bool(one["suggested"]), key=f"put_{key}")
    return text.splitlines() if put else None

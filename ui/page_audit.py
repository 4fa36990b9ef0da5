"""The audit trail: who did what, when and from where; how the chain stands; what was unusual."""

from __future__ import annotations

import json
import time
from datetime import date, timedelta
from typing import Any

import streamlit as st

from ui.frame import Desk
from ui.markup import esc, link
from ui.office_client import Office
from ui.page_accounts import audience_name
from ui.state import Params, address, record_address
from ui.tables import facts, table, tag, when
from ui.telling import attempt, told
from ui.texts import TEXTS, Words

#: What is asked by the address.
FIELDS = ("who", "what", "record", "address", "outcome", "since", "until")
#: Kinds of entries that are offered; the API takes a route's or command's beginning as well.
KINDS = (
    "sign-in", "search", "record.view", "page.view", "page.image", "attachment", "export", "change", "read",
    "alert", "audit.verified", "audit.gap", "audit.erase",
)  # fmt: skip
OUTCOMES = ("done", "begun", "refused", "not-found", "failed", "noted")
_LOOKS = {"done": "open", "refused": "closed", "failed": "closed", "not-found": "later"}
SIZE, ALERTS = 50, 8
#: Seconds a verification is waited for; a longer one goes on behind.
PATIENCE = 15.0


def show(here: Desk) -> None:
    """The page."""
    say, office = here.say, Office(here.api)
    state = office.audit_state()
    asked: Params = [(name, here.param(name).strip()) for name in FIELDS if here.param(name).strip()]
    st.html(
        f'<div class="dh-top"><h1 class="dh-where">{esc(say("nav_audit"))}</h1>'
        f'<p class="dh-hint">{esc(say("audit_hint", days=state["days"]))}</p></div>'
    )
    told()
    if not asked and not here.param("cursor"):
        left, right = st.columns([1, 1], gap="large")
        with left:
            _chain(office, state, say)
        with right:
            _alerts(office, say)
    st.html(f'<h2 class="dh-h">{esc(say("audit_entries"))}</h2>{_form(dict(asked), say)}')
    _entries(here, office, asked)


# ── the chain ──────────────────────────────────────────────────────────────────


def _chain(office: Office, state: dict[str, Any], say: Words) -> None:
    st.html(f'<h2 class="dh-h">{esc(say("audit_chain"))}</h2>{_troubles(state, say)}')
    last = f"{esc(when(state['last_at'], seconds=True))}<br><code>{esc(state['last_hash'][:16])}…</code>"
    st.html(
        facts(
            [
                (say("audit_length"), esc(say("audit_entries_n", n=f"{state['entries']:,}"))),
                (say("audit_last"), last if state["entries"] else ""),
                (say("audit_head"), _head(state, say)),
                (say("audit_verified"), _verified(state, say)),
            ]
        )
    )
    if st.button(say("audit_verify"), key="audit_verify", disabled=state["verifying"]):
        with st.spinner(say("audit_verifying")):
            _verify(office)
        st.rerun()


def _verify(office: Office) -> None:
    """Ask for it, and wait a while for what it finds."""
    end = time.monotonic() + PATIENCE
    if attempt(office.verify) is None:
        return
    while time.monotonic() < end and office.audit_state()["verifying"]:
        time.sleep(0.3)


def _troubles(state: dict[str, Any], say: Words) -> str:
    """What is wrong, loudly; nothing where nothing is."""
    said = []
    if state["broken"]:
        said.append(say("audit_broken"))
    if state["guards_missing"]:
        said.append(say("audit_unguarded", names="、".join(state["guards_missing"])))
    if state["head"] and not state["head"]["agrees"]:
        said.append(say("audit_head_wrong"))
    verified = state["verified"]
    if verified and verified["findings_in_all"]:
        said.append(say("audit_unsound", n=verified["findings_in_all"]))
        said += [f"{one['seq']}：{one['message']}" for one in verified["findings"]]
    items = "".join(f"<li>{esc(one)}</li>" for one in said)
    return f'<div class="dh-notice is-alarm" role="alert"><ul>{items}</ul></div>' if said else ""


def _head(state: dict[str, Any], say: Words) -> str:
    head = state["head"]
    if head is None:
        command = "" if state["signs"] else " <code>danghai audit key</code>"
        return f"{tag(say('audit_no_head'), 'later')} {esc(say('audit_no_head_hint'))}{command}"
    agrees = tag(say("audit_agrees"), "open") if head["agrees"] else tag(say("audit_disagrees"), "closed")
    return f"{esc(when(head['at']))} {agrees}<br>{esc(say('audit_through', n=head['seq'], name=head['key']))}"


def _verified(state: dict[str, Any], say: Words) -> str:
    verified = state["verified"]
    if state["verifying"]:
        return esc(say("audit_verifying"))
    if verified is None:
        return esc(say("audit_never"))
    by = f"{esc(when(verified['at']))} {esc(verified['by'])}"
    if verified["error"]:
        return f"{tag(say('audit_not_verified'), 'closed')} {by}<br>{esc(verified['error'])}"
    look = tag(say("audit_sound"), "open") if verified["sound"] else tag(say("audit_not_sound"), "closed")
    counted = say(
        "audit_counted", n=f"{verified['entries']:,}", heads=verified["heads"], lost=verified["lost"]
    )
    return f"{look} {by}<br>{esc(counted)}"


# ── alerts ─────────────────────────────────────────────────────────────────────


def _alerts(office: Office, say: Words) -> None:
    found = office.audit([("what", "alert"), ("size", str(ALERTS))])["entries"]
    st.html(f'<h2 class="dh-h">{esc(say("audit_alerts"))}</h2>')
    if not found:
        st.html(f'<p class="dh-hint">{esc(say("audit_no_alerts"))}</p>')
        return
    rows = "".join(f"<li>{_alert(one, say)}</li>" for one in found)
    every = link(address("/audit", [("what", "alert")]), esc(say("audit_alerts_all")))
    st.html(f'<ul class="dh-plainlist">{rows}</ul><p>{every}</p>')


def _alert(one: dict[str, Any], say: Words) -> str:
    who = (one["detail"] or {}).get("who", "")
    whom = link(address("/audit", [("who" if ":" in who else "address", who)]), esc(who)) if who else ""
    return f'<b>{esc(_alert_text(one["facts"], say))}</b> {whom} <span class="dh-hint">{esc(when(one["at"]))}</span>'


def _alert_text(said: dict[str, Any], say: Words) -> str:
    rule = f"alert_{said.get('rule', '')}".replace("-", "_")
    if rule not in TEXTS:
        return str(said.get("rule", ""))
    hours = said.get("seconds", 0) / 3600
    return say(rule, n=said.get("count", 0), minutes=round(hours * 60), hours=round(hours))


# ── searching ──────────────────────────────────────────────────────────────────


def _form(asked: dict[str, str], say: Words) -> str:
    fields = "".join(
        f'<label>{esc(say(f"audit_{name}"))}<input type="{"date" if name in ("since", "until") else "text"}" '
        f'name="{name}" value="{esc(asked.get(name, "")[:10] if name in ("since", "until") else asked.get(name, ""))}" '
        f'maxlength="300" data-key="audit-{name}" placeholder="{esc(say(f"audit_{name}_like"))}" autocapitalize="none" '
        f'spellcheck="false"{_KINDS_LIST if name == "what" else ""}></label>'
        for name in FIELDS
        if name != "outcome"
    )
    options = "".join(
        f'<option value="{value}"{" selected" if value == asked.get("outcome", "") else ""}>'
        f"{esc(say(f'outcome_{value}') if value else say('audit_any'))}</option>"
        for value in ("", *OUTCOMES)
    )
    kinds = "".join(f'<option value="{kind}">{esc(_kind(kind, say))}</option>' for kind in KINDS)
    clear = link("/audit", esc(say("audit_clear")), "dh-act") if asked else ""
    params = _given(list(asked.items()))
    files = "".join(
        f'<a class="dh-act" download href="{esc(address("/x/api/v1/audit/export", [*params, ("format", form)]))}">'
        f"{esc(say('audit_export', form=form.upper()))}</a>"
        for form in ("csv", "xlsx")
    )
    return (
        f'<form class="dh-go dh-asking" role="search" action="/audit">{fields}'
        f'<label>{esc(say("audit_outcome"))}<select name="outcome" data-key="audit-outcome">{options}</select></label>'
        f'<datalist id="dh-kinds">{kinds}</datalist>'
        f'<p class="dh-row"><button class="dh-main" type="submit">{esc(say("audit_find"))}</button>{clear}{files}</p></form>'
    )


_KINDS_LIST = ' list="dh-kinds"'


def _entries(here: Desk, office: Office, asked: Params) -> None:
    say, cursor = here.say, here.param("cursor")
    wanted = [*_given(asked), ("size", str(SIZE)), *([("cursor", cursor)] if cursor else [])]
    found = attempt(lambda: office.audit(wanted))
    if found is None:
        return
    if not found["entries"]:
        st.html(f'<p class="dh-notice">{esc(say("audit_none"))}</p>')
        return
    headers = [say(f"audit_{name}") for name in ("when", "who", "what", "record", "outcome", "address")]
    names = _names(here, office)
    entries = found["entries"] if ("outcome", "begun") in asked else _ended(found["entries"])
    rows = [_row(entry, names, say) for entry in entries]
    st.html(table(headers, rows, caption=say("audit_entries")))
    if found["next"]:
        more = address("/audit", [*asked, ("cursor", found["next"])])
        st.html(f'<nav class="dh-pager">{link(more, esc(say("audit_older")), "dh-next")}</nav>')


def _given(asked: Params) -> Params:
    """As the API takes it: days become times, the last one inclusive."""
    return [(n, _day_after(v) if n == "until" else _midnight(v) if n == "since" else v) for n, v in asked]


def _midnight(day: str) -> str:
    """A day as written in the form, at its beginning here; anything else as it is."""
    try:
        return f"{date.fromisoformat(day)}T00:00:00"
    except ValueError:
        return day


def _day_after(day: str) -> str:
    """The end of a day, which the API leaves out; anything else as it is."""
    try:
        return f"{date.fromisoformat(day) + timedelta(days=1)}T00:00:00"
    except (ValueError, OverflowError):
        return day


def _ended(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without the beginnings whose outcome is shown above them: one that has none stands out."""
    waiting: dict[tuple[str, str], list[dict[str, Any]]] = {}
    shown = []
    for entry in entries:  # the newest first: an outcome comes before its beginning
        same = entry["actor"], entry["what"]
        if entry["outcome"] != "begun":
            shown.append(entry)
            if entry["action"] in ("change", "command"):
                waiting.setdefault(same, []).append(entry)
        elif waiting.get(same):
            waiting[same].pop()["begun"] = f"#{entry['seq']} {entry['at']}"
        else:
            shown.append(entry)
    return shown


@st.cache_data(ttl=3600, show_spinner=False)
def _route_names(_office: Office) -> dict[str, str]:
    return _office.route_names()


def _names(here: Desk, office: Office) -> dict[str, str]:
    """What routes are called in the visitor's language."""
    chinese = here.say.language == "zh"
    names = {}
    for route, summary in _route_names(office).items():
        zh, _, en = summary.partition(" ")
        names[route] = zh if chinese or not en else en
    return names


def _row(one: dict[str, Any], names: dict[str, str], say: Words) -> list[str]:
    detail = one["detail"] or {}
    record = one["record"]
    there = link(record_address(record), f"<code>{esc(record.rpartition(':')[2])}</code>") if record else ""
    return [
        f'<span class="dh-nowrap">{esc(when(one["at"], seconds=True))}</span>',
        _who(one, detail, say),
        _what(one, detail, names, say),
        there,
        tag(say(f"outcome_{one['outcome']}"), _LOOKS.get(one["outcome"], "unknown")),
        _where(one, detail, say),
    ]


def _who(one: dict[str, Any], detail: dict[str, Any], say: Words) -> str:
    actor = one["actor"]
    if not actor:
        return esc(say("audit_nobody" if one["audience"] else "audit_system"))
    name = detail.get("name", "")
    code = link(address("/audit", [("who", actor)]), f"<code>{esc(actor)}</code>")
    return f"{esc(name)} {code}" if name else code


def _what(one: dict[str, Any], detail: dict[str, Any], names: dict[str, str], say: Words) -> str:
    what = names.get(one["what"], one["what"] if one["what"] != "api" else "")
    kind = _kind(one["action"], say)
    if one["action"] == "alert":
        what = _alert_text(one["facts"], say)
    shown = what if one["action"] in ("change", "read", "export", "sign-in", "command") and what else kind
    shown = f"{kind} {what}" if one["action"] == "alert" else shown
    query = detail.get("query", "")
    asked = f' <span class="dh-hint">{esc(query[:120])}</span>' if query else ""
    rest = {
        "#": one["seq"],
        "at": one["at"],
        "begun": one.get("begun", ""),
        "action": one["action"],
        "what": one["what"],
        **one["facts"],
    }
    lines = "\n".join(
        f"{name}: {_flat(value)}" for name, value in (rest | {"hash": one["hash"]}).items() if value
    )
    return (
        f'<details class="dh-entry"><summary>{esc(shown)}{asked}</summary><pre>{esc(lines)}</pre></details>'
    )


def _flat(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _kind(action: str, say: Words) -> str:
    key = "kind_" + action.replace(".", "_").replace("-", "_")
    return say(key) if key in TEXTS else action


def _where(one: dict[str, Any], detail: dict[str, Any], say: Words) -> str:
    if one["detail_erased"]:
        return f'<span class="dh-hint">{esc(say("audit_erased"))}</span>'
    place = detail.get("address", "")
    audience = (
        f' <span class="dh-hint">{esc(audience_name(one["audience"], say))}</span>' if one["audience"] else ""
    )
    return (
        link(address("/audit", [("address", place)]), f"<code>{esc(place)}</code>") if place else ""
    ) + audience

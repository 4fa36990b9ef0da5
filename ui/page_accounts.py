"""The security administrator's page: who has an account, with which roles; opened, changed, locked, given up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from ui.frame import Desk
from ui.markup import esc, link
from ui.office_client import Office
from ui.state import address
from ui.tables import facts, table, tag, when
from ui.telling import attempt, show_once, shown_once, tell, told
from ui.texts import TEXTS, Words

#: Roles as they are offered: staff's, then the three administrators'.
ROLES = (
    "archivist", "reviewer", "curator", "security_officer", "admin",
    "system_admin", "security_admin", "audit_admin",
)  # fmt: skip
STATES = ("any", "used", "waiting", "locked", "retired")
#: Accounts listed at once; the rest is found by asking.
SHOWN = 100


def show(here: Desk) -> None:
    """The page: all accounts, one of them (`id`), or a new one (`new`)."""
    office = Office(here.api)
    accounts = office.accounts()
    number = here.param("id")
    chosen = next((one for one in accounts if str(one["id"]) == number), None)
    if here.param("new"):
        _new(here, office)
    elif chosen is not None:
        _one(here, office, chosen)
    else:
        _all(here, accounts)


# ── all of them ────────────────────────────────────────────────────────────────


def _all(here: Desk, accounts: list[dict[str, Any]]) -> None:
    say, q, state = here.say, here.param("q").strip(), here.param("state") or "any"
    found = [one for one in accounts if _fits(one, q.casefold(), state)]
    new = link("/accounts?new=1", esc(say("account_new")), "dh-main", data_key="account-new")
    counted = esc(say.counted("account_count", len(found)))
    st.html(
        f'<div class="dh-top"><h1 class="dh-where">{esc(say("nav_accounts"))} <small>{counted}</small></h1>'
        f'<p class="dh-hint">{esc(say("account_hint"))}</p></div>'
    )
    told()
    st.html(f'<div class="dh-row dh-apart">{_filter(q, state, say)}{new}</div>')
    if not found:
        st.html(f'<p class="dh-notice">{esc(say("account_none"))}</p>')
        return
    headers = [say(f"account_{name}") for name in ("person", "roles", "state", "made")]
    st.html(table(headers, [_row(one, say) for one in found[:SHOWN]], caption=say("nav_accounts")))
    if len(found) > SHOWN:
        st.html(f'<p class="dh-hint">{esc(say("account_more", n=len(found) - SHOWN))}</p>')


def _filter(q: str, state: str, say: Words) -> str:
    options = "".join(
        f'<option value="{name}"{" selected" if name == state else ""}>{esc(say(f"account_is_{name}"))}</option>'
        for name in STATES
    )
    return (
        '<form class="dh-go dh-question" role="search" action="/accounts">'
        f'<div class="dh-ask"><input type="search" name="q" value="{esc(q)}" maxlength="80" data-key="accounts-q" '
        f'aria-label="{esc(say("account_find"))}" placeholder="{esc(say("account_find"))}"></div>'
        f'<select name="state" data-submit="" data-key="accounts-state" aria-label="{esc(say("account_state"))}">{options}</select>'
        f'<button class="dh-act" type="submit">{esc(say("find"))}</button></form>'
    )


def _fits(one: dict[str, Any], q: str, state: str) -> bool:
    said = (one["name"], one["real_name"], one["audience"], *one["roles"], *map(_role_zh, one["roles"]))
    return state in ("any", _state(one)) and (not q or any(q in text.casefold() for text in said))


def _role_zh(role: str) -> str:
    return TEXTS[f"role_{role}"][0] if f"role_{role}" in TEXTS else role


def _state(one: dict[str, Any]) -> str:
    if one["retired"]:
        return "retired"
    return "locked" if one["locked"] else "used" if one["enrolled"] else "waiting"


def _state_tag(one: dict[str, Any], say: Words) -> str:
    state = _state(one)
    look = {"used": "open", "waiting": "later", "locked": "closed"}.get(state, "unknown")
    return tag(say(f"account_is_{state}"), look)


def role_names(roles: Sequence[str], say: Words) -> str:
    return "、".join(say(f"role_{r}") if f"role_{r}" in TEXTS else r for r in roles)


def audience_name(audience: str, say: Words) -> str:
    return say(f"audience_{audience}") if f"audience_{audience}" in TEXTS else audience


def _row(one: dict[str, Any], say: Words) -> list[str]:
    there = link(
        address("/accounts", [("id", str(one["id"]))]),
        esc(one["real_name"]),
        "dh-title",
        data_key=f"account-{one['id']}",
    )
    reader = (
        say("account_reader") if one["audience"] == "reading_room" else audience_name(one["audience"], say)
    )
    roles = "—" if one["retired"] else esc(role_names(one["roles"], say) or reader)
    return [
        f"{there} <code>{esc(one['name'])}</code>",
        roles,
        _state_tag(one, say),
        esc(when(one["made_at"])[:10]),
    ]


# ── one of them ────────────────────────────────────────────────────────────────


def _one(here: Desk, office: Office, one: dict[str, Any]) -> None:
    say = here.say
    back = link("/accounts", f"← {esc(say('account_back'))}", "dh-act")
    st.html(
        f'<div class="dh-top"><p class="dh-row">{back}</p><h1 class="dh-where">{esc(one["real_name"])} '
        f"<code>{esc(one['name'])}</code> {_state_tag(one, say)}</h1></div>"
    )
    told()
    shown_once(say)
    left, right = st.columns([1, 1.2], gap="large")
    with left:
        st.html(facts(_facts(one, say)))
    with right:
        if one["retired"]:
            st.html(f'<p class="dh-notice">{esc(say("account_retired_hint"))}</p>')
        elif one["id"] == _me(here):
            st.html(f'<p class="dh-notice">{esc(say("account_own"))}</p>')
        else:
            _roles(office, one, say)
            _lock(office, one, say)
            _reset(office, one, say)
            _retire(office, one, say)


def _me(here: Desk) -> int:
    """The visitor's own account's number."""
    kind, _, number = here.me()["id"].partition(":")
    return int(number) if kind == "account" else 0


def _facts(one: dict[str, Any], say: Words) -> list[tuple[str, str]]:
    checked = " ".join(filter(None, (one["checked_on"], one["checked_by"], one["document"])))
    made = " ".join(filter(None, (when(one["made_at"]), one["made_by"])))
    return [
        (say("account_number"), f"<code>account:{one['id']}</code>"),
        (say("account_roles"), esc(role_names(one["roles"], say))),
        (say("me_audience"), "" if one["retired"] else esc(audience_name(one["audience"], say))),
        (say("account_checked"), esc(checked)),
        (say("account_by_oidc"), esc(say("yes")) if one["by_oidc"] else ""),
        (say("account_made"), esc(made)),
    ]


def _roles(office: Office, one: dict[str, Any], say: Words) -> None:
    with st.container(border=True):
        roles, audience = _powers(one["roles"], "" if one["roles"] else one["audience"], f"{one['id']}", say)
        if st.button(say("account_roles_save"), type="primary", key=f"roles_do_{one['id']}"):
            done = attempt(lambda: office.set_roles(one["id"], roles, audience))
            if done is not None:
                tell(say("account_roles_saved", name=one["real_name"], roles=_powers_text(done, say)))
                st.rerun()


def _powers(roles: Sequence[str], audience: str, key: str, say: Words) -> tuple[list[str], str]:
    """The roles chosen; and where there is none, what the account may see."""
    chosen = st.multiselect(
        say("account_roles"),
        ROLES,
        [role for role in roles if role in ROLES],
        format_func=lambda role: say(f"role_{role}"),
        placeholder=say("account_roles_choose"),
        key=f"roles_{key}",
    )
    st.html(f'<p class="dh-hint">{esc(say("account_apart"))}</p>')
    if chosen:
        return chosen, ""
    wanted = st.text_input(say("account_audience"), audience, max_chars=64, key=f"audience_{key}")
    st.html(f'<p class="dh-hint">{esc(say("account_audience_hint"))}</p>')
    return [], wanted.strip()


def _powers_text(account: dict[str, Any], say: Words) -> str:
    return role_names(account["roles"], say) or audience_name(account["audience"], say)


def _lock(office: Office, one: dict[str, Any], say: Words) -> None:
    how = "unlock" if one["locked"] else "lock"
    with st.expander(say(f"account_{how}")):
        st.html(f'<p class="dh-hint">{esc(say(f"account_{how}_hint"))}</p>')
        if (
            st.button(say(f"account_{how}_do"), key=f"{how}_{one['id']}")
            and attempt(lambda: office.change(one["id"], how)) is not None
        ):
            tell(say(f"account_{how}_done", name=one["real_name"]))
            st.rerun()


def _reset(office: Office, one: dict[str, Any], say: Words) -> None:
    with st.expander(say("account_reset")):
        st.html(f'<p class="dh-hint">{esc(say("account_reset_hint"))}</p>')
        if st.button(say("account_reset_do"), key=f"reset_{one['id']}"):
            made = attempt(lambda: office.change(one["id"], "reset"))
            if made is not None:
                code_once(made, say)
                st.rerun()


def _retire(office: Office, one: dict[str, Any], say: Words) -> None:
    with st.expander(say("account_retire")):
        st.html(f'<p class="dh-hint">{esc(say("account_retire_hint"))}</p>')
        typed = st.text_input(say("account_retire_type", name=one["name"]), key=f"retire_name_{one['id']}")
        sure = typed.strip() == one["name"]
        if st.button(say("account_retire_do"), key=f"retire_{one['id']}"):
            if not sure:
                st.error(say("account_retire_type", name=one["name"]))
            elif attempt(lambda: office.change(one["id"], "retire")) is not None:
                tell(say("account_retire_done", name=one["real_name"]))
                st.rerun()


# ── a new one ──────────────────────────────────────────────────────────────────


def _new(here: Desk, office: Office) -> None:
    say = here.say
    back = link("/accounts", f"← {esc(say('account_back'))}", "dh-act")
    st.html(
        f'<div class="dh-top"><p class="dh-row">{back}</p><h1 class="dh-where">{esc(say("account_new"))}</h1>'
        f'<p class="dh-hint">{esc(say("account_new_hint"))}</p></div>'
    )
    with st.container(key="narrow", border=True):
        name = st.text_input(say("account_name"), max_chars=64, help=say("account_name_hint"))
        real_name = st.text_input(say("account_real_name"), max_chars=80)
        roles, audience = _powers((), "", "new", say)
        if not st.button(say("account_new_do"), type="primary", key="account_new_do"):
            return
        if not (name.strip() and real_name.strip()):
            st.error(say("account_need"))
            return
        body = {"name": name, "real_name": real_name, "roles": roles, "audience": audience}
        made = attempt(lambda: office.open_account(body))
    if made is not None:
        code_once(made, say)
        st.query_params.from_dict({"id": str(made["account"]["id"])})
        st.rerun()


def code_once(made: dict[str, Any], say: Words) -> None:
    """The one-time code of an account just made or reset."""
    hint = say("once_code_hint", name=made["account"]["real_name"], account=made["account"]["name"])
    show_once(say("once_code"), made["enrolment"], hint)

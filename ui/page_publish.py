"""What the public installation has: packages carried over, receipts, and withdrawals it does not know of yet."""

from __future__ import annotations

from typing import Any

import streamlit as st

from ui import shapes
from ui.cards import badge
from ui.frame import Desk
from ui.markup import esc, link
from ui.office_client import Office
from ui.state import record_address
from ui.tables import table, tag, when
from ui.texts import Words

_EXPORT, _TAKE = "danghai publish export …", "danghai publish acknowledge …"


def show(here: Desk) -> None:
    """The page."""
    say, said = here.say, Office(here.api).publish()
    st.html(
        f'<div class="dh-top"><h1 class="dh-where">{esc(say("nav_publish"))}</h1>'
        f'<p class="dh-hint">{esc(say("publish_hint"))}</p></div>{_standing(said, say)}'
    )
    if said["waiting_in_all"]:
        headers = [say(f"publish_{name}") for name in ("record", "status", "closed", "age")]
        rows = [_taken_down(one, say) for one in said["exhibitions"]]
        rows += [_waiting(one, say) for one in said["waiting"]]
        more = said["waiting_in_all"] - len(rows)
        st.html(
            f'<h2 class="dh-h">{esc(say("publish_waiting", n=said["waiting_in_all"]))}</h2>'
            f'<p class="dh-hint">{esc(say("publish_waiting_hint"))}</p>'
            + table(headers, rows, caption=say("publish_closed"))
            + (f'<p class="dh-hint">{esc(say("publish_more", n=more))}</p>' if more else "")
        )
    st.html(f'<h2 class="dh-h">{esc(say("publish_packages"))}</h2>{_packages(said, say)}')


def _standing(said: dict[str, Any], say: Words) -> str:
    """Whether all that was taken back is gone outside too; for how long it is not."""
    n = said["waiting_in_all"] + said["unacknowledged"]
    if not n:
        text = "publish_none_waiting" if said["packages"] else "publish_never"
        return f'<p class="dh-notice is-good">{esc(say(text))}</p>'
    parts = []
    if said["waiting_in_all"]:
        parts.append(f"{esc(say('publish_to_export', n=said['waiting_in_all']))} <code>{_EXPORT}</code>")
    if said["unacknowledged"]:
        parts.append(f"{esc(say('publish_to_take', n=said['unacknowledged']))} <code>{_TAKE}</code>")
    what = "".join(f"<li>{part}</li>" for part in parts)
    age = _age(said["hours"], say)
    title = say(
        "publish_late" if said["overdue"] else "publish_waits", n=n, age=age, limit=said["limit_hours"]
    )
    look, role = ("is-alarm", "alert") if said["overdue"] else ("", "status")
    return f'<div class="dh-notice {look}" role="{role}"><h2>{esc(title)}</h2><ul>{what}</ul></div>'


def overdue(said: shapes.Withdrawals | None, say: Words) -> str:
    """One line for the first page where withdrawals are late; else nothing."""
    if said is None or not said["overdue"]:
        return ""
    title = say("publish_late", n=said["waiting"], age=_age(said["oldest_hours"], say))
    return f'<p class="dh-notice is-alarm" role="alert">{link("/publish", esc(title))}</p>'


def _age(hours: float, say: Words) -> str:
    if hours < 1:
        return say("publish_minutes", n=round(hours * 60))
    return say("publish_hours", n=round(hours)) if hours < 48 else say("publish_days", n=int(hours // 24))


def _waiting(one: dict[str, Any], say: Words) -> list[str]:
    code = f"<code>{esc(one['reference_code'])}</code>"
    title = f"{link(record_address(one['record_id']), esc(one['title']))} " if one["title"] else ""
    return [
        title + code,
        badge(one["access_status"], say) if one["access_status"] else tag(say("publish_gone")),
        esc(when(one["closed_at"])),
        esc(_age(one["hours"], say)),
    ]


def _taken_down(one: dict[str, Any], say: Words) -> list[str]:
    title = f"{esc(one['title'])} <code>/exhibitions/{esc(one['slug'])}</code>"
    age = esc(_age(one["hours"], say))
    return [title, tag(say("publish_exhibition"), "closed"), esc(when(one["closed_at"])), age]


def _count(records: int, exhibitions: int, say: Words) -> str:
    shows = esc(say("publish_exhibitions", n=exhibitions)) if exhibitions else ""
    return f"{records:,} {shows}".strip()


def _packages(said: dict[str, Any], say: Words) -> str:
    if not said["packages"]:
        text = say("publish_no_packages" if said["signs"] else "publish_no_key")
        return f'<p class="dh-hint">{esc(text)}</p>'
    headers = [say(f"publish_{name}") for name in ("number", "made", "added", "withdrawn", "receipt")]
    rows = []
    for one in said["packages"]:
        full = f" {tag(say('publish_full'))}" if one["kind"] == "full" else ""
        receipt = (
            tag(say("publish_received", at=when(one["done_at"])), "open")
            if one["done_at"]
            else tag(
                say("publish_no_receipt"), "closed" if one["withdrawals"] + one["taken_down"] else "later"
            )
        )
        rows.append(
            [
                f"{one['sequence']}{full}",
                esc(when(one["made_at"])),
                _count(one["additions"], one["editions"], say),
                _count(one["withdrawals"], one["taken_down"], say),
                receipt,
            ]
        )
    return table(headers, rows, caption=say("publish_packages"))

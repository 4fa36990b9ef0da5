"""What the public installation has: packages carried over, receipts, and what it does not know to be withdrawn, or
hidden, yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import streamlit as st

from ui import shapes
from ui.cards import badge
from ui.frame import Desk
from ui.markup import esc, link
from ui.office_client import Office
from ui.state import record_address
from ui.tables import table, tag, when
from ui.texts import Words

Kind = Literal["withdrawn", "hidden"]

_EXPORT, _TAKE = "danghai publish export …", "danghai publish acknowledge …"


def show(here: Desk) -> None:
    """The page."""
    say, said = here.say, Office(here.api).publish()
    st.html(
        f'<div class="dh-top"><h1 class="dh-where">{esc(say("nav_publish"))}</h1>'
        f'<p class="dh-hint">{esc(say("publish_hint"))}</p></div>{_standing(said, say)}'
    )
    rows = [_exhibition(one, "publish_exhibition", one["closed_at"]) for one in said["exhibitions"]]
    rows += [_record(o, o["access_status"] or "publish_gone", o["closed_at"]) for o in said["waiting"]]
    _waiting(said, "withdrawn", rows, say)
    hidden = said["hidden"]
    rows = [_exhibition(one, "publish_stands_on", one["hidden_at"]) for one in hidden["exhibitions"]]
    rows += [_record(one, "publish_redacted", one["hidden_at"]) for one in hidden["waiting"]]
    _waiting(hidden, "hidden", rows, say)
    st.html(f'<h2 class="dh-h">{esc(say("publish_packages"))}</h2>{_packages(said, say)}')


def _standing(said: dict[str, Any], say: Words) -> str:
    """Whether all that was taken back, or hidden, is so outside too; for how long it is not."""
    limit = said["limit_hours"]
    notices = _notice(said, "withdrawn", limit, say) + _notice(said["hidden"], "hidden", limit, say)
    if notices:
        return notices
    text = "publish_none_waiting" if said["packages"] else "publish_never"
    return f'<p class="dh-notice is-good">{esc(say(text))}</p>'


def _notice(said: dict[str, Any], what: Kind, limit: int, say: Words) -> str:
    n = said["waiting_in_all"] + said["unacknowledged"]
    if not n:
        return ""
    parts = []
    if said["waiting_in_all"]:
        parts.append(f"{esc(say('publish_to_export', n=said['waiting_in_all']))} <code>{_EXPORT}</code>")
    if said["unacknowledged"]:
        parts.append(f"{esc(say('publish_to_take', n=said['unacknowledged']))} <code>{_TAKE}</code>")
    items = "".join(f"<li>{part}</li>" for part in parts)
    how = "late" if said["overdue"] else "waits"
    title = say(f"publish_{how}_{what}", n=n, age=_age(said["hours"], say), limit=limit)
    look, role = ("is-alarm", "alert") if said["overdue"] else ("", "status")
    return f'<div class="dh-notice {look}" role="{role}"><h2>{esc(title)}</h2><ul>{items}</ul></div>'


def overdue(said: shapes.Withdrawals | None, what: Kind, say: Words) -> str:
    """One line for the first page where they are late; else nothing."""
    if said is None or not said["overdue"]:
        return ""
    title = say(f"publish_late_{what}", n=said["waiting"], age=_age(said["oldest_hours"], say))
    return f'<p class="dh-notice is-alarm" role="alert">{link("/publish", esc(title))}</p>'


def _waiting(said: dict[str, Any], what: Kind, rows: Sequence[_Row], say: Words) -> None:
    """What is in no package yet, one by one."""
    if not said["waiting_in_all"]:
        return
    since = say(f"publish_since_{what}")
    headers = [say("publish_record"), say("publish_status"), since, say("publish_age")]
    more = said["waiting_in_all"] - len(rows)
    st.html(
        f'<h2 class="dh-h">{esc(say(f"publish_still_{what}", n=said["waiting_in_all"]))}</h2>'
        f'<p class="dh-hint">{esc(say(f"publish_hint_{what}"))}</p>'
        + table(headers, [_cells(row, say) for row in rows], caption=since)
        + (f'<p class="dh-hint">{esc(say("publish_more", n=more))}</p>' if more else "")
    )


def _age(hours: float, say: Words) -> str:
    if hours < 1:
        return say("publish_minutes", n=round(hours * 60))
    return say("publish_hours", n=round(hours)) if hours < 48 else say("publish_days", n=int(hours // 24))


@dataclass(frozen=True)
class _Row:
    """One that waits. status: of access, or the text of a tag."""

    title: str
    place: str
    address: str
    status: str
    since: str
    hours: float


def _cells(row: _Row, say: Words) -> list[str]:
    title = link(row.address, esc(row.title)) if row.address else esc(row.title)
    status = tag(say(row.status), "closed") if row.status.startswith("publish_") else badge(row.status, say)
    return [
        f"{title} <code>{esc(row.place)}</code>".strip(), status, esc(when(row.since)), esc(_age(row.hours, say))
    ]  # fmt: skip


def _record(one: dict[str, Any], status: str, since: str) -> _Row:
    address = record_address(one["record_id"]) if one["title"] else ""
    return _Row(one["title"], one["reference_code"], address, status, since, one["hours"])


def _exhibition(one: dict[str, Any], status: str, since: str) -> _Row:
    return _Row(one["title"], f"/exhibitions/{one['slug']}", "", status, since, one["hours"])


def _count(records: int, exhibitions: int, say: Words) -> str:
    shows = esc(say("publish_exhibitions", n=exhibitions)) if exhibitions else ""
    return f"{records:,} {shows}".strip()


def _packages(said: dict[str, Any], say: Words) -> str:
    if not said["packages"]:
        text = say("publish_no_packages" if said["signs"] else "publish_no_key")
        return f'<p class="dh-hint">{esc(text)}</p>'
    headers = [
        say(f"publish_{name}") for name in ("number", "made", "added", "withdrawn", "hidden", "receipt")
    ]
    rows = []
    for one in said["packages"]:
        full = f" {tag(say('publish_full'))}" if one["kind"] == "full" else ""
        receipt = (
            tag(say("publish_received", at=when(one["done_at"])), "open")
            if one["done_at"]
            else tag(
                say("publish_no_receipt"),
                "closed" if one["withdrawals"] + one["taken_down"] + one["hidden"] else "later",
            )
        )
        rows.append(
            [
                f"{one['sequence']}{full}",
                esc(when(one["made_at"])),
                _count(one["additions"], one["editions"], say),
                _count(one["withdrawals"], one["taken_down"], say),
                f"{one['hidden']:,}",
                receipt,
            ]
        )
    return table(headers, rows, caption=say("publish_packages"))

"""The visitor's own list: items with notes, in their order, to XLSX."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import streamlit as st

from ui import shapes
from ui.cards import badge, date_text
from ui.favourites import has_account
from ui.frame import Desk
from ui.markup import button, esc, link
from ui.public_client import Public
from ui.state import record_address
from ui.texts import Words
from ui.visitors import COOKIE, NOTE_LENGTH, Kept, Visitor, visitors


def show(here: Desk) -> None:
    """The page."""
    say, kept = here.say, here.visitor.kept
    if not kept:
        st.html(
            f'<h1 class="dh-where">{esc(say("nav_list"))}</h1><p class="dh-notice">{esc(say("list_empty"))}</p>'
        )
        return
    found = here.api.records([item.id for item in kept])
    if len(found) < len(kept):  # withdrawn since: gone from the list too
        st.html(f'<p class="dh-notice" role="status">{esc(say("list_gone", n=len(kept) - len(found)))}</p>')
        kept = _without_gone(here, kept, found)
    rows = "".join(
        _row(item, found[item.id], say, first=n == 0, last=n == len(kept) - 1) for n, item in enumerate(kept)
    )
    hint = say("list_hint_account" if has_account(here.visitor) else "list_hint")
    st.html(
        f'<h1 class="dh-where">{esc(say("nav_list"))} <small>{esc(say.counted("list_count", len(kept)))}</small></h1>'
        f'<p class="dh-row"><a class="dh-main" href="/x/list.xlsx" download>{esc(say("export"))}</a>'
        f"{button('/x/list/clear', esc(say('drop_all')))}</p>"
        f'<p class="dh-hint">{esc(hint)}</p><ol class="dh-list">{rows}</ol>'
    )


def _without_gone(here: Desk, kept: tuple[Kept, ...], found: Mapping[str, shapes.Record]) -> tuple[Kept, ...]:
    """The list without what may not be seen any more, here and with the visitor."""
    if token := st.context.cookies.to_dict().get(COOKIE):
        for item in kept:
            if item.id not in found:
                visitors().change(token, partial(Visitor.dropping, record_id=item.id))
                if has_account(here.visitor):
                    Public(here.api).drop(item.id)
    return tuple(item for item in kept if item.id in found)


def _row(item: Kept, record: shapes.Record, say: Words, *, first: bool, last: bool) -> str:
    code = record["reference_code"]
    head = (
        f"<h3>{link(record_address(item.id), esc(record['title']), 'dh-title')}</h3><code>{esc(code)}</code>"
    )
    meta = f"{date_text(record['date'], say)} {badge(record['access_status'], say)}"
    moves = (
        _move("up", "↑", item.id, say, off=first)
        + _move("down", "↓", item.id, say, off=last)
        + button("/x/list/drop", esc(say("drop")), id=item.id)
        + f'<button type="button" class="dh-act" data-cite="{esc(item.id)}">{esc(say("cite"))}</button>'
    )
    note = (
        f'<textarea rows="1" data-note="{esc(item.id)}" maxlength="{NOTE_LENGTH}" placeholder="{esc(say("note"))}" '
        f'aria-label="{esc(say("note_for", code=code))}">{esc(item.note)}</textarea>'
    )
    return (
        f'<li class="dh-kept" data-id="{esc(item.id)}"><div class="dh-cardhead">{head}</div>'
        f'<p class="dh-meta">{meta}</p>{note}<p class="dh-row dh-actions">{moves}</p></li>'
    )


def _move(way: str, sign: str, record_id: str, say: Words, *, off: bool) -> str:
    if off:
        return f'<button type="button" class="dh-act" disabled>{sign}</button>'
    label = f'<span class="dh-hidden">{esc(say(way))}</span><span aria-hidden="true">{sign}</span>'
    return button(f"/x/list/{way}", label, id=record_id, key=f"{way}-{record_id}")

"""Records named by people: a reference code or an id a line, each looked up and shown before anything is done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from ui.client import ApiProblem
from ui.frame import Desk
from ui.markup import esc, link
from ui.state import Search, record_address
from ui.texts import Words

Found = Mapping[str, dict[str, Any] | None]


def codes(here: Desk, key: str, most: int) -> Found:
    """The field for the lines, what is kept in the list a button away, and what each line names: line → record
    (id, title, code), None where there is none to be seen. The field is emptied by `clear`."""
    say = here.say
    if st.session_state.pop(f"clear/{key}", False):
        st.session_state[key] = ""
    if here.visitor.kept and st.button(
        say("grant_from_list", n=len(here.visitor.kept)), key=f"from_list/{key}"
    ):
        old = str(st.session_state.get(key, "")).split()
        st.session_state[key] = "\n".join(dict.fromkeys([*old, *(item.id for item in here.visitor.kept)]))
    written = st.text_area(say("grant_codes"), key=key, height=120, help=say("grant_codes_hint"))
    lines = list(dict.fromkeys(filter(None, map(str.strip, str(written).splitlines()))))[: most + 1]
    found = {line: _resolved(here, line) for line in lines}
    if lines:
        shown = "".join(_line(line, one, say) for line, one in found.items())
        st.html(f'<ul class="dh-plainlist">{shown}</ul>')
    return found


def clear(key: str) -> None:
    """Empty the field at the next run."""
    st.session_state[f"clear/{key}"] = True


def _resolved(here: Desk, line: str) -> dict[str, Any] | None:
    """The record of an id or a reference code, asked for once; None: there is none to be seen."""
    known: dict[str, dict[str, Any]] = st.session_state.setdefault("resolved", {})
    if line not in known:
        if ":" in line:
            try:
                record = here.api.record(line)
            except ApiProblem as problem:
                if problem.status in (404, 422):
                    return None
                raise
        else:
            hits = here.api.search(Search(q=f"“{line}”", mode="words").asked(size=5))["hits"]
            hit = next((h for h in hits if h["reference_code"].casefold() == line.casefold()), None)
            if hit is None:
                return None
            record = here.api.record(hit["id"])
        known[line] = {"id": record["id"], "title": record["title"], "code": record["reference_code"]}
    return known[line]


def _line(line: str, one: dict[str, Any] | None, say: Words) -> str:
    if one is None:
        return f'<li class="dh-error">{esc(line)}：{esc(say("grant_not_found"))}</li>'
    return f"<li>{link(record_address(one['id']), esc(one['title']))} <code>{esc(one['code'])}</code></li>"

"""Words for a label: drafts put together from the record's own sentences, and quotations picked from its pages.

What is chosen here enters the form's fields, and is saved with the form.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import streamlit as st

from ui import shapes
from ui.client import ApiProblem
from ui.frame import Desk
from ui.markup import esc, link
from ui.plans_client import Plans
from ui.projects_client import Json
from ui.state import record_address
from ui.tables import tag
from ui.telling import attempt
from ui.texts import Words

#: A quotation's length in characters, as the API takes it.
SHORTEST, LONGEST = 4, 400
#: A line that is the last of its paragraph, beside the longest of the page.
SHORT_LINE = 0.8
_SENTENCE = re.compile(r"[^。！？；!?;]+[。！？；!?;]?[”」』’]?")
_BREAK = re.compile(r"(?<=[^\x00-\x7f])\s*\n\s*|(?<=[\x00-\x7f])\n(?=[^\x00-\x7f])")


def sentences(text: str) -> list[str]:
    """A page's text as sentences to choose from, line ends between Chinese taken out. A line much shorter than the
    longest ends a paragraph."""
    rows = text.split("\n")
    whole = SHORT_LINE * max(map(len, rows))
    joined = _BREAK.sub("", "\n".join(row if len(row) >= whole else f"{row}\0" for row in rows))
    pieces = joined.replace("\n", " ").split("\0")
    found = (one.strip() for piece in pieces for one in _SENTENCE.findall(piece))
    return list(dict.fromkeys(one for one in found if SHORTEST <= len(one) <= LONGEST))


def drafted(here: Desk, plans: Plans, project: Json, part: Json, key: str) -> None:
    """Drafts when somebody asks for them. key: of the form whose label is filled."""
    say, at = here.say, f"{key}/drafts"
    with st.expander(say("plan_drafts"), expanded=not part["body"]["label"]):
        st.html(f'<p class="dh-hint">{esc(say("plan_drafts_hint"))}</p>')
        if st.button(say("plan_drafts_ask"), key=f"{key}/ask"):
            st.session_state[at] = attempt(lambda: plans.drafts(project["id"], part["id"]))
        found = st.session_state.get(at)
        if found is None:
            return
        if not found["drafts"]:
            st.html(f'<p class="dh-notice">{esc(say("plan_drafts_none"))}</p>')
        for n, draft in enumerate(found["drafts"], 1):
            st.html(_draft(n, draft, part["record"]["id"], say))
            if st.button(say("plan_adopt", n=n), key=f"{key}/adopt/{n}"):
                _fill(draft, key)
                st.html(f'<p class="dh-tell" role="status">{esc(say("plan_adopted"))}</p>')


def _fill(draft: Json, key: str) -> None:
    st.session_state[f"{key}/label"] = draft["label"]
    st.session_state[f"{key}/sources"] = [
        {"text": one["words"], "page": one["page"]} for one in draft["sentences"] if len(one["words"]) > 1
    ]


def _draft(n: int, draft: Json, record_id: str, say: Words) -> str:
    rows = "".join(
        f'<li>{esc(one["words"])} <span class="dh-place">{place(one["page"], record_id, say)}</span></li>'
        for one in draft["sentences"]
    )
    head = esc(say("plan_draft_n", n=n, count=draft["length"]))
    return (
        f'<div class="plan-draft" data-draft="{n}"><h3 class="dh-h">{head} {tag(say("plan_draft_mark"), "later")}</h3>'
        f'<p class="plan-serif">{esc(draft["label"])}</p><ul class="dh-plainlist">{rows}</ul></div>'
    )


def place(page: int, record_id: str, say: Words) -> str:
    """Where words stand: a page of the record, or its description."""
    if not page:
        return esc(say("plan_described"))
    return link(record_address(record_id, page=page), esc(say("plan_on_page", n=page)))


def sources(found: Sequence[Json], record_id: str, say: Words) -> str:
    """What a label stands on, HTML."""
    if not found:
        return ""
    rows = "".join(
        f'<li>{esc(one["text"])} <span class="dh-place">{place(one["page"], record_id, say)}</span></li>'
        for one in found
    )
    return (
        f'<h3 class="dh-h">{esc(say("plan_f_sources"))}</h3><ul class="dh-plainlist plan-sources">{rows}</ul>'
    )


def quoting(here: Desk, record: shapes.Record, key: str) -> None:
    """A sentence of one of its pages, chosen from its text. key: of the form whose quotation is filled."""
    say = here.say
    read = [page["number"] for page in record["pages"] if page["has_text"]]
    if not read:
        return
    with st.expander(say("plan_quote_from")):
        page = read[0]
        if len(read) > 1:
            page = st.selectbox(say("plan_quote_which_page"), read, key=f"{key}/from") or read[0]
        try:
            found = sentences(here.api.page_text(record["id"], page)["text"])
        except ApiProblem:
            found = []
        if not found:
            st.html(f'<p class="dh-hint">{esc(say("plan_quote_none"))}</p>')
            return
        chosen = st.selectbox(say("plan_quote_which", n=page), found, key=f"{key}/sentence/{page}")
        if st.button(say("plan_quote_do"), key=f"{key}/quote_do") and chosen:
            st.session_state[f"{key}/quote"] = chosen
            st.session_state[f"{key}/quote_page"] = page
            st.html(f'<p class="dh-tell" role="status">{esc(say("plan_adopted"))}</p>')

"""The fields of one exhibit, as a form's tabs."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from ui import shapes
from ui.markup import esc
from ui.plan_board import counted
from ui.plan_words import sources
from ui.plan_writing import lines, one_of, yes_no
from ui.projects_client import Json
from ui.texts import Words

COPYRIGHT = ("unknown", "expired", "official", "ours", "licensed", "refused")
PORTRAIT = ("unknown", "none", "agreed", "public-event", "refused")
DONOR = ("unknown", "none", "agreed", "refused")
SHOWN = ("original", "facsimile", "image")
OWNERS = ("loan", "museum", "partner", "private")


def object_form(
    seen: Json, record: shapes.Record | None, cases: Mapping[str, str], key: str, compiled: bool, say: Words
) -> Json:
    """Draws the fields; the body as typed. seen: the part as it stood when the form opened. cases: key → name.

    The label, its sources and the quotation stand in the session under `key`, where drafts put theirs.
    """
    body = seen["body"]
    names = ("words", "pages", "rights", "thing")
    tabs = st.tabs([say(f"plan_tab_{name}") for name in names])
    with tabs[0]:
        words = _words(seen, key, say)
    with tabs[1]:
        pages = _pages(body, record, key, compiled, say)
    with tabs[2]:
        rights = _rights(body["rights"], key, say)
    with tabs[3]:
        original = _original(body["original"], cases, key, say)
        outside = _outside(body["outside"], key, say) if body["outside"] else None
    return {**body, **words, **pages, "rights": rights, "original": original, "outside": outside}


def _words(seen: Json, key: str, say: Words) -> Json:
    body, record = seen["body"], seen["record"]

    def given(name: str, value: str) -> str:
        return say("plan_f_as_record", value=value) if value and not body[name] else ""

    with st.container(key="counted"):
        label = st.text_area(say("plan_f_label"), max_chars=400, height=150, key=f"{key}/label")
        n = counted(label)
        shown = say("plan_count", n="\0").partition("\0")
        st.html(f'<p class="dh-hint">{esc(shown[0])}<b data-count>{n}</b>{esc(shown[2])}</p>')
    left, right = st.columns([2, 1])
    title = left.text_input(
        say("plan_f_title"),
        body["title"],
        max_chars=200,
        key=f"{key}/title",
        placeholder=given("title", record["title"] if record else ""),
    )
    date = right.text_input(
        say("plan_f_date"),
        body["date"],
        max_chars=60,
        key=f"{key}/date",
        placeholder=given("date", record["date"]["text"] if record else ""),
    )
    said: Json = {"title": title.strip(), "date": date.strip(), "label": label.strip()}
    if body["outside"]:
        first, last = st.columns(2)
        for column, name in ((first, "date_from"), (last, "date_to")):
            said[name] = column.text_input(
                say(f"plan_f_{name}"), body[name], placeholder="1948-01-01", key=f"{key}/{name}"
            ).strip()
    notes = st.text_area(say("plan_f_notes"), "\n".join(body["notes"]), height=68, key=f"{key}/notes")
    event = st.text_input(say("plan_f_event"), body["event"], max_chars=200, key=f"{key}/event")
    found = st.session_state[f"{key}/sources"]
    if found and record:
        st.html(sources(found, record["id"], say))
        if st.checkbox(say("plan_sources_drop"), key=f"{key}/drop"):
            found = []
    return said | {"notes": lines(notes), "event": event.strip(), "sources": found}


def _pages(body: Json, record: shapes.Record | None, key: str, compiled: bool, say: Words) -> Json:
    said: Json = {}
    if record is not None:
        numbers = [page["number"] for page in record["pages"] if page["has_image"]]
        options = sorted({*numbers, *body["pages"]})
        said["pages"] = st.multiselect(
            say("plan_f_pages"),
            options,
            body["pages"],
            format_func=lambda n: say("plan_on_page", n=n),
            key=f"{key}/pages",
        )
        quote = st.text_area(say("plan_f_quotation"), max_chars=400, height=90, key=f"{key}/quote")
        page = st.number_input(
            say("plan_f_quotation_page"),
            1,
            max(record["page_count"], st.session_state[f"{key}/quote_page"]),
            key=f"{key}/quote_page",
        )
        said["quotation"] = {"text": quote.strip(), "page": int(page)} if quote.strip() else None
    said["alt"] = st.text_input(say("plan_f_alt"), body["alt"], max_chars=200, key=f"{key}/alt").strip()
    left, right = st.columns(2)
    with left:
        said["is_map"] = yes_no("plan_f_is_map", body["is_map"], f"{key}/is_map", say)
    said["map_review"] = right.text_input(
        say("plan_f_map_review"), body["map_review"], max_chars=60, key=f"{key}/map_review"
    ).strip()
    if compiled and record is not None:
        said["transcribe"] = st.checkbox(
            say("plan_f_transcribe"), body["transcribe"], key=f"{key}/transcribe"
        )
    return said


def _rights(rights: Json, key: str, say: Words) -> Json:
    found = {
        name: one_of(f"plan_f_{name}", options, rights[name], f"plan_{name}", f"{key}/{name}", say)
        for name, options in (("copyright", COPYRIGHT), ("portrait", PORTRAIT), ("donor", DONOR))
    }
    said = st.text_input(say("plan_f_said"), rights["said"], max_chars=200, key=f"{key}/said")
    return {**found, "said": said.strip()}


def _original(now: Json, cases: Mapping[str, str], key: str, say: Words) -> Json:
    left, right = st.columns(2)
    with left:
        shown = one_of("plan_f_shown", SHOWN, now["shown"], "plan_shown", f"{key}/shown", say)
    with right:
        loanable = yes_no("plan_f_loanable", now["loanable"], f"{key}/loanable", say)
    sizes = {}
    for column, name in zip(st.columns(4), ("width", "height", "depth", "light"), strict=True):
        most = 2_000 if name == "light" else 100_000
        value = column.number_input(say(f"plan_f_{name}"), 1, most, now[name], key=f"{key}/{name}")
        sizes[name] = None if value is None else int(value)
    places = ["", *cases]
    at = places.index(now["case"]) if now["case"] in places else 0
    case = st.selectbox(
        say("plan_f_case"),
        places,
        at,
        format_func=lambda one: cases.get(one, say("plan_nowhere")),
        key=f"{key}/case",
    )
    return {"shown": shown, "loanable": loanable, **sizes, "case": case}


def _outside(now: Json, key: str, say: Words) -> Json:
    kind = one_of("plan_f_kind", OWNERS, now["kind"], "plan_kind", f"{key}/owner_kind", say)
    said = {
        name: st.text_input(say(f"plan_f_{name}"), now[name], max_chars=most, key=f"{key}/owner_{name}")
        for name, most in (("owner", 120), ("number", 60), ("agreement", 200))
    }
    return {"kind": kind, **{name: value.strip() for name, value in said.items()}}

"""The search page: the question, what was understood, what narrows it, what was found and why."""

from __future__ import annotations

import streamlit as st

from ui import histogram, shapes
from ui.cards import cards
from ui.client import ApiAway, ApiProblem
from ui.collecting import collect_form, collections_of
from ui.facets import column, filter_chips, understood_chips, years_form
from ui.frame import Desk, put, question_box
from ui.markup import esc, link
from ui.page_publish import overdue
from ui.projects_client import Projects
from ui.state import MODES, Mode, Search, browse_address, parse
from ui.texts import Words

SIZE = 20
_SORTS = ("relevance", "date", "date_desc", "reference_code")


def show(here: Desk) -> None:
    """The page."""
    search = parse(here.params)
    st.html(_box(search, here.say))
    if not search.asks:
        _welcome(here)
        return
    try:
        with st.spinner(here.say("working"), show_time=False):
            answer = here.api.search(search.asked(size=SIZE))
    except ApiProblem as problem:
        if not search.cursor or problem.status >= 500:
            raise
        first = link(search.but().href(), esc(here.say("page_first")))
        st.html(f'<div class="dh-notice" role="alert"><p>{esc(here.say("cursor_old"))}</p>{first}</div>')
        return
    st.session_state["last_search"] = search
    names = _names(here, search)
    put(
        understood_chips(search, answer["query"]["understood"], here.say)
        + filter_chips(search, answer["facets"], here.say, names)
        + _words_only(here, search, answer)
    )
    _reading(here)
    narrow, wide = st.columns([1, 3.1], gap="medium")
    with narrow, st.container(key="facets"):
        _facets(search, answer, here.say)
    with wide, st.container(key="results"):
        _results(here, search, answer)


def _waiting(here: Desk, status: shapes.Status) -> None:
    """What waits for whoever looks after it: records held for a secrecy mark, what is late to leave, or to be hidden,
    outside."""
    offices = here.offices()
    if "quarantine" in offices:
        n = sum(finding["state"] != "confirmed" for finding in here.api.quarantine())
        said = link("/quarantine", esc(here.say("held_title", n=n)), data_key="held")
        put(f'<p class="dh-notice is-alarm" role="status">{said}</p>' if n else "")
    if "publish" in offices:
        put(overdue(status["withdrawals"], "withdrawn", here.say))
        put(overdue(status["hidden"], "hidden", here.say))


def _box(search: Search, say: Words) -> str:
    keep = [p for p in search.but(plain=()).params() if p[0] not in ("q", "mode")]
    options = "".join(
        f'<option value="{mode if mode != "hybrid" else ""}"{" selected" if mode == search.mode else ""}>'
        f"{esc(say('mode_' + mode))}</option>"
        for mode in MODES
    )
    select = (
        f'<select name="mode" data-submit data-key="mode" aria-label="{esc(say("mode"))}">{options}</select>'
    )
    return question_box(say, search.q, keep=keep, after=select)


def _names(here: Desk, search: Search) -> dict[str, str]:
    """Titles of the places a search is held within; a closed one keeps its code."""
    ids = [*search.filters.get("within", ()), *search.filters.get("parent", ())]
    found = here.api.records(ids)
    return {id_: found[id_]["title"] if id_ in found else id_.rpartition(":")[2] for id_ in ids}


def _words_only(here: Desk, search: Search, answer: shapes.Answer) -> str:
    """Why meaning did not answer where it was asked; by date or code nobody asked it."""
    asked = search.q.strip() and search.mode != "words" and search.sort in ("", "relevance")
    fell_back = asked and answer["query"]["answered_by"] == "words"
    return _away(here.api.status(), here.say) if fell_back else ""


def _away(status: shapes.Status, say: Words) -> str:
    why = status["meaning_away"]
    return f'<p class="dh-tell" role="status">{esc(say(f"away_{why}"))}</p>' if why else ""


# ── the column ─────────────────────────────────────────────────────────────────


def _facets(search: Search, answer: shapes.Answer, say: Words) -> None:
    st.html(
        f'<button type="button" class="dh-act dh-fold" data-toggle="dh-facets-open" aria-expanded="false">'
        f"{esc(say('facets_show'))}</button>"
    )
    with st.container(key="folded"):
        if answer["years"]:
            hint = f'<small class="dh-hint">{esc(say("brush_hint"))}</small>'
            st.html(f'<h2 class="dh-h">{esc(say("years"))} {hint}</h2>')
        histogram.show(search, answer["years"], say)
        st.html(years_form(search, say, answer["undated"]) + column(search, answer["facets"], say))


# ── the results ────────────────────────────────────────────────────────────────


def _results(here: Desk, search: Search, answer: shapes.Answer) -> None:
    say = here.say
    if not answer["hits"]:
        st.html(_nothing(search, answer, say))
        return
    start = answer["hits"][0]["rank"]
    ticks = here.is_colleague()
    collect = collect_form(collections_of(Projects(here.api)), say) if ticks else ""
    st.html(
        _summary(search, answer, say)
        + collect
        + cards(answer["hits"], say, here.visitor, q=search.q, start=start, ticks=ticks)
        + _pager(search, answer, say)
    )


def _summary(search: Search, answer: shapes.Answer, say: Words) -> str:
    total = answer["total"]
    words = total["of"] == "words" and bool(search.q.strip())
    counted = say.counted("total_words" if words and search.mode == "hybrid" else "total", total["value"])
    only_meaning = any(
        hit["why"]["words_rank"] is None and hit["why"]["meaning_rank"] for hit in answer["hits"]
    )
    too = f" · {esc(say('by_meaning_too'))}" if words and only_meaning else ""
    took = esc(say("took", ms=round(answer["took_ms"])))
    options = []
    for sort in _SORTS:
        on = sort == (search.sort or ("relevance" if search.q.strip() else "reference_code"))
        href = search.but(sort=sort).href()
        current = {"aria_current": "true"} if on else {}
        options.append(link(href, esc(say(f"sort_{sort}")), "is-on" if on else "", data_stay="", **current))
    sorts = f'<span class="dh-sorts" role="group" aria-label="{esc(say("sort"))}">{"".join(options)}</span>'
    return (
        f'<div class="dh-summary"><p role="status"><strong>{esc(counted)}</strong>{too}'
        f" <small>{took}</small></p>{sorts}</div>"
    )


def _pager(search: Search, answer: shapes.Answer, say: Words) -> str:
    """Next goes by cursor; back is where this session came from, or the first page."""
    trail: dict[str, str] = st.session_state.setdefault("trail", {})
    following = answer["next"]
    parts = []
    if search.cursor:
        before = trail.get(search.cursor)
        label = say("page_previous") if before is not None else say("page_first")
        parts += [
            link(before or search.but().href(), esc(label)),
            f"<span>{esc(say('page_at', n=search.at))}</span>",
        ]
    if following:
        trail[following] = search.href()
        there = search.but(cursor=following, at=search.at + 1).href()
        parts.append(link(there, esc(say("page_next")), "dh-next", rel="next"))
    return f'<nav class="dh-pager">{"".join(parts)}</nav>' if parts else ""


def _nothing(search: Search, answer: shapes.Answer, say: Words) -> str:
    ways = [_way(search, loosen, say) for loosen in answer["loosen"]]
    listed = "".join(f"<li>{way}</li>" for way in ways if way)
    loosen = f'<p>{esc(say("loosen"))}</p><ul class="dh-ways">{listed}</ul>' if listed else ""
    meaning: Mode = "meaning"
    other = ""
    if search.mode == "words" and search.q.strip():
        other = link(search.but(mode=meaning).href(), esc(say("nothing_meaning")), "dh-act")
    return (
        f'<div class="dh-notice" role="status"><h2>{esc(say("nothing"))}</h2>{loosen}{other}'
        f"<p>{esc(say('nothing_tips'))} {link(browse_address(), esc(say('browse_fonds')))}</p></div>"
    )


def _way(search: Search, loosen: shapes.Loosen, say: Words) -> str:
    n = f"{loosen['total']:,}"
    param = loosen["param"]
    if loosen["chip"] is not None:
        chip = loosen["chip"]
        return link(search.read_plainly(chip).href(), esc(say("loosen_chip", what=chip, n=n)), "dh-act")
    if param == "years":
        return link(search.between(None, None).href(), esc(say("loosen_years", n=n)), "dh-act")
    if param == "exclude":
        return link(search.but(exclude=()).href(), esc(say("loosen_exclude", n=n)), "dh-act")
    # The API names a place in the holdings by its facet.
    name = "within" if param == "ancestors" else param
    if name is None or name not in search.filters:
        return ""
    what = "、".join(say.value(name, value, "") for value in search.filters[name])
    text = say("loosen_filter", name=say(f"facet_{name}"), what=what, n=n)
    return link(search.without(name).href(), esc(text), "dh-act")


# ── before anything is asked ───────────────────────────────────────────────────


def _welcome(here: Desk) -> None:
    say = here.say
    status = here.api.status()
    _waiting(here, status)
    examples = "".join(
        f"<li>{link(Search(q=question).href(), esc(question))}</li>"
        for question in status["example_questions"]
    )
    listed = (
        f'<h2 class="dh-h">{esc(say("examples"))}</h2><ul class="dh-examples">{examples}</ul>'
        if examples
        else ""
    )
    holdings = say("holdings_open", n=f"{status['documents']:,}")
    holds = f"{esc(status['archive'])} · {esc(holdings)}"
    st.html(
        f'<section class="dh-welcome"><h1>{esc(say("welcome"))}</h1><p class="dh-meta">{holds} · '
        f"{link(browse_address(), esc(say('browse_fonds')))}</p>{listed}</section>" + _away(status, say)
    )
    _reading(here, status)


def _reading(here: Desk, status: shapes.Status | None = None) -> None:
    """How far the scans are read, for those the API tells; renewed while it goes on."""
    if here.visitor.key is None and status is None:
        return
    reading = (status or here.api.status())["reading"]
    if not reading or not reading["waiting"]:
        return

    @st.fragment(run_every=4.0)
    def strip() -> None:
        try:
            now = here.api.status()["reading"] or reading
        except (ApiAway, ApiProblem):  # the page itself will say so when it is next asked for anything
            return
        done, failed = now["read"], now["failed"]
        everything = done + failed + now["waiting"]
        text = here.say("reading", read=f"{done:,}", all=f"{everything:,}")
        text += f" {here.say('reading_failed', n=failed)}" if failed else ""
        st.progress((done + failed) / max(1, everything), text=text)

    strip()

"""One record: its scan with the matches drawn on it, the text beside it, its description, its neighbours."""

from __future__ import annotations

import streamlit as st

from ui import shapes
from ui.cards import badge, cards, date_text, dotted, keep_button
from ui.collecting import collect_form, collections_of
from ui.forming import form_view
from ui.frame import Desk, put, question_box
from ui.leaf import Leaf, leaf_of, scan, text_view
from ui.markup import esc, link
from ui.page_browse import breadcrumbs
from ui.page_offer import offer_address
from ui.projects_client import Projects, project_address
from ui.public_client import Public
from ui.redacting import redact_view
from ui.state import Search, address, browse_address, record_address
from ui.texts import Words

VIEWS = ("text", "fields", "similar", "cite", "redact", "form")
#: Of them those for staff alone.
_STAFFS = frozenset({"redact", "form"})
#: Thumbnails shown on each side of the page that is open.
AROUND = 12


def show(here: Desk) -> None:
    """The page."""
    say, record_id, q = here.say, here.param("id"), here.param("q").strip()
    if not record_id:
        st.html(f'<p class="dh-notice">{esc(say("which_record"))}</p>')
        return
    seen: set[str] = st.session_state.setdefault("visited", set())
    record = here.api.record(record_id, visit=record_id not in seen)
    seen.add(record_id)
    matches = {m["page"]: m for m in here.api.matches(record_id, q)} if q and record["pages"] else {}
    leaf = leaf_of(here, record, matches, q)
    view = here.param("view") if here.param("view") in VIEWS else "text" if leaf else "fields"
    st.html(_top(here, record, leaf, q) + _tabs(here, record, leaf, view, q))
    if leaf is None:
        _side(here, record, None, view)
        return
    left, right = st.columns([1.25, 1], gap="medium")
    with left, st.container(key="scan"):
        st.html(_turning(record, leaf, view, say))
        drawn = scan(here, record, leaf, draw=view == "redact")
        put(_strip(record, leaf, matches, view, say) + _finder(record, leaf, matches, view, say))
    with right, st.container(key="side"):
        if view == "redact":
            redact_view(here, record, leaf, drawn)
        else:
            _side(here, record, leaf, view)


# ── the head ───────────────────────────────────────────────────────────────────


def _top(here: Desk, record: shapes.Record, leaf: Leaf | None, q: str) -> str:
    say = here.say
    back = link(_results(q), esc(say("back_to_results")), "dh-act") if q else ""
    wrong = link(
        offer_address(record["id"], leaf.number if leaf else 0),
        esc(say("offer_correct")),
        "dh-act",
        data_key="offer-correct",
    )
    if record["level"] != "file":
        back += link(browse_address(record["id"]), esc(say("browse_inside")), "dh-act")
    beside = ""
    for name in ("previous", "next"):
        neighbour = record["previous"] if name == "previous" else record["next"]
        if neighbour:
            arrow = (
                f"← {esc(say('record_previous'))}" if name == "previous" else f"{esc(say('record_next'))} →"
            )
            beside += link(record_address(neighbour), arrow, f"dh-act dh-{name}", data_key=f"record-{name}")
    creators = [field["value"] for field in record["fields"] if field["name"] == "creators"]
    names = "、".join(creators[0]) if creators and isinstance(creators[0], list) else ""
    meta = [date_text(record["date"], say), esc(names), badge(record["access_status"], say)]
    return (
        f"{breadcrumbs(record['ancestors'], say)}"
        f'<div class="dh-top"><h1 class="dh-where">{esc(record["title"])} '
        f"<code>{esc(record['reference_code'])}</code></h1>"
        f'<p class="dh-meta">{dotted(meta)}</p>'
        f'<p class="dh-row">{back}{keep_button(record["id"], say, here.visitor)}{wrong}{beside}</p>'
        f"{_collections(here, record['id']) if here.is_colleague() else ''}</div>"
    )


def _collections(here: Desk, record_id: str) -> str:
    """Which of the visitor's projects hold it, and a form that puts it into one."""
    say, projects = here.say, Projects(here.api)
    held = {one["project_id"]: one for one in projects.holding(record_id)}
    places = [
        link(there, esc(one["project"]), data_key=f"in-{number}")
        for number, one in held.items()
        if (there := project_address(one["project_kind"], number, part=one["part"]["id"]))
    ]
    said = f'<span class="dh-meta">{esc(say("collect_in"))} {dotted(places)}</span>' if places else ""
    free = [one for one in collections_of(projects) if one["id"] not in held]
    return f'<div class="dh-row">{said}{collect_form(free, say, record_id=record_id)}</div>'


def _results(q: str) -> str:
    """The search this record was found by, filters and all; after a reload its words."""
    last: Search = st.session_state.get("last_search", Search())
    return last.href() if last.q == q else Search(q=q).href()


def _tabs(here: Desk, record: shapes.Record, leaf: Leaf | None, view: str, q: str) -> str:
    say, tabs = here.say, []
    for name in VIEWS:
        if (name in ("text", "redact") and leaf is None) or (name in _STAFFS and not here.is_staff()):
            continue
        there = record_address(record["id"], page=leaf.number if leaf else None, q=q, view=name)
        current = {"aria_current": "true"} if name == view else {}
        cls = "is-on" if name == view else ""
        tabs.append(
            link(there, esc(say(f"view_{name}")), cls, data_stay="", data_key=f"view-{name}", **current)
        )
    return f'<nav class="dh-tabs">{"".join(tabs)}</nav>'


# ── around the scan ────────────────────────────────────────────────────────────


def _leaf_address(record: shapes.Record, leaf: Leaf, view: str, number: int) -> str:
    return record_address(record["id"], page=number, q=leaf.q, view=view if view != "text" else "")


def _turning(record: shapes.Record, leaf: Leaf, view: str, say: Words) -> str:
    """Page before, page after."""
    numbers = [page["number"] for page in record["pages"]]
    at = numbers.index(leaf.number)
    steps = [f'<span class="dh-leaf">{esc(say("leaf_of", n=leaf.number, all=len(numbers)))}</span>']
    if at > 0:
        there = _leaf_address(record, leaf, view, numbers[at - 1])
        text = f"‹ {esc(say('leaf_previous'))}"
        steps.insert(0, link(there, text, "dh-act", data_stay="", data_key="leaf-previous"))
    if at + 1 < len(numbers):
        there = _leaf_address(record, leaf, view, numbers[at + 1])
        text = f"{esc(say('leaf_next'))} ›"
        steps.append(link(there, text, "dh-act", data_stay="", data_key="leaf-next"))
    return f'<p class="dh-row dh-turning">{"".join(steps)}</p>'


def _strip(
    record: shapes.Record, leaf: Leaf, matches: dict[int, shapes.PageMatches], view: str, say: Words
) -> str:
    """Thumbnails of the pages around this one."""
    pages = record["pages"]
    if len(pages) < 2:
        return ""
    at = next(n for n, page in enumerate(pages) if page["number"] == leaf.number)
    around = pages[max(0, at - AROUND) : at + AROUND + 1]
    items = []
    for page in around:
        number = page["number"]
        picture = (
            f'<img src="{esc("/x/api" + page["thumbnail"])}" alt="" loading="lazy">'
            if page["thumbnail"]
            else ""
        )
        count = len(matches[number]["marks"]) if number in matches else 0
        dot = f'<b title="{esc(say("leaf_matches", n=count))}">{count}</b>' if count else ""
        current = {"aria_current": "page"} if number == leaf.number else {}
        there = _leaf_address(record, leaf, view, number)
        inner = f"{picture}<span>{number}</span>{dot}"
        items.append(link(there, inner, "", data_stay="", aria_label=say("on_page", n=number), **current))
    return f'<nav class="dh-strip" aria-label="{esc(say("leaves"))}">{"".join(items)}</nav>'


def _finder(
    record: shapes.Record, leaf: Leaf, matches: dict[int, shapes.PageMatches], view: str, say: Words
) -> str:
    """Find words in this record, and where they are."""
    keep = [("id", record["id"]), *([("view", view)] if view != "text" else [])]
    box = question_box(say, leaf.q, action="/record", keep=keep, label=say("find_in"), button=say("find"))
    if not leaf.q:
        return box
    if not matches:
        return f'{box}<p class="dh-hint">{esc(say("no_matches"))}</p>'
    places = [
        link(_leaf_address(record, leaf, view, number), esc(say("on_page", n=number)), data_stay="")
        for number in sorted(matches)[:40]
    ]
    return f'{box}<p class="dh-meta">{esc(say("matches_on"))} {" ".join(places)}</p>'


# ── beside the scan ────────────────────────────────────────────────────────────


def _side(here: Desk, record: shapes.Record, leaf: Leaf | None, view: str) -> None:
    say = here.say
    match view:
        case "text" if leaf is not None:
            text_view(here, record, leaf)
        case "similar":
            found = here.api.similar(record["id"])
            lead = say("similar_by_meaning" if found["by"] == "meaning" else "similar_by_words")
            if found["hits"]:
                listed = cards(found["hits"], say, here.visitor, why=False)
                st.html(f'<p class="dh-hint">{esc(lead)}</p><div class="dh-small">{listed}</div>')
            else:
                st.html(f'<p class="dh-notice">{esc(say("similar_none"))}</p>')
        case "cite":
            _cite(here, record, leaf)
        case "form" if here.is_staff():
            form_view(here, record)
        case _:
            st.html(fields(record, say) + _corrections(here, record))


def fields(record: shapes.Record, say: Words) -> str:
    """The description, in the standard's order; attachments; for staff what no field takes."""
    rows = []
    for field in record["fields"]:
        value = field["value"]
        shown = esc(value) if isinstance(value, str) else "".join(f"<span>{esc(v)}</span>" for v in value)
        if field["name"] in ("creators", "persons", "places", "keywords") and not isinstance(value, str):
            shown = " ".join(link(Search(filters={field["name"]: (v,)}).href(), esc(v)) for v in value)
        if field["name"] == "access_status":
            shown = badge(record["access_status"], say)
        name = field["term"] if say.language == "zh" else field["label_en"]
        rows.append(f'<dt>{esc(name)}</dt><dd data-field="{esc(field["name"])}">{shown}</dd>')
    out = f'<dl class="dh-fields">{"".join(rows)}</dl>'
    if record["extra"]:
        more = "".join(f"<dt>{esc(k)}</dt><dd>{esc(v)}</dd>" for k, v in record["extra"].items())
        out += f'<h2 class="dh-h">{esc(say("extra"))}</h2><dl class="dh-fields">{more}</dl>'
    if record["flags"]:
        out += f'<p class="dh-hint">{esc(say("flags"))}：{esc("、".join(record["flags"]))}</p>'
    return out + _attachments(record, say)


def _attachments(record: shapes.Record, say: Words) -> str:
    items = []
    for attachment in record["attachments"]:
        size = f"{max(1, attachment['size'] // 1024):,} KB"
        text = f"<details><summary>{esc(say('view_text'))}</summary><pre>{esc(attachment['text'])}</pre></details>"
        items.append(
            f'<li><a href="{esc("/x/api" + attachment["url"])}" download>{esc(attachment["name"])}</a> '
            f"<small>{esc(size)}</small>{text if attachment['text'] else ''}</li>"
        )
    if not items:
        return ""
    return f'<h2 class="dh-h">{esc(say("attachments"))}</h2><ul class="dh-attachments">{"".join(items)}</ul>'


def _corrections(here: Desk, record: shapes.Record) -> str:
    """Staff's notes that came from outside: corrections that were accepted."""
    if "offers" not in here.offices():
        return ""
    asked = [("record", record["id"]), ("state", "accepted")]
    items = "".join(
        f"<li>{link(address('/offers', [('id', str(one['id']))]), esc(one['changed_at'][:10]))} "
        f"{esc(one['what'])} {esc(one['steps'][-1]['words'])}</li>"
        for one in Public(here.api).offers(asked)["offers"]
    )
    if not items:
        return ""
    title = esc(here.say("offers_record_notes"))
    return f'<h2 class="dh-h">{title}</h2><ul class="dh-plainlist" data-key="corrections">{items}</ul>'


def _cite(here: Desk, record: shapes.Record, leaf: Leaf | None) -> None:
    say = here.say
    page = leaf.number if leaf and here.param("page") else None
    text = here.api.citation(record["id"], "gbt7714", page)
    ris = here.api.citation(record["id"], "ris", page)
    at = [("id", record["id"]), ("page", str(page) if page else "")]
    downloads = "".join(
        f'<a class="dh-act" href="{esc(address(f"/x/cite/{form}", at))}" download>{esc(say(f"download_{form}"))}</a>'
        for form in ("ris", "bibtex")
    )
    st.html(
        f'<h2 class="dh-h">GB/T 7714</h2><p class="dh-citation" id="dh-citation">{esc(text)}</p>'
        f'<p class="dh-row"><button type="button" class="dh-act" data-copy="dh-citation">{esc(say("copy"))}</button>'
        f'{downloads}</p><h2 class="dh-h">RIS</h2><pre class="dh-citation">{esc(ris)}</pre>'
    )

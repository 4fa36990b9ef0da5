"""Themes of a set of records: found off the request, shown on a map that a person pans, zooms and lassos."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import streamlit as st

from ui import theme_charts
from ui.cards import date_text, dotted
from ui.curation_client import Curation, Json
from ui.frame import Desk
from ui.markup import esc, link
from ui.plan_adding import plans_from
from ui.state import address, record_address
from ui.telling import attempt

#: Records listed of what was chosen, and put into a series at once.
LISTED, AT_ONCE = 200, 500
#: How often a choice on the map was put away.
_CLEARED = "themes_cleared"


def show(here: Desk) -> None:
    """The page."""
    say, curation = here.say, Curation(here.api)
    st.html(
        f'<div class="dh-top"><h1 class="dh-where">{esc(say("nav_themes"))}</h1>'
        f'<p class="dh-hint">{esc(say("themes_hint"))}</p></div>'
    )
    _ask(here, curation)
    if run_id := here.param("run"):
        found = curation.themes(run_id)
        if found["run"]["state"] in ("waiting", "running"):
            _progress(here, curation, run_id)
        elif found["run"]["state"] != "done":
            why = say("themes_failed", why=found["run"]["problem"])
            st.html(f'<p class="dh-notice" role="alert">{esc(why)}</p>')
        else:
            _found(here, curation, found)


def _ask(here: Desk, curation: Curation) -> None:
    say = here.say
    with st.form("themes"):
        one, two, three, four, five = st.columns([3, 1, 1, 1, 1.4])
        q = one.text_input(say("themes_q"), here.param("q"), max_chars=1000)
        fonds = two.text_input(say("themes_fonds"), here.param("fonds"), max_chars=64)
        low = three.number_input(say("year_from"), 1, 9999, None, step=1)
        high = four.number_input(say("year_to"), 1, 9999, None, step=1)
        since = five.date_input(say("themes_since"), None, max_value=date.today())
        fineness = st.radio(
            say("themes_fineness"),
            ("coarse", "medium", "fine"),
            index=1,
            format_func=lambda name: say(f"themes_{name}"),
            horizontal=True,
        )
        if st.form_submit_button(say("themes_find"), type="primary"):
            wanted: Json = {"q": q, "fineness": fineness, "fonds": [fonds.strip()] if fonds.strip() else []}
            wanted |= {"year_from": low, "year_to": high, "since": since.isoformat() if since else None}
            st.query_params.from_dict({"run": curation.discover(wanted)})
            st.rerun()
    runs = [run for run in curation.runs() if run["state"] == "done"]
    if runs:
        links = (link(f"/themes?run={run['id']}", esc(_told(run, here))) for run in runs)
        st.html(f'<p class="dh-hint">{esc(say("themes_before"))}：{dotted(list(links))}</p>')


def _told(run: Json, here: Desk) -> str:
    """What a run was asked, in a few words."""
    wanted = run["wanted"]
    years = "–".join(str(wanted[name] or "") for name in ("year_from", "year_to")).strip("–")
    said = [wanted["q"], *wanted["fonds"], years, wanted["since"] or ""]
    return " ".join(part for part in said if part) or here.say("themes_all")


def _progress(here: Desk, curation: Curation, run_id: str) -> None:
    say = here.say

    @st.fragment(run_every=1.0)
    def watch() -> None:
        run = curation.themes(run_id)["run"]
        if run["state"] not in ("waiting", "running"):
            st.rerun()
        st.progress(run["share"], say(f"themes_step_{run['step'] or 'waiting'}"))

    watch()


def _found(here: Desk, curation: Curation, found: Json) -> None:
    say = here.say
    if not found["taken"]:
        st.html(f'<p class="dh-notice">{esc(say("themes_nothing"))}</p>')
        return
    points = curation.points(found["run"]["id"])
    said = [say("themes_of", n=f"{found['taken']:,}", k=len(found["themes"]))]
    if found["total"] > found["taken"] + found["unplaced"]:
        said.append(say("themes_sampled", total=f"{found['total']:,}", n=f"{found['taken']:,}"))
    said += [say("themes_unplaced", n=f"{found['unplaced']:,}")] if found["unplaced"] else []
    said += [say("themes_loose", n=f"{found['none']:,}")] if found["none"] else []
    said += [say("themes_by_meaning")] if found["by"] == "meaning" else []
    said += [say("themes_drawn", n=f"{points['drawn']:,}")] if points["drawn"] < points["taken"] else []
    st.html(f'<p class="dh-hint" data-key="themes-told">{esc("；".join(said))}</p>')
    a_map, in_time, places, rare = st.tabs(
        [say("themes_map"), say("themes_time"), say("themes_places"), say("themes_rare")]
    )
    with a_map:
        _map(here, curation, found, points)
    with in_time:
        st.altair_chart(theme_charts.timeline(found["themes"], say), width="stretch")
    with places:
        st.html(f'<p class="dh-hint">{esc(say("themes_places_hint"))}</p>')
        if points["places"]:
            st.altair_chart(theme_charts.places(points["places"], say), width="content")
        else:
            st.html(f'<p class="dh-notice">{esc(say("themes_no_places"))}</p>')
    with rare:
        _rare(here, found["rare"])


# ── the map ────────────────────────────────────────────────────────────────────


def _map(here: Desk, curation: Curation, found: Json, points: Json) -> None:
    say = here.say
    left, right = st.columns([1.6, 1], gap="large")
    with left:
        st.html(f'<p class="dh-hint">{esc(say("themes_map_hint"))}</p>')
        chosen = st.plotly_chart(
            theme_charts.scatter(found["themes"], points["points"], say),
            key=f"map_{found['run']['id']}_{st.session_state.get(_CLEARED, 0)}",
            on_select="rerun",
            selection_mode=["lasso", "box"],
            config=theme_charts.CONFIG,
            width="stretch",
        )
    lassoed = {point["customdata"][0] for point in chosen["selection"]["points"]}
    asked = here.param("theme")
    some = [p for p in points["points"] if (p["id"] in lassoed if lassoed else str(p["theme"]) == asked)]
    with right:
        if some:
            _chosen(here, curation, found, some, told="themes_chosen" if lassoed else "themes_picked")
        else:
            st.html("".join(_theme(theme, found["run"]["id"], here) for theme in found["themes"]))


def _chosen(here: Desk, curation: Curation, found: Json, some: list[Json], *, told: str) -> None:
    """Records that were lassoed, or those of a theme, and their way into a series."""
    say = here.say
    rows = "".join(f"<li>{link(record_address(p['id']), esc(p['title']))}</li>" for p in some[:LISTED])
    more = f'<p class="dh-hint">{esc(say("themes_more", n=len(some) - LISTED))}</p>' if some[LISTED:] else ""
    if st.button(f"← {say('themes_every')}", key="every_theme"):
        # Another map: nothing is lassoed on it.
        st.session_state[_CLEARED] = st.session_state.get(_CLEARED, 0) + 1
        st.query_params.from_dict({"run": found["run"]["id"]})
        st.rerun()
    st.html(f'<h2 class="dh-h" data-key="chosen">{esc(say(told, n=len(some)))}</h2>')
    _put(here, curation, found, some)
    st.html(f'<ul class="dh-plainlist">{rows}</ul>{more}')


def _put(here: Desk, curation: Curation, found: Json, some: list[Json]) -> None:
    """Into a series: a new one unless the person chooses another, for what is accepted teaches it."""
    say = here.say
    series = {one["id"]: one["name"] for one in curation.series()}
    most = Counter(point["theme"] for point in some).most_common(1)[0][0]
    words: list[str] = next((t["words"][:4] for t in found["themes"] if t["number"] == most), [])
    into = st.selectbox(
        say("themes_into"), [0, *series], format_func=lambda number: series.get(number) or say("themes_new")
    )
    name = ""
    if not into:
        name = st.text_input(say("series_name"), "、".join(words[:3]), max_chars=120).strip()
    if not st.button(say("themes_put"), type="primary"):
        return
    if not (into or name):
        st.error(say("project_need_name"))
        return

    def put() -> int:
        # The words stay as its first question, so that it goes on proposing.
        body = {"name": name, "about": "", "questions": [" ".join(words)] if words else [], "excluded": []}
        number: int = into or curation.save(None, body)["id"]
        curation.choose(number, [point["id"] for point in some[:AT_ONCE]], "accepted")
        return number

    number = attempt(put)
    if number is None:
        return
    links = [
        link(address("/series", [("id", str(number))]), esc(say("themes_see")), data_key="put-series"),
        link(plans_from("series", number), esc(say("plans_make")), "dh-act", data_key="put-plan"),
    ]
    said = say("themes_put_done", name=series.get(number, name), n=min(AT_ONCE, len(some)))
    st.html(f'<p class="dh-notice" role="status">{esc(said)} {" ".join(links)}</p>')


def _theme(theme: Json, run_id: str, here: Desk) -> str:
    years = f"{theme['first']}–{theme['last']}" if theme["first"] else ""
    places = "、".join(place["name"] for place in theme["places"][:4])
    rows = "".join(
        f"<li>{link(record_address(one['id']), esc(one['title']))} "
        f'<span class="dh-meta">{date_text(one["date"], here.say)}</span></li>'
        for one in theme["core"]
    )
    number = theme["number"]
    colour = theme_charts.colour(number)
    pick = link(
        address("/themes", [("run", run_id), ("theme", str(number))]),
        esc(here.say("themes_pick")),
        "dh-act",
        data_stay="",
        data_key=f"pick-{number}",
    )
    return (
        f'<details class="dh-theme" data-key="theme-{number}"><summary>'
        f'<span style="color:{colour}">●</span> <strong>{esc("、".join(theme["words"][:4]))}</strong> '
        f'<span class="dh-meta">{dotted([str(theme["size"]), esc(years), esc(places)])}</span></summary>'
        f'<ul class="dh-plainlist">{rows}</ul>{pick}</details>'
    )


def _rare(here: Desk, found: list[Any]) -> None:
    say = here.say
    st.html(f'<p class="dh-hint">{esc(say("themes_rare_hint"))}</p>')
    if not found:
        st.html(f'<p class="dh-notice">{esc(say("themes_none_rare"))}</p>')
    rows = []
    for one in found:
        record = one["record"]
        thumbnail = f"/x/api/v1/records/{record['id']}/pages/1/thumbnail"
        told = [
            date_text(record["date"], say),
            esc(record["genre"]),
            esc(say("themes_alike", n=one["alike"])),
            esc(say("themes_pixels", n=one["pixels"])),
        ]
        rows.append(
            f'<li class="dh-rare"><img src="{esc(thumbnail)}" alt="" loading="lazy" height="96"> '
            f"{link(record_address(record['id']), esc(record['title']))} "
            f'<code>{esc(record["reference_code"])}</code><p class="dh-meta">{dotted(told)}</p></li>'
        )
    st.html(f'<ul class="dh-tree">{"".join(rows)}</ul>')

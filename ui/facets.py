"""The facet column and the chips: what narrows a search, and how to undo it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ui import shapes
from ui.markup import esc, hidden, link
from ui.state import FACETS, Search
from ui.texts import Words

#: Values shown of a facet before the rest is folded away.
SHOWN = 7
#: Facets that stand open from the start; the others open by a click, or where one of their values is chosen.
OPEN = frozenset({"fonds", "genre", "creators", "places", "access_status"})

#: Other spellings named on a chip; the rest stand in its tooltip.
ALSO = 3

Facets = Mapping[str, Sequence[shapes.FacetValue]]


def column(search: Search, facets: Facets, say: Words) -> str:
    """All facets with their counts."""
    groups = [_group(search, name, facets.get(name, ()), say) for name in FACETS]
    return f'<div class="dh-facets">{"".join(groups)}</div>'


def _group(search: Search, name: str, values: Sequence[shapes.FacetValue], say: Words) -> str:
    chosen = search.filters.get(name, ())
    missing: list[shapes.FacetValue] = [
        {"value": value, "label": "", "count": 0}
        for value in chosen
        if value not in {v["value"] for v in values}
    ]
    ordered = [*missing, *sorted(values, key=lambda v: v["value"] not in chosen)]
    if not ordered or (name in ("level", "has_scan") and len(ordered) < 2 and not chosen):
        return ""
    first = max(SHOWN, len(chosen))
    head = "".join(_value(search, name, value, say) for value in ordered[:first])
    rest = "".join(_value(search, name, value, say) for value in ordered[first:])
    if rest:
        more = esc(say("more_values", n=len(ordered) - first))
        rest = f"<details><summary>{more}</summary><ul>{rest}</ul></details>"
    is_open = " open" if name in OPEN or chosen else ""
    return (
        f'<details class="dh-facet" data-facet="{esc(name)}"{is_open}>'
        f"<summary>{esc(say('facet_' + name))}</summary><ul>{head}</ul>{rest}</details>"
    )


def _value(search: Search, name: str, value: shapes.FacetValue, say: Words) -> str:
    on = value["value"] in search.filters.get(name, ())
    out = (name, value["value"]) in search.exclude
    label = say.value(name, value["value"], value["label"])
    inner = (
        f'<span class="dh-box" aria-hidden="true"></span><span class="dh-label">{esc(label)}</span>'
        f'<span class="dh-n">{value["count"]:,}</span>'
    )
    choose = link(
        search.toggled(name, value["value"]).href(),
        inner,
        "is-on" if on else "",
        role="checkbox",
        aria_checked="true" if on else "false",
        data_key=f"facet-{name}-{value['value']}",
        data_stay="",
    )
    leave_out = link(
        search.excluding(name, value["value"]).href(),
        "−",
        "dh-not is-on" if out else "dh-not",
        title=say("leave_out"),
        aria_label=f"{say('leave_out')} {label}",
        data_stay="",
    )
    return f"<li>{choose}{leave_out}</li>"


def years_form(search: Search, say: Words, undated: int) -> str:
    """The years as two numbers, for hands without a mouse, and the undated bucket."""
    rest = search.between(None, None)
    first = esc(search.year_from or "")
    last = esc(search.year_to or "")
    box = 'type="number" min="1" max="9999" inputmode="numeric"'
    form = (
        f'<form class="dh-go dh-years" action="/">{hidden(rest.params())}'
        f'<input {box} name="year_from" value="{first}" aria-label="{esc(say("year_from"))}" placeholder="{esc(say("year_from"))}">'
        "<span>–</span>"
        f'<input {box} name="year_to" value="{last}" aria-label="{esc(say("year_to"))}" placeholder="{esc(say("year_to"))}">'
        f'<button class="dh-act" type="submit">{esc(say("apply"))}</button></form>'
    )
    only = search.but(undated=not search.undated, year_from=None, year_to=None)
    bucket = ""
    if undated or search.undated:
        inner = (
            f'<span class="dh-box" aria-hidden="true"></span><span class="dh-label">{esc(say("undated"))}</span>'
            f'<span class="dh-n">{undated:,}</span>'
        )
        on = "true" if search.undated else "false"
        bucket = link(
            only.href(),
            inner,
            "dh-undated",
            role="checkbox",
            aria_checked=on,
            data_key="undated",
            data_stay="",
        )
    return form + bucket


# ── chips ──────────────────────────────────────────────────────────────────────


def understood_chips(search: Search, chips: Sequence[shapes.Chip], say: Words) -> str:
    """What was understood, each with × to have it read as mere words; and those read so, to be undone."""
    shown = [
        _chip(
            say(f"chip_{chip['kind']}"),
            chip_text(chip),
            search.read_plainly(chip["text"]).href(),
            say("remove", what=chip["text"]),
            about="、".join(chip["also"]),
        )
        for chip in chips
    ]
    again = [
        _chip(
            say("plainly"),
            text,
            search.understood_again(text).href(),
            say("restore", what=text),
            "is-plain",
            "↺",
        )
        for text in search.plain
    ]
    if not shown and not again:
        return ""
    return f'<p class="dh-chips"><span class="dh-lead">{esc(say("understood"))}</span>{"".join(shown + again)}</p>'


def chip_text(chip: shapes.Chip) -> str:
    """A chip's text: what was written, and what it was taken for where that says more."""
    if chip["kind"] == "date":
        first, last = _day(chip["first"], first=True), _day(chip["last"], first=False)
        covers = f"≥{first}" if first and not last else f"≤{last}" if last and not first else ""
        covers = covers or (first if first == last else f"{first}–{last}")
        return chip["text"] if covers == chip["text"] else f"{chip['text']}（{covers}）"
    text, also = chip["label"] or chip["text"], chip["also"]
    if not also:
        return text
    return f"{text}（{'、'.join(also[:ALSO])}{'…' if len(also) > ALSO else ''}）"


def _day(day: str | None, *, first: bool) -> str:
    """A day as short as it may be said: whole years as years."""
    if day is None:
        return ""
    edge = "-01-01" if first else "-12-31"
    return day.removesuffix(edge)


def filter_chips(search: Search, facets: Facets, say: Words, names: Mapping[str, str]) -> str:
    """Every filter in force, each removable. names: labels for values no facet carries (within, parent)."""
    out = []
    for name, values in search.filters.items():
        labels = {v["value"]: v["label"] for v in facets.get(name, ())}
        for value in values:
            label = say.value(name, value, names.get(value) or labels.get(value, ""))
            out.append(_removable(say(f"facet_{name}"), label, search.toggled(name, value), say))
    for name, value in search.exclude:
        labels = {v["value"]: v["label"] for v in facets.get(name, ())}
        label = say.value(name, value, labels.get(value, ""))
        lead = f"{say('excluded')} {say('facet_' + name)}"
        out.append(_removable(lead, label, search.excluding(name, value), say, "is-not"))
    years = years_text(search, say)
    if years:
        out.append(_removable(say("years"), years, search.between(None, None), say))
    if not out:
        return ""
    clear = link(search.cleared().href(), esc(say("clear_filters")), "dh-clear")
    return (
        f'<p class="dh-chips"><span class="dh-lead">{esc(say("filters_on"))}</span>{"".join(out)}{clear}</p>'
    )


def years_text(search: Search, say: Words) -> str:
    """The years in force; '' when there are none."""
    if search.undated:
        return say("undated")
    first, last = search.year_from, search.year_to
    if first and last:
        return say("years_between", first=first, last=last)
    return say("years_from", first=first) if first else say("years_to", last=last) if last else ""


def _removable(lead: str, text: str, without: Search, say: Words, cls: str = "") -> str:
    return _chip(lead, text, without.href(), say("remove", what=text), cls)


def _chip(
    lead: str, text: str, href: str, title: str, cls: str = "", sign: str = "×", *, about: str = ""
) -> str:
    undo = link(href, sign, "dh-x", title=title, aria_label=title)
    hint = f' title="{esc(about)}"' if about else ""
    return f'<span class="dh-chip {cls}"{hint}><small>{esc(lead)}</small> {esc(text)}{undo}</span>'

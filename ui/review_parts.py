"""What a review of one record rests on: what the machine saw, marked; what was said, and what is like it. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ui import shapes
from ui.cards import badge
from ui.markup import esc, link
from ui.state import record_address
from ui.texts import Words

#: The address of a page of the record, within the view that is open.
ToPage = Callable[[int], str]


def step_name(step: str, say: Words) -> str:
    """初审, 复审, 终审, 单位意见 …"""
    return say("review_unit_step" if step == "unit" else f"review_{step}")


def marks(item: dict[str, Any]) -> dict[int, shapes.PageMatches]:
    """What was seen, as matches on the scan and in the text: page → marks and boxes."""
    found: dict[int, shapes.PageMatches] = {}
    for seen in item["first_opinion"]["seen"]:
        if seen["page"]:
            at = found.setdefault(seen["page"], {"page": seen["page"], "marks": [], "boxes": []})
            at["marks"].append([seen["start"], seen["end"]])
            at["boxes"] += seen["boxes"]
    return found


def turning(
    record: shapes.Record, number: int, matches: dict[int, shapes.PageMatches], to_page: ToPage
) -> str:
    """The pages, those with something seen marked."""
    if len(record["pages"]) < 2:
        return ""
    links = []
    for page in record["pages"]:
        n = page["number"]
        seen = len(matches[n]["marks"]) if n in matches else 0
        text = f"{n}{f' ●{seen}' if seen else ''}"
        links.append(link(to_page(n), esc(text), f"dh-act{' is-on' if n == number else ''}", data_stay=""))
    return f'<p class="dh-row">{"".join(links)}</p>'


def suggested(status: str, say: Words) -> str:
    """The machine's suggestion; where it has none, that a person is to look."""
    plain = status in ("", "未审核")
    return f'<span class="dh-hint">{esc(say("batch_look"))}</span>' if plain else badge(status, say)


def machine(item: dict[str, Any], to_page: ToPage, say: Words) -> str:
    """The first opinion: what it suggests, why, what it saw and where, and the nearest earlier decisions."""
    first = item["first_opinion"]
    why = "".join(f"<li>{esc(one)}</li>" for one in first["why"])
    seen = (
        "".join(_seen(one, to_page, say) for one in first["seen"])
        or f"<li>{esc(say('review_saw_nothing'))}</li>"
    )
    near = "".join(
        f"<li>{badge(p['status'], say)} {link(record_address(p['record_id']), esc(p['title']))} "
        f'<span class="dh-hint">{esc(p["words"] or "、".join(p["reasons"]))}</span></li>'
        for p in first["precedents"]
    )
    near = near or f'<li class="dh-hint">{esc(first["nearest_away"] or say("review_no_near"))}</li>'
    return (
        f'<h2 class="dh-h">{esc(say("review_machine"))} {suggested(first["suggests"], say)} '
        f'<small>{esc(say("review_machine_hint"))}</small></h2><ul class="dh-plainlist">{why}</ul>'
        f'<h3 class="dh-h">{esc(say("review_saw"))}</h3><ul class="dh-plainlist">{seen}</ul>'
        f'<h3 class="dh-h">{esc(say("review_near"))}</h3><ul class="dh-plainlist">{near}</ul>'
    )


def _seen(one: dict[str, Any], to_page: ToPage, say: Words) -> str:
    if one["page"]:
        place = link(to_page(one["page"]), esc(say("review_page", n=one["page"])), data_stay="")
    else:
        place = esc(say("review_description"))
    return f'<li><mark>{esc(one["text"].replace(chr(10), ""))}</mark> {esc(one["why"])} <span class="dh-place">{place}</span></li>'


def others(item: dict[str, Any], say: Words) -> str:
    """What came with the transfer, what was said so far, the same document elsewhere, earlier decisions."""
    transfer = [f"<li>{esc(f['term'])}：{esc(_said(f['value']))}</li>" for f in item["transfer"]]
    said = [
        f"<li><b>{esc(step_name(o['step'], say))}</b> {badge(o['status'], say)} "
        f'{esc(o["publicity"])} {esc(o["words"])} <span class="dh-hint">{esc(o["by"])} {esc(o["at"][:10])}</span></li>'
        for o in item["opinions"]
    ]
    twins = [
        f"<li>{badge(t['access_status'], say)} {link(record_address(t['record_id']), esc(t['title']))} "
        f'<span class="dh-hint">{esc(t["detail"])}{"，" + esc(say("review_differs")) if t["differs"] else ""}</span></li>'
        for t in item["twins"]
    ]
    if item["twins_away"]:
        twins.append(f'<li class="dh-hint">{esc(item["twins_away"])}</li>')
    history = [
        f'<li>{esc(d["at"][:10])} {badge(d["status"], say)} {esc(d["words"])} <span class="dh-hint">{esc(d["by"])}</span></li>'
        for d in item["history"]
    ]
    parts = (("said", said), ("twins", twins), ("transfer", transfer), ("history", history))
    return "".join(
        f'<h3 class="dh-h">{esc(say(f"review_{name}"))}</h3><ul class="dh-plainlist">{"".join(rows)}</ul>'
        for name, rows in parts
        if rows
    )


def _said(value: str | list[str]) -> str:
    return value if isinstance(value, str) else "；".join(value)

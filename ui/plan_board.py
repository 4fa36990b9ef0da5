"""A plan as a board: sections as columns, exhibits as cards, moved by buttons and by dragging. Pure: HTML.

Buttons post by the router, which gives the keyboard its place back after the page is drawn anew. `dragging.js` posts the
same with what stands here: `data-project` on the board of who may write, `data-part` and `data-version` on what moves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ui.cards import dotted
from ui.markup import button, esc, link
from ui.planning import LAST
from ui.projects_client import Json, may_write
from ui.state import address
from ui.tables import tag
from ui.texts import Words

#: Light → how a small label looks, and its sign: never colour alone.
LOOKS = {"green": "open", "amber": "later", "red": "closed", "unknown": "unknown"}
SIGNS = {"green": "✓", "amber": "!", "red": "✕", "unknown": "?"}


def plan_address(project: Json, **at: str) -> str:
    """The address of a plan's page: view, part, to, from, q."""
    return address("/plan", [("id", str(project["id"])), *at.items()])


def counted(label: str) -> int:
    """Characters of a label, white space not counted."""
    return len("".join(label.split()))


def title_of(part: Json, say: Words) -> str:
    """What a part is called, for people."""
    own = part["body"].get("title", "")
    record = part["record"]["title"] if part["record"] else ""
    return own or record or say("plan_withdrawn_one")


def board(
    project: Json, parts: Sequence[Json], checks: Json, withdrawn: Mapping[str, str], say: Words
) -> str:
    """withdrawn: part → why, of those that left the published exhibition or are held."""
    sections = [part for part in parts if part["kind"] == "section"]
    objects = [part for part in parts if part["kind"] == "object"]
    found = {one["part"]: one for one in checks["exhibits"]}
    keys = {part["id"] for part in sections}
    columns = [
        _column(
            project, sections, n, [o for o in objects if o["parent"] == section["id"]], found, withdrawn, say
        )
        for n, section in enumerate(sections)
    ]
    loose = [part for part in objects if part["parent"] not in keys]
    if loose:
        cards = "".join(_card(project, sections, loose, n, found, withdrawn, say) for n in range(len(loose)))
        columns.append(
            f'<section class="plan-column"><h2>{esc(say("plan_loose"))}</h2><ol>{cards}</ol></section>'
        )
    moves = f' data-project="{project["id"]}"' if may_write(project) else ""
    return f'<div class="plan-board"{moves}>{"".join(columns)}</div>'


def _column(
    project: Json,
    sections: Sequence[Json],
    n: int,
    inside: Sequence[Json],
    found: Mapping[str, Json],
    withdrawn: Mapping[str, str],
    say: Words,
) -> str:
    section = sections[n]
    title, writes = section["body"]["title"], may_write(project)
    left = sections[n - 2]["id"] if n > 1 else ""
    right = sections[n + 1]["id"] if n + 1 < len(sections) else ""
    acts = (
        _move(project, section, "", left, "←", say("plan_left", title=title), n > 0)
        + _move(project, section, "", right, "→", say("plan_right", title=title), bool(right))
        + link(
            plan_address(project, part=section["id"]),
            esc(say("plan_edit_section")),
            "dh-act",
            data_key=f"section-{section['id']}",
        )
        if writes
        else ""
    )
    count = esc(say.counted("plan_objects", len(inside)))
    wanted = tag(say("plan_wanted"), "later") if section["body"]["wanted"] else ""
    text = section["body"]["text"]
    said = f'<p class="dh-meta plan-text">{esc(text)}</p>' if text else ""
    cards = "".join(_card(project, sections, inside, at, found, withdrawn, say) for at in range(len(inside)))
    add = (
        link(
            plan_address(project, view="add", to=section["id"]),
            esc(say("plan_add")),
            "dh-act plan-add",
            data_key=f"add-{section['id']}",
        )
        if writes
        else ""
    )
    return (
        f'<section class="plan-column" data-part="{section["id"]}" data-version="{section["version"]}"><h2>{esc(title)}</h2>'
        f'<p class="dh-row"><span class="dh-meta">{count}</span>{wanted}</p><p class="dh-row">{acts}</p>{said}'
        f"<ol>{cards}</ol>{add}</section>"
    )


def _card(
    project: Json,
    sections: Sequence[Json],
    inside: Sequence[Json],
    n: int,
    found: Mapping[str, Json],
    withdrawn: Mapping[str, str],
    say: Words,
) -> str:
    part = inside[n]
    body, record, title = part["body"], part["record"], title_of(part, say)
    there = plan_address(project, part=part["id"])
    picture = (
        f'<img src="{esc("/x/api" + record["thumbnail"])}" alt="" loading="lazy">'
        if record and record["thumbnail"]
        else f"<span>{esc(say('no_scan'))}</span>"
    )
    outside = body.get("outside")
    where = f"<code>{esc(record['reference_code'])}</code>" if record else ""
    where = f"{tag(say('plan_outside'))} {esc(outside['owner'])}" if outside else where
    date = body.get("date") or (record["date"]["text"] if record else "")
    one = found.get(part["id"])
    gone = withdrawn.get(part["id"], "") or (say("plan_withdrawn_one") if part["withdrawn"] else "")
    alarm = f'<p class="dh-error" role="note">{esc(gone)}</p>' if gone else ""
    acts = _acts(project, sections, inside, n, title, say) if may_write(project) else ""
    return (
        f'<li class="plan-card{" is-gone" if gone else ""}" data-part="{part["id"]}" data-version="{part["version"]}">'
        f'<div class="plan-thumb" aria-hidden="true">{picture}</div><div>'
        f"<h3>{link(there, esc(title), 'dh-title', data_key='open-' + part['id'])}</h3>"
        f'<p class="dh-meta">{dotted([esc(date), where])}</p>{alarm}'
        f'<p class="dh-meta">{esc(_label(part, one, say))}</p>'
        f"{lights(one['checks'], say) if one else ''}{acts}</div></li>"
    )


def _label(part: Json, found: Json | None, say: Words) -> str:
    n = counted(part["body"].get("label", ""))
    if not n:
        return say("plan_label_none")
    return say("plan_label_done" if is_approved(found) else "plan_label_draft", n=n)


def is_approved(found: Json | None) -> bool:
    """Whether its label's check is green: a person approved it, and it is as long as it should be."""
    return bool(found) and any(c["name"] == "label" and c["light"] == "green" for c in found["checks"])  # type: ignore[index]


def lights(checks: Sequence[Json], say: Words, *, opened: bool = False) -> str:
    """A dot a check and how many are not green; the reasons on demand."""
    dots = "".join(f'<i class="plan-dot is-{c["light"]}"></i>' for c in checks)
    red = sum(c["blocks"] for c in checks)
    amber = sum(not c["blocks"] and c["light"] in ("amber", "unknown") for c in checks)
    told = say("plan_lights", red=red, amber=amber) if red or amber else say("plan_lights_fine")
    return (
        f'<details class="plan-checks"{" open" if opened else ""}><summary><span aria-hidden="true">{dots}</span> {esc(told)}</summary>'
        f'<ul class="dh-plainlist">{"".join(check_row(c, say) for c in checks if c["light"] != "green")}'
        f"{_green(checks, say)}</ul></details>"
    )


def check_row(check: Json, say: Words) -> str:
    """One check with its light in words, why, and what to do."""
    light = check["light"]
    words = f"{SIGNS[light]} {say('plan_light_' + light)}"
    return (
        f"<li>{tag(words, 'closed' if check['blocks'] else LOOKS[light])} <b>{esc(check['label'])}</b> "
        f'{esc(check["reason"])} <span class="dh-meta">{esc(check["todo"])}</span></li>'
    )


def _green(checks: Sequence[Json], say: Words) -> str:
    names = "、".join(check["label"] for check in checks if check["light"] == "green")
    return f"<li>{tag('✓ ' + say('plan_light_green'), 'open')} {esc(names)}</li>" if names else ""


def _acts(
    project: Json, sections: Sequence[Json], inside: Sequence[Json], n: int, title: str, say: Words
) -> str:
    part = inside[n]
    parent = part["parent"]
    above = inside[n - 2]["id"] if n > 1 else ""
    below = inside[n + 1]["id"] if n + 1 < len(inside) else ""
    others = "".join(
        _move(project, part, one["id"], LAST, esc(one["body"]["title"]), "", True)
        for one in sections
        if one["id"] != parent
    )
    to = (
        f'<details class="plan-to"><summary class="dh-act" data-key="to-{part["id"]}">{esc(say("plan_to"))}</summary>'
        f"<div>{others}</div></details>"
        if others
        else ""
    )
    return (
        '<div class="dh-row">'
        + _move(project, part, parent, above, "↑", say("plan_up", title=title), n > 0)
        + _move(project, part, parent, below, "↓", say("plan_down", title=title), bool(below))
        + f"{to}</div>"
    )


def _move(project: Json, part: Json, parent: str, after: str, inner: str, name: str, can: bool) -> str:
    """A button that puts the part behind `after` in `parent`. name: what it does, where the sign does not say it."""
    made = button(
        "/x/plan/move",
        inner,
        project=str(project["id"]),
        part=part["id"],
        version=str(part["version"]),
        parent=parent,
        after=after,
        key=f"{inner}-{part['id']}-{parent if after == LAST else ''}",
    )
    told = f' aria-label="{esc(name)}" title="{esc(name)}"' if name else ""
    return made.replace("<button ", f"<button{told}{'' if can else ' disabled'} ", 1)

"""One found record as a card: what it is, what it says, why it is there. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from ui import shapes
from ui.markup import button, esc, link, marked, snippet
from ui.state import record_address
from ui.texts import Words
from ui.visitors import Visitor

#: Passages shown on a card.
PASSAGES = 2


def cards(
    hits: Iterable[shapes.Hit],
    say: Words,
    visitor: Visitor,
    *,
    q: str = "",
    start: int = 1,
    why: bool = True,
    ticks: bool = False,
) -> str:
    """An ordered list of cards. q goes along to the record, so that its matches are marked there.
    ticks: each can be ticked."""
    items = "".join(card(hit, say, visitor, q=q, why=why, ticks=ticks) for hit in hits)
    return f'<ol class="dh-hits" start="{start}">{items}</ol>'


def card(
    hit: shapes.Hit, say: Words, visitor: Visitor, *, q: str = "", why: bool = True, ticks: bool = False
) -> str:
    """One card. why: say why it was found; not where nothing was asked."""
    best = next((p["page"] for p in hit["passages"] if p["page"] > 0), None)
    there = record_address(hit["id"], page=best, q=q)
    title = link(there, marked(hit["title"], hit["title_marks"]), "dh-title", data_key=f"hit-{hit['id']}")
    title = level_mark(hit["level"], say) + title
    if ticks:
        title = f"{tick(hit['id'], hit['title'], say)} {title}"
    return (
        f'<li class="dh-card" data-id="{esc(hit["id"])}">{_thumbnail(hit, there, say)}<div class="dh-body">'
        f'<div class="dh-cardhead"><h3>{title}</h3><code>{esc(hit["reference_code"])}</code></div>'
        f'<p class="dh-meta">{_meta(hit, say)}</p>{_passages(hit, say, q)}{_why(hit, say) if why else ""}'
        f'<p class="dh-row dh-actions">{keep_button(hit["id"], say, visitor)}'
        f"{link(record_address(hit['id'], view='similar'), esc(say('similar')), 'dh-act')}"
        f'<button type="button" class="dh-act" data-cite="{esc(hit["id"])}">{esc(say("cite"))}</button></p>'
        "</div></li>"
    )


def keep_button(record_id: str, say: Words, visitor: Visitor) -> str:
    """Adds to the visitor's list, or takes off it."""
    kept = visitor.has(record_id)
    cls = "is-on" if kept else ""
    action, text = ("/x/list/drop", "added") if kept else ("/x/list/add", "add")
    return button(action, esc(say(text)), cls, id=record_id, key=f"keep-{record_id}")


def tick(record_id: str, title: str, say: Words) -> str:
    """A box that ticks one found record for a collection."""
    label = esc(say("collect_tick", title=title))
    return f'<input type="checkbox" class="dh-tick" data-pick="{esc(record_id)}" aria-label="{label}">'


def badge(status: str, say: Words) -> str:
    """The opening status."""
    known = {"开放": "open", "控制": "closed", "延期开放": "later"}.get(status, "unknown")
    return f'<span class="dh-badge is-{known}">{esc(say.value("access_status", status, status))}</span>'


def date_text(date: shapes.Date, say: Words) -> str:
    """The date as written; what it covers, where the writing does not show that, in a tooltip."""
    text = date["text"] or say("undated")
    covers = " – ".join(dict.fromkeys(day for day in (date["from"], date["to"]) if day))
    certainty = date["certainty"]
    unsure = f" ({say('certainty_' + certainty)})" if certainty in ("inferred", "approximate") else ""
    return f'<time title="{esc(covers + unsure)}">{esc(text)}</time>'


def dotted(parts: Iterable[str]) -> str:
    """HTML parts with dots between; a dot never begins a line."""
    return '<span class="dh-dot" aria-hidden="true">&nbsp;·</span> '.join(part for part in parts if part)


def level_mark(level: str, say: Words) -> str:
    """全宗, 类别, 案卷 before a title; nothing before a file's."""
    if level == "file":
        return ""
    return f'<small class="dh-level">{esc(say.value("level", level, level))}</small> '


def _thumbnail(hit: shapes.Hit, there: str, say: Words) -> str:
    if not hit["thumbnail"]:
        what = say("no_scan") if hit["level"] == "file" else say.value("level", hit["level"], hit["level"])
        return f'<span class="dh-thumb is-empty" aria-hidden="true">{esc(what)}</span>'
    image = f'<img src="{esc("/x/api" + hit["thumbnail"])}" alt="" loading="lazy" decoding="async">'
    return link(there, image, "dh-thumb", tabindex="-1", aria_hidden="true")


def _meta(hit: shapes.Hit, say: Words) -> str:
    parts = [date_text(hit["date"], say), esc("、".join(hit["creators"]))]
    parts += [esc(hit["genre"]), esc(hit["document_number"])]
    parts += [esc(say.counted("pages", hit["pages"]))] if hit["pages"] else []
    parts += [esc(hit["fonds_title"] or hit["fonds_code"]), badge(hit["access_status"], say)]
    return dotted(parts)


def _passages(hit: shapes.Hit, say: Words, q: str) -> str:
    out = []
    for passage in hit["passages"][:PASSAGES]:
        number = passage["page"]
        text, marks = passage["text"], passage["marks"]
        if number:
            place = link(record_address(hit["id"], page=number, q=q), esc(say("on_page", n=number)))
        else:
            place = esc(say("in_description"))
            text, marks = _after_title(hit["title"], text, marks)
        if text:
            shown = snippet(text, marks)
            out.append(f'<p class="dh-snippet">{shown} <span class="dh-place">{place}</span></p>')
    return "".join(out)


def _after_title(title: str, text: str, marks: list[list[int]]) -> tuple[str, list[list[int]]]:
    """A description's passage without the title it begins with: that stands above it already."""
    if not text.startswith(title):
        return text, marks
    rest = text[len(title) :].lstrip()
    gone = len(text) - len(rest)
    return rest, [[start - gone, end - gone] for start, end in marks if end > gone]


def _why(hit: shapes.Hit, say: Words) -> str:
    why = hit["why"]
    words, meaning = why["words_rank"], why["meaning_rank"]
    reasons = [esc(say("why_words", n=words))] if words else []
    reasons += [esc(say("why_meaning", n=meaning))] if meaning else []
    if meaning and not words and not why["matched"]:
        reasons.append(esc(say("why_meaning_only")))
    if why["matched"]:
        matched = " ".join(f"<mark>{esc(word)}</mark>" for word in why["matched"])
        reasons.append(f"{esc(say('why_matched'))} {matched}")
    if not reasons:
        return ""
    return f'<p class="dh-why"><b>{esc(say("why"))}</b> {" · ".join(reasons)}</p>'

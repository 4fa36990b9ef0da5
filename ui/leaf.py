"""One page of a record: its scan under boxes, and its text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from ui import shapes
from ui.client import record_path
from ui.frame import Desk, component
from ui.markup import esc, lines_marked, link
from ui.state import address, record_address
from ui.texts import Words

#: Width of the image first shown; zooming in fetches it whole.
WIDTH = 1200
#: Below this the reader was not sure.
UNSURE = 0.8
_SCAN_HTML = '<div class="dh-scan"></div>'
_SCAN_LABELS = (
    "zoom_in", "zoom_out", "fit", "turn_left", "turn_right", "marks_toggle", "scan_keys",
)  # fmt: skip
_MAKERS = {"ocr": "maker_ocr", "person": "maker_person", "born-digital": "maker_born"}


@dataclass(frozen=True)
class Leaf:
    """The page that is open, what is looked for in it, and where that stands."""

    page: shapes.Page
    text: shapes.PageText
    q: str
    matches: shapes.PageMatches | None

    @property
    def number(self) -> int:
        return self.page["number"]


def leaf_of(
    here: Desk, record: shapes.Record, matches: Mapping[int, shapes.PageMatches], q: str
) -> Leaf | None:
    """The page the address names; else the first with a match; else the first. None: it has no pages."""
    pages = {page["number"]: page for page in record["pages"]}
    if not pages:
        return None
    wanted = number_of(here.param("page"))
    number = wanted if wanted in pages else min(matches.keys() & pages.keys(), default=min(pages))
    text = here.api.page_text(record["id"], number, number_of(here.param("version")))
    return Leaf(pages[number], text, q, matches.get(number))


def number_of(said: str) -> int | None:
    """A number in an address; None where there is none."""
    return int(said) if said.isascii() and said.isdigit() and len(said) < 8 else None


def scan(here: Desk, record: shapes.Record, leaf: Leaf, *, draw: bool = False) -> list[list[int]]:
    """The image with its boxes; or that there is none. draw: regions may be drawn on it; returns those that
    were, in pixels of the image as stored."""
    page = leaf.page
    if not page["has_image"]:
        st.html(f'<p class="dh-notice">{esc(here.say("no_image"))}</p>')
        return []
    image = f"/x/api{record_path(record['id'])}/pages/{leaf.number}/image"
    labels = {name: here.say(name) for name in _SCAN_LABELS}
    labels["scan"] = here.say("scan", n=leaf.number)
    data = {
        "page": {"width": page["width"], "height": page["height"], "rotation": page["rotation"]},
        "source": address(image, [("width", str(WIDTH))]),
        "sourceWidth": min(WIDTH, page["width"]),
        "full": image,
        "boxes": leaf.matches["boxes"] if leaf.matches else [],
        "lines": [line["box"] for line in leaf.text["lines"]],
        "labels": labels,
        "draw": draw,
    }
    if not draw:
        component("scan", "scan.js", _SCAN_HTML)(key="scan_view", data=data)
        return []
    key = f"scan_draw_{record['id']}_{leaf.number}"
    shown = component("scan", "scan.js", _SCAN_HTML)(key=key, data=data, on_drawn_change=lambda: None)
    return list(getattr(shown, "drawn", None) or [])


def text_view(here: Desk, record: shapes.Record, leaf: Leaf) -> None:
    """The page's text, line by line, with the matches marked, and the choice of versions."""
    say, text = here.say, leaf.text
    if not text["text"].strip():
        st.html(f'<p class="dh-notice">{esc(say(_why_no_text(text["status"])))}</p>')
        return
    newest = not text["versions"] or text["version"] == max(v["version"] for v in text["versions"])
    # The matches' offsets are into the newest text; an older one is shown unmarked.
    marks = leaf.matches["marks"] if leaf.matches and newest else []
    upright = text["vertical"] and here.param("set") != "horizontal"
    st.html(
        _text_head(record, leaf, text, say)
        + f'<div class="dh-text{" is-vertical" if upright else ""}" lang="zh" tabindex="0">'
        + "".join(_lines(text, marks, say))
        + "</div>"
    )


def _lines(text: shapes.PageText, marks: list[list[int]], say: Words) -> list[str]:
    out = []
    for number, (line, inner) in enumerate(
        zip(text["lines"], lines_marked(text["text"], marks), strict=False)
    ):
        unsure = line["confidence"] < UNSURE
        title = esc(say("unsure", p=round(line["confidence"] * 100))) if unsure else ""
        cls = "dh-line is-unsure" if unsure else "dh-line"
        hint = f' title="{title}"' if title else ""
        out.append(f'<p class="{cls}" data-line="{number}"{hint}>{inner}</p>')
    return out


def _text_head(record: shapes.Record, leaf: Leaf, text: shapes.PageText, say: Words) -> str:
    """Which version this is, by whom, the others; and for vertical text how it is set."""
    here = record_address(record["id"], page=leaf.number, q=leaf.q)
    versions = []
    for version in sorted(text["versions"], key=lambda v: -v["version"]):
        label = esc(f"{version['version']} · {maker(version['maker'], say)} · {version['made_at'][:10]}")
        if version["version"] == text["version"]:
            versions.append(f'<span class="is-on">{label}</span>')
        else:
            versions.append(link(f"{here}&version={version['version']}", label, data_stay=""))
    if not versions:
        versions = [f"<span>{esc(maker(text['maker'], say))}</span>"]
    setting = ""
    if text["vertical"]:
        setting = link(here, esc(say("vertical")), "dh-act", data_stay="")
        setting += link(f"{here}&set=horizontal", esc(say("horizontal")), "dh-act", data_stay="")
    return (
        f'<p class="dh-versions"><b>{esc(say("version"))}</b> {" ".join(versions)}</p>'
        f"{f'<p class=dh-row>{setting}</p>' if setting else ''}"
    )


def maker(text: str, say: Words) -> str:
    """Who made a text: "person:王某" → 校对 王某; a reader keeps its name."""
    kind, _, name = text.partition(":")
    if kind not in _MAKERS:
        return text
    return f"{say(_MAKERS[kind])} {name.partition('@')[0]}".strip()


def _why_no_text(status: str) -> str:
    return {"waiting": "page_waiting", "failed": "page_failed"}.get(status, "no_text")

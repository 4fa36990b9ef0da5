"""A plan as visitors would read it today."""

from __future__ import annotations

import streamlit as st

from ui.frame import Desk
from ui.markup import esc
from ui.plans_client import Plans
from ui.projects_client import Json
from ui.texts import Words


def preview(here: Desk, plans: Plans, project: Json) -> None:
    """The view."""
    say = here.say
    edition = plans.edition(project["id"])
    st.html(f'<p class="dh-hint">{esc(say("plan_preview_hint"))}</p>{edition_html(edition, say)}')


def edition_html(edition: Json, say: Words) -> str:
    """Lead, sections and exhibits in order, as a page of reading."""
    sections = "".join(_section(section) for section in edition["sections"])
    none = "" if any(s["exhibits"] for s in edition["sections"]) else say("plan_preview_none")
    made = [*edition["organisers"], *edition["curators"]]
    return (
        f'<article class="plan-preview"><h2>{esc(edition["title"])}</h2><p>{esc(edition["subtitle"])}</p>'
        f'<p class="dh-meta">{esc("　".join(made))}</p><div class="dh-lines">{esc(edition["lead"])}</div>'
        f'<p class="dh-hint">{esc(none)}</p>{sections}</article>'
    )


def _section(section: Json) -> str:
    wanted = f'<p class="dh-tell">{esc(section["wanted"])}</p>' if section["wanted"] else ""
    exhibits = "".join(_exhibit(exhibit) for exhibit in section["exhibits"])
    return (
        f'<section><h3>{esc(section["title"])}</h3><div class="dh-lines">{esc(section["text"])}</div>'
        f"{exhibits}{wanted}</section>"
    )


def _exhibit(exhibit: Json) -> str:
    pictures = "".join(
        f'<img src="/x/api/v1/records/{esc(one["record_id"])}/pages/{one["page"]}/thumbnail" alt="{esc(one["alt"])}" loading="lazy">'
        for one in exhibit["pictures"]
    )
    quotation = exhibit["quotation"]
    quoted = f"<blockquote>{esc(quotation['text'])}</blockquote>" if quotation else ""
    return (
        f"<figure>{pictures}<figcaption><h4>{esc(exhibit['title'])}</h4>"
        f'<p class="dh-meta">{esc(exhibit["date"])}　{esc(_source(exhibit))}</p><p>{esc(exhibit["label"])}</p>'
        f"{quoted}<p class='dh-meta'>{esc(exhibit['rights'])}</p></figcaption></figure>"
    )


def _source(exhibit: Json) -> str:
    if outside := exhibit["outside"]:
        return "，".join(filter(None, (outside["owner"], outside["number"], outside["agreement"])))
    return str(exhibit["reference_code"])

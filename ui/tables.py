"""A table that reads as cards on a phone. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from ui.markup import esc


def table(headers: Sequence[str], rows: Iterable[Sequence[str]], *, caption: str) -> str:
    """headers: texts; the cells of rows: HTML, already escaped. caption: what it is, for who cannot see it."""
    head = "".join(f'<th scope="col">{esc(header)}</th>' for header in headers)
    body = "".join(
        "<tr>"
        + "".join(
            f'<td data-label="{esc(header)}">{cell}</td>' for header, cell in zip(headers, row, strict=True)
        )
        + "</tr>"
        for row in rows
    )
    return (
        f'<table class="dh-table"><caption class="dh-hidden">{esc(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Names and values side by side. Values: HTML, already escaped; those without one are left out."""
    rows = "".join(f"<dt>{esc(name)}</dt><dd>{value}</dd>" for name, value in pairs if value)
    return f'<dl class="dh-fields">{rows}</dl>'


def tag(text: str, look: str = "unknown") -> str:
    """A small label. look: open (good), closed (bad), later (mind it), unknown (plain)."""
    return f'<span class="dh-badge is-{look}">{esc(text)}</span>'


def when(iso: str | None, *, seconds: bool = False) -> str:
    """A time of the API's as this machine's clock says it; "" for none."""
    if not iso:
        return ""
    return (
        f"{datetime.fromisoformat(iso).astimezone():{'%Y-%m-%d %H:%M:%S' if seconds else '%Y-%m-%d %H:%M'}}"
    )

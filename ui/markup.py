"""Texts from the API → HTML. The one place where they are escaped. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

Span = Sequence[int]

#: Characters shown of a passage on a card.
SNIPPET = 150


def esc(text: object) -> str:
    """Safe in element content and in quoted attributes."""
    return escape(str(text), quote=True)


def marked(text: str, marks: Iterable[Span]) -> str:
    """`text` escaped, its marks as <mark>. marks: [start, end) in characters; may overlap or run over."""
    parts, done = [], 0
    for start, end in _merged(marks, len(text)):
        parts += [esc(text[done:start]), "<mark>", esc(text[start:end]), "</mark>"]
        done = end
    return "".join([*parts, esc(text[done:])])


def snippet(text: str, marks: Sequence[Span], length: int = SNIPPET) -> str:
    """The part of `text` around its first marks, on one line, marked; … where it is cut."""
    spans = _merged(marks, len(text))
    start = max(0, min(spans[0][0] - length // 4, len(text) - length)) if spans else 0
    end = min(len(text), start + length)
    line, moved = _one_line(text[start:end])
    inside = [(max(a, start), min(b, end)) for a, b in spans if a < end and b > start]
    shown = marked(line, [(moved[a - start], moved[b - start]) for a, b in inside])
    return f"{'…' if start else ''}{shown}{'…' if end < len(text) else ''}"


def _one_line(text: str) -> tuple[str, list[int]]:
    """Line ends gone between Chinese, a blank elsewhere, a dot for an empty line; and where each offset moved to."""
    out: list[str] = []
    moved = []
    length = 0
    for n, character in enumerate(text):
        moved.append(length)
        shown = character
        if character == "\n":
            before, after = text[n - 1 : n], text[n + 1 : n + 2]
            blank = before == "\n" or any(c.isascii() and not c.isspace() for c in before + after)
            shown = " · " if after == "\n" else " " if blank and before != "\n" else ""
        out.append(shown)
        length += len(shown)
    return "".join(out), [*moved, length]


def lines_marked(text: str, marks: Iterable[Span]) -> list[str]:
    """Each line of `text` as marked HTML; a mark that runs over a line's end is marked on both."""
    spans = _merged(marks, len(text))
    out, start = [], 0
    for line in text.split("\n"):
        end = start + len(line)
        inside = [(max(a, start) - start, min(b, end) - start) for a, b in spans if a < end and b > start]
        out.append(marked(line, inside))
        start = end + 1
    return out


def link(href: str, inner: str, cls: str = "", **attributes: str) -> str:
    """A link within the explorer. inner: HTML, already escaped; attributes: aria_label → aria-label."""
    extra = "".join(f' {name.replace("_", "-")}="{esc(value)}"' for name, value in attributes.items())
    return f'<a class="dh-go {esc(cls)}" href="{esc(href)}"{extra}>{inner}</a>'


def button(action: str, inner: str, cls: str = "", **data: str) -> str:
    """A button that posts `data` to the explorer's own route `action` and then shows the page anew."""
    extra = "".join(f' data-{name.replace("_", "-")}="{esc(value)}"' for name, value in data.items())
    return (
        f'<button type="button" class="dh-act {esc(cls)}" data-post="{esc(action)}"{extra}>{inner}</button>'
    )


def hidden(params: Iterable[tuple[str, str]]) -> str:
    """Parameters as hidden form fields."""
    return "".join(f'<input type="hidden" name="{esc(n)}" value="{esc(v)}">' for n, v in params)


def _merged(marks: Iterable[Span], length: int) -> list[tuple[int, int]]:
    """Sorted, within the text, overlaps joined, empty ones gone."""
    out: list[tuple[int, int]] = []
    for start, end in sorted((max(0, m[0]), min(length, m[1])) for m in marks):
        if start >= end:
            continue
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return out

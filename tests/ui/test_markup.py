"""Marks and escaping: what the API says is shown, and never becomes markup."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui.markup import button, esc, lines_marked, link, marked, snippet

texts = st.text(alphabet=st.sampled_from("渔民登記<>&\"'\n a🐟"), max_size=60)
marks = st.lists(st.tuples(st.integers(-3, 70), st.integers(-3, 70)), max_size=6)


def shown(html: str) -> str:
    """What a reader sees of it."""
    return unescape(re.sub(r"</?mark>", "", html))


@given(texts, marks)
def test_marking_changes_nothing_a_reader_sees(text: str, spans: list[tuple[int, int]]) -> None:
    html = marked(text, spans)
    assert shown(html) == text
    assert re.sub(r"</?mark>", "", html) == esc(text)
    assert re.fullmatch(r"(?:[^<]|<mark>[^<]*</mark>)*", html)


@given(texts, marks)
def test_what_is_marked_is_what_was_meant(text: str, spans: list[tuple[int, int]]) -> None:
    inside = {n for a, b in spans for n in range(max(a, 0), min(b, len(text)))}
    got: set[int] = set()
    at = 0
    for part in re.split(r"(<mark>.*?</mark>)", marked(text, spans), flags=re.DOTALL):
        length = len(shown(part))
        if part.startswith("<mark>"):
            got |= set(range(at, at + length))
        at += length
    assert got == inside


@given(texts, marks)
def test_lines_are_the_texts_lines(text: str, spans: list[tuple[int, int]]) -> None:
    assert [shown(line) for line in lines_marked(text, spans)] == text.split("\n")


@given(st.text(alphabet="渔民登记abc \n", max_size=400), marks)
def test_a_snippet_is_short_and_shows_its_first_mark(text: str, spans: list[tuple[int, int]]) -> None:
    html = snippet(text, spans, 40)
    assert len(shown(html)) <= 40 * 3 + 2
    assert "\n" not in html
    real = [(max(a, 0), min(b, len(text))) for a, b in spans if max(a, 0) < min(b, len(text))]
    if real and any(text[a:b].strip() for a, b in real[:1]) and text[min(real)[0]] != "\n":
        assert "<mark>" in html


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("大\n风", "大风"),
        ("on\nthe", "on the"),
        ("题名\n\n提要", "题名 · 提要"),
        ("第1\n页", "第1 页"),
        ("\n首", "首"),
    ],
)
def test_line_ends_in_a_snippet(text: str, line: str) -> None:
    assert shown(snippet(text, [])) == line


def test_a_mark_that_runs_over_a_line_end_keeps_its_place() -> None:
    assert snippet("查本縣沈\n家門漁民", [(3, 7)]) == "查本縣<mark>沈家門</mark>漁民"


def test_links_and_buttons_escape_all_they_are_given() -> None:
    evil = '"><script>x</script>'
    html = link(evil, "ok", evil, aria_label=evil) + button(evil, "ok", evil, id=evil)
    assert "<script" not in html
    assert html.count("<") == 4

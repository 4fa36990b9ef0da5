"""Cursors: sealed, bound to their question, good at every process that has the installation's key."""

from __future__ import annotations

import base64
from functools import lru_cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdings.errors import BadCursor
from search_api.asking import Asked
from search_api.cursors import PADDED, Cursor, Cursors, fingerprint, new_key

#: One installation's key.
KEY = lru_cache(new_key)
FULL = Cursor("q", 40, 1000, after="WyJ4IiwgMTAwMCwgWy03LjUsICJhOjEiXV0=", snapshot="abcd.g000001.7")


def test_what_goes_in_comes_out_also_in_another_process() -> None:
    for cursor in (Cursor("q"), FULL, Cursor("q", after="", snapshot="")):
        text = Cursors(KEY).encode(cursor)
        assert Cursors(KEY).decode(text, "q") == cursor
        assert text.replace("-", "").replace("_", "").isalnum()  # stands in an address as it is


def test_nothing_of_it_can_be_read_or_measured() -> None:
    cursors = Cursors(KEY)
    text = cursors.encode(FULL)
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    assert b"7.5" not in raw
    assert b"g000001" not in raw
    assert FULL.after is not None
    assert FULL.after not in text
    lengths = {len(cursors.encode(Cursor("q", after="x" * n))) for n in range(PADDED // 3)}
    assert len(lengths) == 1  # how long a score is written tells nothing


def test_another_question_another_house_another_byte_is_refused() -> None:
    cursors = Cursors(KEY)
    text = cursors.encode(FULL)
    with pytest.raises(BadCursor, match="另一次检索"):
        cursors.decode(text, "other")
    with pytest.raises(BadCursor):
        Cursors(new_key).decode(text, "q")
    for place in range(0, len(text), 7):
        broken = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
        with pytest.raises(BadCursor):
            cursors.decode(broken, "q")


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40))
def test_rubbish_is_a_bad_cursor(text: str) -> None:
    with pytest.raises(BadCursor):
        Cursors(KEY).decode(text, "q")


def test_a_fingerprint_tells_questions_and_audiences_apart() -> None:
    asked = Asked("登记", filters={"fonds": ("J1", "J2")})
    same = Asked("登记", filters={"fonds": ("J2", "J1")})
    others = [
        Asked("登记"), Asked("登記", filters=asked.filters), Asked("登记", mode="words", filters=asked.filters),
        Asked("登记", filters={"fonds": ("J1",)}), Asked("登记", filters={"genre": ("J1", "J2")}),
        Asked("登记", filters=asked.filters, exclude=[("fonds", "J1")]), Asked("登记", filters=asked.filters, undated=True),
        Asked("登记", filters=asked.filters, year_from=1), Asked("登记", filters=asked.filters, year_to=1),
        Asked("登记", filters=asked.filters, plain=("登记",)),
    ]  # fmt: skip
    assert asked.fingerprint("public") == same.fingerprint("public")
    prints = [
        asked.fingerprint("public"),
        asked.fingerprint("staff"),
        *(o.fingerprint("public") for o in others),
    ]
    assert len(set(prints)) == len(prints)
    assert fingerprint("a", "b") != fingerprint("ab")

"""Addresses and searches are two forms of one thing."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from hypothesis import given
from hypothesis import strategies as st

from ui.state import FILTERS, Search, address, parse, record_address

text = st.text(min_size=1, max_size=12).filter(lambda s: "\x00" not in s and s.isprintable())
values = st.lists(text, min_size=1, max_size=3, unique=True).map(tuple)
years = st.none() | st.integers(1, 9999)
searches = st.builds(
    Search,
    q=st.text(max_size=20).filter(str.isprintable),
    mode=st.sampled_from(["hybrid", "words", "meaning"]),
    sort=st.sampled_from(["", "relevance", "date", "date_desc", "reference_code"]),
    plain=st.lists(text, max_size=2, unique=True).map(tuple),
    filters=st.dictionaries(st.sampled_from(FILTERS), values, max_size=3),
    exclude=st.lists(st.tuples(st.sampled_from(FILTERS), text), max_size=2, unique=True).map(tuple),
    year_from=years,
    year_to=years,
    undated=st.booleans(),
)


def read(href: str) -> Search:
    return parse(parse_qs(urlsplit(href).query, keep_blank_values=True))


@given(searches)
def test_an_address_read_back_is_the_same_search(search: Search) -> None:
    assert read(search.href()) == search


@given(searches, text, st.integers(2, 50))
def test_a_page_of_results_has_its_address_too(search: Search, cursor: str, at: int) -> None:
    there = search.but(cursor=cursor, at=at)
    assert read(there.href()) == there
    assert there.but(sort="date").cursor == ""


@given(searches, st.sampled_from(FILTERS), text)
def test_choosing_twice_is_as_before(search: Search, name: str, value: str) -> None:
    clean = search.but(filters={}, exclude=())
    once = clean.toggled(name, value)
    assert once.filters[name] == (value,)
    assert once.toggled(name, value) == clean
    assert clean.excluding(name, value).excluding(name, value) == clean


def test_what_is_chosen_is_not_left_out_and_the_reverse() -> None:
    search = Search().toggled("genre", "函").excluding("genre", "函")
    assert search.filters == {}
    assert search.exclude == (("genre", "函"),)
    assert search.toggled("genre", "函").exclude == ()


@given(st.dictionaries(st.text(max_size=8), st.lists(st.text(max_size=8), max_size=2), max_size=4))
def test_any_address_is_some_search(params: dict[str, list[str]]) -> None:
    parse(params)


def test_nonsense_in_an_address_is_passed_over() -> None:
    said = {
        "mode": ["x"],
        "sort": ["y"],
        "year_from": ["²"],
        "year_to": ["-3"],
        "exclude": ["a:b", "genre:"],
        "at": ["9"],
    }
    assert parse(said) == Search()


def test_the_api_is_asked_for_what_the_address_says() -> None:
    search = Search(q="渔民", filters={"fonds": ("J045",)}, exclude=(("genre", "通知"),), cursor="abc", at=3)
    asked = search.asked(size=20)
    assert ("fonds", "J045") in asked
    assert ("exclude", "genre:通知") in asked
    assert ("cursor", "abc") in asked
    assert ("size", "20") in asked
    assert "at" not in dict(asked)


def test_addresses_keep_ids_whole() -> None:
    query = parse_qs(urlsplit(record_address("990001:J102-WS·2011-Y-0003", page=2, q="a&b=c#d")).query)
    assert query == {"id": ["990001:J102-WS·2011-Y-0003"], "page": ["2"], "q": ["a&b=c#d"]}
    assert address("/browse", [("node", "")]) == "/browse"

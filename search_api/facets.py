"""Facet counts with labels people can read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from holdings.access import Caller
from holdings.engines.port import FacetCount
from holdings.records import LEVELS
from search_api.house import House
from search_api.schema import FacetValue

_YES_NO = {"yes": "有扫描件", "no": "无扫描件"}


def facet_values(
    house: House, caller: Caller, facets: Mapping[str, Sequence[FacetCount]]
) -> dict[str, list[FacetValue]]:
    """Counts as they are; fonds and series carry their titles where the caller may see them."""
    titles = fonds_titles(house, caller, [c.value for c in facets.get("fonds", ())])
    return {
        name: [FacetValue(value=c.value, label=_label(name, c.value, titles), count=c.count) for c in counts]
        for name, counts in facets.items()
    }


def _label(name: str, value: str, titles: Mapping[str, str]) -> str:
    match name:
        case "fonds":
            return titles.get(value, value)
        case "decade":
            return f"{value}年代"
        case "level":
            return LEVELS[value][0] if value in LEVELS else value
        case "has_scan":
            return _YES_NO.get(value, value)
        case _:
            return value


def fonds_titles(house: House, caller: Caller, codes: Sequence[str]) -> dict[str, str]:
    """fonds code → title, for those the caller may see; a closed fonds shows only as its code."""
    unique = list(dict.fromkeys(code for code in codes if code))
    if not unique:
        return {}
    ids = house.catalogue.records.ids_of_codes(unique)
    stored = house.catalogue.records.many(list(ids.values()))
    return {
        code: stored[id_].record.title
        for code, id_ in ids.items()
        if id_ in stored and caller.audience in stored[id_].audiences
    }

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
    facets: Mapping[str, Sequence[FacetCount]], fonds: FondsTitles
) -> dict[str, list[FacetValue]]:
    """Counts as they are; fonds carry their titles where the caller may see them."""
    titles = fonds.of([c.value for c in facets.get("fonds", ())])
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


class FondsTitles:
    """Titles of fonds, for one answer to one caller: each is read once. soon: codes to be asked for too, read
    with the first."""

    def __init__(self, house: House, caller: Caller, soon: Sequence[str] = ()) -> None:
        self._records = house.records(caller)
        self._caller = caller
        self._soon = soon
        self._known: dict[str, str | None] = {}

    def of(self, codes: Sequence[str]) -> dict[str, str]:
        """fonds code → title, for those the caller may see; a closed fonds shows only as its code."""
        unique = list(dict.fromkeys(code for code in codes if code))
        if [code for code in unique if code not in self._known]:
            wanted = [code for code in dict.fromkeys([*unique, *self._soon]) if code not in self._known]
            self._known.update(dict.fromkeys(wanted))
            for code, (record, audiences) in self._records.of_codes(wanted).items():
                self._known[code] = record.title if self._caller.audience in audiences else None
        titles = ((code, self._known[code]) for code in unique)
        return {code: title for code, title in titles if title is not None}

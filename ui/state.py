"""A search as an address says it: parse it, change it, write it back. Pure.

Everything a person sees on the search page follows from the address, so that it can be bookmarked,
shared, reloaded and gone back to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, get_args
from urllib.parse import quote, urlencode

Mode = Literal["hybrid", "words", "meaning"]
Sort = Literal["", "relevance", "date", "date_desc", "reference_code"]
Params = list[tuple[str, str]]

#: Facets in the order the column shows them.
FACETS: tuple[str, ...] = (
    "fonds", "genre", "creators", "places", "persons", "keywords", "decade", "access_status",
    "has_scan", "series", "category", "retention", "medium", "level",
)  # fmt: skip
#: Filters that are no facet of the column, but stand in addresses.
FILTERS: tuple[str, ...] = (*FACETS, "parent", "within")

MODES: tuple[Mode, ...] = get_args(Mode)
SORTS: tuple[Sort, ...] = get_args(Sort)


@dataclass(frozen=True)
class Search:
    """One search.

    filters: filter → values chosen (any of them).  exclude: (filter, value).
    plain: understood chips that are to be read as mere words.
    year_from, year_to: inclusive, matched by overlap; None: open.
    cursor: where this page begins ('': the first); at: its number, from 1, for showing only.
    """

    q: str = ""
    mode: Mode = "hybrid"
    sort: Sort = ""
    plain: tuple[str, ...] = ()
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    exclude: tuple[tuple[str, str], ...] = ()
    year_from: int | None = None
    year_to: int | None = None
    undated: bool = False
    cursor: str = ""
    at: int = 1

    @property
    def narrowed(self) -> bool:
        """Whether anything but the words themselves holds results back."""
        years = self.year_from is not None or self.year_to is not None
        return bool(self.filters or self.exclude or years or self.undated)

    @property
    def asks(self) -> bool:
        """Whether there is anything to search for."""
        return bool(self.q.strip()) or self.narrowed

    # ── changes: each gives a new search, from its first page ──────────────────

    def but(self, **changes: object) -> Search:
        """With these fields changed, at the first page."""
        return replace(self, **{"cursor": "", "at": 1, **changes})  # type: ignore[arg-type]

    def toggled(self, name: str, value: str) -> Search:
        """With one value of a filter chosen, or no longer chosen."""
        values = self.filters.get(name, ())
        kept = tuple(v for v in values if v != value) if value in values else (*values, value)
        rest = tuple(pair for pair in self.exclude if pair != (name, value))
        return self.but(filters=_with(self.filters, name, kept), exclude=rest)

    def without(self, name: str) -> Search:
        """Without one filter at all."""
        return self.but(filters=_with(self.filters, name, ()))

    def excluding(self, name: str, value: str) -> Search:
        """With one value shut out, or no longer shut out."""
        pair = (name, value)
        if pair in self.exclude:
            return self.but(exclude=tuple(p for p in self.exclude if p != pair))
        chosen = tuple(v for v in self.filters.get(name, ()) if v != value)
        return self.but(exclude=(*self.exclude, pair), filters=_with(self.filters, name, chosen))

    def between(self, first: int | None, last: int | None) -> Search:
        """With these years; both None lifts the limit, the undated bucket too."""
        return self.but(year_from=first, year_to=last, undated=False)

    def read_plainly(self, chip: str) -> Search:
        """With one understood chip read as mere words."""
        return self.but(plain=(*self.plain, chip)) if chip not in self.plain else self

    def understood_again(self, chip: str) -> Search:
        """The reverse of read_plainly."""
        return self.but(plain=tuple(p for p in self.plain if p != chip))

    def cleared(self) -> Search:
        """The words and the mode alone."""
        return Search(q=self.q, mode=self.mode, sort=self.sort)

    # ── the address ────────────────────────────────────────────────────────────

    def params(self) -> Params:
        """As query parameters, defaults left out."""
        said: Params = [("q", self.q)] if self.q else []
        if self.mode != "hybrid":
            said.append(("mode", self.mode))
        if self.sort:
            said.append(("sort", self.sort))
        said += [("plain", chip) for chip in self.plain]
        said += [(name, value) for name in FILTERS for value in self.filters.get(name, ())]
        said += [("exclude", f"{name}:{value}") for name, value in self.exclude]
        said += [(n, str(y)) for n, y in (("year_from", self.year_from), ("year_to", self.year_to)) if y]
        if self.undated:
            said.append(("undated", "true"))
        if self.cursor:
            said += [("cursor", self.cursor), ("at", str(self.at))]
        return said

    def href(self) -> str:
        """The address within the explorer."""
        return address("/", self.params())

    def asked(self, *, size: int) -> Params:
        """As the API's parameters, facets and histogram included."""
        said = [(name, value) for name, value in self.params() if name != "at"]
        return [*said, ("facets", ",".join(FACETS)), ("histogram", "true"), ("size", str(size))]


def parse(params: Mapping[str, Sequence[str]]) -> Search:
    """An address's parameters → a search. What makes no sense is passed over: addresses are typed and cut."""
    mode, sort = _last(params, "mode"), _last(params, "sort")
    pairs = [value.partition(":") for value in params.get("exclude", ())]
    cursor = _last(params, "cursor")
    return Search(
        q=_last(params, "q"),
        mode=mode if mode in MODES else "hybrid",
        sort=sort if sort in SORTS else "",
        plain=_unique(params.get("plain", ())),
        filters={name: values for name in FILTERS if (values := _unique(params.get(name, ())))},
        exclude=tuple((name, value) for name, _, value in pairs if name in FILTERS and value),
        year_from=_year(_last(params, "year_from")),
        year_to=_year(_last(params, "year_to")),
        undated=_last(params, "undated") == "true",
        cursor=cursor,
        at=max(2, _number(_last(params, "at"), 2)) if cursor else 1,
    )


def address(path: str, params: Iterable[tuple[str, str]] = ()) -> str:
    """A path and its parameters as one address; Chinese stays as UTF-8 percent escapes."""
    query = urlencode([(name, value) for name, value in params if value], quote_via=quote, safe=":,")
    return f"{path}?{query}" if query else path


def record_address(record_id: str, *, page: int | None = None, q: str = "", view: str = "") -> str:
    """The address of a record's page in the explorer. page: from 1; 0 and None leave it open."""
    return address(
        "/record", [("id", record_id), ("page", str(page) if page else ""), ("q", q), ("view", view)]
    )


def browse_address(node: str | None = None, cursor: str = "") -> str:
    """The address of a place in the holdings; None: all fonds."""
    return address("/browse", [("node", node or ""), ("cursor", cursor)])


def _with(
    filters: Mapping[str, tuple[str, ...]], name: str, values: tuple[str, ...]
) -> dict[str, tuple[str, ...]]:
    changed = {**filters, name: values}
    return {n: v for n, v in changed.items() if v}


def _last(params: Mapping[str, Sequence[str]], name: str) -> str:
    values = params.get(name, ())
    return values[-1] if values else ""


def _unique(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(v for v in values if v))


def _number(text: str, otherwise: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else otherwise


def _year(text: str) -> int | None:
    year = _number(text, 0)
    return year if 1 <= year <= 9999 else None

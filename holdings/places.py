"""Old and new place names of the Zhoushan islands. The names are data: holdings/data/places.toml."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from holdings.text import normalise

DATA = Path(__file__).parent / "data" / "places.toml"


@dataclass(frozen=True)
class Place:
    """One place. also: its other names and spellings, the present name not among them.  at: latitude and longitude
    in degrees (WGS 84), to about 2 km; None where nobody wrote it down."""

    name: str
    also: tuple[str, ...]
    note: str = ""
    at: tuple[float, float] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return (self.name, *self.also)


@dataclass(frozen=True)
class FoundPlace:
    """A place named in a text: text[start:end] as it stands there, its present name, all its other names."""

    start: int
    end: int
    text: str
    name: str
    also: tuple[str, ...]


@lru_cache(maxsize=1)
def places() -> tuple[Place, ...]:
    """Every place of the data file."""
    rows = tomllib.loads(DATA.read_text(encoding="utf-8"))["place"]
    return tuple(_place(row) for row in rows)


def _place(row: dict[str, object]) -> Place:
    name = str(row["name"])
    also = row.get("also", [])
    names = [str(row.get("traditional", name)), *map(str, also if isinstance(also, list) else [])]
    at = row.get("at")
    where = (float(at[0]), float(at[1])) if isinstance(at, list) else None
    return Place(name, tuple(n for n in dict.fromkeys(names) if n != name), str(row.get("note", "")), where)


def variants(place: str) -> tuple[str, ...]:
    """All other names of the place that has this name now or had it once; () when none is known."""
    found = _by_key().get(normalise(place).text)
    return tuple(n for n in found.names if n != place) if found else ()


def position(name: str) -> tuple[str, tuple[float, float]] | None:
    """The present name of the place that has this name now or had it once, and where it lies; None where that is
    not known."""
    found = _by_key().get(normalise(name).text)
    return (found.name, found.at) if found and found.at else None


def present_name(name: str) -> str:
    """What the place of this name is called now; the name itself where none is known."""
    found = _by_key().get(normalise(name).text)
    return found.name if found else name


def find_places(text: str) -> list[FoundPlace]:
    """Places named in a text, in order, the longest name first where names overlap."""
    normal = normalise(text)
    found = []
    for match in _pattern().finditer(normal.text):
        start, end = normal.span(match.start(), match.end())
        shown = text[start:end]
        place = _by_key()[match[0]]
        also = tuple(n for n in place.names if n != shown)
        found.append(FoundPlace(start, end, shown, place.name, also))
    return found


@lru_cache(maxsize=1)
def _by_key() -> dict[str, Place]:
    """Normalised name → place; the first place that bears a name has it."""
    found: dict[str, Place] = {}
    for place in places():
        for name in place.names:
            found.setdefault(normalise(name).text, place)
    return found


@lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    """Any name; Latin ones as whole words only."""
    names = sorted(_by_key(), key=len, reverse=True)
    return re.compile("|".join(rf"\b{re.escape(n)}\b" if n.isascii() else re.escape(n) for n in names))

"""The wanted list 征集线索: what published exhibitions still look for, section by section, as the public sees them."""

from __future__ import annotations

from dataclasses import dataclass

from holdings.errors import NotFound
from search_api.house import House
from search_api.published import all_published


@dataclass(frozen=True)
class Wanted:
    """slug, exhibition: its address and title.  section, heading: the section's key and title."""

    slug: str
    exhibition: str
    section: str
    heading: str
    wanted: str


def wanted(house: House) -> list[Wanted]:
    """The latest exhibition first, its sections in their order."""
    return [
        Wanted(edition.slug, edition.title, section.key, section.title, section.wanted.strip())
        for edition in all_published(house)
        for section in edition.sections
        if section.wanted.strip()
    ]


def wanted_by(house: House, slug: str, section: str) -> Wanted:
    """One entry. Errors: NotFound, also once the exhibition was withdrawn or says it no more."""
    for one in wanted(house):
        if (one.slug, one.section) == (slug, section):
            return one
    raise NotFound("没有这一征集项，或已不再征集。", advice="请从征集页重新选择。")

"""The wanted list 征集线索: what published exhibitions still look for, section by section, as the public sees them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from curation.edition import Edition
from holdings.errors import NotFound
from search_api.house import House
from search_api.published import head, heads


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
    return [one for edition in heads(house) for one in _of(edition)]


def wanted_by(house: House, slug: str, section: str) -> Wanted:
    """One entry. Errors: NotFound, also once the exhibition was withdrawn or says it no more."""
    with suppress(NotFound):
        for one in _of(head(house, slug)):
            if one.section == section:
                return one
    raise NotFound("没有这一征集项，或已不再征集。", advice="请从征集页重新选择。")


def _of(edition: Edition) -> list[Wanted]:
    return [
        Wanted(edition.slug, edition.title, section.key, section.title, section.wanted.strip())
        for section in edition.sections
        if section.wanted.strip()
    ]

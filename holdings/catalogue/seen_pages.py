"""Pages as all but staff see them: words and pixels that were redacted are gone, in every version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from holdings.catalogue.pages import Pages, StoredPage, TextVersion
from holdings.catalogue.redactions import Redactions
from holdings.redaction import NOTHING_HIDDEN, Hides


class PageView(Protocol):
    """Pages, as somebody sees them."""

    def of(self, record_id: str, *, first: int = 1, limit: int = 10_000) -> list[StoredPage]: ...
    def of_many(
        self, record_ids: Sequence[str], *, first: int = 1, limit: int = 10_000
    ) -> dict[str, list[StoredPage]]: ...
    def at(self, places: Sequence[tuple[str, int]]) -> dict[str, list[StoredPage]]: ...
    def get(self, record_id: str, number: int) -> StoredPage | None: ...
    def versions(self, record_id: str, number: int) -> list[TextVersion]: ...


class SeenPages:
    """The same questions as Pages answers, with what is left for all but staff."""

    def __init__(self, pages: Pages, redactions: Redactions) -> None:
        self._pages = pages
        self._redactions = redactions

    def of(self, record_id: str, *, first: int = 1, limit: int = 10_000) -> list[StoredPage]:
        return self.of_many([record_id], first=first, limit=limit).get(record_id, [])

    def of_many(
        self, record_ids: Sequence[str], *, first: int = 1, limit: int = 10_000
    ) -> dict[str, list[StoredPage]]:
        return self.hide(self._pages.of_many(record_ids, first=first, limit=limit))

    def at(self, places: Sequence[tuple[str, int]]) -> dict[str, list[StoredPage]]:
        return self.hide(self._pages.at(places))

    def get(self, record_id: str, number: int) -> StoredPage | None:
        found = self.of(record_id, first=number, limit=1)
        return found[0] if found else None

    def versions(self, record_id: str, number: int) -> list[TextVersion]:
        hides = self._redactions.hidden([record_id]).get(record_id, {}).get(number, NOTHING_HIDDEN)
        found = self._pages.versions(record_id, number)
        return [replace(version, text=hides.of_text(version.text)) for version in found]

    def hide(self, found: Mapping[str, Sequence[StoredPage]]) -> dict[str, list[StoredPage]]:
        """These pages, as far as all but staff may see them."""
        hidden = self._redactions.hidden(list(found))
        return {
            record_id: [_seen(page, hidden.get(record_id, {})) for page in pages]
            for record_id, pages in found.items()
        }


def _seen(page: StoredPage, hidden: Mapping[int, Hides]) -> StoredPage:
    hides = hidden.get(page.number, NOTHING_HIDDEN)
    if not hides:
        return page
    return replace(page, hides=hides, text=hides.of_text(page.text) if page.text else None)

"""The shapes of the published catalogue of openings."""

from __future__ import annotations

from datetime import date

from search_api.schema import DateOut, Shape


class OpeningOut(Shape):
    """One opened record. day: when it was opened; batch: the name its opening was announced by."""

    day: date
    batch: str
    id: str
    reference_code: str
    title: str
    fonds_code: str
    date: DateOut


class OpeningsOut(Shape):
    items: list[OpeningOut]
    next: str | None

"""People with roles of their own, and records to review."""

from __future__ import annotations

from collections.abc import Sequence

from holdings.access import STAFF, Caller
from holdings.catalogue import Catalogue, Incoming
from holdings.catalogue.reviews import NewBatch
from holdings.records import DateSpan, Record


def person(number: int, *roles: str) -> Caller:
    return Caller(STAFF, frozenset(roles), f"馆员{number}", f"key:{number}")


FIRST = person(1, "archivist")
SECOND = person(2, "archivist", "reviewer")
SIGNER = person(3, "reviewer", "admin")
OTHER = person(4, "reviewer")


def file(code: str, year: int | None = 1962, **changes: object) -> Record:
    date = DateSpan(f"{year}年", f"{year}-01-01", f"{year}-12-31") if year else DateSpan()
    values = {
        "id": f"990001:{code}",
        "reference_code": code,
        "title": f"某件 {code}",
        "fonds_code": code.split("-", maxsplit=1)[0],
        "date": date,
    }
    return Record(**(values | changes))  # type: ignore[arg-type]


def put(catalogue: Catalogue, *records: Record) -> list[str]:
    catalogue.records.put([Incoming(record) for record in records])
    return [record.id for record in records]


def batch_of(catalogue: Catalogue, ids: Sequence[str], kind: str = "opening") -> int:
    return catalogue.reviews.make(NewBatch(f"{kind}一批", kind, "第一批"), ids, FIRST).batch_id

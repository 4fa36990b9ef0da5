"""Records as all but staff see them: public forms in the place of what they hide, attachments that may say it
left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from holdings.catalogue.records import Records, StoredAttachment, StoredRecord
from holdings.catalogue.redactions import Redactions
from holdings.public_forms import outer
from holdings.records import Record


class RecordView(Protocol):
    """Records, as somebody sees them. Who may see one at all is asked of its audiences."""

    def get(self, record_id: str) -> StoredRecord | None: ...
    def many(self, ids: Sequence[str]) -> dict[str, StoredRecord]: ...
    def of_codes(self, codes: Sequence[str]) -> dict[str, tuple[Record, frozenset[str]]]: ...
    def children(
        self, parent: str | None, *, levels: Sequence[str] = (), after: str = "", limit: int = 200
    ) -> list[StoredRecord]: ...
    def ancestors(self, ids: Sequence[str]) -> dict[str, list[StoredRecord]]: ...
    def beside(self, record_id: str, audience: str) -> tuple[str | None, str | None]: ...
    def attachments(self, record_id: str) -> list[StoredAttachment]: ...


class SeenRecords:
    """The same questions as Records answers, with what is left for all but staff."""

    def __init__(self, records: Records, redactions: Redactions) -> None:
        self._records = records
        self._redactions = redactions

    def get(self, record_id: str) -> StoredRecord | None:
        return self.many([record_id]).get(record_id)

    def many(self, ids: Sequence[str]) -> dict[str, StoredRecord]:
        return {i: seen(stored) for i, stored in self._records.many(ids).items()}

    def of_codes(self, codes: Sequence[str]) -> dict[str, tuple[Record, frozenset[str]]]:
        found = self._records.of_codes(codes)
        return {code: (outer(record), audiences) for code, (record, audiences) in found.items()}

    def children(
        self, parent: str | None, *, levels: Sequence[str] = (), after: str = "", limit: int = 200
    ) -> list[StoredRecord]:
        found = self._records.children(parent, levels=levels, after=after, limit=limit)
        return [seen(stored) for stored in found]

    def ancestors(self, ids: Sequence[str]) -> dict[str, list[StoredRecord]]:
        return {i: [seen(stored) for stored in above] for i, above in self._records.ancestors(ids).items()}

    def beside(self, record_id: str, audience: str) -> tuple[str | None, str | None]:
        return self._records.beside(record_id, audience)

    def attachments(self, record_id: str) -> list[StoredAttachment]:
        """Of a record with anything redacted or given another form they are staff's: they may say it too."""
        stored = self._records.get(record_id)
        if stored is None or stored.record.public_forms or self._redactions.hidden([record_id]):
            return []
        return self._records.attachments(record_id)


def seen(stored: StoredRecord) -> StoredRecord:
    """A record as all but staff see it."""
    record = outer(stored.record)
    return stored if record is stored.record else replace(stored, record=record)

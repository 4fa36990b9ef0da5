"""What of a record is for staff alone, one text a thing, so that what is hidden now can be held against what was
hidden then. Pure.

A thing is a page that is hidden whole ("3"), a region of one ("3:x,y,width,height") or a public form with what it says
("title=王××的申请").
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime

from holdings.catalogue.records import StoredRecord
from holdings.records import PublicForm, Record
from holdings.redaction import Box, Hides


def hidden_of(
    redacted: Mapping[str, Mapping[int, Hides]], found: Mapping[str, StoredRecord]
) -> dict[str, set[str]]:
    """record id → what of it is hidden. redacted: as `Redactions.hidden` gives it."""
    return {
        record_id: {*_of_pages(redacted.get(record_id, {})), *forms_of(stored.record)}
        for record_id, stored in found.items()
    }


def more(now: Collection[str], then: Collection[str]) -> set[str]:
    """What is hidden now and was not then. A region of a page that was hidden whole was."""
    whole = {thing for thing in then if thing.isdigit()}
    return {thing for thing in now if thing not in then and thing.partition(":")[0] not in whole}


def region(number: int, box: Box | None) -> str:
    """box None: the whole page."""
    return f"{number}" if box is None else f"{number}:{','.join(map(str, box))}"


def forms_of(record: Record) -> dict[str, datetime]:
    """thing → when it was written, of its public forms."""
    return {f"{name}={'|'.join(form.value)}": _written(form) for name, form in record.public_forms.items()}


def _written(form: PublicForm) -> datetime:
    """One that does not say is older than all."""
    at = datetime.fromisoformat(form.at) if form.at else datetime.min
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _of_pages(pages: Mapping[int, Hides]) -> Iterator[str]:
    for number, hides in pages.items():
        if hides.whole:
            yield region(number, None)
        yield from (region(number, box) for box in hides.regions)

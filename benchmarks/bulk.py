"""Records straight into the catalogue's tables, thousands a statement: what a benchmark may and intake may not.

Nothing is compared with what is there, and no outbox entry is made: the caller says what is to be indexed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import insert

from holdings.catalogue import Catalogue
from holdings.catalogue.accession import columns_of, first
from holdings.catalogue.tables import CodeRow, PageRow, PageTextRow, RecordRow
from holdings.records import Record

T = TypeVar("T")
CHUNK = 5_000


def put_bulk(catalogue: Catalogue, records: Iterable[tuple[Record, str]]) -> int:
    """New records, each with the text of its one page, into an empty catalogue; how many."""
    total = 0
    for chunk in chunks(records, CHUNK):
        now = datetime.now(UTC)
        with catalogue.database.write() as session:
            session.execute(insert(RecordRow), [columns_of(r) | first(now) for r, _ in chunk])
            codes = [{"code": record.reference_code, "record_id": record.id} for record, _ in chunk]
            session.execute(insert(CodeRow), codes)
            numbered = list(enumerate(chunk, total + 1))
            session.execute(insert(PageRow), [_page_row(n, record) for n, (record, _) in numbered])
            session.execute(insert(PageTextRow), [_text_row(n, text, now) for n, (_, text) in numbered])
        total += len(chunk)
    return total


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of `size`, the last one shorter."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


def _page_row(number: int, record: Record) -> dict[str, Any]:
    """A page that came with its text: no image."""
    return {
        "id": number,
        "record_id": record.id,
        "number": 1,
        "kind": "text",
        "sha256": f"{number:064d}",
        "frame": 0,
        "media_type": "text/plain",
        "name": "",
        "width": 0,
        "height": 0,
        "text_version": 1,
        "reader": "",
        "error": "",
    }


def _text_row(number: int, text: str, now: datetime) -> dict[str, Any]:
    lines = [[line, None, None, None, None, 1.0] for line in text.split("\n")]
    return {
        "page_id": number,
        "version": 1,
        "maker": "born-digital:benchmark",
        "made_at": now,
        "rotation": 0,
        "vertical": False,
        "lines": lines,
    }

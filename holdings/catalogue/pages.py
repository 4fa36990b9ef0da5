"""Page texts as versions, and the OCR's list of work, derived from the pages themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, func, select, true, tuple_
from sqlalchemy.orm import Session

from holdings.catalogue.attach import add_text, page_text
from holdings.catalogue.database import Database, parts
from holdings.catalogue.outbox import enqueue
from holdings.catalogue.quarantine import hold_marked
from holdings.catalogue.tables import PageRow, PageTextRow, RecordRow
from holdings.catalogue.visibility import is_held
from holdings.errors import NotFound
from holdings.records import PageText
from holdings.redaction import NOTHING_HIDDEN, Hides


@dataclass(frozen=True)
class StoredPage:
    """A page with its present text, if it has one. `status`: waiting, read, failed, text or picture.

    hides: what its image must not show, where it is read for others than staff (seen_pages.py).
    """

    id: int
    record_id: str
    number: int
    kind: str
    sha256: str
    frame: int
    media_type: str
    name: str
    width: int
    height: int
    text_version: int
    error: str
    text: PageText | None
    hides: Hides = NOTHING_HIDDEN

    @property
    def status(self) -> str:
        if self.kind != "scan":
            return self.kind
        if self.error:
            return "failed"
        return "read" if self.text_version else "waiting"


# What a StoredPage and its text are made from. Made once, of columns: a search runs this for its twenty hits.
_P, _T = PageRow.__table__.c, PageTextRow.__table__.c
_PAGE = (
    _P.id,
    _P.record_id,
    _P.number,
    _P.kind,
    _P.sha256,
    _P.frame,
    _P.media_type,
    _P.name,
    _P.width,
    _P.height,
    _P.text_version,
    _P.error,
)
_READ = (
    select(*_PAGE, _T.maker, _T.rotation, _T.vertical, _T.lines)
    .join_from(
        PageRow.__table__,
        PageTextRow.__table__,
        and_(_T.page_id == _P.id, _T.version == _P.text_version),
        isouter=True,
    )
    .order_by(_P.record_id, _P.number)
)
_OF_MANY = _READ.where(_P.record_id.in_(bindparam("ids", expanding=True))).where(
    _P.number.between(bindparam("first"), bindparam("last"))
)
_AT = _READ.where(tuple_(_P.record_id, _P.number).in_(bindparam("places", expanding=True)))
#: Width, height, and how the page is turned to be read.
_SIZES = (
    select(_P.record_id, _P.number, _P.width, _P.height, func.coalesce(_T.rotation, 0))
    .join_from(
        PageRow.__table__,
        PageTextRow.__table__,
        and_(_T.page_id == _P.id, _T.version == _P.text_version),
        isouter=True,
    )
    .where(tuple_(_P.record_id, _P.number).in_(bindparam("places", expanding=True)), _P.width > 0)
)
#: The first page of each record that has an image.
_FIRST_IMAGES = (
    select(_P.record_id, func.min(_P.number))
    .where(_P.record_id.in_(bindparam("ids", expanding=True)), _P.width > 0)
    .group_by(_P.record_id)
)
#: Whether a page's newest text is a person's.
_BY_PERSON = (
    select(PageTextRow.page_id)
    .where(
        PageTextRow.page_id == PageRow.id,
        PageTextRow.version == PageRow.text_version,
        PageTextRow.maker.like("person:%"),
    )
    .correlate(PageRow)
    .exists()
)


@dataclass(frozen=True)
class WaitingPage:
    """One piece of the OCR's work. `place` orders the work: pass the last one as `after`."""

    id: int
    record_id: str
    reference_code: str
    number: int
    sha256: str
    frame: int
    media_type: str
    place: tuple[str, int]


@dataclass(frozen=True)
class TextVersion:
    version: int
    made_at: datetime
    text: PageText


class Pages:
    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, record_id: str, *, first: int = 1, limit: int = 10_000) -> list[StoredPage]:
        """A record's pages in order, each with its newest text."""
        return self.of_many([record_id], first=first, limit=limit).get(record_id, [])

    def of_many(
        self, record_ids: Sequence[str], *, first: int = 1, limit: int = 10_000
    ) -> dict[str, list[StoredPage]]:
        """record id → its pages numbered first … first+limit-1."""
        found: dict[str, list[StoredPage]] = {}
        for some in parts(record_ids):
            given = {"ids": some, "first": first, "last": first + limit - 1}
            for row in self._database.rows(_OF_MANY, given):
                found.setdefault(row.record_id, []).append(_stored(row))
        return found

    def at(self, places: Sequence[tuple[str, int]]) -> dict[str, list[StoredPage]]:
        """record id → these pages of it: (record id, number) each."""
        found: dict[str, list[StoredPage]] = {}
        for some in parts(places):
            for row in self._database.rows(_AT, {"places": some}):
                found.setdefault(row.record_id, []).append(_stored(row))
        return found

    def sizes(self, places: Sequence[tuple[str, int]]) -> dict[tuple[str, int], tuple[int, int]]:
        """(record id, number) → width and height in pixels of the page turned upright, for those with an image."""
        return {
            (record_id, number): (height, width) if rotation in (90, 270) else (width, height)
            for some in parts(places)
            for record_id, number, width, height, rotation in self._database.rows(_SIZES, {"places": some})
        }

    def first_images(self, record_ids: Sequence[str]) -> dict[str, int]:
        """record id → the number of its first page with an image; those without are left out."""
        given = ({"ids": some} for some in parts(record_ids))
        return {
            record_id: number
            for one in given
            for record_id, number in self._database.rows(_FIRST_IMAGES, one)
        }

    def get(self, record_id: str, number: int) -> StoredPage | None:
        found = self.of(record_id, first=number, limit=1)
        return found[0] if found else None

    def same_files(self, record_id: str, *, limit: int = 50) -> dict[str, list[int]]:
        """Other records that hold a page of the very same file → the numbers of those pages there."""
        own = select(_P.sha256).where(_P.record_id == record_id)
        query = select(_P.record_id, _P.number).where(_P.sha256.in_(own), _P.record_id != record_id)
        found: dict[str, list[int]] = {}
        for other, number in self._database.rows(query.order_by(_P.record_id, _P.number).limit(limit), {}):
            found.setdefault(other, []).append(number)
        return found

    def versions(self, record_id: str, number: int) -> list[TextVersion]:
        """Every text this page has had, newest first."""
        query = (
            select(PageTextRow)
            .join(PageRow, PageRow.id == PageTextRow.page_id)
            .where(PageRow.record_id == record_id, PageRow.number == number)
            .order_by(PageTextRow.version.desc())
        )
        with self._database.read() as session:
            return [
                TextVersion(r.version, r.made_at, page_text(r.maker, r.rotation, r.vertical, r.lines))
                for r in session.scalars(query)
            ]

    def waiting(
        self,
        reader: str,
        *,
        after: tuple[str, int] | None = None,
        limit: int = 64,
        page_id: int | None = None,
    ) -> list[WaitingPage]:
        """Scans that `reader` has not tried, in reference-code order, none moved forward.

        A page whose newest text a person made is left alone. page_id: this one only, if it still waits.
        """
        query = (
            select(PageRow, RecordRow.reference_code, RecordRow.sort_code)
            .join(RecordRow, RecordRow.id == PageRow.record_id)
            .where(PageRow.kind == "scan", PageRow.reader != reader)
            .where(~_BY_PERSON)
            .order_by(RecordRow.sort_code, PageRow.number)
            .limit(limit)
        )
        if after is not None:
            query = query.where(tuple_(RecordRow.sort_code, PageRow.number) > after)
        if page_id is not None:
            query = query.where(PageRow.id == page_id)
        with self._database.read() as session:
            return [
                WaitingPage(
                    page.id,
                    page.record_id,
                    code,
                    page.number,
                    page.sha256,
                    page.frame,
                    page.media_type,
                    (sort_code, page.number),
                )
                for page, code, sort_code in session.execute(query)
            ]

    def save_reading(self, page_id: int, text: PageText, reader: str) -> bool:
        """A machine's reading of a scan: a new text version, and the record's indexes lag. A secrecy mark in
        it holds the record back.

        False, and nothing changes, where this reader's reading is there already: however often a page was
        given out, it gets one text. Nor where a person's text came while the page was read.
        """
        with self._database.write() as session:
            row = _page(session, page_id)
            if (row.reader == reader and not row.error) or _is_by_person(session, page_id):
                return False
            row.reader, row.error = reader, ""
            add_text(session, row, text)
            hold_marked(session, row, text)
            _touch(session, row.record_id)
            return True

    def save_failure(self, page_id: int, error: str, reader: str) -> bool:
        """The page could not be read: its status says why, all other work goes on. False where this reader
        has tried it before, or a person's text is there: what came first stands."""
        with self._database.write() as session:
            row = _page(session, page_id)
            if row.reader == reader or _is_by_person(session, page_id):
                return False
            row.reader, row.error = reader, error
            return True

    def correct(self, record_id: str, number: int, text: PageText) -> int:
        """A person's text: a new version (its number is returned); nothing is overwritten.

        Errors: NotFound.
        """
        with self._database.write() as session:
            query = select(PageRow).where(PageRow.record_id == record_id, PageRow.number == number)
            row = session.scalar(query.with_for_update())
            if row is None:
                raise NotFound("没有这一页。")
            row.error = ""
            version = add_text(session, row, text)
            hold_marked(session, row, text)
            _touch(session, record_id)
            return version

    def retry_failed(self) -> int:
        """Put failed pages back on the list of work; how many."""
        with self._database.write() as session:
            rows = list(session.scalars(select(PageRow).where(PageRow.error != "")))
            for row in rows:
                row.reader, row.error = "", ""
            return len(rows)

    def failures(self, limit: int = 20) -> list[tuple[str, int]]:
        """(reason, pages) of the failed ones, the most frequent first."""
        number = func.count()
        query = select(PageRow.error, number).where(PageRow.error != "").group_by(PageRow.error)
        with self._database.read() as session:
            rows = session.execute(query.order_by(number.desc(), PageRow.error).limit(limit))
            return [(reason, pages) for reason, pages in rows]

    def some_files(self, limit: int = 3) -> list[str]:
        """SHA-256 of some files of pages: whoever has the store has these."""
        with self._database.read() as session:
            return list(session.scalars(select(PageRow.sha256).where(PageRow.kind == "scan").limit(limit)))

    def progress(self, reader: str) -> dict[str, int]:
        """Pages by state, as `reader` has tried them: waiting, read, failed, text, picture."""
        return self._count(PageRow.reader == reader, true())

    def untried(self, fonds_code: str) -> int:
        """Scans of one fonds that no reader has tried."""
        query = (
            select(func.count())
            .select_from(PageRow)
            .join(RecordRow, RecordRow.id == PageRow.record_id)
            .where(RecordRow.fonds_code == fonds_code, PageRow.kind == "scan", PageRow.reader == "")
        )
        with self._database.read() as session:
            return session.scalar(query) or 0

    def states(self, *, held: bool = True) -> dict[str, int]:
        """Pages by state, whichever reader read them. held: also of records held for a secrecy mark, which
        staff are told nothing of."""
        return self._count(PageRow.text_version > 0, true() if held else ~is_held(PageRow.record_id))

    def _count(self, read: ColumnElement[bool], which: ColumnElement[bool]) -> dict[str, int]:
        columns = (PageRow.kind, read.label("read"), (PageRow.error != "").label("bad"))
        each = select(*columns).where(which).subquery()
        query = select(each.c.kind, each.c.read, each.c.bad, func.count()).group_by(*each.c)
        counts = {"waiting": 0, "read": 0, "failed": 0, "text": 0, "picture": 0}
        with self._database.read() as session:
            for kind, tried, failed, number in session.execute(query):
                state = kind if kind != "scan" else "failed" if failed else "read" if tried else "waiting"
                counts[state] += number
        return counts


def _page(session: Session, page_id: int) -> PageRow:
    row = session.get(PageRow, page_id, with_for_update=True)
    if row is None:
        raise NotFound("没有这一页。")
    return row


def _is_by_person(session: Session, page_id: int) -> bool:
    return session.scalar(select(PageRow.id).where(PageRow.id == page_id, _BY_PERSON)) is not None


def _touch(session: Session, record_id: str) -> None:
    """The record's indexed form changed: its version moves on, its description does not."""
    row = session.get_one(RecordRow, record_id, with_for_update=True)
    row.version += 1
    enqueue(session, [record_id])


def _stored(row: Any) -> StoredPage:
    """row: the columns of _PAGE, then of its text (all None where there is no text yet)."""
    maker, rotation, vertical, lines = row[len(_PAGE) :]
    text = None if maker is None else page_text(maker, rotation, vertical, lines)
    values: tuple[Any, ...] = (*row[: len(_PAGE)], text)
    return StoredPage(*values)

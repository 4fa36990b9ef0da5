"""Writing a record's pages and attachments, inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from holdings.catalogue.tables import AttachmentRow, PageRow, PageTextRow
from holdings.records import Line, PageText

if TYPE_CHECKING:
    from holdings.catalogue.incoming import IncomingAttachment, IncomingPage

Difference = tuple[str, str]


Place = tuple[int, str, int]  # page number, SHA-256 of its file, frame in the file


def pages_as_is(session: Session, record_ids: Collection[str]) -> dict[str, list[Place]]:
    """record id → its pages' places, in order."""
    query = select(PageRow.record_id, PageRow.number, PageRow.sha256, PageRow.frame).order_by(PageRow.number)
    found: dict[str, list[Place]] = {}
    for record_id, number, sha256, frame in session.execute(query.where(PageRow.record_id.in_(record_ids))):
        found.setdefault(record_id, []).append((number, sha256, frame))
    return found


def files_as_is(session: Session, record_ids: Collection[str]) -> dict[str, dict[str, str]]:
    """record id → its attachments' name → SHA-256."""
    query = select(AttachmentRow.record_id, AttachmentRow.name, AttachmentRow.sha256)
    found: dict[str, dict[str, str]] = {}
    for record_id, name, sha256 in session.execute(query.where(AttachmentRow.record_id.in_(record_ids))):
        found.setdefault(record_id, {})[name] = sha256
    return found


def page_difference(as_is: list[Place], pages: Sequence[IncomingPage] | None) -> Difference | None:
    """How the pages differ from the record's, for people; None when none came or they are the same."""
    if pages is None or as_is == sorted((p.number, p.sha256, p.frame) for p in pages):
        return None
    return f"{len(as_is)} 页", f"{len(pages)} 页" + ("（文件不同）" if as_is else "")


def file_difference(as_is: dict[str, str], files: Sequence[IncomingAttachment] | None) -> Difference | None:
    """How the attachments differ from the record's, for people; None when none came or they are the same."""
    if files is None or as_is == {f.name: f.sha256 for f in files}:
        return None
    return "、".join(sorted(as_is)), "、".join(sorted(f.name for f in files))


def set_pages(session: Session, record_id: str, pages: Sequence[IncomingPage]) -> None:
    """Make the record's pages these. A page whose file stays keeps its texts."""
    old = session.scalars(select(PageRow).where(PageRow.record_id == record_id))
    to_be = {(p.number, p.sha256, p.frame) for p in pages}
    kept = set()
    for page in old:
        place = (page.number, page.sha256, page.frame)
        if place in to_be:
            kept.add(place)
        else:
            session.execute(delete(PageTextRow).where(PageTextRow.page_id == page.id))
            session.execute(delete(PageRow).where(PageRow.id == page.id))
    add_pages(session, [(record_id, p) for p in pages if (p.number, p.sha256, p.frame) not in kept])


def add_pages(session: Session, pages: Sequence[tuple[str, IncomingPage]]) -> None:
    """New pages of (record id), with the texts they came with: two statements for all of them."""
    if not pages:
        return
    now = datetime.now(UTC)
    new = insert(PageRow).returning(PageRow.id, sort_by_parameter_order=True)
    ids = session.scalars(new, [_page_values(record_id, page) for record_id, page in pages]).all()
    texts = [
        {"page_id": id_, "version": 1, "made_at": now, **_text_values(page.text)}
        for id_, (_, page) in zip(ids, pages, strict=True)
        if page.text is not None
    ]
    if texts:
        session.execute(insert(PageTextRow), texts)


def _page_values(record_id: str, page: IncomingPage) -> dict[str, Any]:
    same = ("number", "kind", "sha256", "frame", "media_type", "name", "width", "height")
    return {name: getattr(page, name) for name in same} | {
        "record_id": record_id,
        "text_version": 0 if page.text is None else 1,
        "reader": "",
        "error": "",
    }


def _text_values(text: PageText) -> dict[str, Any]:
    lines = [[line.text, *(line.box or (None,) * 4), round(line.confidence, 4)] for line in text.lines]
    return {"maker": text.maker, "rotation": text.rotation, "vertical": text.vertical, "lines": lines}


def add_text(session: Session, row: PageRow, text: PageText) -> int:
    """A new version of the page's text; returns its number."""
    row.text_version += 1
    values = _text_values(text)
    session.add(PageTextRow(page_id=row.id, version=row.text_version, made_at=datetime.now(UTC), **values))
    return row.text_version


def page_text(maker: str, rotation: int, vertical: bool, rows: Sequence[Sequence[Any]]) -> PageText:
    """A stored text version as the nouns have it. rows: PageTextRow.lines."""
    lines = tuple(
        Line(text, None if x is None else (x, y, w, h), confidence) for text, x, y, w, h, confidence in rows
    )
    return PageText(lines, maker, rotation, vertical)


def set_attachments(session: Session, record_id: str, files: Sequence[IncomingAttachment]) -> None:
    """Make the record's attachments these."""
    session.execute(delete(AttachmentRow).where(AttachmentRow.record_id == record_id))
    for file in files:
        session.add(
            AttachmentRow(
                record_id=record_id,
                name=file.name,
                sha256=file.sha256,
                media_type=file.media_type,
                size=file.size,
                text=file.text,
            )
        )
    session.flush()

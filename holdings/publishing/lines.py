"""A public record ↔ one line of a package. Pure.

A line holds what the public may see: the description without what stays with staff, each page's derivative and
text, attachments. It lies in its nearest public ancestor: the others are not there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from holdings.access import BUILT_IN, PUBLIC, Marks, visible_to
from holdings.catalogue import Incoming, IncomingAttachment, IncomingPage, descriptions
from holdings.catalogue.attach import page_text
from holdings.catalogue.records import StoredAttachment
from holdings.errors import BadPackage
from holdings.public_page import PublicPage
from holdings.records import STAFF_ONLY_FIELDS, PageText, Record

#: What stays with staff and yet goes along: the rule, asked once more outside, needs it of a record that was
#: secret. No answer there shows it, for there is no staff.
FOR_THE_RULE = frozenset({"access_basis", "declassified_on", "declassified_by"})
_KEPT = STAFF_ONLY_FIELDS - FOR_THE_RULE
_ADVICE = "整包未收。请由内网核对这一条目的开放标识与公开属性，再重新导出。"


def is_public(record: Record) -> bool:
    """By the one visibility rule, asked once more on the outside."""
    return PUBLIC in visible_to(Marks.of(record, quarantined=False), BUILT_IN, date.today())


def line_of(
    record: Record,
    parent: str | None,
    pages: Sequence[tuple[int, str, PublicPage]],
    files: Sequence[StoredAttachment],
) -> dict[str, Any]:
    """pages: (number, SHA-256 of the derivative or of nothing, the page)."""
    said = descriptions.to_json(record)
    kept = {name: value for name, value in said.items() if name not in _KEPT}
    return {
        "record": {**kept, "parent": parent},
        "pages": [
            {"number": n, "sha256": sha, "width": p.width, "height": p.height, "text": _text(p.text)}
            for n, sha, p in pages
        ],
        "attachments": [
            {"name": f.name, "sha256": f.sha256, "media_type": f.media_type, "size": f.size, "text": f.text}
            for f in files
        ],
    }


def _text(text: PageText | None) -> dict[str, Any] | None:
    if text is None:
        return None
    lines = [[line.text, *(line.box or (None,) * 4), round(line.confidence, 4)] for line in text.lines]
    return {"maker": text.maker, "rotation": text.rotation, "vertical": text.vertical, "lines": lines}


def incoming_of(line: Mapping[str, Any]) -> Incoming:
    """Errors: BadPackage for what is malformed, not public, or would bring along what stays with staff."""
    try:
        record = descriptions.from_json(line["record"])
        pages = [_page(page) for page in line["pages"]]
        files = [IncomingAttachment(**file) for file in line["attachments"]]
    except (KeyError, TypeError, ValueError) as error:
        raise BadPackage(f"包里有读不懂的条目：{error}", advice=_ADVICE) from error
    if not record.id or not record.reference_code:
        raise BadPackage("包里有条目没有 id 或档号。", advice=_ADVICE)
    if not is_public(record):
        raise BadPackage(f"包里的 {record.reference_code} 不是可以公开的条目。", advice=_ADVICE)
    if kept := [name for name in sorted(_KEPT) if getattr(record, name, None)]:
        said = "、".join(kept)
        raise BadPackage(f"包里的 {record.reference_code} 带有只给馆员的著录项：{said}。", advice=_ADVICE)
    return Incoming(record, pages, files)


def _page(page: Mapping[str, Any]) -> IncomingPage:
    said = page["text"]
    text = (
        None if said is None else page_text(said["maker"], said["rotation"], said["vertical"], said["lines"])
    )
    return IncomingPage(
        number=int(page["number"]),
        sha256=str(page["sha256"]),
        kind="text" if text is not None else "picture",
        media_type="image/jpeg",
        name=f"{int(page['number']):04d}.jpg",
        width=int(page["width"]),
        height=int(page["height"]),
        text=text,
    )

"""What all systems hold beside the hidden: the small archive, closed nodes with open files in them, a page that
is redacted, audiences that were added, records whose opening was decided here, one review under way.

For a caller's audience: the same with only what it may see, so that what it may not see differs too.
"""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from functools import cache
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image, ImageDraw

from curation.edition import Edition, Entry, Exhibit, Outside, Picture, Quotation, Section, as_json
from holdings.access import BUILT_IN, OPEN, PUBLIC, PUBLISHED, STAFF, Audience, Caller, Marks, visible_to
from holdings.catalogue import Catalogue, Incoming, IncomingAttachment, IncomingPage
from holdings.catalogue.reviews import NewBatch
from holdings.records import Line, PageText, Record
from holdings.redaction import Box
from holdings.review_rules import Said
from holdings.store import FileStore
from tests.api.small_archive import file_code, file_record, node, of, picture, small_archive

UNTIL = date(2099, 12, 31)
#: One audience of each kind that may be added.
ADDED = (
    Audience("unit-k010", "unit", frozenset({"K010"})),
    Audience("partner-a", "partner", frozenset({"J045"}), UNTIL),
    Audience("lot-7", "contractor", frozenset(), UNTIL),
)
#: What the contractor's lot names; the second is closed.
LOT = (of(file_code(2)), of(file_code(4)), of(file_code(6)))
#: A closed record that a grant opens to one reader; hidden ones lie beside it.
GRANTED = of(file_code(4))
#: Open records whose opening this house decided; the third for the reading room alone.
DECIDED = tuple(of(file_code(number)) for number in (0, 1, 2, 6))
#: Records of a review under way. A hidden record may hold the same file as the first of them.
REVIEWED = tuple(of(file_code(number)) for number in (4, 5, 9))

#: Closed nodes with files in them: their code shows, and nothing else. What it must not tell differs.
_CLOSED_NODES = (("K010", "fonds"), ("K010-1", "series"))
#: What lies in them: an open file, and of the unit's own a closed one, an internal one, and one about a
#: person's own affairs, which is staff's alone.
_IN_CLOSED = (
    ("K010-1-1", {}),
    ("K010-1-2", {"access_status": "控制", "publicity": ""}),
    ("K010-1-3", {"classification": "内部"}),
    ("K010-1-4", {"category": "婚姻", "title": "海匪洪三婚姻登记"}),
)
#: Anybody in the system's name.
CLERK = Caller(STAFF, frozenset({"archivist", "admin"}), "试", "")


def base(store: FileStore, audience: str | None = None, beneath: str = "") -> list[Incoming]:
    """The records that are not chosen. For an audience: only those it may see, and in place of the closed
    nodes that its records lie in, nodes of the same code that say something else.

    beneath: what stands where the redacted record is redacted; the reader granted GRANTED is the public.
    """
    box = small_archive(store)
    for code, level in _CLOSED_NODES:
        box.add(node(code, level, f"秘档{code}鲸骨", code.rpartition("-")[0] or None, open_=False))
    for number, (code, marks) in enumerate(_IN_CLOSED):
        own = {"id": of(code), "reference_code": code, "parent": of("K010-1"), "fonds_code": "K010"}
        box.add(file_record(1, **(own | {"title": f"关于岱山盐场产量的公函（{number}）"} | marks)))
    box.incoming.append(redacted(store, beneath))
    if audience is None:
        return box.incoming
    granted = GRANTED if audience == PUBLIC else ""
    seen = {i.record.id for i in box.incoming if sees(audience, i.record)} | {granted}
    files = [i.record for i in box.incoming if i.record.level == "file" and i.record.id in seen]
    held = seen | {above for record in files for above in _above(record.parent)}
    return [
        i if i.record.id in seen else replace(i, record=_otherwise(i.record))
        for i in box.incoming
        if i.record.id in held
    ]


@cache
def described() -> tuple[Record, ...]:
    """The records of all of the base."""
    with TemporaryDirectory() as folder:
        return tuple(incoming.record for incoming in base(FileStore(Path(folder))))


def _above(node_id: str | None) -> list[str]:
    """A node's id and those of all that it lies in: codes tell."""
    if node_id is None:
        return []
    archive, _, code = node_id.partition(":")
    parts = code.split("-")
    return [f"{archive}:{'-'.join(parts[: n + 1])}" for n in range(len(parts))]


def _otherwise(record: Record) -> Record:
    return replace(record, title="别的题名", agency_history="", abstract="别的摘要", notes="")


def sees(audience: str, record: Record) -> bool:
    lots = [a.name for a in ADDED if a.kind == "contractor"] if record.id in LOT else []
    marks = Marks.of(record, quarantined=False, lots=lots)
    return audience in visible_to(marks, (*BUILT_IN, *ADDED), date.today())


# ── a visible record with hidden parts ─────────────────────────────────────────

REDACTED = of("J045-1-1-70")
#: Of its first page: a whole line, and a name within one. Its second page is hidden whole.
REGIONS: tuple[Box, ...] = ((100, 200, 440, 40), (220, 280, 120, 40))


def redacted(store: FileStore, beneath: str) -> Incoming:
    """Words, pixels and attachments under the redaction depend on `beneath`, nothing else does."""
    name = (beneath or "某某某") * 3
    said = ("海嶼漁會公函", beneath or "別的字句", f"立據人{name[:3]}住岱山東沙", "右列各項業經核准在案")
    boxes = ((100, 120, 240, 40), REGIONS[0], (100, 280, 440, 40), (100, 360, 400, 40))
    first = PageText(tuple(Line(t, b, 0.98) for t, b in zip(said, boxes, strict=True)), "ocr:test@1")
    second = PageText((Line(f"{beneath}另頁", (100, 120, 400, 40), 0.9),), "ocr:test@1")
    third = PageText((Line("第三頁附記", (100, 120, 200, 40), 0.9),), "ocr:test@1")
    pages = [
        _scan(1, store.put(_painted(beneath)), first),
        _scan(
            2, store.put(picture(f"beneath {blake2b(beneath.encode(), digest_size=6).hexdigest()}")), second
        ),
        _scan(3, store.put(picture("third")), third),
    ]
    record = file_record(
        3, id=REDACTED, reference_code="J045-1-1-70", title="漁會公函", abstract="", persons=(), parent=of("J045-1-1"),
        fonds_code="J045", access_status=OPEN, publicity=PUBLISHED,
    )  # fmt: skip
    if not beneath:
        return Incoming(record, pages)
    file = store.put(f"原件：{beneath}".encode())
    return Incoming(record, pages, [IncomingAttachment("原件.txt", file, "text/plain", 20, f"附件{beneath}")])


def _scan(number: int, sha256: str, text: PageText) -> IncomingPage:
    return IncomingPage(number, sha256, "scan", 0, "image/jpeg", f"{number:04d}.jpg", 620, 800, text)


def _painted(beneath: str) -> bytes:
    """A page whose redacted regions are painted by what is said there, in colour to their very edge; its file says it, too."""
    with Image.open(io.BytesIO(picture("painted"))) as page:
        image = page.convert("RGB")
    draw = ImageDraw.Draw(image)
    for x, y, w, h in REGIONS:
        red, green, blue = blake2b(f"{beneath}{x}".encode(), digest_size=3).digest()
        draw.rectangle((x, y, x + w - 1, y + h - 1), fill=(red, green, blue))
    out = io.BytesIO()
    image.save(out, "JPEG", comment=f"原件：{beneath}".encode())
    return out.getvalue()


# ── what is decided about them ─────────────────────────────────────────────────


def redact(catalogue: Catalogue, note: str) -> None:
    """Hide what is to be hidden of the redacted record, where it is held."""
    if catalogue.records.get(REDACTED) is None:
        return
    add = catalogue.redactions.add
    add(REDACTED, 1, REGIONS, code="privacy", note=note, by="试")
    add(REDACTED, 2, [None], code="third-party", note=note, by="试")


def decide(catalogue: Catalogue, record_id: str) -> None:
    """The record's state as it is, by a decision of this house."""
    record = catalogue.records.many([record_id])[record_id].record
    said = Said(record.access_status, record.publicity, words="到期审核")
    catalogue.decisions.set(record_id, said, CLERK, "review")


#: An exhibition of what is hidden, and of a thing that is not of the holdings. Of the base it has nothing: everybody
#: is shown what the public may see, and a system that holds only what a partner may see has less of that.
EXHIBITION = "shi-zhan"


def exhibit(catalogue: Catalogue) -> None:
    """Publish an exhibition of every file that is chosen, as if the public might see all of it."""
    ids = {record_id for some in catalogue.records.ids() for record_id in some} - {r.id for r in described()}
    stored = [one for one in catalogue.records.many(sorted(ids)).values() if one.audiences]
    files = [one.record for one in stored if one.record.level == "file"]
    lamp = Exhibit("lamp", "马灯", "", "", "", "说明", outside=Outside("loan", "某人", "借1", ""))
    exhibits = tuple(
        Exhibit(
            key=r.id, title=r.title, date=r.date.text, date_from="", date_to="", label=r.abstract, record_id=r.id,
            reference_code=r.reference_code, quotation=Quotation("第1頁", r.id, 1),
            pictures=(Picture(r.id, 1, 620, 800, r.title),),
        )
        for r in files
    )  # fmt: skip
    chronology = tuple(Entry("1950", "1950年", r.title, r.reference_code, r.id) for r in files)
    section = Section("one", "一", "", (*exhibits, lamp))
    made = Edition(EXHIBITION, 0, "试展", "", "", (section,), (), (), "2026-03-02", chronology=chronology)
    catalogue.editions.publish(as_json(made), CLERK)


def settle(catalogue: Catalogue) -> None:
    """Audiences, decisions, a review and an exhibition, as far as the records they are about are held."""
    held = {record_id for ids in catalogue.records.ids() for record_id in ids}
    fonds = catalogue.records.fonds_codes()
    for audience in ADDED:
        lot = [i for i in LOT if i in held] if audience.kind == "contractor" else []
        if audience.fonds <= fonds and (lot or audience.fonds):
            catalogue.audiences.add(
                audience.name, audience.kind, fonds=audience.fonds, lot=lot, until=audience.until
            )
    for record_id in (i for i in DECIDED if i in held):
        decide(catalogue, record_id)
    if under_review := [i for i in REVIEWED if i in held]:
        reviewer = replace(CLERK, id="account:99")
        catalogue.reviews.make(NewBatch("试批", "opening"), under_review, reviewer)
    exhibit(catalogue)

"""The machine's part in a review: what it saw, the nearest earlier decisions, the same document elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import SequenceMatcher

import numpy as np

from holdings.access import STAFF
from holdings.catalogue import StoredPage, StoredRecord
from holdings.catalogue.decisions import Decision
from holdings.engines.common import middle
from holdings.engines.port import Ids, Question, Row, Vector
from holdings.errors import NotReady
from holdings.first_opinion import Precedent, early_kind, first_opinion
from holdings.records import PageText
from holdings.signals import Seen, Term, signals
from holdings.text import description_text, normalise
from search_api.house import House
from search_api.marks import boxes
from search_api.question_parts import word
from search_api.records import AS_STAFF, in_sight
from search_api.schema_reviews import FirstOpinionOut, PrecedentOut, SeenOut, TwinOut

#: Nearest earlier decisions told, and of how many of the newest.
NEAREST, REMEMBERED = 5, 5_000
#: Records that may hold the same text, and how much of the two must be the same (0–1).
CANDIDATES, SAME = 8, 0.9
#: Characters of a text that are compared.
COMPARED = 2_000


@dataclass(frozen=True)
class Looked:
    """A record with its pages, and what was seen on them."""

    stored: StoredRecord
    pages: Sequence[StoredPage]
    seen: Sequence[Seen]

    @property
    def texts(self) -> dict[int, PageText]:
        return {p.number: p.text for p in self.pages if p.text is not None}

    @property
    def unread(self) -> list[int]:
        return [p.number for p in self.pages if p.status in ("waiting", "failed")]


def look(house: House, stored: StoredRecord, terms: Sequence[Term]) -> Looked:
    """Read the record's pages and see what is on them."""
    pages = house.pages(AS_STAFF).of(stored.record.id)
    bare = Looked(stored, pages, ())
    sizes = {p.number: (p.width, p.height) for p in pages}
    return Looked(stored, pages, signals(stored.record, bare.texts, sizes, terms))


def suggested(looked: Looked) -> str:
    """The machine's suggestion alone, without earlier decisions."""
    today = datetime.now(UTC).date()
    return first_opinion(looked.stored.record, looked.seen, (), looked.unread, today).suggests


async def opinion_of(house: House, looked: Looked) -> FirstOpinionOut:
    """The first opinion with all it rests on. Errors: the engine's."""
    precedents, away = await _precedents(house, looked.stored)
    told = [Precedent(p.record_id, p.status, tuple(p.reasons)) for p in precedents]
    record = looked.stored.record
    said = first_opinion(record, looked.seen, told, looked.unread, datetime.now(UTC).date())
    return FirstOpinionOut(
        suggests=said.suggests,
        reasons=list(said.reasons),
        why=list(said.why),
        due=said.due,
        early=early_kind(record),
        seen=[_seen_out(one, looked.texts) for one in looked.seen],
        precedents=precedents,
        nearest_away=away,
    )


def _seen_out(one: Seen, texts: dict[int, PageText]) -> SeenOut:
    page = texts.get(one.page) if one.page else None
    return SeenOut(**vars(one), boxes=boxes(page, [(one.start, one.end)]) if page else [])


# ── by meaning ─────────────────────────────────────────────────────────────────


async def _precedents(house: House, stored: StoredRecord) -> tuple[list[PrecedentOut], str]:
    """The nearest records that a review decided, nearest first; or why none can be told."""
    if house.encoder is None:
        return [], "没有语义模型，先例未查；danghai models pull 可取。"
    decided = await asyncio.to_thread(house.catalogue.decisions.recent, REMEMBERED)
    ids = tuple(i for i in decided if i != stored.record.id)
    try:
        if not house.engine.has_meaning(STAFF):
            return [], "语义检索尚未就绪，先例未查；稍后再看。"
        rows = await house.vectors(STAFF, stored.record.id)
        near = await _nearest(house, rows, (Ids(ids),), NEAREST) if rows and ids else []
    except NotReady as error:
        return [], f"先例未查：{error.message}"
    away = "" if rows else "这一条的语义向量还没有做好，先例未查；稍后再看。"
    return await asyncio.to_thread(_precedents_out, house, near), away


async def _nearest(house: House, rows: Sequence[Row], must: tuple[Ids, ...], depth: int) -> list[str]:
    asked = Question(vector=_middle(rows), must=must, depth=depth, meaning_only=True)
    answer = await house.ask(STAFF, asked)
    return answer.meaning.ids(0, depth)


def _middle(rows: Sequence[Row]) -> Vector:
    return middle(np.stack([row.vector for row in rows]))


def _precedents_out(house: House, ids: Sequence[str]) -> list[PrecedentOut]:
    stored, latest = in_sight(house, ids), house.catalogue.decisions.latest(ids)
    return [_precedent(stored[i], latest[i]) for i in ids if i in stored and i in latest]


def _precedent(stored: StoredRecord, decision: Decision) -> PrecedentOut:
    return PrecedentOut(
        record_id=stored.record.id,
        reference_code=stored.record.reference_code,
        title=stored.record.title,
        status=decision.status,
        reasons=list(decision.reasons),
        words=decision.words,
        at=decision.at.isoformat(),
    )


# ── the same document elsewhere ────────────────────────────────────────────────


async def twins(house: House, looked: Looked) -> tuple[list[TwinOut], str]:
    """The same document elsewhere, those that stand otherwise first: by number and creator, by the very file
    of a page, by (nearly) the same words; and what could not be looked for while the engine is not ready."""
    how: dict[str, tuple[str, str]] = {}
    away = ""
    pages = await asyncio.to_thread(house.catalogue.pages.same_files, looked.stored.record.id)
    try:
        how |= dict.fromkeys(await _same_text(house, looked), ("text", "正文几乎相同"))
        numbered = await _same_number(house, looked.stored)
    except NotReady as error:
        numbered, away = [], f"文件编号与正文未比对：{error.message}"
    how |= {
        i: ("page", f"第 {'、'.join(map(str, numbers))} 页是同一图像文件") for i, numbers in pages.items()
    }
    how |= dict.fromkeys(numbered, ("number", "文件编号与责任者相同"))
    stored = await asyncio.to_thread(in_sight, house, sorted(how))
    status = looked.stored.record.access_status
    found = [
        _twin(other, *how[i], differs=other.record.access_status != status) for i, other in stored.items()
    ]
    return sorted(found, key=lambda twin: (not twin.differs, twin.reference_code)), away


def _twin(other: StoredRecord, how: str, detail: str, *, differs: bool) -> TwinOut:
    record = other.record
    same = {name: getattr(record, name) for name in ("reference_code", "title", "access_status")}
    return TwinOut.model_validate(
        same | {"record_id": record.id, "how": how, "detail": detail, "differs": differs}
    )


async def _same_number(house: House, stored: StoredRecord) -> list[str]:
    record = stored.record
    leaf = word(house.segmenter, normalise(record.document_number).text, fields=("identifiers",))
    if leaf is None or not record.creators:
        return []
    answer = await house.ask(STAFF, Question(words=leaf, must_not=(Ids((record.id,)),), depth=50))
    others = await asyncio.to_thread(house.records(AS_STAFF).many, answer.words.ids())
    number, creators = _key(record.document_number), {_key(name) for name in record.creators}
    return [
        i
        for i, other in others.items()
        if _key(other.record.document_number) == number
        and creators & {_key(name) for name in other.record.creators}
    ]


def _key(text: str) -> str:
    return "".join(normalise(text).text.split())


async def _same_text(house: House, looked: Looked) -> list[str]:
    """Near by meaning, then compared word by word: nearness alone says only the same matter."""
    record = looked.stored.record
    if not house.engine.has_meaning(STAFF) or not (rows := await house.vectors(STAFF, record.id)):
        return []
    asked = Question(vector=_middle(rows), must_not=(Ids((record.id,)),), depth=CANDIDATES, meaning_only=True)
    near = (await house.ask(STAFF, asked)).meaning.ids(0, CANDIDATES)
    return await asyncio.to_thread(_alike, house, looked, near)


def _alike(house: House, looked: Looked, ids: Sequence[str]) -> list[str]:
    mine = _words_of(looked.stored, looked.pages)
    stored, pages = house.records(AS_STAFF).many(ids), house.pages(AS_STAFF).of_many(ids)
    compared = SequenceMatcher(None, autojunk=False)
    compared.set_seq2(mine)
    found = []
    for other in ids:
        if other not in stored or not mine:
            continue
        compared.set_seq1(_words_of(stored[other], pages.get(other, ())))
        if (
            compared.real_quick_ratio() >= SAME
            and compared.quick_ratio() >= SAME
            and compared.ratio() >= SAME
        ):
            found.append(other)
    return found


def _words_of(stored: StoredRecord, pages: Sequence[StoredPage]) -> str:
    """What is compared: the pages' words; of a record without any, its description."""
    said = "".join(p.text.text for p in pages if p.text is not None) or description_text(stored.record)
    return _key(said)[:COMPARED]

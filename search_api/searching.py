"""One question's way out: understand, ask both legs, fuse, read the catalogue, check again, say why."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace

import numpy as np

from holdings.access import Caller
from holdings.catalogue import StoredRecord
from holdings.engines.common import middle
from holdings.engines.fusion import Fused, Fusion, fuse, in_turn
from holdings.engines.port import Answer, Ids, Question
from search_api.asking import Asked, question
from search_api.cursors import Cursor
from search_api.facets import FondsTitles, facet_values
from search_api.hits import Found, hits
from search_api.house import House
from search_api.schema import (
    ChipOut,
    FacetValue,
    HitOut,
    Loosen,
    Mode,
    QueryOut,
    SearchOut,
    SimilarOut,
    Total,
    YearCount,
)
from search_api.understand import Understood, mere_words, understand

#: Constraints tried, one at a time, when nothing was found.
LOOSENINGS = 6


@dataclass(frozen=True)
class _Page:
    """One page of ids with their ranks, and where the next one begins (None: this was the last)."""

    found: list[Found]
    next: Cursor | None


@dataclass(frozen=True)
class Ranked:
    """Both legs' answer, with what was understood and asked."""

    understood: Understood
    full: Question
    answer: Answer


async def rank(house: House, caller: Caller, asked: Asked, snapshot: str | None = None) -> Ranked:
    """Understand, embed, ask both legs; no record is read from the catalogue yet. Errors: as `search`."""
    understood = understand(asked.text, house.segmenter, plain=asked.plain)
    vector = house.embedding(caller.audience, understood.sentence) if asked.wants_meaning else None
    full = replace(question(asked, understood, vector), snapshot=snapshot)
    return Ranked(understood, full, await house.ask(caller.audience, full))


async def search(house: House, caller: Caller, asked: Asked, cursor_text: str | None = None) -> SearchOut:
    """Errors: BadQuery, BadCursor, IndexMissing and the engine's other NotReady."""
    began = time.perf_counter()
    mark = asked.fingerprint(caller.audience)
    cursor = house.cursors.decode(cursor_text, mark) if cursor_text else Cursor(mark)
    ranked = await rank(house, caller, asked, cursor.snapshot)
    understood, full, answer = ranked.understood, ranked.full, ranked.answer
    page = await _page(house, caller, full, answer, cursor, asked.size)
    shown, labels = await asyncio.to_thread(_shown, house, caller, page, understood, answer)
    loosen = [] if answer.total or shown or cursor_text else await _loosen(house, caller, asked, understood)
    return SearchOut(
        query=QueryOut(
            text=asked.text,
            mode=asked.mode,
            answered_by=_answered_by(full),
            understood=[ChipOut(**vars(chip)) for chip in understood.chips],
        ),
        total=Total(value=answer.total, of="filtered" if full.words is None else "words"),
        facets=labels,
        years=[YearCount(year=year, count=count) for year, count in sorted(answer.years.items())],
        undated=answer.undated,
        hits=shown,
        next=house.cursors.encode(page.next) if page.next else None,
        loosen=loosen,
        took_ms=round((time.perf_counter() - began) * 1000, 1),
    )


def _shown(
    house: House, caller: Caller, page: _Page, understood: Understood, answer: Answer
) -> tuple[list[HitOut], dict[str, list[FacetValue]]]:
    """What is read from the catalogue for one answer."""
    fonds = FondsTitles(house, caller, [count.value for count in answer.facets.get("fonds", ())])
    shown = hits(house, caller, page.found, understood.needles, fonds)
    return shown, facet_values(answer.facets, fonds)


def _answered_by(asked: Question) -> Mode:
    if asked.vector is None:
        return "words"
    return "meaning" if asked.meaning_only else "hybrid"


# ── paging ─────────────────────────────────────────────────────────────────────


async def _page(
    house: House, caller: Caller, full: Question, answer: Answer, cursor: Cursor, size: int
) -> _Page:
    """The fused list first; beyond it the words leg goes on in its own order, skipping what was shown."""
    fused = fused_list(full, answer)
    part = fused[cursor.offset : cursor.offset + size]
    await answer.meaning.look([f.meaning_rank - 1 for f in part if f.meaning_rank])
    found = [_found(n, f, answer) for n, f in enumerate(part, cursor.offset + 1)]
    at = replace(cursor, offset=cursor.offset + len(part), snapshot=answer.snapshot)
    if at.offset < len(fused):
        return _Page(found, at)
    if cursor.after is None:  # the fused list ends here
        at = replace(at, words=len(answer.words), after=answer.after)
    shown: set[str] = {f.id for f in fused[:]} if at.after is not None and len(found) < size else set()
    while at.after is not None and len(found) < size:
        at = await _beyond(house, caller, full, at, size - len(found), shown, found)
    return _Page(found, at if at.after is not None else None)


async def _beyond(
    house: House, caller: Caller, full: Question, at: Cursor, size: int, shown: set[str], found: list[Found]
) -> Cursor:
    """Add the next hits of the words leg that were not shown yet to `found`; returns where it goes on."""
    bare = replace(full, vector=None, facets=(), histogram=False)
    more = await house.ask(caller.audience, replace(bare, after=at.after, snapshot=at.snapshot, depth=size))
    offset = at.offset
    for rank_, hit in enumerate(more.words, at.words + 1):
        if hit.id not in shown:
            offset += 1
            found.append(Found(offset, hit.id, rank_, None))
    return replace(at, offset=offset, words=at.words + len(more.words), after=more.after)


def _found(rank_: int, fused: Fused, answer: Answer) -> Found:
    at = fused.meaning_rank
    passages = answer.meaning[at - 1].passages if at else ()
    return Found(rank_, fused.id, fused.words_rank, at, passages)


def fused_list(full: Question, answer: Answer) -> Fusion:
    """Both legs joined by rank. By date or code only the words leg has an order; where no words rank,
    meaning does, and what it did not reach follows in the words leg's order."""
    if full.vector is not None and full.words is not None:
        return fuse(answer.words, answer.meaning)
    return in_turn(answer.words, answer.meaning)


# ── similar records ────────────────────────────────────────────────────────────


async def similar(house: House, caller: Caller, stored: StoredRecord, size: int) -> SimilarOut:
    """Records near this one by meaning; by its title's words while it has no vectors, or that leg is away."""
    this = Ids((stored.record.id,))
    if rows := await house.vectors(caller.audience, stored.record.id):
        near = middle(np.stack([row.vector for row in rows]))
        asked = Question(vector=near, must_not=(this,), depth=size, meaning_only=True)
        answer = await house.ask(caller.audience, asked)
        if answer.meaning:  # not while that leg warms, or is off
            await answer.meaning.look(range(len(answer.meaning)))
            found = [Found(n, h.id, None, n, h.passages) for n, h in enumerate(answer.meaning, 1)]
            return SimilarOut(by="meaning", hits=await asyncio.to_thread(hits, house, caller, found, ()))
    said = mere_words(stored.record.title, house.segmenter)
    asked = Question(words=said.words, must_not=(this,), depth=size)
    answer = await house.ask(caller.audience, asked) if said.words else Answer()
    found = [Found(n, h.id, n, None) for n, h in enumerate(answer.words, 1)]
    return SimilarOut(by="words", hits=await asyncio.to_thread(hits, house, caller, found, said.needles))


# ── nothing found ──────────────────────────────────────────────────────────────


async def _loosen(house: House, caller: Caller, asked: Asked, understood: Understood) -> list[Loosen]:
    """What each constraint, dropped alone, would give; only what gives something."""
    tries: list[tuple[Loosen, Asked]] = []
    for chip in understood.chips:
        if chip.kind != "place":
            tries.append((Loosen(chip=chip.text, total=0), replace(asked, plain=(*asked.plain, chip.text))))
    for name, values in asked.filters.items():
        rest = {k: v for k, v in asked.filters.items() if k != name}
        tries.append((Loosen(param=name, value=",".join(values), total=0), replace(asked, filters=rest)))
    if asked.undated or asked.year_from is not None or asked.year_to is not None:
        without = replace(asked, year_from=None, year_to=None, undated=False)
        tries.append((Loosen(param="years", total=0), without))
    if asked.exclude:
        tries.append((Loosen(param="exclude", total=0), replace(asked, exclude=())))
    return [
        said.model_copy(update={"total": total})
        for said, other in tries[:LOOSENINGS]
        if (total := await _total(house, caller, other))
    ]


async def _total(house: House, caller: Caller, asked: Asked) -> int:
    understood = understand(asked.text, house.segmenter, plain=asked.plain)
    counted = replace(question(asked, understood, None), facets=(), histogram=False, depth=0)
    return (await house.ask(caller.audience, counted)).total

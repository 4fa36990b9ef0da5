"""One question's way out: understand, ask both legs, fuse, read the catalogue, check again, say why."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace

from holdings.access import Caller
from holdings.engines.fusion import Fused, fuse
from holdings.engines.port import Answer, Question, Sort
from search_api.asking import Asked, question
from search_api.cursors import Cursor, decode, encode
from search_api.facets import facet_values
from search_api.hits import Found, hits
from search_api.house import House
from search_api.schema import ChipOut, HitOut, Loosen, Mode, QueryOut, SearchOut, Total, YearCount
from search_api.understand import Understood, understand

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
    """Understand, embed, ask both legs; nothing is read from the catalogue yet. Errors: as `search`."""
    understood = understand(asked.text, house.segmenter, plain=asked.plain)
    vector = None if asked.mode == "words" else await house.vector(understood.sentence)
    full = replace(question(asked, understood, vector), snapshot=snapshot)
    return Ranked(understood, full, await house.engine.search(caller.audience, full))


async def search(house: House, caller: Caller, asked: Asked, cursor_text: str | None = None) -> SearchOut:
    """Errors: BadQuery, BadCursor, IndexMissing and the engine's other NotReady."""
    began = time.perf_counter()
    mark = asked.fingerprint(caller.audience)
    cursor = decode(cursor_text, mark) if cursor_text else Cursor(mark)
    ranked = await rank(house, caller, asked, cursor.snapshot)
    understood, full, answer = ranked.understood, ranked.full, ranked.answer
    page = await _page(house, caller, full, answer, cursor, asked.size)
    shown = await asyncio.to_thread(hits, house, caller, page.found, understood.needles)
    labels = await asyncio.to_thread(facet_values, house, caller, answer.facets)
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
        next=encode(page.next) if page.next else None,
        loosen=loosen,
        took_ms=round((time.perf_counter() - began) * 1000, 1),
    )


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
    passages = {hit.id: hit.passages for hit in answer.meaning}
    snapshot = answer.snapshot
    offset, after = cursor.offset, cursor.after
    found: list[Found] = []
    if offset < len(fused):
        part = fused[offset : offset + size]
        found = [
            Found(offset + n, f.id, f.words_rank, f.meaning_rank, passages.get(f.id, ()))
            for n, f in enumerate(part, 1)
        ]
        offset += len(part)
        if offset < len(fused):
            return _Page(found, replace(cursor, offset=offset, snapshot=snapshot))
        after = answer.after
    if full.meaning_only:
        return _Page(found, None)
    shown = {f.id for f in fused}
    while after is not None and len(found) < size:
        wanted = replace(
            full, vector=None, after=after, snapshot=snapshot, depth=size - len(found), facets=()
        )
        more = await house.engine.search(caller.audience, replace(wanted, histogram=False))
        for hit in more.words:
            if hit.id not in shown:
                offset += 1
                found.append(Found(offset, hit.id, offset, None, ()))
        after = more.after
    more_to_come = replace(cursor, offset=offset, after=after, snapshot=snapshot) if after else None
    return _Page(found, more_to_come)


def fused_list(full: Question, answer: Answer) -> list[Fused]:
    """Both legs joined by rank; by date or code only the words leg has an order."""
    words = [hit.id for hit in answer.words]
    if full.sort is not Sort.RELEVANCE or full.vector is None:
        return [Fused(id_, rank, None) for rank, id_ in enumerate(words, 1)]
    meaning = [hit.id for hit in answer.meaning]
    if full.meaning_only or full.words is None:
        return [Fused(id_, None, rank) for rank, id_ in enumerate(meaning, 1)]
    return fuse(words, meaning)


# ── similar records ────────────────────────────────────────────────────────────


async def similar(house: House, caller: Caller, record_id: str, size: int) -> tuple[str, list[HitOut]]:
    """Records near this one by meaning; by its title's words while it has no vectors. ("meaning"|"words")."""
    from holdings.engines.port import Ids

    rows = await house.engine.vectors(caller.audience, record_id)
    this = Ids((record_id,))
    if rows:
        centre = sum((row.vector for row in rows[1:]), rows[0].vector.copy())
        length = float((centre @ centre) ** 0.5) or 1.0
        asked = Question(vector=centre / length, must_not=(this,), depth=size, meaning_only=True)
        answer = await house.engine.search(caller.audience, asked)
        found = [Found(n, h.id, None, n, h.passages) for n, h in enumerate(answer.meaning[:size], 1)]
        return "meaning", await asyncio.to_thread(hits, house, caller, found, ())
    stored = await asyncio.to_thread(house.catalogue.records.get, record_id)
    title = stored.record.title if stored else ""
    understood = understand(title, house.segmenter, plain=())
    asked = Question(words=understood.words, must_not=(this,), depth=size)
    answer = await house.engine.search(caller.audience, asked) if understood.words else Answer()
    found = [Found(n, h.id, n, None, ()) for n, h in enumerate(answer.words[:size], 1)]
    return "words", await asyncio.to_thread(hits, house, caller, found, understood.needles)


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
    counted = replace(question(asked, understood, None), facets=(), histogram=False, depth=1)
    return (await house.engine.search(caller.audience, counted)).total

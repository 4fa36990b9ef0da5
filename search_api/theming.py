"""A set of records for theme discovery: which records, their vectors, and what is known of them. Reads only
what the caller's audience may see, as searches do, and asks the catalogue once more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from curation.grouping import Tell
from curation.rarity import Kept
from curation.sampling import Sample
from curation.themes import Point
from holdings.access import Caller
from holdings.catalogue import StoredRecord
from holdings.engines.port import Ids, Question, Sort
from holdings.errors import NotReady
from holdings.places import present_name
from holdings.text import description_text
from search_api.asking import Asked, question
from search_api.schema_curation import ThemesWanted
from search_api.understand import understand

if TYPE_CHECKING:
    from search_api.house import House

#: Records on one map; of more a sample is taken, and it says so.
MOST = 50_000
#: Records told apart where no word of a question is found, and meaning chooses.
NEAREST = 300
#: Ids asked of the engine, and records read of the catalogue, at once.
AT_ONCE, READ_AT_ONCE = 1_000, 500

By = Literal["words", "meaning", "all"]


@dataclass(frozen=True)
class Material:
    """total: records of the set; unplaced: of those taken, the ones without vectors.  vectors: (n, dimension)."""

    points: list[Point]
    vectors: NDArray[np.float32]
    total: int
    unplaced: int
    by: By


async def material(house: House, caller: Caller, wanted: ThemesWanted, tell: Tell) -> Material:
    """The set. Errors: BadQuery, NotReady where no record of it has vectors, the engine's."""
    sample, by = Sample(MOST, wanted.seed), _by(wanted)
    tell("finding", 0.0)
    async for some in _found(house, caller, wanted):
        sample.take(some)
    if not sample.seen and wanted.q.strip():
        by = "meaning"
        sample.take(await _nearest(house, caller, wanted))
    ids = sample.ids()
    points: list[Point] = []
    rows: list[NDArray[np.float32]] = []
    unplaced = 0
    for start in range(0, len(ids), READ_AT_ONCE):
        tell("reading", start / len(ids))
        some = ids[start : start + READ_AT_ONCE]
        middles = await house.middles(caller.audience, some)
        read = await asyncio.to_thread(_read, house, caller, some)
        unplaced += sum(point.id not in middles for point in read)
        placed = [point for point in read if point.id in middles]
        points += placed
        rows += [middles[point.id] for point in placed]
    if unplaced and not points:
        raise NotReady("这些条目的语义向量还没有做好。", advice="请稍后再试；danghai index status 可看进度。")
    vectors = np.stack(rows) if rows else np.zeros((0, 1), np.float32)
    return Material(points, vectors, sample.seen, unplaced, by)


def _by(wanted: ThemesWanted) -> By:
    return "words" if wanted.q.strip() else "all"


def asked(wanted: ThemesWanted) -> Asked:
    """The search behind a set: what it counts by words, on file level."""
    filters = {"level": ("file",), "fonds": tuple(wanted.fonds), "genre": tuple(wanted.genre)}
    if wanted.within:
        filters["ancestors"] = (wanted.within,)
    return Asked(
        text=wanted.q.strip(),
        mode="words",
        sort=Sort.CODE,
        filters={name: values for name, values in filters.items() if values},
        year_from=wanted.year_from,
        year_to=wanted.year_to,
    )


async def _found(house: House, caller: Caller, wanted: ThemesWanted) -> AsyncIterator[list[str]]:
    """Ids of the set, in parts."""
    search = asked(wanted)
    full = question(search, understand(search.text, house.segmenter), None)
    if wanted.since is None:
        async for part in _all(house, caller, replace(full, depth=AT_ONCE)):
            yield part
        return
    began = datetime.combine(wanted.since, time(), UTC)
    batches = house.catalogue.theme_runs.since(began, batch=AT_ONCE)
    while some := await asyncio.to_thread(next, batches, None):
        new = replace(full, must=(*full.must, Ids(tuple(some))), depth=AT_ONCE)
        async for part in _all(house, caller, new):
            yield part


async def _all(house: House, caller: Caller, full: Question) -> AsyncIterator[list[str]]:
    while True:
        answer = await house.ask(caller.audience, full)
        yield answer.words.ids()
        if answer.after is None:
            return
        full = replace(full, after=answer.after, snapshot=answer.snapshot)


async def _nearest(house: House, caller: Caller, wanted: ThemesWanted) -> list[str]:
    """Where no record has the words: the nearest by meaning."""
    search = replace(asked(wanted), mode="meaning", sort=None)
    understood = understand(search.text, house.segmenter)
    vector = house.embedding(caller.audience, understood.sentence)
    if vector is None or wanted.since is not None:
        return []
    full = replace(question(search, understood, vector), depth=NEAREST)
    return (await house.ask(caller.audience, full)).meaning.ids(0, NEAREST)


# ── what is known of each ──────────────────────────────────────────────────────


def _read(house: House, caller: Caller, ids: list[str]) -> list[Point]:
    stored = house.records(caller).many(ids)
    seen = [i for i in ids if i in stored and caller.audience in stored[i].audiences]
    scans = house.catalogue.theme_runs.scans(seen)
    shown = house.catalogue.showings.of(seen)
    return [_point(stored[i], scans.get(i, (0, 0, 0)), len(shown.get(i, ()))) for i in seen]


def _point(stored: StoredRecord, scans: tuple[int, int, int], shown: int) -> Point:
    record = stored.record
    first, last = record.date.first, record.date.last
    years = (int(first[:4]), int((last or first)[:4])) if first else None
    pages, pixels, unread = scans
    decade = f"{years[0] // 10}0" if years else ""
    kept = Kept(record.genre, decade, pages, pixels, unread, shown)
    places = tuple(dict.fromkeys(map(present_name, record.places)))
    return Point(record.id, description_text(record), years, places, kept)

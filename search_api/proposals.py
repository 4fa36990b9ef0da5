"""Candidates for a series or an anniversary, by the hybrid search, each with its reasons."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from curation.learning import Lesson
from curation.proposing import Candidate, Proposal, lesson, propose
from curation.words import words_of
from holdings.access import Caller
from holdings.catalogue import StoredRecord
from holdings.catalogue.series import Choice, Series
from holdings.engines.port import FacetIn, Question
from holdings.errors import NotReady
from holdings.text import description_text
from search_api.asking import Asked
from search_api.hits import Found, date_out, hits
from search_api.house import House
from search_api.schema_curation import Brief, FoundBy, ProposalOut, ProposalsOut, ReasonsOut
from search_api.searching import fused_list, rank

#: How deep each question is searched, and how many are asked for beside what was accepted.
DEPTH, NEAR = 150, 300
#: Choices of a kind that teach, the latest.
TAUGHT_BY = 400
_FILES = ("file",)


@dataclass(frozen=True)
class Proposed:
    """In order, with what the reasons name. learned_from: choices that taught."""

    proposals: list[Proposal]
    learned_from: int
    by_meaning: bool


@dataclass(frozen=True)
class Wish:
    """What to look for. about: a description, searched like a question; year: of which what was made then counts
    twice; accepted, rejected: record ids that teach; left_out: ids that are not proposed."""

    about: str = ""
    questions: Sequence[str] = ()
    excluded: Sequence[str] = ()
    year: int | None = None
    accepted: Sequence[str] = ()
    rejected: Sequence[str] = ()
    left_out: Collection[str] = field(default_factory=frozenset)


def wish_of(series: Series, choices: Sequence[Choice]) -> Wish:
    """What a series looks for, with what was chosen so far."""
    by: dict[str, list[str]] = {}
    for choice in choices:
        by.setdefault(choice.verdict, []).append(choice.record_id)
    made = series.definition
    return Wish(
        made.about,
        made.questions,
        made.excluded,
        accepted=by.get("accepted", [])[:TAUGHT_BY],
        rejected=by.get("rejected", [])[:TAUGHT_BY],
        left_out=frozenset(choice.record_id for choice in choices),
    )


async def proposed(house: House, caller: Caller, wish: Wish) -> Proposed:
    """The candidates, best first. Errors: the engine's."""
    found = await _searched(house, caller, wish)
    examples = [*wish.accepted, *wish.rejected]
    middles = await house.middles(caller.audience, [*found, *examples])
    taught_by = await asyncio.to_thread(_candidates, house, caller, {i: {} for i in examples}, middles)
    accepted = [taught_by[i] for i in wish.accepted if i in taught_by]
    rejected = [taught_by[i] for i in wish.rejected if i in taught_by]
    taught = lesson(await _described(house, caller, wish), accepted, rejected)
    near = await _near(house, caller, taught) if accepted else []
    for record_id in near:
        found.setdefault(record_id, {})
    wanted = {i: by for i, by in found.items() if i not in wish.left_out}
    middles |= await house.middles(caller.audience, [i for i in wanted if i not in middles])
    candidates = await asyncio.to_thread(_candidates, house, caller, wanted, middles)
    excluded = [word for said in wish.excluded for word in words_of(house.segmenter, said) or [said]]
    choices = len(accepted) + len(rejected)
    ordered = propose(list(candidates.values()), taught, accepted, excluded=excluded, choices=choices)
    return Proposed(ordered, choices, house.engine.has_meaning(caller.audience) and house.encoder_ready)


async def _searched(house: House, caller: Caller, wish: Wish) -> dict[str, dict[str, int]]:
    """id → question → rank."""
    found: dict[str, dict[str, int]] = {}
    filters = {"level": _FILES}
    asked = [(q, Asked(text=q, filters=filters)) for q in (wish.about, *wish.questions) if q.strip()]
    if wish.year is not None:
        year = wish.year
        then = [(f"{q}（{year}）", q) for q in wish.questions if q.strip()]
        asked += [(name, Asked(text=q, filters=filters, year_from=year, year_to=year)) for name, q in then]
    for name, one in asked:
        ranked = await rank(house, caller, one)
        for place, hit in enumerate(fused_list(ranked.full, ranked.answer)[:DEPTH], 1):
            found.setdefault(hit.id, {})[name] = place
    return found


async def _described(house: House, caller: Caller, wish: Wish) -> np.ndarray | None:
    """Vectors of the description and the questions, (n, dimension); None while meaning is away."""
    made = [house.embedding(caller.audience, text) for text in (wish.about, *wish.questions)]
    vectors = [await vector for vector in made if vector is not None]
    return np.stack(vectors) if vectors else None


async def _near(house: House, caller: Caller, taught: Lesson) -> list[str]:
    """What lies near to where the choices point, whatever its words."""
    profile = taught.profile()
    if profile is None or len(taught.accepted) == 0:
        return []
    asked = Question(vector=profile, must=(FacetIn("level", _FILES),), depth=NEAR, meaning_only=True)
    try:
        return (await house.ask(caller.audience, asked)).meaning.ids(0, NEAR)
    except NotReady:
        return []


def _candidates(
    house: House,
    caller: Caller,
    found: Mapping[str, Mapping[str, int]],
    middles: Mapping[str, np.ndarray],
) -> dict[str, Candidate]:
    """Those of them that the caller may see."""
    stored = house.records(caller).many(list(found))
    return {
        i: Candidate(i, _words(house, stored[i]), middles.get(i), by)
        for i, by in found.items()
        if i in stored and caller.audience in stored[i].audiences
    }


def _words(house: House, stored: StoredRecord) -> frozenset[str]:
    return frozenset(words_of(house.segmenter, description_text(stored.record)))


# ── for people ─────────────────────────────────────────────────────────────────


def shown(house: House, caller: Caller, found: Proposed, wish: Wish, size: int) -> ProposalsOut:
    """The first `size` of them as they are told."""
    some = found.proposals[:size]
    told = hits(house, caller, [Found(n, p.id, None, None) for n, p in enumerate(some, 1)], ())
    by_id = {p.id: p for p in some}
    likes = briefs(house, caller, [p.like for p in some if p.like])
    series = house.catalogue.series.in_series([p.id for p in some])
    out = []
    for hit in told:
        one = by_id[hit.id]
        reasons = ReasonsOut(
            found_by=[FoundBy(question=question, rank=place) for question, place in one.questions[:3]],
            like=likes.get(one.like),
            words=list(one.words),
            that_year=wish.year is not None and (hit.date.from_ or "").startswith(f"{wish.year:04d}-"),
            series=series.get(hit.id, []),
        )
        out.append(ProposalOut(hit=hit, reasons=reasons))
    mode = "hybrid" if found.by_meaning else "words"
    return ProposalsOut(proposals=out, learned_from=found.learned_from, mode=mode)


def briefs(house: House, caller: Caller, ids: Sequence[str]) -> dict[str, Brief]:
    """id → the record in one line, for those the caller may see."""
    stored = house.records(caller).many(list(dict.fromkeys(ids)))
    return {i: brief(s) for i, s in stored.items() if caller.audience in s.audiences}


def brief(stored: StoredRecord) -> Brief:
    record = stored.record
    return Brief(
        id=record.id,
        reference_code=record.reference_code,
        title=record.title,
        date=date_out(record.date),
        genre=record.genre,
    )

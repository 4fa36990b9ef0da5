"""What a plan comes to: money, room, time, and the seconds of its film. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

from curation.plan import BudgetLine, Case, Object, Shot, Task

#: Characters of narration that a speaker says in a second (240 a minute).
SPOKEN = 4.0
#: Days before its day in which a task is soon due.
SOON = 7
#: Millimetres left free beside each exhibit.
BESIDE = 100

Due = Literal["done", "late", "soon", "later", "undated"]


@dataclass(frozen=True)
class Money:
    """Fen. left: of the funds, after what is planned, or spent where that is more."""

    planned: int
    spent: int
    funds: int
    left: int
    by: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """category → planned, spent."""


def money(lines: Iterable[BudgetLine], funds: int) -> Money:
    by: dict[str, tuple[int, int]] = {}
    needed = 0
    for line in lines:
        planned, spent = by.get(line.category, (0, 0))
        by[line.category] = (planned + line.planned, spent + line.spent)
        needed += max(line.planned, line.spent)
    planned, spent = (sum(two[n] for two in by.values()) for n in (0, 1))
    return Money(planned, spent, funds, funds - needed, by)


@dataclass(frozen=True)
class Room:
    """One case, wall or plinth. used, width: millimetres along it, with the space between; unmeasured: exhibits whose
    width nobody knows. full: more stands in it than goes."""

    key: str
    name: str
    objects: tuple[str, ...]
    used: int
    width: int | None
    unmeasured: int

    @property
    def full(self) -> bool:
        return self.width is not None and self.used > self.width


def rooms(cases: Sequence[tuple[str, Case]], objects: Sequence[tuple[str, Object]]) -> list[Room]:
    """Every case with what stands in it; (part key, body) each."""
    found = []
    for key, case in cases:
        own = [(k, body.original) for k, body in objects if body.original.case == key]
        widths = [original.width for _, original in own if original.width]
        used = sum(widths) + BESIDE * max(0, len(widths) - 1)
        found.append(Room(key, case.name, tuple(k for k, _ in own), used, case.width, len(own) - len(widths)))
    return found


def unplaced(cases: Sequence[tuple[str, Case]], objects: Sequence[tuple[str, Object]]) -> list[str]:
    """Keys of the objects that are shown as things and stand nowhere yet."""
    known = {key for key, _ in cases}
    return [k for k, o in objects if o.original.shown != "image" and o.original.case not in known]


def due(task: Task, today: date) -> Due:
    if task.done:
        return "done"
    if not task.due:
        return "undated"
    day = date.fromisoformat(task.due)
    return "late" if day < today else "soon" if day <= today + timedelta(days=SOON) else "later"


@dataclass(frozen=True)
class Board:
    """The story-board. begins: second at which each shot begins; hurried: keys of shots whose narration takes longer
    than they last."""

    seconds: int
    characters: int
    begins: Mapping[str, int]
    hurried: tuple[str, ...]


def board(shots: Sequence[tuple[str, Shot]]) -> Board:
    begins: dict[str, int] = {}
    at = characters = 0
    hurried = []
    for key, shot in shots:
        begins[key] = at
        at += shot.seconds
        said = len("".join(shot.narration.split()))
        characters += said
        if said > shot.seconds * SPOKEN:
            hurried.append(key)
    return Board(at, characters, begins, tuple(hurried))

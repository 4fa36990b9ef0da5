"""Acts on plans: written once, each let through by the rule in the transaction that writes it. What an act does to
the published exhibition is done in the same one: no edition stands before the public without its act."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from holdings.access import Caller
from holdings.catalogue.database import Database, parts
from holdings.catalogue.editions import Hidden, put, take_down
from holdings.catalogue.tables_plans import PlanActRow
from holdings.catalogue.tables_projects import ProjectRow
from holdings.edition_parts import Body
from holdings.errors import Conflict, NotFound
from holdings.plan_rules import ARCHIVE, Act


@dataclass(frozen=True)
class NewEdition:
    """As `editions.put` takes it."""

    body: Body
    hides: Hidden


@dataclass(frozen=True)
class NewAct:
    """edition: published with the act.  takes_down: the address of what it takes from the public."""

    step: str
    digest: str
    part: str = ""
    words: str = ""
    edition: NewEdition | None = None
    takes_down: str = ""


class PlanActs:
    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, project_id: int) -> list[Act]:
        """Oldest first."""
        with self._database.read() as session:
            return _acts(session, [project_id]).get(project_id, [])

    def of_many(self, project_ids: Sequence[int]) -> dict[int, list[Act]]:
        found: dict[int, list[Act]] = {}
        with self._database.read() as session:
            for some in parts(project_ids):
                found |= _acts(session, some)
        return found

    def add(
        self,
        project_id: int,
        new: Sequence[NewAct],
        caller: Caller,
        allowed: Callable[[list[Act]], str],
    ) -> list[Act]:
        """Write these acts. allowed: raises where what was done so far does not let them through; returns the stage
        that the project is then listed under ("": as it is). Nobody else writes an act of this plan meanwhile.

        Errors: NotFound; those of `allowed`; Conflict for an address that is another exhibition's, and for a project
        that is gone, of which an exhibition can only be archived.
        """
        with self._database.write() as session:
            project = session.get(ProjectRow, project_id, with_for_update=True)
            if project is None:
                raise NotFound("没有这个项目。")
            if project.gone and any(one.step != ARCHIVE for one in new):
                raise Conflict("这个项目已移去。", advice="请先在历史中恢复。")
            stage = allowed(_acts(session, [project_id]).get(project_id, []))
            now = datetime.now(UTC)
            rows = [_row(session, project_id, one, caller, now) for one in new]
            session.add_all(rows)
            if stage:
                project.stage = stage
            session.flush()
            return [_act(row) for row in rows]


def _row(session: Session, project_id: int, one: NewAct, caller: Caller, now: datetime) -> PlanActRow:
    """What is to be written of an act, once what it does is done."""
    if one.takes_down:
        take_down(session, one.takes_down, caller)
    slug, number = "", 0
    if one.edition is not None:
        slug = str(one.edition.body["slug"])
        _check_address(session, slug, project_id)
        number = put(session, one.edition.body, one.edition.hides, caller)
    return PlanActRow(
        project_id=project_id,
        part=one.part,
        step=one.step,
        digest=one.digest,
        words=one.words,
        slug=slug,
        edition=number,
        by_id=caller.person,
        by=caller.name[:200],
        at=now,
    )


def _check_address(session: Session, slug: str, project_id: int) -> None:
    """An address stays the project's that published under it first. Errors: Conflict."""
    query = select(PlanActRow.project_id).where(PlanActRow.slug == slug).order_by(PlanActRow.id).limit(1)
    if session.scalar(query) not in (None, project_id):
        raise Conflict(f"网址“{slug}”已属于另一个展览。", advice="请换一个网址名。")


def _acts(session: Session, project_ids: Sequence[int]) -> dict[int, list[Act]]:
    query = select(PlanActRow).where(PlanActRow.project_id.in_(project_ids)).order_by(PlanActRow.id)
    found: dict[int, list[Act]] = {}
    for row in session.scalars(query):
        found.setdefault(row.project_id, []).append(_act(row))
    return found


def _act(row: PlanActRow) -> Act:
    return Act(
        row.id, row.part, row.step, row.digest, row.words, row.by_id, row.by, row.at, row.slug, row.edition
    )

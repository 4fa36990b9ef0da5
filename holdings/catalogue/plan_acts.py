"""Acts on plans: written once, each let through by the rule in the transaction that writes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from holdings.access import Caller
from holdings.catalogue.database import Database, parts
from holdings.catalogue.tables_plans import PlanActRow
from holdings.catalogue.tables_projects import ProjectRow
from holdings.errors import NotFound
from holdings.plan_rules import Act


@dataclass(frozen=True)
class NewAct:
    step: str
    digest: str
    part: str = ""
    words: str = ""
    slug: str = ""
    edition: int = 0


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

    def publisher_of(self, slug: str) -> int | None:
        """The project that published under this address first; an address stays its project's."""
        query = select(PlanActRow.project_id).where(PlanActRow.slug == slug).order_by(PlanActRow.id)
        with self._database.read() as session:
            return session.scalar(query.limit(1))

    def add(
        self,
        project_id: int,
        new: Sequence[NewAct],
        caller: Caller,
        allowed: Callable[[list[Act]], str],
    ) -> list[Act]:
        """Write these acts. allowed: raises where what was done so far does not let them through; returns the stage
        that the project is then listed under ("": as it is). Nobody else writes an act of this plan meanwhile.

        Errors: NotFound; those of `allowed`.
        """
        with self._database.write() as session:
            project = session.get(ProjectRow, project_id, with_for_update=True)
            if project is None:
                raise NotFound("没有这个项目。")
            stage = allowed(_acts(session, [project_id]).get(project_id, []))
            now = datetime.now(UTC)
            rows = [
                PlanActRow(
                    project_id=project_id,
                    part=one.part,
                    step=one.step,
                    digest=one.digest,
                    words=one.words,
                    slug=one.slug,
                    edition=one.edition,
                    by_id=caller.person,
                    by=caller.name[:200],
                    at=now,
                )
                for one in new
            ]
            session.add_all(rows)
            if stage:
                project.stage = stage
            session.flush()
            return [_act(row) for row in rows]


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

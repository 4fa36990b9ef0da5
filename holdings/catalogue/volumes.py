"""Volumes 案卷 that are open themselves, and what in them is not: a volume's 开放 reaches its files only when people
decide so, in a batch of its own, by the same steps as any other."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import aliased

from holdings.access import AS_DELIVERED, OPEN, OWN_DECISIONS
from holdings.catalogue import descriptions
from holdings.catalogue.database import Database, parts
from holdings.catalogue.records import Records
from holdings.catalogue.tables import RecordRow
from holdings.catalogue.visibility import is_held
from holdings.errors import BadInput, NotFound


@dataclass(frozen=True)
class OpenVolume:
    """waiting: files directly in it that are not open by a decision of their own."""

    record_id: str
    reference_code: str
    title: str
    fonds_code: str
    waiting: int


class Volumes:
    def __init__(self, database: Database) -> None:
        self._database = database

    def listing(self, *, fonds: str | None = None, limit: int = 500) -> list[OpenVolume]:
        """Open by their own decision, with files that are not; in natural order of reference code."""
        file = aliased(RecordRow)
        own, basis = (
            func.coalesce(one.description["access_basis"].as_string(), AS_DELIVERED)
            for one in (RecordRow, file)
        )
        query = (
            select(
                RecordRow.id, RecordRow.reference_code, RecordRow.title, RecordRow.fonds_code, func.count()
            )
            .join(file, file.parent == RecordRow.id)
            .where(RecordRow.level == "volume", RecordRow.access_status == OPEN, own.in_(OWN_DECISIONS))
            .where(file.level == "file", or_(file.access_status != OPEN, basis.not_in(OWN_DECISIONS)))
            .where(~is_held(RecordRow.id), ~is_held(file.id))
            .group_by(RecordRow.id, RecordRow.reference_code, RecordRow.title, RecordRow.fonds_code)
            .order_by(RecordRow.sort_code, RecordRow.id)
            .limit(limit)
        )
        if fonds is not None:
            query = query.where(RecordRow.fonds_code == fonds)
        with self._database.read() as session:
            return [OpenVolume(*row) for row in session.execute(query)]

    def files(self, volume_id: str) -> list[str]:
        """Files in it, at whatever depth, that are not open by a decision of their own.

        Errors: NotFound; BadInput for a volume that is not open itself, or in which nothing waits.
        """
        below = Records(self._database).files_below(volume_id)
        with self._database.read() as session:
            row = session.scalar(select(RecordRow).where(RecordRow.id == volume_id, ~is_held(RecordRow.id)))
            if row is None:
                raise NotFound("没有这一案卷。")
            if row.level == "file" or not _own(row):
                raise BadInput(
                    f"{row.reference_code} 不是由自己的决定开放的案卷。",
                    advice="只有本身已开放的案卷，才把开放及于卷内；其余请按件审核。",
                )
            waiting = [
                file
                for some in parts(below)
                for file in session.scalars(
                    select(RecordRow).where(RecordRow.id.in_(some), ~is_held(RecordRow.id))
                )
                if not _own(file)
            ]
        if not waiting:
            raise BadInput("卷内各件都已自行开放。", advice="不必再办。")
        return [file.id for file in sorted(waiting, key=lambda file: (file.sort_code, file.id))]


def _own(row: RecordRow) -> bool:
    """Open by a decision of its own, whatever else may keep it closed."""
    record = descriptions.from_json(row.description)
    return record.access_status == OPEN and record.access_basis in OWN_DECISIONS

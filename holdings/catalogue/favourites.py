"""Favourites 收藏 of registered readers: ids with notes, in their order. What each says is asked for each time, so
that a record closed since shows nothing, and is in the list no more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select

from holdings.catalogue.database import Database
from holdings.catalogue.tables_public import FavouriteRow
from holdings.errors import BadInput

#: Most of one account.
MOST = 500


@dataclass(frozen=True)
class Favourite:
    record_id: str
    note: str


class Favourites:
    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, account_id: int) -> list[Favourite]:
        query = select(FavouriteRow).where(FavouriteRow.account_id == account_id)
        with self._database.read() as session:
            rows = session.scalars(query.order_by(FavouriteRow.place, FavouriteRow.record_id))
            return [Favourite(row.record_id, row.note) for row in rows]

    def put(self, account_id: int, record_id: str, note: str) -> None:
        """Keep it, at the end of the list, or change its note. Errors: BadInput where the list is full."""
        with self._database.write() as session:
            row = session.get(FavouriteRow, (account_id, record_id))
            if row is not None:
                row.note = note
                return
            mine = FavouriteRow.account_id == account_id
            count, last = session.execute(
                select(func.count(), func.max(FavouriteRow.place)).where(mine)
            ).one()
            if count >= MOST:
                raise BadInput(f"收藏至多 {MOST} 件。", advice="请先移除几件，或导出后清空。")
            session.add(
                FavouriteRow(account_id=account_id, record_id=record_id, note=note, place=(last or 0) + 1)
            )

    def drop(self, account_id: int, record_ids: Sequence[str] | None = None) -> None:
        """These, or all; what is not there is gone already."""
        gone = delete(FavouriteRow).where(FavouriteRow.account_id == account_id)
        with self._database.write() as session:
            session.execute(
                gone if record_ids is None else gone.where(FavouriteRow.record_id.in_(list(record_ids)))
            )

    def order(self, account_id: int, record_ids: Sequence[str]) -> None:
        """Put these in this order, before what is not named."""
        place = {record_id: n for n, record_id in enumerate(record_ids)}
        query = select(FavouriteRow).where(FavouriteRow.account_id == account_id)
        with self._database.write() as session:
            rows = sorted(session.scalars(query), key=lambda r: (place.get(r.record_id, len(place)), r.place))
            for n, row in enumerate(rows, 1):
                row.place = n

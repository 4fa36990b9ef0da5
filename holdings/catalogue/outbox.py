"""What the indexes still lack. The projector takes from it; a reader can ask whether a change is through."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum

from sqlalchemy import CTE, bindparam, delete, func, insert, literal, select
from sqlalchemy.orm import Session

from holdings.catalogue.beside import is_left, note_beside
from holdings.catalogue.database import CHUNK, Database, parts
from holdings.catalogue.tables import OutboxRow, RebuildRow, RecordRow
from holdings.catalogue.tables_engines import BesideRow


class Stage(IntEnum):
    """What is still to be done for a record; the lowest comes first.

    Words are found at once; vectors follow, titles and abstracts before bodies, for they cost a
    thousand times as much.
    """

    WITHDRAWAL = 0
    WORDS = 1
    DESCRIPTION_VECTORS = 2
    BODY_VECTORS = 3


_WITHDRAWING = select(OutboxRow.record_id).where(OutboxRow.stage == bindparam("stage")).distinct()


@dataclass(frozen=True)
class OutboxItem:
    seq: int
    record_id: str
    stage: Stage


#: Reasons of a rebuild that say more than why. After a withdrawal nothing old is kept; to go back is to go on
#: with the generation that was kept; the last two build nothing.
WITHDRAWAL, BACK, GIVE_UP, DROP_KEPT = "withdrawal", "rollback", "give up", "drop old"


@dataclass(frozen=True)
class Rebuild:
    """What is to be done with an audience's index."""

    audience: str
    reason: str
    wanted_at: datetime

    @property
    def builds(self) -> bool:
        return self.reason not in (GIVE_UP, DROP_KEPT)

    @property
    def back(self) -> bool:
        return self.reason == BACK

    @property
    def keeps(self) -> bool:
        """Whether the generation that is left stays, to be gone back to."""
        return self.reason != WITHDRAWAL


def enqueue(session: Session, record_ids: Iterable[str], stage: Stage = Stage.WORDS) -> None:
    """Note, in the caller's transaction, that these records' indexes lag."""
    now = datetime.now(UTC)
    rows = [{"record_id": i, "stage": int(stage), "added_at": now} for i in record_ids]
    if rows:
        session.execute(insert(OutboxRow), rows)


def enqueue_below(session: Session, record_id: str) -> None:
    """All that lies in this record, at whatever depth: what an index says of a place names all above it."""
    lower = _below(record_id)
    now = literal(datetime.now(UTC), OutboxRow.added_at.type)
    source = select(lower.c.id, literal(int(Stage.WORDS)), now)  # stays in the database: 0.3 s for 100,000
    session.execute(insert(OutboxRow).from_select(["record_id", "stage", "added_at"], source))


def ask_rebuild(session: Session, audiences: Iterable[str], reason: str) -> None:
    """In the caller's transaction; see `Outbox.ask_rebuild`."""
    for audience in audiences:
        row = session.get(RebuildRow, audience)
        why = WITHDRAWAL if row is not None and row.reason == WITHDRAWAL else reason
        session.merge(RebuildRow(audience=audience, reason=why, wanted_at=datetime.now(UTC)))


def below(session: Session, record_id: str) -> list[str]:
    """Ids of all that lies in this record, at whatever depth."""
    return list(session.scalars(select(_below(record_id).c.id)))


def _below(record_id: str) -> CTE:
    lower = select(RecordRow.id).where(RecordRow.parent == record_id).cte("below", recursive=True)
    # UNION, not UNION ALL: a ring of parents, which nothing here makes, would otherwise never end.
    return lower.union(select(RecordRow.id).where(RecordRow.parent == lower.c.id))


class Outbox:
    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self, limit: int = 256, least: Stage = Stage.WITHDRAWAL) -> list[OutboxItem]:
        """The next items, all of the lowest stage there is from `least` on. Taking does not remove: `done`
        does."""
        query = select(OutboxRow).where(OutboxRow.stage >= least)
        query = query.order_by(OutboxRow.stage, OutboxRow.seq).limit(limit)
        with self._database.read() as session:
            items = [OutboxItem(row.seq, row.record_id, Stage(row.stage)) for row in session.scalars(query)]
        return [item for item in items if item.stage == items[0].stage]

    def listed(
        self, stage: Stage, *, after: int = 0, until: int | None = None, limit: int = CHUNK
    ) -> list[OutboxItem]:
        """Items of one stage in order, from behind seq `after` to `until`."""
        query = select(OutboxRow).where(OutboxRow.stage == stage, OutboxRow.seq > after)
        if until is not None:
            query = query.where(OutboxRow.seq <= until)
        with self._database.read() as session:
            rows = session.scalars(query.order_by(OutboxRow.seq).limit(limit))
            return [OutboxItem(row.seq, row.record_id, stage) for row in rows]

    def done(
        self,
        items: Sequence[OutboxItem],
        then: Mapping[Stage, Sequence[str]] | None = None,
        *,
        into: str = "",
    ) -> bool:
        """These are in every index that may hold them; `then`: what follows for which records.

        into: the engine of those indexes. False, and all stays as it is, where another one answers by now.
        """
        seqs = [item.seq for item in items]
        with self._database.write() as session:
            if is_left(session, into):
                return False
            changed = [(item.record_id, int(item.stage)) for item in items]
            note_beside(session, changed, withdrawn=any(item.stage == Stage.WITHDRAWAL for item in items))
            for some in parts(seqs):
                session.execute(delete(OutboxRow).where(OutboxRow.seq.in_(some)))
            for stage, record_ids in (then or {}).items():
                enqueue(session, record_ids, stage)
        return True

    def has(self, stage: Stage) -> bool:
        """Whether anything of this stage or a more pressing one waits."""
        query = select(OutboxRow.seq).where(OutboxRow.stage <= stage).limit(1)
        with self._database.read() as session:
            return session.scalar(query) is not None

    def is_pending(self, record_id: str, stage: Stage = Stage.WORDS) -> bool:
        """Whether this record's words still lag (or, at a higher stage, its vectors)."""
        query = select(OutboxRow.seq).where(OutboxRow.record_id == record_id, OutboxRow.stage <= stage)
        with self._database.read() as session:
            return session.scalar(query.limit(1)) is not None

    def withdrawing(self) -> tuple[str, ...]:
        """Records whose withdrawal is not through: an index may still hold them."""
        return tuple(sorted(id_ for (id_,) in self._database.rows(_WITHDRAWING, {"stage": Stage.WITHDRAWAL})))

    def waiting(self, *, beside: bool = False) -> set[str]:
        """Records whose words are not yet in the indexes; beside: in those of the other engine."""
        mine = select(OutboxRow.record_id).where(OutboxRow.stage <= Stage.WORDS)
        theirs = select(BesideRow.record_id)
        with self._database.read() as session:  # in one transaction: they go from the one to the other
            return {*session.scalars(mine), *(session.scalars(theirs) if beside else ())}

    def lags(self, fonds_code: str) -> bool:
        """Whether an index still lacks anything of this fonds, vectors included."""
        query = (
            select(OutboxRow.seq)
            .join(RecordRow, RecordRow.id == OutboxRow.record_id)
            .where(RecordRow.fonds_code == fonds_code)
        )
        with self._database.read() as session:
            return session.scalar(query.limit(1)) is not None

    def counts(self) -> dict[str, int]:
        """stage name → items waiting."""
        query = select(OutboxRow.stage, func.count()).group_by(OutboxRow.stage)
        with self._database.read() as session:
            return {Stage(stage).name.lower(): number for stage, number in session.execute(query)}

    def enqueue_all(self) -> None:
        """Every record once more."""
        now = literal(datetime.now(UTC), OutboxRow.added_at.type)
        source = select(RecordRow.id, literal(int(Stage.WORDS)), now)
        with self._database.write() as session:
            session.execute(insert(OutboxRow).from_select(["record_id", "stage", "added_at"], source))

    # ── rebuilds ───────────────────────────────────────────────────────────────

    def ask_rebuild(self, audiences: Sequence[str], reason: str) -> None:
        """Have these audiences' indexes built anew; asking twice is asking once. What a withdrawal asked for
        stays a withdrawal's."""
        with self._database.write() as session:
            ask_rebuild(session, audiences, reason)

    def rebuilds(self) -> list[Rebuild]:
        """What was asked for, oldest first."""
        query = select(RebuildRow).order_by(RebuildRow.wanted_at)
        with self._database.read() as session:
            return [Rebuild(row.audience, row.reason, row.wanted_at) for row in session.scalars(query)]

    def rebuilt(self, rebuild: Rebuild) -> None:
        """Done, unless it was asked for again meanwhile."""
        query = delete(RebuildRow).where(
            RebuildRow.audience == rebuild.audience, RebuildRow.wanted_at <= rebuild.wanted_at
        )
        with self._database.write() as session:
            session.execute(query)

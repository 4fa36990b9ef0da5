"""Offers 征集: taken in, followed step by step with who and when, and what is personal erased after its period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Select, delete, func, insert, select, update
from sqlalchemy.orm import Session

from holdings.catalogue.database import Database, parts
from holdings.catalogue.removal import overwriting
from holdings.catalogue.tables_public import (
    ConsentRow,
    OfferFileRow,
    OfferPersonRow,
    OfferRow,
    OfferStepRow,
)
from holdings.catalogue.visibility import is_held
from holdings.errors import BadInput, Busy, Conflict, NotFound
from holdings.offer_rules import (
    FILES_FOR,
    MOST_FILES,
    STATES,
    Agreement,
    Consent,
    Kind,
    State,
    new_receipt,
    next_states,
    receipt_of,
)

#: Leads that wait to be looked at, and bytes of their files, beyond which nothing more is taken in.
MOST_WAITING, MOST_WAITING_BYTES = 2_000, 4_000_000_000
_FULL = "征集箱暂满，未能收下。The box is full for now."

_SHOWN = ~is_held(OfferRow.record_id)


@dataclass(frozen=True)
class NewOffer:
    """What a sender says. wanted: (slug, section, what is looked for), of a published wanted list."""

    kind: Kind
    what: str
    name: str
    contact: str
    record_id: str = ""
    page: int = 0
    suggested: str = ""
    wanted: tuple[str, str, str] = ("", "", "")


@dataclass(frozen=True)
class OfferFile:
    """stored: its name in the offer's folder (holdings/offer_box.py)."""

    number: int
    name: str
    stored: str
    sha256: str
    media_type: str
    size: int


@dataclass(frozen=True)
class OfferStep:
    state: str
    words: str
    told: str
    by: str
    at: datetime


@dataclass(frozen=True)
class Offer:
    """name, contact: "" once they were erased (erased_at)."""

    id: int
    receipt: str
    kind: Kind
    state: State
    what: str
    record_id: str
    page: int
    suggested: str
    wanted: tuple[str, str, str]
    consent: str
    agreement: Agreement | None
    package: str
    version: int
    made_at: datetime
    changed_at: datetime
    erased_at: datetime | None
    name: str = ""
    contact: str = ""
    files: tuple[OfferFile, ...] = ()
    steps: tuple[OfferStep, ...] = ()


@dataclass(frozen=True)
class OfferWish:
    """Which offers; what is empty does not bind. before: only those with a smaller number."""

    states: Sequence[str] = ()
    kind: str = ""
    record_id: str = ""
    slug: str = ""
    before: int = 0


@dataclass(frozen=True)
class Advance:
    """A step: to which state, with which words, what the sender is told."""

    to: State
    words: str = ""
    told: str = ""
    agreement: Agreement | None = None
    package: str = ""


@dataclass(frozen=True)
class _Hung:
    people: dict[int, OfferPersonRow] = field(default_factory=dict)
    files: dict[int, list[OfferFile]] = field(default_factory=dict)
    steps: dict[int, list[OfferStep]] = field(default_factory=dict)


class Offers:
    def __init__(self, database: Database) -> None:
        self._database = database

    # ── from the sender ────────────────────────────────────────────────────────

    def add(self, new: NewOffer, agreed: Consent) -> Offer:
        """Take it in; its receipt number is on it. Errors: Busy where too many wait to be looked at."""
        now = datetime.now(UTC)
        with self._database.write() as session:
            waiting = select(func.count()).select_from(OfferRow).where(OfferRow.state == "lead")
            if (session.scalar(waiting) or 0) >= MOST_WAITING:
                raise Busy(_FULL, advice="请过几天再试，或直接与本馆联系。")
            if session.get(ConsentRow, agreed.version) is None:
                session.add(ConsentRow(version=agreed.version, text=agreed.text, first_at=now))
                session.flush()
            slug, section, wanted = new.wanted
            row = OfferRow(
                receipt=new_receipt(),
                kind=new.kind,
                state="lead",
                what=new.what,
                record_id=new.record_id,
                page=new.page,
                suggested=new.suggested,
                wanted_slug=slug,
                wanted_section=section,
                wanted=wanted,
                consent=agreed.version,
                agreement={},
                package="",
                version=1,
                made_at=now,
                changed_at=now,
                erased_at=None,
            )
            session.add(row)
            session.flush()
            session.add(OfferPersonRow(offer_id=row.id, name=new.name, contact=new.contact))
            session.add(OfferStepRow(offer_id=row.id, state="lead", words="", told="", by="", at=now))
            session.flush()
            return _offer(row, _hung(session, [row.id]))

    def may_add_file(self, receipt: str) -> Offer:
        """The offer that another file may be added to now. Errors: NotFound; Conflict where it is too late or
        there are enough; Busy where too much waits."""
        found = self.by_receipt(receipt)
        with self._database.read() as session:
            waiting = select(func.sum(OfferFileRow.size)).join(OfferRow, OfferRow.id == OfferFileRow.offer_id)
            bytes_ = session.scalar(waiting.where(OfferRow.state == "lead")) or 0
        _takes_files(found.state, found.made_at, len(found.files))
        if bytes_ >= MOST_WAITING_BYTES:
            raise Busy(_FULL, advice="线索已收下，文件请与本馆联系后送来。")
        return found

    def add_file(self, offer_id: int, file: OfferFile) -> OfferFile:
        """Note a file that lies in the offer's folder; its number is given here. Errors: as may_add_file."""
        with self._database.write() as session:
            row = session.get(OfferRow, offer_id, with_for_update=True)
            if row is None:
                raise NotFound("没有这个回执号。")
            numbers = select(OfferFileRow.number).where(OfferFileRow.offer_id == offer_id)
            taken = list(session.scalars(numbers))
            _takes_files(row.state, row.made_at, len(taken))
            values = {**vars(file), "number": max(taken, default=0) + 1}
            session.execute(insert(OfferFileRow).values(offer_id=offer_id, **values))
            return OfferFile(**values)

    def by_receipt(self, receipt: str) -> Offer:
        """Errors: NotFound."""
        query = select(OfferRow).where(OfferRow.receipt == receipt_of(receipt))
        with self._database.read() as session:
            row = session.scalar(query) if receipt_of(receipt) else None
            if row is None:
                raise NotFound("没有这个回执号。", advice="请核对后再试，字母不分大小写。")
            return _offer(row, _hung(session, [row.id]))

    # ── by staff ───────────────────────────────────────────────────────────────

    def get(self, offer_id: int) -> Offer:
        """Errors: NotFound."""
        with self._database.read() as session:
            row = session.get(OfferRow, offer_id)
            if row is None:
                raise NotFound("没有这条征集线索。")
            return _offer(row, _hung(session, [row.id]))

    def listing(self, wish: OfferWish, *, limit: int = 50) -> list[Offer]:
        """The newest first; without such as are about a record that is held for a secrecy mark."""
        query = _wished(select(OfferRow), wish).order_by(OfferRow.id.desc()).limit(limit)
        with self._database.read() as session:
            rows = list(session.scalars(query))
            hung = _hung(session, [row.id for row in rows])
            return [_offer(row, hung) for row in rows]

    def counts(self) -> dict[str, int]:
        """state → how many offers `listing` shows in it."""
        query = select(OfferRow.state, func.count()).where(_SHOWN).group_by(OfferRow.state)
        with self._database.read() as session:
            return {state: count for state, count in session.execute(query)}

    def advance(self, offer_id: int, version: int, step: Advance, by: str) -> Offer:
        """Bring it to the next state. version: the one the person saw.

        Errors: NotFound; Conflict where somebody was first, or it does not lead there from where it is.
        """
        now = datetime.now(UTC)
        with self._database.write() as session:
            row = session.get(OfferRow, offer_id, with_for_update=True)
            if row is None:
                raise NotFound("没有这条征集线索。")
            if row.version != version:
                raise Conflict("别人刚办过这一条。", advice="请刷新后再看。")
            allowed = next_states(row.kind, row.state)
            if step.to not in allowed:
                names = "、".join(STATES[state] for state in allowed) or "无"
                raise Conflict(
                    f"“{STATES[row.state]}”不能转为“{STATES[step.to]}”。", advice=f"可转为：{names}。"
                )
            if row.erased_at is not None and step.to == "lead":
                raise Conflict("个人信息已删除，不能再办。", advice="请对方重新提交。")
            row.state, row.version, row.changed_at = step.to, row.version + 1, now
            if step.agreement is not None:
                row.agreement = vars(step.agreement)
            if step.package:
                row.package = step.package
            session.add(
                OfferStepRow(
                    offer_id=row.id, state=step.to, words=step.words, told=step.told, by=by[:120], at=now
                )
            )
            session.flush()
            return _offer(row, _hung(session, [row.id]))

    # ── what is personal ───────────────────────────────────────────────────────

    def due(self, now: datetime, days: int) -> list[int]:
        """Offers whose last step is longer ago than this, and whose personal data is still here."""
        old = OfferRow.changed_at < now - timedelta(days=days)
        with self._database.read() as session:
            return list(session.scalars(select(OfferRow.id).where(OfferRow.erased_at.is_(None), old)))

    def known(self, offer_ids: Sequence[int]) -> set[int]:
        """Those of these that are here: an offer goes with the record it is about (removal.py)."""
        with self._database.read() as session:
            here = (select(OfferRow.id).where(OfferRow.id.in_(some)) for some in parts(offer_ids))
            return {offer_id for query in here for offer_id in session.scalars(query)}

    def erase(self, offer_ids: Sequence[int], now: datetime) -> None:
        """Erase name, contact and files of these; words too, unless the offer was taken. Nothing of it is left in
        SQLite's file or log. Their files' own bytes are to be gone before (holdings/offer_box.py)."""
        if not offer_ids:
            return
        with overwriting(self._database) as session:
            for some in parts(offer_ids):
                for table in (OfferPersonRow, OfferFileRow):
                    session.execute(delete(table).where(table.offer_id.in_(some)))
                these = update(OfferRow).where(OfferRow.id.in_(some))
                kept = OfferRow.state.in_(("received", "accepted"))
                session.execute(these.where(~kept).values(what="", suggested=""))
                session.execute(these.values(erased_at=now))


def _takes_files(state: str, made_at: datetime, number: int) -> None:
    if state != "lead" or datetime.now(UTC) - made_at > timedelta(minutes=FILES_FOR):
        raise Conflict("已过附文件的时间。", advice="请与本馆联系，说明回执号。")
    if number >= MOST_FILES:
        raise BadInput(f"一条线索至多附 {MOST_FILES} 个文件。", advice="其余的请在联系时送来。")


def _wished(query: Select[Any], wish: OfferWish) -> Select[Any]:
    query = query.where(_SHOWN)
    if wish.states:
        query = query.where(OfferRow.state.in_(wish.states))
    if wish.kind:
        query = query.where(OfferRow.kind == wish.kind)
    if wish.record_id:
        query = query.where(OfferRow.record_id == wish.record_id)
    if wish.slug:
        query = query.where(OfferRow.wanted_slug == wish.slug)
    return query.where(OfferRow.id < wish.before) if wish.before else query


def _hung(session: Session, ids: Sequence[int]) -> _Hung:
    hung = _Hung()
    for some in parts(ids):
        for person in session.scalars(select(OfferPersonRow).where(OfferPersonRow.offer_id.in_(some))):
            hung.people[person.offer_id] = person
        files = select(OfferFileRow).where(OfferFileRow.offer_id.in_(some)).order_by(OfferFileRow.number)
        for f in session.scalars(files):
            one = OfferFile(f.number, f.name, f.stored, f.sha256, f.media_type, f.size)
            hung.files.setdefault(f.offer_id, []).append(one)
        steps = select(OfferStepRow).where(OfferStepRow.offer_id.in_(some)).order_by(OfferStepRow.id)
        for s in session.scalars(steps):
            hung.steps.setdefault(s.offer_id, []).append(OfferStep(s.state, s.words, s.told, s.by, s.at))
    return hung


def _offer(row: OfferRow, hung: _Hung) -> Offer:
    person = hung.people.get(row.id)
    return Offer(
        id=row.id,
        receipt=row.receipt,
        kind=row.kind,  # type: ignore[arg-type]
        state=row.state,  # type: ignore[arg-type]
        what=row.what,
        record_id=row.record_id,
        page=row.page,
        suggested=row.suggested,
        wanted=(row.wanted_slug, row.wanted_section, row.wanted),
        consent=row.consent,
        agreement=Agreement(**row.agreement) if row.agreement else None,
        package=row.package,
        version=row.version,
        made_at=row.made_at,
        changed_at=row.changed_at,
        erased_at=row.erased_at,
        name=person.name if person else "",
        contact=person.contact if person else "",
        files=tuple(hung.files.get(row.id, ())),
        steps=tuple(hung.steps.get(row.id, ())),
    )

"""The two lists an archive keeps for its reviews: coded reasons, and sensitive terms."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, insert, select

from holdings.access import OPENING_STATES
from holdings.catalogue.database import Database
from holdings.catalogue.tables_reviews import ReasonRow, TermRow
from holdings.errors import BadInput
from holdings.review_rules import Reason
from holdings.signals import Term

TERM_LENGTH = 80


class ReviewLists:
    def __init__(self, database: Database) -> None:
        self._database = database

    def reasons(self) -> dict[str, Reason]:
        """code → reason, in the house's order; those no longer used too, for old decisions name them."""
        query = select(ReasonRow).order_by(ReasonRow.place, ReasonRow.code)
        with self._database.read() as session:
            return {
                r.code: Reason(r.code, r.text, r.basis, tuple(r.states), r.place, r.active)
                for r in session.scalars(query)
            }

    def put_reason(self, reason: Reason) -> None:
        """Add a reason or change it. A code is never removed: `active` says whether it is still offered.

        Errors: BadInput.
        """
        unknown = [s for s in reason.states if s not in OPENING_STATES]
        if unknown or not reason.states or not reason.code.strip() or not reason.text.strip():
            raise BadInput(
                f"理由“{reason.code}”不全。",
                advice=f"要有代码、文字，和适用的状态：{'、'.join(OPENING_STATES)}。",
            )
        with self._database.write() as session:
            session.merge(
                ReasonRow(
                    code=reason.code,
                    place=reason.place,
                    text=reason.text,
                    basis=reason.basis,
                    states=list(reason.states),
                    active=reason.active,
                )
            )

    def terms(self) -> list[Term]:
        """Every sensitive term, by category, then by itself."""
        query = select(TermRow).order_by(TermRow.category, TermRow.term)
        with self._database.read() as session:
            return [Term(row.term, row.category, row.reason) for row in session.scalars(query)]

    def put_terms(self, terms: Sequence[Term], *, replace: bool = False) -> None:
        """Add terms or change their category; replace: the list is these and no others. All or nothing.

        Errors: BadInput.
        """
        for term in terms:
            if not 1 < len(term.term.strip()) <= TERM_LENGTH or not term.category.strip():
                raise BadInput(
                    f"敏感词“{term.term[:20]}”不合用。", advice=f"词要 2–{TERM_LENGTH} 字，并有类别。"
                )
        rows = {t.term.strip(): {"category": t.category.strip(), "reason": t.reason} for t in terms}
        with self._database.write() as session:
            codes = set(session.scalars(select(ReasonRow.code))) | {""}
            if unknown := sorted({t.reason for t in terms} - codes):
                raise BadInput(f"没有“{'、'.join(unknown)}”这个理由。", advice="请用理由表中的代码，或留空。")
            gone = delete(TermRow) if replace else delete(TermRow).where(TermRow.term.in_(list(rows)))
            session.execute(gone)
            if rows:
                session.execute(insert(TermRow), [{"term": term, **row} for term, row in rows.items()])

    def drop_term(self, term: str) -> bool:
        """Whether there was such a term."""
        with self._database.write() as session:
            gone = session.scalar(delete(TermRow).where(TermRow.term == term).returning(TermRow.term))
            return gone is not None

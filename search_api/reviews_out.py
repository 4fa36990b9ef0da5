"""Reviews, batches, decisions → the shapes that cross HTTP. Reads the catalogue, changes nothing."""

from __future__ import annotations

from collections.abc import Sequence

from holdings.access import Caller
from holdings.catalogue import StoredRecord
from holdings.catalogue.bulk_reviews import Bulk
from holdings.catalogue.decisions import Decision
from holdings.catalogue.reviews import Batch, Opinion, Review
from holdings.errors import NotAllowed
from holdings.records import FIELD_BY_NAME
from holdings.review_rules import DONE, STEP_NAMES, UNIT, Said, admit
from holdings.signals import Term
from search_api.hits import date_out
from search_api.house import House
from search_api.machine import look, suggested
from search_api.records import in_sight
from search_api.schema import FieldOut
from search_api.schema_bulk_reviews import BulkOut, LookOut
from search_api.schema_reviews import (
    BatchOut,
    DecisionOut,
    ItemOut,
    OpinionIn,
    OpinionOut,
    Person,
)

#: What came with a transfer and what is said of a record's secrecy: shown to reviewers.
TRANSFER = (
    "due_opinion", "disclosure", "classification", "classification_changes", "declassified_on",
    "declassified_by", "donor_limits", "retention",
)  # fmt: skip


def said_of(given: OpinionIn) -> Said:
    """What was given, as the catalogue takes it."""
    again = given.review_again.isoformat() if given.review_again else None
    return Said(given.status, given.publicity, tuple(given.reasons), given.words, again)


def batch_out(batch: Batch) -> BatchOut:
    return BatchOut.model_validate(
        vars(batch)
        | {
            "assigned": {step: Person(id=who[0], name=who[1]) for step, who in batch.assigned.items()},
            "made_at": batch.made_at.isoformat(),
        }
    )


def opinion_out(opinion: Opinion) -> OpinionOut:
    said = opinion.said
    return OpinionOut(
        step=opinion.step,
        status=said.status,
        publicity=said.publicity,
        reasons=list(said.reasons),
        words=said.words,
        review_again=said.review_again,
        by=opinion.by,
        at=opinion.at.isoformat(),
    )


def decision_out(decision: Decision) -> DecisionOut:
    values = {n: getattr(decision, n) for n in ("how", "status", "publicity", "words", "review_again", "by")}
    return DecisionOut(**values, reasons=list(decision.reasons), at=decision.at.isoformat())


def items_out(house: House, reviews: Sequence[Review], terms: Sequence[Term] | None) -> list[ItemOut]:
    """Records of a batch; with the machine's suggestion where the terms are given (some 5 ms a record)."""
    stored = in_sight(house, [review.record_id for review in reviews])
    return [_item(house, r, stored[r.record_id], terms) for r in reviews if r.record_id in stored]


def _item(house: House, review: Review, stored: StoredRecord, terms: Sequence[Term] | None) -> ItemOut:
    record = stored.record
    looked = look(house, stored, terms) if terms is not None else None
    return ItemOut(
        id=review.id,
        record_id=record.id,
        reference_code=record.reference_code,
        title=record.title,
        date=date_out(record.date),
        access_status=record.access_status,
        step=review.step,
        version=review.version,
        opinions=[opinion_out(o) for o in review.opinions],
        suggests=suggested(looked) if looked else "",
        seen=len(looked.seen) if looked else 0,
    )


def transfer_fields(stored: StoredRecord) -> list[FieldOut]:
    found = []
    for name in TRANSFER:
        if value := getattr(stored.record, name):
            definition = FIELD_BY_NAME[name]
            shown = list(value) if isinstance(value, tuple) else value
            found.append(FieldOut(name=name, term=definition.term, label_en=definition.label_en, value=shown))
    return found


def why_not(caller: Caller, review: Review, batch: Batch) -> str:
    """Why this caller may not do what is next; "": they may, as far as the record's own review says."""
    if review.step == DONE:
        return STEP_NAMES[DONE]
    acted = [(o.step, o.by_id, o.by) for o in review.opinions if o.step != UNIT]
    try:
        admit(caller, review.kind, review.step, batch.assigned, acted)
    except NotAllowed as error:
        return error.message
    return ""


def bulk_out(bulk: Bulk, caller: Caller) -> BulkOut:
    looked = [LookOut(review_id=i, agrees=a, words=w, by=by) for i, (a, w, by) in bulk.looked.items()]
    return BulkOut(
        id=bulk.id,
        batch_id=bulk.batch_id,
        step=bulk.step,
        status=bulk.said.status,
        publicity=bulk.said.publicity,
        reasons=list(bulk.said.reasons),
        words=bulk.said.words,
        review_again=bulk.said.review_again,
        targets=bulk.targets,
        seed=bulk.seed,
        sample=list(bulk.sample),
        looked=looked,
        state=bulk.state,
        by=bulk.by,
        at=bulk.at,
        mine=bulk.by_id == caller.person,
    )

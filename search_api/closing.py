"""Closing is at once (invariants 3 and 10), opening is the review's: what a direct change of access may do."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from holdings.access import DECIDED_HERE, OPEN
from holdings.catalogue import Stage, StoredRecord
from holdings.catalogue.records import check_access
from holdings.errors import NotAllowed, ProjectorAway
from holdings.locks import projector_lock
from holdings.review_rules import Said
from search_api.house import House
from search_api.schema import AccessChange

#: How long a withdrawal waits for the indexes before it says that no projector runs.
WAIT_SECONDS = 15.0
#: Seconds between two looks whether a projector runs at all.
LOOK_SECONDS = 0.5


def direct(house: House, stored: StoredRecord, change: AccessChange) -> Said:
    """One person's decision. Closing always; opening, or opening wider, only where the settings allow it.

    Errors: BadInput for a state that does not exist; NotAllowed.
    """
    check_access(change.access_status, change.publicity)
    record = stored.record
    status, publicity = change.access_status, change.publicity
    now = house.catalogue.records.seen_if(
        replace(record, access_status=status, publicity=publicity, access_basis=DECIDED_HERE)
    )
    opens = status == OPEN and record.access_status != OPEN
    if (opens or now - stored.audiences) and not house.settings.one_person_review:
        raise NotAllowed(
            "开放须经开放审核终审，上网须经上网审查；收回和限制不必。",
            advice="请把它放进一批审核（/v1/reviews/batches）；只有一人的馆可设 DANGHAI_ONE_PERSON_REVIEW=true。",
        )
    return Said(status, publicity, words=change.reason)


async def until_gone(house: House, record_id: str) -> None:
    """Wait until no withdrawal of this record is on its way, in any index or in this process (invariants 3
    and 10). Errors: ProjectorAway."""
    outbox, clock = house.catalogue.outbox, asyncio.get_running_loop().time
    began = looked = clock()
    while await asyncio.to_thread(outbox.is_pending, record_id, Stage.WITHDRAWAL):
        if clock() - looked > LOOK_SECONDS:
            looked = clock()
            held = await asyncio.to_thread(projector_lock(house.settings).is_held)
            if not held or clock() - began > WAIT_SECONDS:
                raise ProjectorAway(
                    "条目已在目录库收回，各处不再显示；索引尚未更新，因为投影进程没有应答。",
                    advice="请确认 `danghai serve` 正在运行；它启动后会自动补上。",
                )
        await asyncio.sleep(0.02)
    await house.engine.refresh()

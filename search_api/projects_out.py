"""Projects, their parts and history as the API tells them: nothing of a record that the caller may not see."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from holdings.access import Caller
from holdings.catalogue.project_history import Change
from holdings.catalogue.project_parts import Part
from holdings.catalogue.projects import Project
from search_api.hits import page_address
from search_api.house import House
from search_api.proposals import brief
from search_api.schema_curation import Seen
from search_api.schema_projects import ChangeOut, PartOut, ProjectOut


def project_out(one: Project) -> ProjectOut:
    times = {"made_at": one.made_at.isoformat(), "changed_at": one.changed_at.isoformat()}
    return ProjectOut.model_validate(vars(one) | times)


async def parts_out(house: House, caller: Caller, parts: Sequence[Part]) -> list[PartOut]:
    """A part whose record the caller may not see shows nothing of it, neither a body written about it."""
    seen = await asyncio.to_thread(seen_records, house, caller, [p.record_id for p in parts])
    return [_part(part, seen) for part in parts]


def change_out(one: Change, seen: Mapping[str, Seen]) -> ChangeOut:
    """seen: as `seen_records` of its record."""
    record = seen.get(one.record_id)
    said = vars(one) | {"at": one.at.isoformat(), "record": record}
    if one.record_id and record is None:
        said |= {"before": {}, "after": {}}
    return ChangeOut.model_validate(said)


def seen_records(house: House, caller: Caller, ids: Sequence[str]) -> dict[str, Seen]:
    """id → the record in short, for those the caller may see. ids: "" is passed over."""
    stored = house.records(caller).many(sorted(set(ids) - {""}))
    stored = {i: one for i, one in stored.items() if caller.audience in one.audiences}
    images = house.catalogue.pages.first_images(list(stored))
    return {
        i: Seen(
            **vars(brief(one)),
            access_status=one.record.access_status,
            thumbnail=f"{page_address(i, images[i])}/thumbnail" if i in images else None,
        )
        for i, one in stored.items()
    }


def _part(part: Part, seen: Mapping[str, Seen]) -> PartOut:
    withdrawn = part.held or bool(part.record_id and part.record_id not in seen)
    return PartOut(
        id=part.id,
        kind=part.kind,
        parent=part.parent,
        record=seen.get(part.record_id),
        withdrawn=withdrawn,
        body={} if withdrawn else dict(part.body),
        version=part.version,
        changed_by=part.changed_by,
        changed_at=part.changed_at.isoformat(),
    )

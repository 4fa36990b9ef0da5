"""Public forms 公开著录: what all but staff read instead of a described field, written by a person."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from fastapi import APIRouter

from holdings.access import ANONYMOUS
from holdings.public_forms import left_out, outer, still_said
from holdings.records import FIELD_BY_NAME, FORMED_FIELDS, PublicForm, Record
from holdings.redaction import REASONS
from search_api.callers import InHouse, Opener, Staff
from search_api.closing import until_gone
from search_api.house import House
from search_api.records import visible
from search_api.schema_public_forms import PublicFormOut, PublicFormsIn, PublicFormsOut

router = APIRouter(prefix="/v1/records", tags=["涂黑 redaction"])


@router.get("/{record_id}/public-form", summary="公开著录 What others read of the description")
async def get_public_form(house: InHouse, caller: Staff, record_id: str) -> PublicFormsOut:
    """各著录项的原文与公开的写法，以及隐去的字还在哪些著录项、哪几页读得到。"""
    stored = await visible(house, caller, record_id)
    return await asyncio.to_thread(_out, house, stored.record)


@router.put("/{record_id}/public-form", summary="写公开著录 Write what others read")
async def put_public_form(
    house: InHouse, caller: Opener, record_id: str, given: PublicFormsIn
) -> PublicFormsOut:
    """馆员以外，这些著录项从此只有公开的写法：检索、补全、分面、相近、引用、导出都是；各索引撤下原文之后才返回。"""
    await visible(house, caller, record_id)
    form = PublicForm((), given.code, given.note, caller.signature, datetime.now(UTC).isoformat())
    put = house.catalogue.records.set_public_forms
    record = await asyncio.to_thread(put, record_id, given.fields, form)
    await until_gone(house, record_id)
    return await asyncio.to_thread(_out, house, record)


def _out(house: House, record: Record) -> PublicFormsOut:
    pages = house.pages(ANONYMOUS).of(record.id)
    texts = [(page.number, page.text.text) for page in pages if page.text is not None]
    names, numbers = still_said(record, texts)
    return PublicFormsOut(
        record_id=record.id,
        fields=[_field(record, name) for name in FORMED_FIELDS],
        left_out=left_out(record),
        still_in=names,
        still_on=numbers,
    )


def _field(record: Record, name: str) -> PublicFormOut:
    form = record.public_forms.get(name)
    public = None if form is None else _value(outer(record), name)
    said = {"code": form.code, "note": form.note, "by": form.by, "at": form.at} if form else {}
    reason = REASONS.get(form.code, "") if form else ""
    term, original = FIELD_BY_NAME[name].term, _value(record, name)
    return PublicFormOut(name=name, term=term, original=original, public=public, reason=reason, **said)


def _value(record: Record, name: str) -> str | list[str]:
    value = getattr(record, name)
    return value if isinstance(value, str) else list(value)

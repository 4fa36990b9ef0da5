"""Record ↔ the JSON a catalogue row keeps. Pure."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from holdings.records import DateSpan, PublicForm, Record

_NOTHING: tuple[Any, ...] = ("", None, (), {}, [])
_NAMES = frozenset(f.name for f in fields(Record))
_TUPLES = frozenset(f.name for f in fields(Record) if str(f.type).startswith("tuple"))


def to_json(record: Record) -> dict[str, Any]:
    """Every field that says something; what is empty is left out."""
    said = {name: value for name, value in vars(record).items() if value not in _NOTHING}
    if record.public_forms:
        said["public_forms"] = {name: dict(vars(form)) for name, form in record.public_forms.items()}
    return said | {"date": dict(vars(record.date))}


def from_json(data: dict[str, Any]) -> Record:
    """The record again; unknown keys (of a later version) are ignored."""
    values = {name: value for name, value in data.items() if name in _NAMES}
    for name in values.keys() & _TUPLES:
        values[name] = tuple(values[name])
    if "date" in values:
        values["date"] = DateSpan(**values["date"])
    if forms := values.get("public_forms"):
        values["public_forms"] = {
            name: PublicForm(**(said | {"value": tuple(said["value"])})) for name, said in forms.items()
        }
    return Record(**values)


def differences(old: Record, new: Record) -> dict[str, tuple[str, str]]:
    """field → (as it stands, as it would be), as texts for people."""
    return {
        field.name: (as_text(getattr(old, field.name)), as_text(getattr(new, field.name)))
        for field in fields(Record)
        if field.name not in ("id", "former_codes") and getattr(old, field.name) != getattr(new, field.name)
    }


def as_text(value: object) -> str:
    """One field's value as a person reads it."""
    match value:
        case None:
            return ""
        case DateSpan():
            return value.text
        case tuple():
            return "；".join(str(v) for v in value)
        case dict():
            return "；".join(f"{k}：{v}" for k, v in value.items())
        case _:
            return str(value)

"""Public forms 公开著录: what all but staff read instead of a described field that names somebody. Pure.

The record as others see it is made in one place, `outer`: what an index, a package or an answer is made of then
never held the words. A person writes the form ("王××关于房屋纠纷的申请"); staff go on reading the original.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from typing import Any

from holdings.errors import BadInput
from holdings.records import FIELD_BY_NAME, FORMED_FIELDS, PublicForm, Record
from holdings.redaction import REASONS
from holdings.text import normalise

#: Characters of one entry, and entries of one list, at most.
LENGTH, ENTRIES = 4_000, 200
#: A run of characters this long that a form left out is looked for elsewhere.
RUN = 2

Value = str | Sequence[str] | None


def outer(record: Record) -> Record:
    """The record as all but staff see it; the same object where nothing was given another form."""
    if not record.public_forms:
        return record
    said: dict[str, Any] = {name: _as_kind(name, form.value) for name, form in record.public_forms.items()}
    return replace(record, public_forms={}, **said)


def formed(record: Record, given: Mapping[str, Value], form: PublicForm) -> Record:
    """The record with these fields given another form. given: field → text, or entries of a list; None takes
    the form away. form: who and why; its value is not looked at. Errors: BadInput."""
    if not given:
        raise BadInput("没有给出著录项。", advice=f"可给：{'、'.join(_terms())}。")
    if form.code not in REASONS:
        raise BadInput(f"没有“{form.code}”这个理由。", advice=f"可选：{'、'.join(REASONS)}。")
    forms = dict(record.public_forms)
    for name, value in given.items():
        if name not in FORMED_FIELDS:
            raise BadInput(f"“{name}”不能另写公开的写法。", advice=f"可给：{'、'.join(_terms())}。")
        if value is None:
            forms.pop(name, None)
        else:
            forms[name] = replace(form, value=_checked(name, value))
    return replace(record, public_forms=forms)


def _checked(name: str, value: str | Sequence[str]) -> tuple[str, ...]:
    term, several = FIELD_BY_NAME[name].term, FIELD_BY_NAME[name].kind == "list"
    if isinstance(value, str) == several:
        raise BadInput(f"“{term}”要给{'一列' if several else '一段文字'}。", advice="请照原著录项的样子写。")
    entries = [value] if isinstance(value, str) else list(value)
    kept = tuple(entry.strip() for entry in entries if entry.strip())
    if len(kept) > ENTRIES or any(len(entry) > LENGTH for entry in kept):
        raise BadInput(f"“{term}”太长。", advice=f"每条不超过 {LENGTH} 字，至多 {ENTRIES} 条。")
    if name == "title" and not kept:
        raise BadInput("题名不能空。", advice="请写公开的题名，例如“王××的申请”。")
    return kept


def _as_kind(name: str, value: tuple[str, ...]) -> str | tuple[str, ...]:
    return value if FIELD_BY_NAME[name].kind == "list" else "".join(value)


def _terms() -> list[str]:
    return [f"{name}（{FIELD_BY_NAME[name].term}）" for name in FORMED_FIELDS]


# ── what still says it ─────────────────────────────────────────────────────────


def left_out(record: Record) -> list[str]:
    """Runs of at least RUN characters that a form left out of its field, normalised, longest first."""
    runs: set[str] = set()
    seen = outer(record)
    for name in record.public_forms:
        before, after = (normalise(_joined(getattr(r, name))).text for r in (record, seen))
        for tag, start, end, _, _ in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
            if tag in ("delete", "replace"):
                runs.update(part for part in before[start:end].split("\n") if len(part.strip()) >= RUN)
    return sorted((run.strip() for run in runs), key=lambda run: (-len(run), run))


def still_said(record: Record, pages: Iterable[tuple[int, str]]) -> tuple[list[str], list[int]]:
    """Where all but staff still read what the forms left out: fields, and numbers of pages.

    pages: (number, text as all but staff read it).
    """
    runs, seen = left_out(record), outer(record)
    names = [n for n in FORMED_FIELDS if _says(normalise(_joined(getattr(seen, n))).text, runs)]
    return names, [number for number, text in pages if _says(normalise(text).text, runs)]


def _says(text: str, runs: Sequence[str]) -> bool:
    return any(run in text for run in runs)


def _joined(value: str | Sequence[str]) -> str:
    return value if isinstance(value, str) else "\n".join(value)

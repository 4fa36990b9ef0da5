"""The visitor's list 收藏: kept for the session in memory, and with the account of whoever signed in with one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ui.client import Api, ApiProblem
from ui.public_client import Public
from ui.visitors import Kept, Visitor

Change = Callable[[Visitor, str, str], Visitor]
CHANGES: dict[str, Change] = {
    "add": lambda visitor, id_, _: visitor.adding(id_),
    "drop": lambda visitor, id_, _: visitor.dropping(id_),
    "note": lambda visitor, id_, note: visitor.noting(id_, note),
    "up": lambda visitor, id_, _: visitor.moving(id_, -1),
    "down": lambda visitor, id_, _: visitor.moving(id_, +1),
    "clear": lambda visitor, _, __: replace(visitor, kept=()),
}


def has_account(visitor: Visitor) -> bool:
    """Whether a person signed in; a key has no list of its own."""
    return bool(visitor.key and visitor.key.startswith("ds_"))


def taken_along(api: Api, before: tuple[Kept, ...]) -> tuple[Kept, ...]:
    """The list after signing in: the account's, then what was kept before, which the account keeps from now on.

    Errors: as Api's.
    """
    public = Public(api)
    own = tuple(Kept(one["id"], one["note"]) for one in public.favourites())
    known = {item.id for item in own}
    new = tuple(item for item in before if item.id not in known)
    for item in new:
        try:
            public.keep(item.id, item.note)
        except ApiProblem as problem:
            if problem.status not in (400, 404):  # full, or closed since: it stays for the session
                raise
    return (*own, *new)


def save(api: Api, change: str, record_id: str, after: Visitor) -> None:
    """What was changed in the list, with the account. Errors: as Api's."""
    public = Public(api)
    match change:
        case "add" | "note" if after.has(record_id):
            kept = next(item for item in after.kept if item.id == record_id)
            public.keep(record_id, kept.note)
        case "drop":
            public.drop(record_id)
        case "clear":
            public.drop_all()
        case "up" | "down":
            public.order([item.id for item in after.kept])

"""Commands that change something are on record before they begin, and once they have ended."""

from __future__ import annotations

import functools
import getpass
import os
import platform
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import typer

from holdings.audit.entry import Event, Outcome
from holdings.console import err, load_settings, said_plainly
from holdings.errors import AuditUnavailable

if TYPE_CHECKING:  # imported when a command runs: `--help` answers at once
    from holdings.audit.trail import Trail

P = ParamSpec("P")
R = TypeVar("R")

#: Parameters that say more of people than which account it is: kept as details, erased after their period. Whose
#: account or key was given what stays for good: without it the record of a grant says nothing.
PERSONAL = frozenset({"real_name", "document", "checked_by", "phone", "email", "question", "reason", "paths"})
#: Parameters that never enter the trail.
NEVER = frozenset({"password", "secret", "as_json"})


def recorded(command: str, *, required: bool = True) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """For a Typer command: refused, with exit status 3, where the trail cannot be written; or, where that is
    not `required`, said and done."""

    def wrap(run: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(run)
        def on_record(*args: P.args, **kwargs: P.kwargs) -> R:
            from holdings.audit.trail import Trail

            with said_plainly():
                trail = Trail.of(load_settings())
                _begin(trail, _event(command, "begun", kwargs), required)
            outcome: Outcome = "failed"
            try:
                result = run(*args, **kwargs)
                outcome = "done"
                return result
            except (SystemExit, typer.Exit) as end:
                code = end.exit_code if isinstance(end, typer.Exit) else end.code
                outcome = "failed" if code else "done"
                raise
            finally:
                _ended(trail, _event(command, outcome, kwargs))

        return on_record

    return wrap


def _begin(trail: Trail, event: Event, required: bool) -> None:
    from holdings.audit.writer import append_now

    try:
        append_now(trail, event)
    except AuditUnavailable as error:
        if required:
            raise
        err.print(f"未能记入审计：{error}", highlight=False, markup=False)


def _event(command: str, outcome: Outcome, given: Mapping[str, Any]) -> Event:
    said = {name: value for name, value in given.items() if value not in (None, "", False)}
    facts = {name: value for name, value in said.items() if name not in PERSONAL | NEVER}
    detail = {name: value for name, value in said.items() if name in PERSONAL}
    with suppress(OSError, KeyError):  # a user without a name, as in some containers
        detail["user"] = getpass.getuser()
    return Event(
        f"os:{os.getuid()}",
        "command",
        datetime.now(UTC),
        audience="staff",
        what=f"danghai {command}",
        outcome=outcome,
        facts=facts | {"process": os.getpid()},
        detail=detail | {"host": platform.node()},
    )


def _ended(trail: Trail, event: Event) -> None:
    """The command is done, whatever becomes of this; that it began is on record."""
    from holdings.audit.writer import append_now

    try:
        append_now(trail, event)
    except AuditUnavailable as error:
        err.print(f"审计：命令的结果未能记入。{error}", highlight=False, markup=False)
    finally:
        trail.close()

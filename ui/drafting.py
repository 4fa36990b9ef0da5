"""What a person is writing while others may write too: kept from when its form opens until it is saved or left.

The version they saw is kept with it: a page drawn anew must not pass off what somebody saved meanwhile as seen.
Whoever goes elsewhere and comes back begins with what stands then; a clash stays until it is settled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar, cast

import streamlit as st

from ui.client import ApiProblem
from ui.markup import esc
from ui.tables import when
from ui.telling import attempt
from ui.texts import Words

T = TypeVar("T")
Json = dict[str, Any]
#: Name of a field → what stands in it, for people.
Told = Callable[[Json], Sequence[tuple[str, str]]]
_VISIT, _PLACE = "visit", "visit_at"


def visited(place: str) -> None:
    """A page is shown at this address: another one than before is another visit."""
    if st.session_state.get(_PLACE) != place:
        st.session_state[_PLACE] = place
        st.session_state[_VISIT] = st.session_state.get(_VISIT, 0) + 1


class Draft:
    """One thing that is being written.

    name: which, e.g. "3/ab12" (project and part).  Its form's widgets have keys that begin with `key`: so they
    begin anew with what stands once the draft is put away.
    """

    def __init__(self, name: str) -> None:
        self._at = f"draft/{name}"

    @property
    def key(self) -> str:
        """What the keys of the form's widgets begin with."""
        return f"{self._at}/{self._kept().get('round', 0)}"

    def seen(self, standing: Json) -> Json:
        """The project or part as it stood when the form opened: what the form begins with."""
        kept, visit = self._kept(), st.session_state.get(_VISIT, 0)
        if kept.get("visit") != visit and "clash" not in kept:
            self.put_away()
        self._kept()["visit"] = visit
        return cast(Json, self._kept().setdefault("seen", standing))

    @property
    def first_seen(self) -> Json | None:
        """As `seen`, where the form is open."""
        kept = self._kept()
        is_open = "clash" in kept or kept.get("visit") == st.session_state.get(_VISIT, 0)
        return cast("Json | None", kept.get("seen")) if is_open else None

    @property
    def clash(self) -> tuple[Json, Json] | None:
        """What stands now, and what was typed, where somebody else saved first."""
        return self._kept().get("clash")

    def put_away(self) -> None:
        """Saved, or given up."""
        st.session_state[self._at] = {"round": self._kept().get("round", 0) + 1}

    def save(self, mine: Json, put: Callable[[int], T]) -> T | None:
        """Save what was typed. put: sends it with this version. None: it was refused, and the page says why; where
        somebody else wrote first, `choice` shows both at the next run, which comes at once."""
        kept, clash = self._kept(), self.clash
        version = clash[0]["version"] if clash else kept["seen"]["version"]

        def sent() -> T | None:
            try:
                return put(version)
            except ApiProblem as problem:
                if problem.now is None:
                    raise
                kept["clash"] = (dict(problem.now), mine)
                st.rerun()

        saved = attempt(sent)
        if saved is not None:
            self.put_away()
        return saved

    def choice(self, say: Words, told: Told, put: Callable[[int, Json], T]) -> T | None:
        """Where somebody else wrote first: what stands beside what was typed, and the choice. Nothing is drawn where
        nobody did. The answer of `put` where what was typed was saved as it is."""
        if self.clash is None:
            return None
        now, mine = self.clash
        with st.container(key="clash", border=True):
            who = esc(say("clash", who=now["changed_by"], at=when(now["changed_at"])))
            st.html(
                f'<div role="alert"><h2 class="dh-h">{who}</h2>{beside(told(now), told(mine), say)}</div>'
            )
            if now["gone"]:
                st.html(f'<p class="dh-hint">{esc(say("clash_gone"))}</p>')
                return None
            with st.container(horizontal=True):
                if st.button(say("clash_theirs"), key=f"{self._at}/theirs"):
                    self.put_away()
                    st.rerun()
                if st.button(say("clash_mine"), key=f"{self._at}/mine", type="primary"):
                    return self.save(mine, lambda version: put(version, mine))
            st.html(f'<p class="dh-hint">{esc(say("clash_merge"))}</p>')
        return None

    def _kept(self) -> Json:
        return cast(Json, st.session_state.setdefault(self._at, {}))


def beside(now: Iterable[tuple[str, str]], mine: Iterable[tuple[str, str]], say: Words) -> str:
    """Two versions, field by field; fields that are the same are left out."""
    rows = "".join(
        f"<dt>{esc(name)}</dt><dd><small>{esc(say('clash_now'))}</small>{esc(old) or '—'}</dd>"
        f"<dd><small>{esc(say('clash_typed'))}</small>{esc(new) or '—'}</dd>"
        for (name, old), (_, new) in zip(now, mine, strict=True)
        if old != new
    )
    return f'<dl class="dh-beside">{rows}</dl>'

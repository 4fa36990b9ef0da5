"""Every kind of caller, with keys, accounts and sessions that a system gives out.

Ids tell who somebody is, so they are given out in the same order in every system, whomever it is for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from holdings.access import ADMINISTRATORS, PUBLIC, READING_ROOM, STAFF
from holdings.catalogue.accounts import DOCUMENTS, DeskCheck
from search_api.audited import SAFE
from search_api.callers import COOKIE
from tests.api.conftest import System

from .base import ADDED, GRANTED, UNTIL

#: Staff who decide on records. The security officer sees what is quarantined, and is none of them.
STAFF_ROLES = ("admin", "archivist", "curator", "reviewer")
HOLDER, OTHER_HOLDER = "holder of a grant", "holder of another grant"
SITE = "http://testserver"


@dataclass
class Asker:
    """A kind of caller. sees: whose records they are shown.

    token: gives the key, or a session's token; asked for once more after a request that changes, which may
    have ended the session.  cookie: the token comes as a browser's cookie.  powers: they may change what all
    see, in both systems to ids and codes that are never alike, so they are asked what changes nothing.
    """

    name: str
    sees: str
    token: Callable[[], str] | None = None
    cookie: bool = False
    powers: bool = False
    header: str = "Bearer {}"
    _held: str = ""

    def headers(self) -> dict[str, str]:
        if self.token is None:
            return {}
        self._held = self._held or self.token()
        if self.cookie:
            return {"Cookie": f"{COOKIE}={self._held}", "Origin": SITE}
        return {"Authorization": self.header.format(self._held)}

    def has_asked(self, method: str) -> None:
        if method.upper() not in SAFE:
            self._held = ""


def askers(system: System) -> list[Asker]:
    """All kinds."""
    return [
        Asker("anonymous", PUBLIC),
        Asker("a key that is not valid", PUBLIC, lambda: "dh_not-a-key"),
        Asker("a header without a key", PUBLIC, lambda: "eDp5", header="Basic {}"),
        _key(system, "reading room", READING_ROOM),
        *_persons(system),
        *_holders(system),
        *_added(system),
        Asker("staff", STAFF, _token(system, "staff", STAFF, STAFF_ROLES), powers=True),
        Asker("security officer", STAFF, _token(system, "officer", STAFF, ["security_officer"]), powers=True),
    ]


def grant(system: System, who: str, records: Sequence[str]) -> int:
    """Open these records to the reader of this name; the grant's number."""
    number = next(key["id"] for key in system.catalogue.keys.listing() if key["name"] == who)
    made = system.catalogue.grants.add(f"key:{number}", records, until=UNTIL, reason="试", by="试")
    return made.id


def _token(system: System, name: str, audience: str, roles: Sequence[str] = ()) -> Callable[[], str]:
    key = system.catalogue.keys.add(audience, roles=roles, name=name)
    return lambda: key


def _key(system: System, name: str, audience: str) -> Asker:
    return Asker(name, audience, _token(system, name, audience))


def _persons(system: System) -> list[Asker]:
    """Accounts that are signed in: a registered reader in a program and in a browser, the 三员, staff."""
    accounts = system.catalogue.accounts
    check = DeskCheck("试", DOCUMENTS[0], date(2026, 1, 5))
    reader = accounts.add("du.zhe.yi", real_name="读者一", audience=READING_ROOM, check=check)
    found = []
    for name, cookie in (("signed-in reader", False), ("signed-in reader with a cookie", True)):
        found.append(
            Asker(name, READING_ROOM, lambda: system.catalogue.sessions.open(reader, "password"), cookie)
        )
    for role in sorted(ADMINISTRATORS):
        found.append(_person(system, role, PUBLIC, [role]))
    return [*found, _person(system, "signed-in staff", STAFF, STAFF_ROLES)]


def _person(system: System, name: str, sees: str, roles: Sequence[str]) -> Asker:
    made = system.catalogue.accounts.add(name.replace(" ", "."), real_name=f"试{name}", roles=roles)
    return Asker(name, sees, lambda: system.catalogue.sessions.open(made, "password"), powers=True)


def _holders(system: System) -> list[Asker]:
    """Who may read a closed record by a grant; another reader's grants are no business of theirs."""
    holder = _key(system, HOLDER, PUBLIC)
    _key(system, OTHER_HOLDER, PUBLIC)
    if system.catalogue.records.get(GRANTED) is not None:
        grant(system, HOLDER, [GRANTED])
    return [holder]


def _added(system: System) -> list[Asker]:
    """One of each audience that was added; where it was not, its key's number is given to nobody."""
    there = {audience.name for audience in system.catalogue.audiences.listing()}
    found = []
    for audience in ADDED:
        asker = _key(system, audience.name, audience.name if audience.name in there else PUBLIC)
        found += [asker] if audience.name in there else []
    return found

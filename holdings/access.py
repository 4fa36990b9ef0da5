"""Who may see what: audiences, roles, and the one visibility rule 可见规则.

Default deny: what is unknown, missing or contradictory is for staff only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

PUBLIC = "public"
READING_ROOM = "reading_room"
STAFF = "staff"

#: The audiences that come with the system, from the most open to the least. An audience is a
#: named set of records with an index of its own; a query reads exactly one.
AUDIENCES: tuple[str, ...] = (PUBLIC, READING_ROOM, STAFF)

OPEN = "开放"
RESTRICTED = "控制"
POSTPONED = "延期开放"
UNREVIEWED = "未审核"
#: 开放标识 opening states (Archives Law art. 27–28, DA/T 18).
OPENING_STATES: tuple[str, ...] = (OPEN, RESTRICTED, POSTPONED, UNREVIEWED)

PUBLISHED = "公开"
READING_ROOM_ONLY = "馆内"
#: 公开属性 publicity: an open record reaches the internet only when its web review says 公开.
PUBLICITY: tuple[str, ...] = (PUBLISHED, READING_ROOM_ONLY, "不公开")

#: 密级 values that do not belong on a networked system: refused at intake.
SECRET_MARKS: frozenset[str] = frozenset({"绝密", "机密", "秘密"})
#: 密级 values that mean none.
NO_MARKS: frozenset[str] = frozenset({"", "无", "公开", "非密"})

#: Staff roles that may change a record's opening.
OPENING_ROLES: frozenset[str] = frozenset({"archivist", "reviewer", "admin"})
#: Every role a key may have. The last three are the 三员: they run the system, and read no closed record by it.
ROLES: tuple[str, ...] = (
    "archivist",
    "reviewer",
    "curator",
    "security_officer",
    "admin",
    "system_admin",
    "security_admin",
    "audit_admin",
)


@dataclass(frozen=True)
class Caller:
    """Who asks: one audience, and the roles that allow more than reading.

    `id` names the caller for good ("key:12"; "" for nobody named), `name` is for people.
    """

    audience: str = PUBLIC
    roles: frozenset[str] = frozenset()
    name: str = ""
    id: str = ""

    @property
    def is_staff(self) -> bool:
        return self.audience == STAFF


ANONYMOUS = Caller()


def visible_to(access_status: str, publicity: str, classification: str) -> frozenset[str]:
    """The audiences that may see a file-level record with these marks.

    A record without its own decision is staff only; `public` needs 开放 and 公开 both.
    """
    if access_status != OPEN or classification not in NO_MARKS:
        return frozenset({STAFF})
    if publicity == PUBLISHED:
        return frozenset(AUDIENCES)
    if publicity == READING_ROOM_ONLY:
        return frozenset({READING_ROOM, STAFF})
    return frozenset({STAFF})


def narrowest_first(audiences: Iterable[str]) -> list[str]:
    """Audiences in the order in which a withdrawal must leave them: the most open first."""
    order = {name: rank for rank, name in enumerate(AUDIENCES)}
    return sorted(audiences, key=lambda name: order.get(name, len(order)))

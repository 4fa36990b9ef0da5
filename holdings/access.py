"""Who may see what: audiences, roles, and the one visibility rule 可见规则. Pure.

Default deny: what is unknown, missing, contradictory or inherited is for staff only.

A record's *own decision* is one made about that very record: the 开放标识 in its own catalogue row as
delivered (`basis` ""), or one that this house made ("本馆审核"). A status that a row says it takes from
its volume ("随卷"), and a basis that nobody knows, are no decisions. A volume's 开放 says nothing of its
files until somebody decides them in bulk, which writes each file's own decision with its reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from holdings.records import Record

PUBLIC = "public"
READING_ROOM = "reading_room"
STAFF = "staff"

#: The audiences that come with the system, from the most open to the least. An audience is a
#: named set of records with an index of its own; a query reads exactly one. Others are table rows.
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
#: 密级 of a record that was secret once.
DECLASSIFIED = "解密"
#: 密级 values that a forming body may see in its own fonds.
UNITS_OWN: frozenset[str] = NO_MARKS | {"内部", "国内", DECLASSIFIED}

#: 开放依据: what a status rests on.
AS_DELIVERED = ""
DECIDED_HERE = "本馆审核"
INHERITED = "随卷"
OWN_DECISIONS: frozenset[str] = frozenset({AS_DELIVERED, DECIDED_HERE})

#: 民生档案: records about a person's own affairs, by 分类号 or 文种. A record is personal when either
#: contains one of these; its opening status then opens it to nobody (Archives Law art. 28, 国家档案局
#: 民生档案 lists).
PERSONAL_CATEGORIES: tuple[str, ...] = (
    "民生", "婚姻", "结婚", "离婚", "户籍", "户口", "收养", "出生医学", "独生子女", "再生育", "病历", "病案",
    "学籍", "知青", "招工", "退伍", "退役", "复员", "社保", "低保", "工伤", "公证", "信访", "殡葬", "火化",
    "土地承包", "林权", "房产登记", "人事档案", "干部档案",
)  # fmt: skip

#: Staff roles that may change a record's opening.
OPENING_ROLES: frozenset[str] = frozenset({"archivist", "reviewer", "admin"})
#: Who sees what is quarantined for a secrecy mark, and decides on it.
QUARANTINE_ROLES: frozenset[str] = frozenset({"security_officer"})
#: Who makes grants from approved applications.
GRANTING_ROLES: frozenset[str] = frozenset({"archivist", "admin"})
#: Roles that read the audit trail, and those that read what runs and how fast.
AUDIT_ROLES: frozenset[str] = frozenset({"audit_admin", "security_officer"})
SYSTEM_ROLES: frozenset[str] = frozenset({"system_admin"})
#: The 三员: all the roles there are on a public installation.
ADMINISTRATORS: frozenset[str] = frozenset({"system_admin", "security_admin", "audit_admin"})
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
    acts_for: the id of the account that a key acts for; "": nobody but itself.
    """

    audience: str = PUBLIC
    roles: frozenset[str] = frozenset()
    name: str = ""
    id: str = ""
    acts_for: str = ""

    @property
    def person(self) -> str:
        """The id of whoever it is, by whichever way in: nobody is two people by having a key."""
        return self.acts_for or self.id

    @property
    def signature(self) -> str:
        """How an act is signed in the catalogue: name and id, at most 120 characters."""
        return f"{self.name}（{self.id}）"[:120]

    @property
    def is_staff(self) -> bool:
        return self.audience == STAFF


ANONYMOUS = Caller()

Kind = Literal["public", "reading_room", "staff", "unit", "contractor", "partner"]
#: Kinds of audience that may be added.
ADDED_KINDS: tuple[Kind, ...] = ("unit", "contractor", "partner")


def on_public_installation(audience: str, roles: Iterable[str]) -> bool:
    """Whether such a caller may exist where DANGHAI_PUBLIC_ONLY is set: the public and the 三员, no staff."""
    return audience == PUBLIC and frozenset(roles) <= ADMINISTRATORS


@dataclass(frozen=True)
class Audience:
    """Whom a set of records is for.

    unit 形成单位: its own fonds.  contractor 外包: records named in its lot.  partner 协作馆: what is open
    of the fonds its agreement names.  until: the last day; None: no end.
    """

    name: str
    kind: Kind
    fonds: frozenset[str] = frozenset()
    until: date | None = None


#: The audiences that come with the system, as the rule knows them.
BUILT_IN: tuple[Audience, ...] = (
    Audience(PUBLIC, "public"),
    Audience(READING_ROOM, "reading_room"),
    Audience(STAFF, "staff"),
)


@dataclass(frozen=True)
class Marks:
    """All that decides who may see one record.

    lots: names of the audiences whose lot names this record.  quarantined: a secrecy mark was found on it.
    """

    access_status: str = ""
    publicity: str = ""
    classification: str = ""
    basis: str = AS_DELIVERED
    was_secret: bool = False
    declassification_known: bool = False
    personal: bool = False
    quarantined: bool = False
    fonds_code: str = ""
    lots: frozenset[str] = frozenset()

    @classmethod
    def of(cls, record: Record, *, quarantined: bool, lots: Iterable[str] = ()) -> Marks:
        r = record
        return cls(
            access_status=r.access_status,
            publicity=r.publicity,
            classification=r.classification,
            basis=r.access_basis,
            was_secret=r.classification == DECLASSIFIED
            or bool(r.classification_changes or r.declassified_on or r.declassified_by),
            declassification_known=bool(r.declassified_on and r.declassified_by),
            personal=is_personal(r),
            quarantined=quarantined,
            fonds_code=r.fonds_code,
            lots=frozenset(lots),
        )


def is_personal(record: Record) -> bool:
    """Whether it is a 民生 record, by its 分类号 or 文种."""
    said = f"{record.category} {record.genre}"
    return any(category in said for category in PERSONAL_CATEGORIES)


def is_open(marks: Marks) -> bool:
    """Whether 开放 is this record's own decision and nothing stands against it.

    A record that was secret opens only by this house's own decision, with date and authority of its 解密.
    """
    if marks.quarantined or marks.personal or marks.access_status != OPEN:
        return False
    if marks.was_secret:
        return (
            marks.basis == DECIDED_HERE
            and marks.declassification_known
            and marks.classification in NO_MARKS | {DECLASSIFIED}
        )
    return marks.basis in OWN_DECISIONS and marks.classification in NO_MARKS


def obstacle(record: Record) -> str:
    """Why the record stays closed to the public even when this house decides 开放 and 公开; "": it opens."""
    opened = replace(record, access_status=OPEN, publicity=PUBLISHED, access_basis=DECIDED_HERE)
    marks = Marks.of(opened, quarantined=False)
    if is_open(marks):
        return ""
    if marks.personal:
        return "民生档案：只供馆员，本人凭经批准的申请查阅"
    if marks.classification not in NO_MARKS | {DECLASSIFIED}:
        return f"密级为“{marks.classification}”"
    return "曾定密，缺解密日期或解密机关"


def may_see(audience: Audience, marks: Marks, today: date) -> bool:
    """The one visibility rule 可见规则."""
    if marks.quarantined or marks.classification in SECRET_MARKS:
        return False
    if audience.kind == "staff":
        return True
    if marks.personal or (audience.until is not None and today > audience.until):
        return False
    ours = marks.fonds_code != "" and marks.fonds_code in audience.fonds
    match audience.kind:
        case "public":
            return is_open(marks) and marks.publicity == PUBLISHED
        case "reading_room":
            return _in_reading_room(marks)
        case "partner":
            return ours and _in_reading_room(marks)
        case "unit":
            return ours and marks.classification in UNITS_OWN
        case "contractor":
            return audience.name in marks.lots and marks.classification in NO_MARKS and not marks.was_secret
        case _:
            return False


def _in_reading_room(marks: Marks) -> bool:
    return is_open(marks) and marks.publicity in (PUBLISHED, READING_ROOM_ONLY)


def visible_to(marks: Marks, audiences: Iterable[Audience], today: date) -> frozenset[str]:
    """The names of those audiences that may see a record with these marks."""
    return frozenset(audience.name for audience in audiences if may_see(audience, marks, today))


def narrowest_first(audiences: Iterable[str]) -> list[str]:
    """Audiences in the order in which a withdrawal must leave them: the most open first, staff last."""
    order = {PUBLIC: 0, READING_ROOM: 1, STAFF: 3}
    return sorted(audiences, key=lambda name: (order.get(name, 2), name))

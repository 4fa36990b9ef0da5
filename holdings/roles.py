"""Roles 角色: which there are, and which may stand together on one account or key. Pure.

三员 (GB/T 22239-2019, level 3: system, security and audit management apart): never two of them together,
never with a staff role, and by such a role nobody reads more than the public.
"""

from __future__ import annotations

from collections.abc import Collection

from holdings.access import PUBLIC, READING_ROOM, STAFF
from holdings.errors import BadInput

#: role → what it is called.
ROLE_NAMES: dict[str, str] = {
    "archivist": "业务人员",
    "reviewer": "开放审核员",
    "curator": "编研人员",
    "security_officer": "保密员",
    "admin": "业务管理员",
    "system_admin": "系统管理员",
    "security_admin": "安全管理员",
    "audit_admin": "审计管理员",
}
#: 三员.
THREE_ADMINISTRATORS: frozenset[str] = frozenset({"system_admin", "security_admin", "audit_admin"})
#: Roles whose holder is staff.
STAFF_ROLES: frozenset[str] = frozenset(ROLE_NAMES) - THREE_ADMINISTRATORS
#: Roles whose holder registers readers at the desk.
DESK_ROLES: frozenset[str] = frozenset({"archivist", "admin"})

#: Roles that find themes, keep series and the calendar.
CURATION_ROLES: frozenset[str] = frozenset({"curator", "admin"})

#: Roles that work on projects; who sees which is said by its sharing.
PROJECT_ROLES: frozenset[str] = frozenset({"archivist", "reviewer", "curator", "admin"})

#: Roles that follow offers 征集.
COLLECTING_ROLES: frozenset[str] = frozenset({"archivist", "curator", "admin"})


def check_roles(audience: str, roles: Collection[str], audiences: Collection[str]) -> None:
    """Whether a key or an account may be so. Errors: BadInput that says what does not go together."""
    if audience not in audiences:
        raise BadInput(f"没有“{audience}”这个利用范围。", advice=f"可选：{'、'.join(audiences)}。")
    if unknown := sorted(set(roles) - set(ROLE_NAMES)):
        raise BadInput(f"没有“{'、'.join(unknown)}”这个角色。", advice=f"可选：{'、'.join(ROLE_NAMES)}。")
    apart = sorted(set(roles) & THREE_ADMINISTRATORS)
    if apart and len(set(roles)) > 1:
        names = "、".join(ROLE_NAMES[role] for role in sorted(set(roles)))
        raise BadInput(
            f"三员各用各的账号，不与别的角色同在：{names}。", advice="请每个账号只给其中一个角色。"
        )
    if apart and audience != PUBLIC:
        raise BadInput(f"{ROLE_NAMES[apart[0]]}不因此角色查看未公开的条目。", advice="范围请用 public。")
    if set(roles) & STAFF_ROLES and audience != STAFF:
        raise BadInput("馆员角色的范围是 staff。", advice="范围请用 staff，或不给馆员角色。")


def audience_of(roles: Collection[str], wanted: str = "") -> str:
    """An account's audience: staff roles make staff, 三员 stay public; an account without a role names its own.

    Errors: BadInput where `wanted` is another, or an account without a role would be staff or public.
    """
    if roles:
        follows = STAFF if set(roles) & STAFF_ROLES else PUBLIC
        if wanted not in ("", follows):
            raise BadInput(f"此角色的利用范围是 {follows}，不是 {wanted}。", advice="不必写范围。")
        return follows
    if wanted in ("", PUBLIC, STAFF):
        raise BadInput(
            "没有角色的账号要写明利用范围。",
            advice=f"登记读者用 {READING_ROOM}；单位、外包、伙伴馆用协议约定的范围。",
        )
    return wanted

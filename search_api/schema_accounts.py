"""The shapes of signing in, accounts and keys that cross HTTP."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field, StringConstraints

from search_api.presence import Via
from search_api.schema import Said, Shape

#: A password as typed: nothing stripped. The bound is far above the longest one that can be set.
Typed = Annotated[str, Field(min_length=1, max_length=500)]
LoginName = Annotated[str, StringConstraints(min_length=1, max_length=100)]
RoleName = Annotated[str, Field(max_length=40, examples=["curator"])]


class SignInIn(Shape):
    """cookie: answer with an HttpOnly cookie instead of a token, for a browser."""

    name: LoginName = Field(examples=["zhang.san"])
    password: Typed = Field(examples=["海风-吹过-三座-旧灯塔"])
    cookie: bool = False


class MeOut(Shape):
    """Who the caller is taken for. via: how it was said; ends_at: when the session ends if not used."""

    id: str = Field(examples=["account:7"])
    name: str = Field(examples=["张三"])
    audience: str = Field(examples=["staff"])
    roles: list[str] = Field(examples=[["curator"]])
    role_names: list[str] = Field(examples=[["编研人员"]])
    via: Via = Field(examples=["password"])
    ends_at: str | None = Field(None, examples=["2026-11-20T09:30:00+00:00"])


class SignedInOut(Shape):
    """token: for `Authorization: Bearer`; "" where a cookie was asked for. Shown once."""

    token: str
    me: MeOut


class SignOutIn(Shape):
    """everywhere: end every session of this account, not this one only."""

    everywhere: bool = False


class SignInWays(Shape):
    """oidc: whether there is sign-in by OIDC, and what it is called ("": none)."""

    password: bool = True
    oidc: str = ""


class PasswordIn(Shape):
    old: Typed
    new: Typed = Field(examples=["晒盐的人-数着-退潮的钟声"])


class EnrolIn(Shape):
    code: Annotated[str, Field(min_length=1, max_length=200)] = Field(description="一次性开通码")
    password: Typed


class OidcBegun(Shape):
    """url: where the browser goes; flow: keep it in that browser and bring it back."""

    url: str
    flow: str


class OidcBack(Shape):
    flow: Annotated[str, Field(max_length=2000)]
    state: Annotated[str, Field(max_length=500)]
    code: Annotated[str, Field(max_length=2000)]


class DeskCheckIn(Shape):
    """Who saw which kind of document, and when. Never its number."""

    by: Said = Field(max_length=80, examples=["柜台甲"])
    document: Said = Field(max_length=40, examples=["居民身份证"])
    on: date = Field(examples=["2026-03-02"])


class ReaderIn(Shape):
    """A reader at the desk; who checks is the member of staff who is signed in."""

    name: LoginName = Field(examples=["du.zhe"])
    real_name: Said = Field(max_length=80, examples=["读者一"])
    document: Said = Field(max_length=40, examples=["居民身份证"])


class AccountIn(Shape):
    """audience: only for an account without a role; check: for a reader."""

    name: LoginName = Field(examples=["zhang.san"])
    real_name: Said = Field(max_length=80, examples=["张三"])
    roles: tuple[RoleName, ...] = Field((), max_length=10)
    audience: Annotated[str, Field(max_length=64)] = ""
    check: DeskCheckIn | None = None


class RolesIn(Shape):
    """All roles from now on."""

    roles: tuple[RoleName, ...] = Field(max_length=10)
    audience: Annotated[str, Field(max_length=64)] = ""


class AccountOut(Shape):
    """retired: given up for good."""

    id: int
    name: str
    real_name: str
    audience: str
    roles: list[str]
    locked: bool
    retired: bool
    enrolled: bool
    made_by: str
    made_at: str
    checked_by: str = ""
    checked_on: str = ""
    document: str = ""
    by_oidc: bool = False


class AccountMade(Shape):
    """enrolment: one-time code for the person to set a password; shown once, good for 24 hours."""

    account: AccountOut
    enrolment: str


class KeyIn(Shape):
    """roles: some of one's own; expires_on: its last day."""

    name: Said = Field(max_length=120, examples=["每周导出"])
    roles: tuple[RoleName, ...] = Field((), max_length=10)
    expires_on: date | None = Field(None, examples=["2030-12-31"])


class KeyMade(Shape):
    """Shown once."""

    key: str


class KeyOut(Shape):
    id: int
    name: str
    audience: str
    roles: list[str]
    owner: str = Field(description="sign-in name of the account it acts for; empty: made by a command")
    made_at: str
    expires_on: str
    used_on: str
    revoked_at: str | None

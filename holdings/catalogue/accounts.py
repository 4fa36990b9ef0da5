"""Accounts: who has one, with which roles, locked or not, and the one-time codes that set a password."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from holdings.access import PUBLIC, READING_ROOM
from holdings.catalogue.database import Database, parts
from holdings.catalogue.tables import KeyRow
from holdings.catalogue.tables_accounts import AccountRow, EnrolmentRow, SessionRow
from holdings.catalogue.tables_public import FavouriteRow
from holdings.catalogue.tokens import ENROLMENT, digest, new_token
from holdings.catalogue.visibility import audiences_now, within
from holdings.errors import BadInput, Conflict, NotAllowed, NotFound
from holdings.passwords import Passwords, check_password
from holdings.roles import audience_of, check_roles

#: How long a one-time code may wait for its person.
ENROLMENT_LASTS = timedelta(hours=24)
#: Kinds of document that are shown at the desk. Its number is never kept.
DOCUMENTS: tuple[str, ...] = (
    "居民身份证",
    "港澳居民来往内地通行证",
    "台湾居民来往大陆通行证",
    "护照",
    "工作证",
    "介绍信",
)


@dataclass(frozen=True)
class DeskCheck:
    """A reader's real name was checked: by which member of staff, on which day, on which kind of document."""

    by: str
    document: str
    on: date


@dataclass(frozen=True)
class Account:
    """An account as others may know it; never its password's hash."""

    id: int
    name: str
    real_name: str
    audience: str
    roles: tuple[str, ...]
    locked: bool
    enrolled: bool
    made_by: str
    made_at: datetime
    checked_by: str = ""
    checked_on: str = ""
    document: str = ""
    subject: str = ""

    @property
    def caller_id(self) -> str:
        return f"account:{self.id}"

    @property
    def retired(self) -> bool:
        """Given up for good. No account in use is without a role and public (`audience_of`)."""
        return not self.roles and self.audience == PUBLIC


def known_audiences(session: Session) -> tuple[str, ...]:
    """Every audience that a key or an account may name."""
    return tuple(audience.name for audience in audiences_now(within(session)))


def folded(name: str) -> str:
    """A sign-in name as it is compared: case, width and spaces around it make no other name."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


class Accounts:
    """Errors of its methods: BadInput (names the rule that was broken), NotFound (no such account)."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.passwords = Passwords()

    # ── who there is ───────────────────────────────────────────────────────────

    def listing(self) -> list[Account]:
        with self._database.read() as session:
            return [_account(row) for row in session.scalars(select(AccountRow).order_by(AccountRow.id))]

    def get(self, account_id: int) -> Account:
        with self._database.read() as session:
            return _account(_row(session, account_id))

    def named(self, name: str) -> Account:
        """By sign-in name, for the commands."""
        with self._database.read() as session:
            row = session.scalar(select(AccountRow).where(AccountRow.name == folded(name)))
            if row is None:
                raise NotFound(f"没有“{name}”这个账号。", advice="`danghai accounts list` 可查。")
            return _account(row)

    def readers(self, q: str = "", *, limit: int = 100) -> list[Account]:
        """Readers, newest first; those whose name or real name has `q` in it."""
        query = select(AccountRow).where(AccountRow.audience == READING_ROOM)
        if q := q.strip():
            has = (AccountRow.name, folded(q)), (AccountRow.real_name, q)
            query = query.where(or_(*(column.contains(text, autoescape=True) for column, text in has)))
        with self._database.read() as session:
            found = session.scalars(query.order_by(AccountRow.id.desc()).limit(limit))
            return [_account(row) for row in found]

    def real_names(self, caller_ids: Collection[str]) -> dict[str, str]:
        """Caller id → real name, for those that are accounts."""
        numbers = {
            int(number) for kind, _, number in (i.partition(":") for i in caller_ids) if kind == "account"
        }
        found: dict[str, str] = {}
        with self._database.read() as session:
            for some in parts(sorted(numbers)):
                query = select(AccountRow.id, AccountRow.real_name).where(AccountRow.id.in_(some))
                found |= {f"account:{number}": name for number, name in session.execute(query)}
        return found

    def with_password(self, name: str) -> tuple[Account | None, str]:
        """The account of a sign-in name, and its hash ('' where there is none)."""
        with self._database.read() as session:
            row = session.scalar(select(AccountRow).where(AccountRow.name == folded(name)))
            return (_account(row), row.password) if row else (None, "")

    # ── making and changing ────────────────────────────────────────────────────

    def add(
        self,
        name: str,
        *,
        real_name: str,
        roles: Sequence[str] = (),
        audience: str = "",
        check: DeskCheck | None = None,
        by: str = "",
        password: str = "",
        subject: str | None = None,
    ) -> Account:
        """A new account. Without a password it waits for `enrolment`.

        Errors: BadInput (also a reader whose name nobody checked), Conflict (the name is taken).
        """
        name, real_name = _checked_name(name), real_name.strip()
        if not real_name:
            raise BadInput("账号要写真实姓名（单位账号写单位名）。")
        audience = audience_of(roles, audience)
        if audience == READING_ROOM and not roles and subject is None:
            _check_desk(check)
        if password:
            check_password(password, (name, real_name))
        row = AccountRow(
            name=name,
            real_name=real_name,
            audience=audience,
            roles=sorted(set(roles)),
            password=self.passwords.hash(password) if password else "",
            subject=subject,
            checked_by=check.by.strip() if check else "",
            checked_on=check.on.isoformat() if check else "",
            document=check.document if check else "",
            made_by=by,
            made_at=datetime.now(UTC),
        )
        with self._database.write() as session:
            check_roles(audience, roles, known_audiences(session))
            if session.scalar(select(AccountRow.id).where(AccountRow.name == name)) is not None:
                raise Conflict(f"“{name}”这个账号名已有人用。", advice="请换一个账号名。")
            session.add(row)
            session.flush()
            session.refresh(row)  # times are kept to the millisecond
            return _account(row)

    def set_roles(self, account_id: int, roles: Sequence[str], *, audience: str = "", by: str) -> Account:
        """Other roles from the next request on. by: the changer's caller id; nobody changes his own."""
        _not_oneself(account_id, by)
        audience = audience_of(roles, audience)
        with self._database.write() as session:
            check_roles(audience, roles, known_audiences(session))
            row = _in_use(session, account_id)
            if audience == READING_ROOM and not roles and not row.checked_by:
                raise BadInput("此人的真实姓名没有在柜台核验过。", advice="请另办读者登记。")
            row.roles, row.audience = sorted(set(roles)), audience
            return _account(row)

    def lock(self, account_id: int, *, by: str) -> Account:
        """At once: its sessions end, its keys and password are refused."""
        _not_oneself(account_id, by)
        with self._database.write() as session:
            row = _row(session, account_id)
            row.locked_at = row.locked_at or datetime.now(UTC)
            session.execute(delete(SessionRow).where(SessionRow.account_id == account_id))
            return _account(row)

    def unlock(self, account_id: int, *, by: str) -> Account:
        _not_oneself(account_id, by)
        with self._database.write() as session:
            row = _in_use(session, account_id)
            row.locked_at = None
            return _account(row)

    def retire(self, account_id: int, *, by: str) -> Account:
        """For good, and at once: no role, no password, no session, no key, no list. Who it was stays on record, and its
        name stays taken: a name never means two people."""
        _not_oneself(account_id, by)
        with self._database.write() as session:
            row, now = _in_use(session, account_id), datetime.now(UTC)
            _put_password(session, account_id, "", "")
            row.roles, row.audience, row.locked_at = [], PUBLIC, row.locked_at or now
            keys = update(KeyRow).where(KeyRow.owner == account_id, KeyRow.revoked_at.is_(None))
            session.execute(keys.values(revoked_at=now))
            session.execute(delete(FavouriteRow).where(FavouriteRow.account_id == account_id))
            return _account(row)

    # ── passwords ──────────────────────────────────────────────────────────────

    def set_password(self, account_id: int, password: str, *, keep: str = "") -> None:
        """A new password; every session but the one of token `keep` ends, and waiting codes too."""
        with self._database.read() as session:
            row = _in_use(session, account_id)
            about = (row.name, row.real_name)
        check_password(password, about)
        hashed = self.passwords.hash(password)  # 0.1 s: not within the transaction
        with self._database.write() as session:
            _put_password(session, account_id, hashed, keep)

    def rehash(self, account_id: int, password: str) -> None:
        """The same password by today's parameters; nothing else changes."""
        hashed = self.passwords.hash(password)
        with self._database.write() as session:
            _row(session, account_id).password = hashed

    def enrolment(self, account_id: int, *, by: str) -> str:
        """A one-time code with which the person sets a password. The old password and sessions end at once:
        it is a reset too."""
        _not_oneself(account_id, by)
        code, now = new_token(ENROLMENT), datetime.now(UTC)
        with self._database.write() as session:
            _in_use(session, account_id)
            _put_password(session, account_id, "", "")
            session.execute(delete(EnrolmentRow).where(EnrolmentRow.ends_at < now))
            session.add(
                EnrolmentRow(digest=digest(code), account_id=account_id, ends_at=now + ENROLMENT_LASTS)
            )
        return code

    def enrol(self, code: str, password: str) -> Account:
        """Set the password that a one-time code allows; the code is used up.

        Errors: BadInput (the password's rule: the code stays), NotAllowed (no such code, or its time is over).
        """
        query = (
            select(AccountRow)
            .join(EnrolmentRow, EnrolmentRow.account_id == AccountRow.id)
            .where(EnrolmentRow.digest == digest(code), EnrolmentRow.ends_at > datetime.now(UTC))
            .where(AccountRow.locked_at.is_(None))
        )
        refused = NotAllowed("这个开通码无效、已用过或已过期。", advice="请向安全管理员另要一个。")
        with self._database.read() as session:
            row = session.scalar(query)
            if row is None:
                raise refused
            about = (row.name, row.real_name)
        check_password(password, about)
        hashed = self.passwords.hash(password)
        with self._database.write() as session:
            row = session.scalar(query)
            if row is None:
                raise refused
            _put_password(session, row.id, hashed, "")
            return _account(row)

    # ── OIDC ───────────────────────────────────────────────────────────────────

    def of_subject(self, subject: str, *, name: str, real_name: str, powers: Sequence[str]) -> Account:
        """The account of an OIDC identity, made at its first sign-in; its roles are what the provider says now.

        subject: "issuer subject"; powers: roles, or one audience. Errors: BadInput (these do not go together).
        """
        with self._database.read() as session:
            known = session.scalar(select(AccountRow).where(AccountRow.subject == subject))
            audiences = known_audiences(session)
        roles = [power for power in powers if power not in audiences]
        wanted = [power for power in powers if power in audiences]
        audience = audience_of(roles, "" if roles else "".join(wanted[:1]))
        check_roles(audience, roles, audiences)
        if known is None:
            name = _free_name(self.listing(), name, subject)
            return self.add(
                name, real_name=real_name or name, roles=roles, audience=audience, by="oidc", subject=subject
            )
        with self._database.write() as session:
            row = _in_use(session, known.id)
            row.roles, row.audience, row.real_name = sorted(set(roles)), audience, real_name or row.real_name
            return _account(row)


def _row(session: Session, account_id: int) -> AccountRow:
    row = session.get(AccountRow, account_id)
    if row is None:
        raise NotFound("没有这个账号。")
    return row


def _in_use(session: Session, account_id: int) -> AccountRow:
    """Errors: NotFound; Conflict for one that was retired."""
    row = _row(session, account_id)
    if _account(row).retired:
        raise Conflict("这个账号已注销，不能再用。", advice="请另开一个账号，用别的账号名。")
    return row


def _put_password(session: Session, account_id: int, hashed: str, keep: str) -> None:
    _row(session, account_id).password = hashed
    ended = delete(SessionRow).where(SessionRow.account_id == account_id)
    session.execute(ended.where(SessionRow.digest != digest(keep)) if keep else ended)
    session.execute(delete(EnrolmentRow).where(EnrolmentRow.account_id == account_id))


def _account(row: AccountRow) -> Account:
    same: dict[str, Any] = {
        name: getattr(row, name)
        for name in ("id", "name", "real_name", "audience", "made_by", "made_at", "checked_by", "checked_on")
    }
    return Account(
        **same,
        document=row.document,
        roles=tuple(row.roles),
        locked=row.locked_at is not None,
        enrolled=bool(row.password or row.subject),
        subject=row.subject or "",
    )


def _checked_name(name: str) -> str:
    name = folded(name)
    if not 2 <= len(name) <= 64 or not all(letter.isalnum() or letter in "._-@" for letter in name):
        raise BadInput("账号名要 2 到 64 个字，只用文字、数字和 . _ - @。")
    return name


def _check_desk(check: DeskCheck | None) -> None:
    if check is None or not check.by.strip():
        raise BadInput(
            "读者账号要在柜台核验真实姓名：写明经办人、日期与证件种类。",
            advice=f"证件种类：{'、'.join(DOCUMENTS)}；不记证件号码。",
        )
    if check.document not in DOCUMENTS:
        raise BadInput(f"没有“{check.document}”这种证件。", advice=f"可选：{'、'.join(DOCUMENTS)}。")
    if check.on > datetime.now(UTC).date() + timedelta(days=1):  # a day ahead of UTC is today in China
        raise BadInput("核验日期还没有到。")


def _not_oneself(account_id: int, by: str) -> None:
    if by == f"account:{account_id}":
        raise NotAllowed("自己的账号不能由自己改。", advice="请由另一位安全管理员办理。")


def _free_name(accounts: Sequence[Account], wanted: str, subject: str) -> str:
    """A sign-in name for an OIDC identity. A taken one is never shared: the identity decides, not the name."""
    base = "".join(c for c in folded(wanted) if c.isalnum() or c in "._-@")[:48]
    taken = {account.name for account in accounts}
    return base if len(base) >= 2 and base not in taken else f"{base}-{digest(subject)[:12]}".lstrip("-")

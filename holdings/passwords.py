"""Passwords: the rule for new ones (NIST SP 800-63B-4, section 3.1.1), and their hashes (argon2id, RFC 9106).

argon2-cffi is the reference implementation's binding; zxcvbn knows the common passwords, keyboard runs,
repeats and dates, so no list of our own is kept.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from holdings.errors import BadInput

if TYPE_CHECKING:  # loaded when somebody signs in
    from argon2 import PasswordHasher

SHORTEST, LONGEST = 12, 128
#: zxcvbn's scale 0–4: from here on a password withstands guessing that is slowed down (10^6 guesses and more).
LEAST_SCORE = 2
#: zxcvbn grows slow with length; what is longer is not plainly bad.
LOOKED_AT = 60


def check_password(password: str, about: Sequence[str]) -> None:
    """Whether a new password may be used. No composition rules; `about`: the account's and person's names.

    Errors: BadInput that says what is wrong with it, never the password.
    """
    from zxcvbn import zxcvbn

    said = _normal(password)
    if not SHORTEST <= len(said) <= LONGEST:
        raise BadInput(f"密码要 {SHORTEST} 到 {LONGEST} 个字。", advice="几个不相干的词连起来，好记也难猜。")
    folded = said.casefold()
    if any(len(name) > 1 and name.casefold() in folded for name in about):
        raise BadInput("密码里不要有自己的姓名或账号名。", advice="请换一个。")
    guessed = zxcvbn(said[:LOOKED_AT], user_inputs=[*about, "danghai", "dangan", "档海", "档案"])
    if guessed["score"] < LEAST_SCORE:
        raise BadInput(
            "这个密码太容易猜：常用词、连号、重复或键盘顺序。", advice="几个不相干的词连起来，好记也难猜。"
        )


class Passwords:
    """Hashes and checks. A check takes some 0.1 s and 64 MiB: in a thread, a few at a time."""

    @cached_property
    def _hasher(self) -> PasswordHasher:
        from argon2 import PasswordHasher
        from argon2.profiles import RFC_9106_LOW_MEMORY

        return PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)

    @cached_property
    def _nobodys(self) -> str:
        """A hash to check against where there is none, so that an unknown name takes as long as a known one."""
        return self._hasher.hash("nobody's password")

    def warm(self) -> None:
        """Make what the first check needs, or its time would tell."""
        _ = self._nobodys

    def hash(self, password: str) -> str:
        return self._hasher.hash(_normal(password))

    def matches(self, hashed: str, password: str) -> bool:
        """Whether it is the password of this hash; '' matches nothing, and takes as long."""
        from argon2.exceptions import InvalidHashError, VerificationError

        try:
            return self._hasher.verify(hashed or self._nobodys, _normal(password)) and bool(hashed)
        except (VerificationError, InvalidHashError):
            return False

    def is_old(self, hashed: str) -> bool:
        """Whether it was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(hashed)


def _normal(password: str) -> str:
    """As typed on any keyboard and system: composed characters, full width or not (800-63B asks for NFKC)."""
    return unicodedata.normalize("NFKC", password)

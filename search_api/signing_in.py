"""Signing in by name and password. An unknown name and a wrong password are one answer, after the same work."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from holdings.catalogue.accounts import Account
from holdings.errors import NotAllowed, SignInFailed

if TYPE_CHECKING:
    from holdings.catalogue import Catalogue
    from holdings.settings import Settings

#: Passwords looked at side by side: each takes 64 MiB and four threads for 0.1 s.
AT_ONCE = 2


class SigningIn:
    def __init__(self, catalogue: Catalogue, settings: Settings) -> None:
        self._catalogue = catalogue
        self._tries = settings.sign_in_tries
        self._turn = asyncio.Semaphore(AT_ONCE)

    async def by_password(self, name: str, password: str, address: str) -> Account:
        """Who this is. Errors: SignInFailed; TooOften after failures of this name or from this address;
        NotAllowed for a locked account, said only to whoever knows its password."""
        catalogue = self._catalogue
        await asyncio.to_thread(catalogue.failures.begin, name, address, self._tries)
        account, hashed = await asyncio.to_thread(catalogue.accounts.with_password, name)
        passwords = catalogue.accounts.passwords
        async with self._turn:
            await asyncio.to_thread(passwords.warm)
            right = await asyncio.to_thread(passwords.matches, hashed, password)
        if account is None or not right:
            raise SignInFailed("账号名或密码不对。", advice="请核对后再试；忘了密码请找安全管理员重设。")
        await asyncio.to_thread(catalogue.failures.succeeded, name, address)
        if account.locked:
            raise NotAllowed("这个账号已停用。", advice="请找安全管理员。")
        if passwords.is_old(hashed):
            async with self._turn:
                await asyncio.to_thread(catalogue.accounts.rehash, account.id, password)
        return account

    async def change_password(self, account_id: int, old: str, new: str, address: str, token: str) -> None:
        """Errors: as `by_password`; BadInput (the rule for passwords)."""
        account = await asyncio.to_thread(self._catalogue.accounts.get, account_id)
        await self.by_password(account.name, old, address)
        async with self._turn:
            await asyncio.to_thread(self._catalogue.accounts.set_password, account_id, new, keep=token)

    async def enrol(self, code: str, password: str) -> Account:
        """Errors: NotAllowed (the code), BadInput (the password)."""
        async with self._turn:
            return await asyncio.to_thread(self._catalogue.accounts.enrol, code, password)

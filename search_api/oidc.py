"""Signing in by OpenID Connect: authorization code with PKCE, state and nonce (OpenID Connect Core 1.0,
RFC 7636), by Authlib and joserfc.

What must come back unchanged (state, nonce, verifier) travels sealed in the person's own browser, so any
process may finish what another began. The redirect address is the one in the settings, never one from a request.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from holdings.errors import NotReady, SignInFailed

if TYPE_CHECKING:
    from cryptography.fernet import Fernet

    from holdings.settings import Settings

#: Seconds a person has at the provider.
FLOW_LASTS = 600
#: Seconds by which two clocks may differ.
LEEWAY = 30
SCOPE = "openid profile"
#: Signatures believed: asymmetric only, so that a public key is never taken for a shared secret.
ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]


class ProviderAway(NotReady):
    code = "provider-away"


@dataclass(frozen=True)
class Begun:
    """url: where the person goes; flow: what the browser keeps and brings back."""

    url: str
    flow: str


@dataclass(frozen=True)
class Identity:
    """Whom the provider vouches for. powers: roles, or an audience, as the settings map the claim's values."""

    subject: str
    name: str
    real_name: str
    powers: tuple[str, ...]


class Oidc:
    """One provider. Cheap to make; asks it only when somebody signs in.

    Errors of its methods: ProviderAway, SignInFailed (whatever is not exactly as it must be).
    """

    def __init__(self, settings: Settings, key: Callable[[], str]) -> None:
        self._settings = settings
        self._key = key
        self._keys: Any = None

    @property
    def enabled(self) -> bool:
        s = self._settings
        return bool(s.oidc_issuer and s.oidc_client_id and s.oidc_redirect)

    @cached_property
    def _fernet(self) -> Fernet:
        from cryptography.fernet import Fernet

        return Fernet(self._key())

    async def begin(self) -> Begun:
        said = await self._discovered()
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        async with self._client() as client:
            url, _ = client.create_authorization_url(
                said["authorization_endpoint"], state=state, code_verifier=verifier, nonce=nonce
            )
        flow = json.dumps({"state": state, "nonce": nonce, "verifier": verifier}).encode()
        return Begun(url, self._fernet.encrypt(flow).decode())

    async def finish(self, flow: str, state: str, code: str) -> Identity:
        from cryptography.fernet import InvalidToken

        try:
            begun = json.loads(self._fernet.decrypt(flow.encode(), ttl=FLOW_LASTS))
        except (InvalidToken, ValueError) as error:
            raise _failed("登录的时间过了，或不是在这个浏览器里开始的。") from error
        if not hmac.compare_digest(begun["state"].encode(), state.encode("utf-8", "replace")):
            raise _failed("登录的回答与所问不符（state）。")
        said = await self._discovered()
        token = await self._token(said["token_endpoint"], code, begun["verifier"])
        claims = await self._claims(said, token, begun["nonce"])
        return self._identity(claims)

    # ── asking the provider ────────────────────────────────────────────────────

    def _client(self) -> Any:
        from authlib.integrations.httpx_client import AsyncOAuth2Client

        secret = self._settings.oidc_client_secret
        return AsyncOAuth2Client(
            self._settings.oidc_client_id,
            secret.get_secret_value() if secret else None,
            token_endpoint_auth_method="client_secret_basic" if secret else "none",
            redirect_uri=self._settings.oidc_redirect,
            scope=SCOPE,
            code_challenge_method="S256",
            timeout=10.0,
        )

    async def _discovered(self) -> dict[str, Any]:
        """What the provider says of itself (OpenID Connect Discovery 1.0, section 4)."""
        issuer = self._settings.oidc_issuer
        said = await _json(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if said.get("issuer") != issuer:
            raise ProviderAway(
                f"认证服务自称 {said.get('issuer')}，不是 {issuer}。", advice="请核对 DANGHAI_OIDC_ISSUER。"
            )
        return said

    async def _token(self, endpoint: str, code: str, verifier: str) -> Mapping[str, Any]:
        from authlib.common.errors import AuthlibBaseError
        from httpx2 import HTTPError  # Authlib's own HTTP client

        async with self._client() as client:
            try:
                token: Mapping[str, Any] = await client.fetch_token(
                    endpoint, code=code, code_verifier=verifier, grant_type="authorization_code"
                )
            except AuthlibBaseError as error:
                raise _failed(f"认证服务没有认可这次登录（{error.error}）。") from error
            except (HTTPError, ValueError) as error:
                raise _away(error) from error
        if not isinstance(token.get("id_token"), str):
            raise _failed("认证服务没有给出身份令牌。")
        return token

    async def _claims(
        self, said: Mapping[str, Any], token: Mapping[str, Any], nonce: str
    ) -> Mapping[str, Any]:
        """The ID token's claims, checked as section 3.1.3.7 of the core asks."""
        from authlib.oidc.core import CodeIDToken
        from joserfc.errors import InvalidKeyIdError, JoseError

        client_id = self._settings.oidc_client_id
        try:
            try:
                decoded = await self._decoded(said, token["id_token"])
            except InvalidKeyIdError:  # the provider changed its keys
                self._keys = None
                decoded = await self._decoded(said, token["id_token"])
            claims = CodeIDToken(
                decoded.claims,
                decoded.header,
                {
                    "iss": {"essential": True, "value": self._settings.oidc_issuer},
                    "aud": {"essential": True, "value": client_id},
                    "nonce": {"essential": True, "value": nonce},
                },
                {"client_id": client_id, "nonce": nonce, "access_token": token.get("access_token")},
            )
            claims.validate(leeway=LEEWAY)
        except (JoseError, ValueError, KeyError) as error:
            raise _failed(f"身份令牌不对（{type(error).__name__}：{error}）。") from error
        checked: Mapping[str, Any] = claims
        return checked

    async def _decoded(self, said: Mapping[str, Any], id_token: str) -> Any:
        from joserfc import jwt
        from joserfc.jwk import KeySet

        if self._keys is None:
            self._keys = await _json(said["jwks_uri"])
        return jwt.decode(id_token, KeySet.import_key_set(self._keys), algorithms=ALGORITHMS)

    def _identity(self, claims: Mapping[str, Any]) -> Identity:
        given = claims.get(self._settings.oidc_claim, ())
        values = [given] if isinstance(given, str) else given if isinstance(given, list) else []
        powers = {self._settings.oidc_roles[v] for v in values if v in self._settings.oidc_roles}
        if not powers:
            raise _failed("认证服务没有给这个人本馆的角色。", "请与安全管理员联系。")
        return Identity(
            f"{claims['iss']} {claims['sub']}",
            str(claims.get("preferred_username") or ""),
            str(claims.get("name") or claims.get("preferred_username") or ""),
            tuple(sorted(powers)),
        )


async def _json(address: str) -> dict[str, Any]:
    import httpx  # a tenth of the API's start, for those alone who have a provider

    async with httpx.AsyncClient(timeout=10.0) as client:
        try:
            answer = await client.get(address)
            answer.raise_for_status()
            said = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise _away(error) from error
    if not isinstance(said, dict):
        raise ProviderAway("认证服务的回答读不懂。")
    return said


def _away(error: Exception) -> ProviderAway:
    return ProviderAway(f"认证服务没有应答：{type(error).__name__}。", advice="请稍后再试，或用密码登录。")


def _failed(what: str, advice: str = "请从登录页重新开始。") -> SignInFailed:
    return SignInFailed(what, advice=advice)

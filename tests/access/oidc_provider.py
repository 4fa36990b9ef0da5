"""An OpenID Connect provider of the tests' own: Authlib's server part (code grant, required PKCE, ID tokens)
on Flask, a process on loopback. `python -m tests.access.oidc_provider PORT`.

PUT /bend takes JSON and changes what it says from then on: {"user": {…}} claims of who signs in;
{"claims": {…}} put over an ID token's own; {"lasts": seconds}; {"stranger": true} signs by another key of
the same name; {} for nothing.
"""

from __future__ import annotations

import secrets
import sys
import time
from typing import Any

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import OpenIDCode, UserInfo
from flask import Flask, jsonify, request
from joserfc.jwk import KeySet, RSAKey
from werkzeug.serving import make_server

CLIENT, SECRET = "danghai-under-test", "a-secret-of-the-tests"
REDIRECT = "http://127.0.0.1:1/x/oidc/back"
KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
STRANGER = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})


class Client:
    """The one registered client, as Authlib's ClientMixin asks."""

    client_id = CLIENT

    def get_client_id(self) -> str:
        return CLIENT

    def get_default_redirect_uri(self) -> str:
        return REDIRECT

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, uri: str) -> bool:
        return uri == REDIRECT

    def check_client_secret(self, secret: str) -> bool:
        return secrets.compare_digest(secret, SECRET)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_basic"

    def check_response_type(self, kind: str) -> bool:
        return kind == "code"

    def check_grant_type(self, kind: str) -> bool:
        return kind == "authorization_code"


class Code:
    """What was asked at the authorization endpoint, kept for the token endpoint."""

    def __init__(self, payload: Any) -> None:
        self.redirect_uri, self.scope = payload.redirect_uri, payload.scope
        self.nonce = payload.data.get("nonce")
        self.code_challenge = payload.data.get("code_challenge")
        self.code_challenge_method = payload.data.get("code_challenge_method")

    def get_redirect_uri(self) -> str:
        return str(self.redirect_uri)

    def get_scope(self) -> str:
        return str(self.scope)

    def get_nonce(self) -> str | None:
        return self.nonce

    def get_auth_time(self) -> int:
        return int(time.time())

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> None:
        return None


def provider(port: int) -> Flask:  # noqa: C901 - one application with its routes
    app = Flask(__name__)
    issuer = f"http://127.0.0.1:{port}"
    codes: dict[str, Code] = {}
    bent: dict[str, Any] = {}

    class Grant(AuthorizationCodeGrant):  # type: ignore[misc]
        TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic",)

        def save_authorization_code(self, code: str, request: Any) -> None:
            codes[code] = Code(request.payload)

        def query_authorization_code(self, code: str, client: Client) -> Code | None:
            return codes.get(code)

        def delete_authorization_code(self, authorization_code: Code) -> None:
            for code in [c for c, kept in codes.items() if kept is authorization_code]:
                del codes[code]

        def authenticate_user(self, authorization_code: Code) -> dict[str, Any]:
            return dict(bent.get("user", {"sub": "nobody"}))

    class IdTokens(OpenIDCode):  # type: ignore[misc]
        def exists_nonce(self, nonce: str, request: Any) -> bool:
            return False

        def resolve_client_private_key(self, client: Client) -> Any:
            return STRANGER if bent.get("stranger") else KEY

        def get_encode_header(self, client: Client) -> dict[str, str]:
            return {"alg": "RS256", "kid": "one"}

        def get_client_claims(self, client: Client) -> dict[str, Any]:
            return {"iss": issuer, "aud": [CLIENT], "exp": int(time.time()) + int(bent.get("lasts", 600))}

        def generate_user_info(self, user: dict[str, Any], scope: str) -> UserInfo:
            return UserInfo({**user, **bent.get("claims", {})})

    server = AuthorizationServer(
        app, query_client=lambda given: Client() if given == CLIENT else None, save_token=lambda *_: None
    )
    server.register_grant(Grant, [IdTokens(require_nonce=True), CodeChallenge(required=True)])

    @app.get("/.well-known/openid-configuration")
    def discovery() -> Any:
        said = {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "jwks_uri": f"{issuer}/jwks",
            "id_token_signing_alg_values_supported": ["RS256"],
        }
        return jsonify({**said, **bent.get("discovery", {})})

    @app.get("/jwks")
    def jwks() -> Any:
        return jsonify(KeySet([KEY]).as_dict(private=False))

    @app.get("/authorize")
    def authorize() -> Any:
        """The person agrees at once."""
        user = dict(bent.get("user", {"sub": "nobody"}))
        grant = server.get_consent_grant(end_user=user)
        return server.create_authorization_response(grant_user=user, grant=grant)

    @app.post("/token")
    def token() -> Any:
        return server.create_token_response()

    @app.put("/bend")
    def bend() -> Any:
        bent.clear()
        bent.update(request.get_json())
        return jsonify(bent)

    return app


if __name__ == "__main__":
    number = int(sys.argv[1])
    make_server("127.0.0.1", number, provider(number), threaded=True).serve_forever()

"""Signing in by OpenID Connect: a real provider process, real HTTP, real signatures."""

from __future__ import annotations

import base64
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from .conftest import Door, problem
from .oidc_provider import CLIENT, REDIRECT, SECRET

MakeDoor = Callable[..., Door]
ROOT = Path(__file__).parents[2]
WANG = {"sub": "u-1", "name": "王五", "preferred_username": "wang.wu", "groups": ["curators", "football"]}
ROLES = {
    "curators": "curator",
    "security": "security_admin",
    "audit": "audit_admin",
    "readers": "reading_room",
}


class Provider:
    def __init__(self, issuer: str) -> None:
        self.issuer = issuer

    def bend(self, **how: Any) -> None:
        httpx.put(f"{self.issuer}/bend", json={"user": WANG, **how}).raise_for_status()

    def settings(self, **other: Any) -> dict[str, Any]:
        given = {"oidc_issuer": self.issuer, "oidc_client_id": CLIENT, "oidc_client_secret": SECRET,
                 "oidc_redirect": REDIRECT, "oidc_roles": ROLES}  # fmt: skip
        return given | other

    def agree(self, url: str) -> tuple[str, str]:
        """The person goes there and agrees: code and state, as the redirect brings them back."""
        answer = httpx.get(url)
        assert answer.status_code == 302, answer.text
        assert answer.headers["location"].startswith(REDIRECT)
        back = parse_qs(urlsplit(answer.headers["location"]).query)
        assert "error" not in back, back
        return back["code"][0], back["state"][0]


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.access.oidc_provider", str(port)],
        cwd=ROOT,
        env=os.environ | {"AUTHLIB_INSECURE_TRANSPORT": "1"},  # loopback has no TLS
        stderr=subprocess.DEVNULL,
    )
    try:
        made = Provider(f"http://127.0.0.1:{port}")
        for _ in range(300):
            try:
                made.bend()
                break
            except httpx.HTTPError:
                time.sleep(0.1)
        yield made
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def door(make_door: MakeDoor, provider: Provider) -> Door:
    provider.bend()
    return make_door(**provider.settings())


def begin(door: Door) -> tuple[str, str]:
    answer = door.ask("POST", "/v1/sign-in/oidc")
    assert answer.status_code == 200, answer.text
    return answer.json()["url"], answer.json()["flow"]


def back(door: Door, flow: str, code: str, state: str) -> httpx.Response:
    return door.ask("POST", "/v1/sign-in/oidc/back", json={"flow": flow, "code": code, "state": state})


def whole(door: Door, provider: Provider) -> httpx.Response:
    url, flow = begin(door)
    return back(door, flow, *provider.agree(url))


def test_a_person_signs_in_and_has_the_roles_the_provider_says_today(door: Door, provider: Provider) -> None:
    assert door.ask("GET", "/v1/sign-in").json() == {"password": True, "oidc": "统一身份认证"}
    me = whole(door, provider).json()["me"]
    assert (me["name"], me["roles"], me["audience"], me["via"]) == ("王五", ["curator"], "staff", "oidc")
    provider.bend(user=WANG | {"groups": ["readers"]})
    answer = whole(door, provider).json()
    assert (answer["me"]["id"], answer["me"]["audience"]) == (me["id"], "reading_room")
    assert door.me(answer["token"])["via"] == "oidc"
    [account] = door.catalogue.accounts.listing()
    assert (account.name, account.made_by, account.subject) == ("wang.wu", "oidc", f"{provider.issuer} u-1")
    door.catalogue.accounts.lock(account.id, by="")
    problem(whole(door, provider), 401, "sign-in-failed")
    problem(door.ask("GET", "/v1/me", answer["token"]), 401, "session-ended")


def test_what_is_asked_has_state_nonce_and_pkce_and_keeps_the_verifier_at_home(door: Door) -> None:
    url, flow = begin(door)
    asked = parse_qs(urlsplit(url).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert (asked["redirect_uri"], asked["response_type"]) == ([REDIRECT], ["code"])
    assert all(len(asked[name][0]) >= 32 for name in ("state", "nonce", "code_challenge"))
    assert begin(door)[0] != url
    assert asked["nonce"][0].encode() not in base64.urlsafe_b64decode(flow)  # sealed, not only encoded


@pytest.mark.parametrize(
    "bent",
    [
        {"claims": {"nonce": "another"}},
        {"claims": {"aud": ["another-client"]}},
        {"claims": {"aud": [CLIENT, "another-client"], "azp": "another-client"}},
        {"claims": {"iss": "https://another.example"}},
        {"lasts": -120},
        {"claims": {"iat": 4_000_000_000}},
        {"stranger": True},
        {"user": WANG | {"groups": ["football"]}},
        {"user": WANG | {"groups": {"curators": 1}}},
        {"user": WANG | {"groups": ["security", "audit"]}},
        {"user": WANG | {"groups": ["security", "curators"]}},
    ],
    ids=json.dumps,
)
def test_whatever_is_not_as_it_must_be_is_refused(
    door: Door, provider: Provider, bent: dict[str, Any]
) -> None:
    assert whole(door, provider).status_code == 200
    before = door.catalogue.accounts.listing()
    provider.bend(**bent)
    problem(whole(door, provider), 401, "sign-in-failed")
    assert door.catalogue.accounts.listing() == before


def test_a_code_of_another_s_sign_in_is_refused(door: Door, provider: Provider) -> None:
    """State binds the browser, PKCE and the nonce the code: none of another's pieces fits."""
    (mine, my_flow), (theirs, _) = begin(door), begin(door)
    my_code, my_state = provider.agree(mine)
    their_code, their_state = provider.agree(theirs)
    problem(back(door, my_flow, their_code, their_state), 401, "sign-in-failed")  # state
    problem(back(door, my_flow, their_code, my_state), 401, "sign-in-failed")  # PKCE, at the provider
    problem(back(door, "x" + my_flow[1:], my_code, my_state), 401, "sign-in-failed")
    problem(back(door, my_flow, "nothing", my_state), 401, "sign-in-failed")
    assert back(door, my_flow, my_code, my_state).status_code == 200
    problem(back(door, my_flow, my_code, my_state), 401, "sign-in-failed")  # once


def test_a_provider_that_is_away_or_another_s_is_said(make_door: MakeDoor, provider: Provider) -> None:
    provider.bend(discovery={"issuer": "https://another.example"})
    other = make_door(**provider.settings())
    problem(other.ask("POST", "/v1/sign-in/oidc"), 503, "provider-away")
    provider.bend()
    url, flow = begin(other)
    code, state = provider.agree(url)
    provider.bend(discovery={"token_endpoint": "http://127.0.0.1:9/token"})
    problem(back(other, flow, code, state), 503, "provider-away")
    away = make_door(**provider.settings(oidc_issuer="http://127.0.0.1:9"))
    answer = away.ask("POST", "/v1/sign-in/oidc")
    problem(answer, 503, "provider-away")
    assert int(answer.headers["retry-after"]) > 0


def test_without_the_settings_there_is_none(make_door: MakeDoor) -> None:
    door = make_door()
    assert door.ask("GET", "/v1/sign-in").json()["oidc"] == ""
    problem(door.ask("POST", "/v1/sign-in/oidc"), 404, "not-found")

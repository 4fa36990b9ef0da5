"""A real application on a catalogue of its own. No index: what is asked here needs none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from holdings.catalogue import Catalogue
from holdings.catalogue.accounts import Account
from holdings.settings import Settings
from search_api.app import create_app
from tests.api.conftest import archive, fresh, make_system, tools

from .carrying import inside, outside, stick

__all__ = ["archive", "fresh", "inside", "make_system", "outside", "stick", "tools"]

GOOD, OTHER = "海风-吹过-三座-旧灯塔", "晒盐的人-数着-退潮的钟声"


class Door:
    """One installation in this process, and who comes in."""

    def __init__(self, home: Path, **settings: Any) -> None:
        self.settings = Settings(home=home, _env_file=None, **settings)
        self.catalogue = Catalogue(self.settings.catalogue_url)
        self.catalogue.upgrade()
        self.app = create_app(self.settings)
        self.app.state.house.encoder = None
        # From a trusted address, so that a test can say from where it asks.
        self.client = TestClient(self.app, raise_server_exceptions=False, client=("127.0.0.1", 50000))

    def add(self, name: str, *roles: str, password: str = GOOD) -> Account:
        return self.catalogue.accounts.add(name, real_name=f"试{name}", roles=roles, password=password)

    def ask(self, method: str, path: str, token: str = "", **more: Any) -> httpx.Response:
        headers = dict(more.pop("headers", {}))
        if token:
            headers["Authorization"] = f"Bearer {token}"
        answer: httpx.Response = self.client.request(method, path, headers=headers, **more)  # type: ignore[assignment]
        return answer

    def try_sign_in(self, name: str, password: str = GOOD, address: str = "", **more: Any) -> httpx.Response:
        headers = {"X-Forwarded-For": address} if address else {}
        given = {"name": name, "password": password, **more}
        return self.ask("POST", "/v1/sign-in", json=given, headers=headers)

    def sign_in(self, name: str, password: str = GOOD) -> str:
        answer = self.try_sign_in(name, password)
        assert answer.status_code == 200, answer.text
        token: str = answer.json()["token"]
        return token

    def me(self, token: str = "") -> Any:
        answer = self.ask("GET", "/v1/me", token)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def make_door(tmp_path: Path) -> Iterator[Callable[..., Door]]:
    with ExitStack() as made:

        def make(**settings: Any) -> Door:
            door = Door(tmp_path / "data", **settings)
            made.callback(door.catalogue.close)
            made.enter_context(door.client)
            return door

        yield make


@pytest.fixture
def door(make_door: Callable[..., Door]) -> Door:
    return make_door()


def problem(answer: httpx.Response, status: int, code: str) -> Any:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    said = answer.json()
    assert said["type"] == f"urn:danghai:problem:{code}"
    return said

"""What the pages of the archive's own offices ask of the API: accounts, readers, grants, keys, audit, publishing."""

from __future__ import annotations

from typing import Any, cast

from ui.client import Api
from ui.state import Params

Json = dict[str, Any]


class Office:
    """That part of the API for one visitor. Errors: as Api's."""

    def __init__(self, api: Api) -> None:
        self._api = api

    # ── accounts ───────────────────────────────────────────────────────────────

    def accounts(self) -> list[Json]:
        return cast(list[Json], self._api.get("/v1/accounts"))

    def open_account(self, body: Json) -> Json:
        return cast(Json, self._api.send("POST", "/v1/accounts", json=body))

    def set_roles(self, number: int, roles: list[str], audience: str) -> Json:
        body = {"roles": roles, "audience": audience}
        return cast(Json, self._api.send("PUT", f"/v1/accounts/{number}/roles", json=body))

    def change(self, number: int, how: str) -> Json:
        """how: lock, unlock, reset or retire."""
        return cast(Json, self._api.send("POST", f"/v1/accounts/{number}/{how}"))

    # ── readers, and what was approved for them ────────────────────────────────

    def readers(self, q: str = "") -> list[Json]:
        return cast(list[Json], self._api.get("/v1/readers", [("q", q)]))

    def register(self, body: Json) -> Json:
        return cast(Json, self._api.send("POST", "/v1/readers", json=body))

    def grants(self, reader: str = "") -> list[Json]:
        return cast(list[Json], self._api.get("/v1/grants", [("reader", reader)] if reader else []))

    def grant(self, body: Json) -> Json:
        return cast(Json, self._api.send("POST", "/v1/grants", json=body))

    def revoke_grant(self, number: int) -> Json:
        return cast(Json, self._api.send("DELETE", f"/v1/grants/{number}"))

    # ── keys ───────────────────────────────────────────────────────────────────

    def keys(self) -> list[Json]:
        return cast(list[Json], self._api.get("/v1/keys"))

    def revoke_key(self, number: int) -> Json:
        return cast(Json, self._api.send("DELETE", f"/v1/keys/{number}"))

    def my_keys(self) -> list[Json]:
        return cast(list[Json], self._api.get("/v1/me/keys"))

    def make_key(self, body: Json) -> str:
        return cast(str, self._api.send("POST", "/v1/me/keys", json=body)["key"])

    def revoke_my_key(self, number: int) -> Json:
        return cast(Json, self._api.send("DELETE", f"/v1/me/keys/{number}"))

    # ── audit, publishing ──────────────────────────────────────────────────────

    def audit(self, asked: Params) -> Json:
        return cast(Json, self._api.get("/v1/audit", asked))

    def audit_state(self) -> Json:
        return cast(Json, self._api.get("/v1/audit/state"))

    def verify(self) -> Json:
        return cast(Json, self._api.send("POST", "/v1/audit/verify"))

    def route_names(self) -> dict[str, str]:
        """Method and path → what it is called, in both languages: "检索 Search"."""
        paths = self._api.get("/openapi.json")["paths"]
        return {
            f"{method.upper()} {path}": entry["summary"]
            for path, methods in paths.items()
            for method, entry in methods.items()
        }

    def publish(self) -> Json:
        return cast(Json, self._api.get("/v1/publish"))

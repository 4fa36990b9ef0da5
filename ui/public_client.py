"""What the pages of the public's part ask of the API: offers 征集, visits, favourites, the wanted list."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import quote

from ui.client import Api
from ui.state import Params

Json = dict[str, Any]


class Public:
    """That part of the API for one visitor. Errors: as Api's."""

    def __init__(self, api: Api) -> None:
        self._api = api

    # ── the sender ─────────────────────────────────────────────────────────────

    def terms(self) -> Json:
        return cast(Json, self._api.get("/v1/offers/terms"))

    def offer(self, body: Json) -> Json:
        return cast(Json, self._api.send("POST", "/v1/offers", json=body))

    def add_file(self, receipt: str, name: str, data: bytes) -> Json:
        path = f"/v1/offers/receipts/{quote(receipt, safe='')}/files?name={quote(name[:200], safe='')}"
        kind = {"Content-Type": "application/octet-stream"}
        return cast(Json, self._api.send("POST", path, content=data, headers=kind))

    def standing(self, receipt: str) -> Json:
        return cast(Json, self._api.get(f"/v1/offers/receipts/{quote(receipt[:40], safe='')}"))

    def wanted(self) -> list[Json]:
        return cast(list[Json], self._api.get("/v1/wanted")["wanted"])

    # ── staff ──────────────────────────────────────────────────────────────────

    def offers(self, asked: Params) -> Json:
        return cast(Json, self._api.get("/v1/offers", asked))

    def one_offer(self, number: int) -> Json:
        return cast(Json, self._api.get(f"/v1/offers/{number}"))

    def step(self, number: int, body: Json) -> Json:
        return cast(Json, self._api.send("POST", f"/v1/offers/{number}/steps", json=body))

    def visits(self, asked: Params) -> Json:
        return cast(Json, self._api.get("/v1/visits", asked))

    # ── favourites of a registered reader ──────────────────────────────────────

    def favourites(self) -> list[Json]:
        return cast(list[Json], self._api.get("/v1/me/favourites")["favourites"])

    def keep(self, record_id: str, note: str = "") -> None:
        self._api.send("PUT", _favourite(record_id), json={"note": note})

    def drop(self, record_id: str) -> None:
        self._api.send("DELETE", _favourite(record_id))

    def drop_all(self) -> None:
        self._api.send("DELETE", "/v1/me/favourites")

    def order(self, record_ids: list[str]) -> None:
        self._api.send("PUT", "/v1/me/favourites", json={"records": record_ids})


def _favourite(record_id: str) -> str:
    return f"/v1/me/favourites/{quote(record_id, safe=':')}"

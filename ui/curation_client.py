"""What the curation pages ask of the API, by its own names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast
from urllib.parse import urlencode

from ui.client import Api

Json = dict[str, Any]


class Curation:
    """The curation part of the API for one visitor. Errors: as Api's."""

    def __init__(self, api: Api) -> None:
        self._api = api

    # ── themes ─────────────────────────────────────────────────────────────────

    def discover(self, wanted: Json) -> str:
        return cast(str, self._api.send("POST", "/v1/themes", json=wanted)["id"])

    def runs(self) -> list[Json]:
        return cast(list[Json], self._api.get("/v1/themes")["runs"])

    def themes(self, run_id: str) -> Json:
        return cast(Json, self._api.get(f"/v1/themes/{run_id}"))

    def points(self, run_id: str) -> Json:
        return cast(Json, self._api.get(f"/v1/themes/{run_id}/points"))

    # ── series ─────────────────────────────────────────────────────────────────

    def series(self) -> list[Json]:
        return cast(list[Json], self._api.get("/v1/series")["series"])

    def save(self, series_id: int | None, body: Json) -> Json:
        if series_id is None:
            return cast(Json, self._api.send("POST", "/v1/series", json=body))
        return cast(Json, self._api.send("PUT", f"/v1/series/{series_id}", json=body))

    def proposals(self, series_id: int, *, size: int = 50) -> Json:
        return cast(Json, self._api.get(f"/v1/series/{series_id}/proposals", [("size", str(size))]))

    def choices(self, series_id: int, verdict: str) -> list[Json]:
        asked = [("verdict", verdict)]
        return cast(list[Json], self._api.get(f"/v1/series/{series_id}/choices", asked)["choices"])

    def choose(self, series_id: int, records: Sequence[str], verdict: str | None) -> None:
        body = {"records": list(records), "verdict": verdict}
        self._api.send("POST", f"/v1/series/{series_id}/choices", json=body)

    # ── the calendar ───────────────────────────────────────────────────────────

    def coming(self) -> list[Json]:
        return cast(list[Json], self._api.get("/v1/anniversaries")["coming"])

    def for_date(self, anniversary_id: int) -> Json:
        return cast(Json, self._api.get(f"/v1/anniversaries/{anniversary_id}/proposals"))

    def save_date(self, anniversary_id: int | None, body: Json) -> Json:
        if anniversary_id is None:
            return cast(Json, self._api.send("POST", "/v1/anniversaries", json=body))
        return cast(Json, self._api.send("PUT", f"/v1/anniversaries/{anniversary_id}", json=body))

    def drop_date(self, anniversary_id: int) -> Json:
        return cast(Json, self._api.send("DELETE", f"/v1/anniversaries/{anniversary_id}"))

    # ── what was shown ─────────────────────────────────────────────────────────

    def showings(self) -> list[Json]:
        return cast(list[Json], self._api.get("/v1/showings")["showings"])

    def note_showing(self, records: Sequence[str], name: str, on: str) -> Json:
        body = {"records": list(records), "name": name, "on": on}
        return cast(Json, self._api.send("POST", "/v1/showings", json=body))

    def drop_showing(self, name: str, record: str = "") -> Json:
        asked = urlencode({"name": name, "record": record})
        return cast(Json, self._api.send("DELETE", f"/v1/showings?{asked}"))

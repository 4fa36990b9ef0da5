"""What the review pages ask of the API, by its own names."""

from __future__ import annotations

from typing import Any, cast

from ui.client import Api

Json = dict[str, Any]


class Reviews:
    """The reviews part of the API for one visitor. Errors: as Api's."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def due(self) -> list[Json]:
        return cast(list[Json], self._api.get("/v1/reviews/due")["counts"])

    def batches(self) -> list[Json]:
        return cast(list[Json], self._api.get("/v1/reviews/batches")["batches"])

    def make(self, body: Json) -> Json:
        return cast(Json, self._api.send("POST", "/v1/reviews/batches", json=body))

    def first_waiting(self, batch_id: int, step: str) -> int | None:
        """The first record of a batch that waits at this step."""
        asked = [("step", step), ("size", "1")]
        items = self._api.get(f"/v1/reviews/batches/{batch_id}/items", asked)["items"]
        return cast(int, items[0]["id"]) if items else None

    def batch(self, batch_id: int) -> Json:
        return cast(Json, self._api.get(f"/v1/reviews/batches/{batch_id}"))

    def items(self, batch_id: int, step: str, after: int, size: int, *, machine: bool = False) -> Json:
        """Records of a batch, those that wait at `step` where it is not "", and where to go on ("after")."""
        asked = [
            ("step", step),
            ("after", str(after)),
            ("size", str(size)),
            ("machine", str(machine).lower()),
        ]
        return cast(Json, self._api.get(f"/v1/reviews/batches/{batch_id}/items", asked))

    def people(self) -> list[Json]:
        return cast(list[Json], self._api.get("/v1/reviews/people")["people"])

    def assign(self, batch_id: int, steps: Json) -> Json:
        """steps: step → {id, name}."""
        path = f"/v1/reviews/batches/{batch_id}/assigned"
        return cast(Json, self._api.send("PUT", path, json={"steps": steps}))

    def bulks(self, batch_id: int) -> list[Json]:
        return cast(list[Json], self._api.get(f"/v1/reviews/batches/{batch_id}/bulks")["bulks"])

    def propose(self, batch_id: int, body: Json) -> Json:
        return cast(Json, self._api.send("POST", f"/v1/reviews/batches/{batch_id}/bulks", json=body))

    def bulk(self, bulk_id: int) -> Json:
        return cast(Json, self._api.get(f"/v1/reviews/bulks/{bulk_id}"))

    def look(self, bulk_id: int, body: Json) -> Json:
        return cast(Json, self._api.send("POST", f"/v1/reviews/bulks/{bulk_id}/looks", json=body))

    def apply(self, bulk_id: int) -> Json:
        return cast(Json, self._api.send("POST", f"/v1/reviews/bulks/{bulk_id}/apply"))

    def batch_preview(self, batch_id: int) -> Json:
        return cast(Json, self._api.get(f"/v1/reviews/batches/{batch_id}/preview"))

    def take_form(self, batch_id: int, data: bytes) -> Json:
        kind = {"Content-Type": "application/octet-stream"}
        path = f"/v1/reviews/batches/{batch_id}/form"
        return cast(Json, self._api.send("POST", path, content=data, headers=kind))

    def item(self, review_id: int) -> Json:
        return cast(Json, self._api.get(f"/v1/reviews/items/{review_id}"))

    def preview(self, review_id: int) -> Json:
        return cast(Json, self._api.get(f"/v1/reviews/items/{review_id}/preview"))

    def reasons(self) -> list[Json]:
        found = cast(list[Json], self._api.get("/v1/reviews/reasons")["reasons"])
        return [reason for reason in found if reason["active"]]

    def say(self, review_id: int, body: Json) -> Json:
        return cast(Json, self._api.send("POST", f"/v1/reviews/items/{review_id}/opinions", json=body))

    def send_back(self, review_id: int, version: int, words: str) -> Json:
        body = {"version": version, "words": words}
        return cast(Json, self._api.send("POST", f"/v1/reviews/items/{review_id}/return", json=body))

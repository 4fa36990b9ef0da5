"""What pages about projects 项目 ask of the API, by its own names: any kind of project, parts of any kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, cast
from urllib.parse import quote

from ui.client import Api, record_path
from ui.state import Params, address

Json = dict[str, Any]
May = Literal["read", "write"]

#: Kind of project → the page that shows one.
PLACES: dict[str, str] = {"collection": "/collection", "exhibition": "/plan", "compilation": "/plan"}


def project_address(kind: str, project_id: int, *, part: str = "", view: str = "") -> str:
    """The address of a project's page, "" for a kind that has none. part: one of its parts, opened."""
    at = [("id", str(project_id)), ("view", view), ("part", part)]
    return address(PLACES[kind], at) if kind in PLACES else ""


def may_write(project: Json) -> bool:
    """Whether the visitor may change it."""
    return project["right"] in ("write", "own")


class Projects:
    """That part of the API for one visitor. Errors: as Api's. A write names the version the person saw; where
    somebody changed the same thing since, ApiProblem with `now`: what stands."""

    def __init__(self, api: Api) -> None:
        self._api = api

    # ── projects ───────────────────────────────────────────────────────────────

    def listing(self, *, gone: bool = False) -> list[Json]:
        """Own and shared ones of every kind, the latest changed first."""
        return cast(list[Json], self._api.get("/v1/projects", [("gone", str(gone).lower())])["projects"])

    def people(self) -> Json:
        """people: colleagues (id, handle, name, roles); roles: role → its name."""
        return cast(Json, self._api.get("/v1/projects/people"))

    def make(self, kind: str, name: str, body: Json) -> Json:
        given = {"kind": kind, "name": name, "body": body}
        return cast(Json, self._api.send("POST", "/v1/projects", json=given))

    def tree(self, project_id: int) -> Json:
        """project, and its parts in reading order."""
        return cast(Json, self._api.get(f"/v1/projects/{project_id}"))

    def change(
        self, project_id: int, version: int, *, name: str | None = None, body: Json | None = None
    ) -> Json:
        """What is None stays."""
        given = {"version": version, "name": name, "body": body}
        return cast(Json, self._api.send("PATCH", f"/v1/projects/{project_id}", json=given))

    def remove(self, project_id: int, version: int) -> None:
        self._api.send("DELETE", f"/v1/projects/{project_id}?seen={version}")

    def share(self, project_id: int, holder: str, may: May | None) -> Json:
        """holder: a colleague's id, or "role:" and a role. None takes it back."""
        given = {"holder": holder, "may": may}
        return cast(Json, self._api.send("PUT", f"/v1/projects/{project_id}/sharing", json=given))

    def hand_over(self, project_id: int, person: str) -> Json:
        return cast(Json, self._api.send("PUT", f"/v1/projects/{project_id}/owner", json={"person": person}))

    # ── parts ──────────────────────────────────────────────────────────────────

    def add(self, project_id: int, parts: Sequence[Json]) -> list[Json]:
        """parts: kind, body, record, parent, after, id; all but kind may be left out."""
        given = {"parts": list(parts)}
        answer = self._api.send("POST", f"/v1/projects/{project_id}/parts", json=given)
        return cast(list[Json], answer["parts"])

    def change_part(self, project_id: int, part: str, version: int, body: Json) -> Json:
        given = {"version": version, "body": body}
        return cast(
            Json,
            self._api.send("PATCH", f"/v1/projects/{project_id}/parts/{quote(part, safe='')}", json=given),
        )

    def move(self, project_id: int, part: str, version: int, *, parent: str = "", after: str | None) -> Json:
        """after: the part it comes behind; "" to be the first, None the last."""
        given = {"version": version, "parent": parent, "after": after}
        return cast(
            Json,
            self._api.send(
                "POST", f"/v1/projects/{project_id}/parts/{quote(part, safe='')}/move", json=given
            ),
        )

    def remove_part(self, project_id: int, part: str, version: int) -> None:
        self._api.send("DELETE", f"/v1/projects/{project_id}/parts/{quote(part, safe='')}?seen={version}")

    # ── across projects ────────────────────────────────────────────────────────

    def holding(self, record_id: str) -> list[Json]:
        """Where this record is in the visitor's projects: project_id, project_kind, project (its name), part."""
        return cast(list[Json], self._api.get(f"{record_path(record_id)}/projects")["found"])

    def of_kind(self, kind: str) -> list[Json]:
        """Parts of this kind in the visitor's projects, each as in `holding`."""
        return cast(list[Json], self._api.get("/v1/me/parts", [("kind", kind)])["found"])

    def withdrawn(self) -> list[Json]:
        """Parts of the visitor's projects whose record is withdrawn, each as in `holding`."""
        return cast(list[Json], self._api.get("/v1/me/parts")["found"])

    def plans(self) -> list[Json]:
        """The visitor's exhibitions and compilations: where each stands (step_label; mine: it waits for the visitor),
        and what was withdrawn (part, title, why), also from what is published."""
        return cast(list[Json], self._api.get("/v1/me/plans")["plans"])

    # ── history ────────────────────────────────────────────────────────────────

    def changes(
        self, project_id: int, *, part: str | None = None, before: int | None = None, size: int = 50
    ) -> Json:
        """changes, the latest first; next: what to give as `before` for earlier ones, None where there are none.
        part: of this one only."""
        asked: Params = [("size", str(size))]
        asked += [("part", part)] if part else []
        asked += [("before", str(before))] if before else []
        return cast(Json, self._api.get(f"/v1/projects/{project_id}/changes", asked))

    def undo(self, project_id: int, change: int) -> None:
        self._api.send("POST", f"/v1/projects/{project_id}/changes/{change}/undo")

    # ── comments ───────────────────────────────────────────────────────────────

    def comments(self, project_id: int) -> list[Json]:
        """Of the project (part "") and of its parts, the oldest first."""
        return cast(list[Json], self._api.get(f"/v1/projects/{project_id}/comments")["comments"])

    def comment(self, project_id: int, text: str, part: str = "") -> Json:
        given = {"text": text, "part": part}
        return cast(Json, self._api.send("POST", f"/v1/projects/{project_id}/comments", json=given))

    def set_done(self, project_id: int, comment: int, done: bool) -> None:
        self._api.send("PATCH", f"/v1/projects/{project_id}/comments/{comment}", json={"done": done})

    def mentions(self) -> list[Json]:
        """Open comments that name the visitor: project (its name), comment."""
        return cast(list[Json], self._api.get("/v1/me/mentions")["mentions"])

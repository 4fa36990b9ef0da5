"""What the planner's pages ask of the API beside projects and parts, by its own names."""

from __future__ import annotations

from typing import Any, cast

from ui.client import Api

Json = dict[str, Any]


class Plans:
    """The planner's part of the API for one visitor. Errors: as Api's."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def checks(self, project_id: int) -> Json:
        """publishable, failing; checks of the whole (plan) and of each exhibit (exhibits)."""
        return cast(Json, self._api.get(f"/v1/projects/{project_id}/checks"))

    def gaps(self, project_id: int) -> Json:
        """gaps, wanted, liberation (the day before which every section should have something)."""
        return cast(Json, self._api.get(f"/v1/projects/{project_id}/gaps"))

    def drafts(self, project_id: int, part: str) -> Json:
        """drafts of a label, and quotations that may stand beneath it, each sentence with its page."""
        asked = [("part", part)]
        return cast(Json, self._api.get(f"/v1/projects/{project_id}/label-drafts", asked))

    def approve(self, project_id: int, part: str, label: str) -> None:
        """label: exactly as it was read."""
        given = {"labels": [{"part": part, "label": label}]}
        self._api.send("POST", f"/v1/projects/{project_id}/labels", json=given)

    def sums(self, project_id: int) -> Json:
        """Money in fen, room in millimetres, tasks, seconds of the film."""
        return cast(Json, self._api.get(f"/v1/projects/{project_id}/sums"))

    def stage(self, project_id: int) -> Json:
        """Where it stands, what comes next and whether this visitor may do it."""
        return cast(Json, self._api.get(f"/v1/projects/{project_id}/stage"))

    def act(self, project_id: int, step: str, words: str, seen: str) -> Json:
        """seen: the plan's digest as the person saw it."""
        given = {"step": step, "words": words, "seen": seen}
        return cast(Json, self._api.send("POST", f"/v1/projects/{project_id}/stage", json=given))

    def edition(self, project_id: int) -> Json:
        """What the public would be shown today."""
        return cast(Json, self._api.get(f"/v1/projects/{project_id}/edition")["edition"])

    def published(self, slug: str) -> bool:
        """Whether there is an exhibition at this address now."""
        found = self._api.get("/v1/exhibitions")["exhibitions"]
        return any(one["slug"] == slug for one in found)

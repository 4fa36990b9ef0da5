"""The sample exhibition, put on as people would: a curator plans it, seven others review it, all over the API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

PLAN = Path(__file__).with_name("exhibition.json")
#: Who does which step, and with which role: nobody does two (三审三校).
STEPS: dict[str, tuple[str, str]] = {
    "submit": ("样例策展人", "curator"),
    "first": ("样例初审", "archivist"),
    "second": ("样例复审", "archivist"),
    "final": ("样例终审", "reviewer"),
    "proof-first": ("样例一校", "archivist"),
    "proof-second": ("样例二校", "archivist"),
    "proof-third": ("样例三校", "archivist"),
    "openness": ("样例开放审核", "reviewer"),
}
ARCHIVE_CODE = "990001"


def put_on(client: httpx.Client, keys: Mapping[str, str]) -> str:
    """Plan, review and publish it; its public path.

    client: of the API.  keys: step → API key of whoever does it.  Where it is there already, nothing happens. Every page
    that it quotes must have been read. Errors: httpx.HTTPStatusError, with what the API said.
    """
    plan = json.loads(PLAN.read_text(encoding="utf-8"))
    public = f"/exhibitions/{plan['body']['slug']}/"

    def send(step: str, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {keys[step]}"}
        answer = client.request(method, f"/v1/projects{path}", json=body, headers=headers)
        if answer.is_error:
            raise httpx.HTTPStatusError(answer.text, request=answer.request, response=answer)
        return answer.json()

    if any(one["name"] == plan["name"] for one in send("submit", "GET", "")["projects"]):
        return public
    made = send("submit", "POST", "", {"kind": "exhibition", "name": plan["name"], "body": plan["body"]})
    path = f"/{made['id']}"
    for role in ("archivist", "reviewer"):
        send("submit", "PUT", f"{path}/sharing", {"holder": f"role:{role}", "may": "read"})
    parts = _parts(plan)
    send("submit", "POST", f"{path}/parts", {"parts": parts})
    labels = [{"part": one["id"], "label": one["body"]["label"]} for one in parts if one["kind"] == "object"]
    send("submit", "POST", f"{path}/labels", {"labels": labels})
    for step in (*STEPS, "publish"):
        who = "submit" if step == "publish" else step
        seen = send(who, "GET", f"{path}/stage")["digest"]
        send(who, "POST", f"{path}/stage", {"step": step, "words": "样例", "seen": seen})
    return public


def _parts(plan: Mapping[str, Any]) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for n, section in enumerate(plan["sections"], 1):
        made.append({"kind": "section", "id": f"section-{n}", "body": section["body"]})
        for m, given in enumerate(section["objects"], 1):
            body = {name: value for name, value in given.items() if name != "code"}
            made.append(
                {
                    "kind": "object",
                    "id": f"object-{n}-{m}",
                    "parent": f"section-{n}",
                    "record": f"{ARCHIVE_CODE}:{given['code']}",
                    "body": body,
                }
            )
    made += [{"kind": "task", "body": body} for body in plan["tasks"]]
    made += [{"kind": "budget", "body": body} for body in plan["budget"]]
    return made

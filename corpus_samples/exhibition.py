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


def put_on(api: str, keys: Mapping[str, str]) -> str:
    """Plan, review and publish it; its public address.

    keys: step → API key of whoever does it.  Where it is there already, nothing happens. Every page that it quotes
    must have been read. Errors: httpx.HTTPStatusError, with what the API said.
    """
    plan = json.loads(PLAN.read_text(encoding="utf-8"))
    address = f"{api}/exhibitions/{plan['body']['slug']}"
    with httpx.Client(base_url=f"{api}/v1/", timeout=60) as client:

        def send(step: str, method: str, path: str, body: Any = None) -> Any:
            answer = client.request(
                method, path, json=body, headers={"Authorization": f"Bearer {keys[step]}"}
            )
            if answer.is_error:
                raise httpx.HTTPStatusError(answer.text, request=answer.request, response=answer)
            return answer.json()

        if any(one["name"] == plan["name"] for one in send("submit", "GET", "projects")["projects"]):
            return address
        made = send(
            "submit", "POST", "projects", {"kind": "exhibition", "name": plan["name"], "body": plan["body"]}
        )
        path = f"projects/{made['id']}"
        for role in ("archivist", "reviewer"):
            send("submit", "PUT", f"{path}/sharing", {"holder": f"role:{role}", "may": "read"})
        parts = _parts(plan)
        send("submit", "POST", f"{path}/parts", {"parts": parts})
        labels = [
            {"part": part["id"], "label": part["body"]["label"]} for part in parts if part["kind"] == "object"
        ]
        send("submit", "POST", f"{path}/labels", {"labels": labels})
        for step in (*STEPS, "publish"):
            who = "submit" if step == "publish" else step
            seen = send(who, "GET", f"{path}/stage")["digest"]
            send(who, "POST", f"{path}/stage", {"step": step, "words": "样例", "seen": seen})
    return address


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

"""What the planner's buttons post to, and the way of visitors to published exhibitions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import quote

import httpx
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from ui.client import ApiAway, ApiProblem, api_url
from ui.markup import esc
from ui.projects_client import Projects
from ui.texts import Words, language_of
from ui.visiting import api_of
from ui.visitors import LANGUAGE_COOKIE

#: What a button writes for "behind all others".
LAST = "*"
#: Files of one exhibition, or the list of all.
_FILE = re.compile(r"[A-Za-z0-9_./,;:%=-]*")
_PASSED = ("content-type", "content-length", "etag", "cache-control", "access-control-allow-origin")


async def move(request: Request) -> Response:
    """Put a part (`part`, `version`) elsewhere (`parent`, `after`)."""

    def moved(projects: Projects, said: Mapping[str, str]) -> None:
        after = None if said["after"] == LAST else said["after"]
        number, version = int(said["project"]), int(said["version"])
        projects.move(number, said["part"], version, parent=said["parent"], after=after)

    return await _done(request, moved)


async def add(request: Request) -> Response:
    """Add an exhibit on `record`."""

    def added(projects: Projects, said: Mapping[str, str]) -> None:
        part = {"kind": "object", "record": said["record"], "parent": said["parent"]}
        projects.add(int(said["project"]), [part])

    return await _done(request, added)


async def _done(request: Request, change: Callable[[Projects, Mapping[str, str]], None]) -> Response:
    """The answer is empty, or says why it was refused, in words."""
    form = await request.form(max_fields=8)
    said = {name: str(value) for name, value in form.items()}
    try:
        await run_in_threadpool(change, Projects(api_of(request)), said)
    except (KeyError, ValueError):
        return Response(status_code=400)
    except ApiAway:
        say = Words(language_of(request.cookies.get(LANGUAGE_COOKIE)))
        return Response(say("away"), status_code=502, media_type="text/plain; charset=utf-8")
    except ApiProblem as problem:
        words = f"{problem} {problem.advice}".strip()
        return Response(words, status_code=problem.status, media_type="text/plain; charset=utf-8")
    return Response(status_code=204)


def exhibition(request: Request) -> Response:
    """A file of a published exhibition as the API gives it to everybody, at the explorer's own address. Who asks and
    with what goes along: the API counts visits by it, and shows all the same."""
    path = request.path_params.get("path", "")
    if ".." in path or not _FILE.fullmatch(path):
        return Response(status_code=404)
    if path and "/" not in path and "." not in path:
        return RedirectResponse(f"/exhibitions/{path}/", 308)
    passed_on = ("if-none-match", "host", "user-agent")
    asked = {name: request.headers[name] for name in passed_on if name in request.headers}
    asked |= api_of(request).headers
    address = f"{api_url()}/exhibitions" + (f"/{quote(path, safe='/,;:')}" if path else "")
    try:
        answer = httpx.get(address, headers=asked, timeout=httpx.Timeout(60.0, connect=2.0))
    except httpx.HTTPError:
        return Response(status_code=502)
    if answer.status_code == 404 and "text/html" in request.headers.get("accept", ""):
        return Response(_none_here(request), status_code=404, media_type="text/html")
    passed = {name: value for name, value in answer.headers.items() if name in _PASSED}
    passed.pop("content-length", None)  # what was sent may be compressed
    return Response(answer.content, status_code=answer.status_code, headers=passed)


def _none_here(request: Request) -> str:
    """What a visitor reads at an address where nothing is shown: never was, or not any more."""
    say = Words(language_of(request.cookies.get(LANGUAGE_COOKIE)))
    title, every = esc(say("exhibition_none")), esc(say("exhibition_every"))
    return (
        f'<!doctype html><html lang="{say.language}"><meta charset="utf-8"><title>{title}</title>'
        '<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/exhibitions/site.css">'
        f'<main><div class="opening small"><h1>{title}</h1></div><p><a href="/exhibitions">{every}</a></p></main></html>'
    )


ROUTES = [
    Route("/x/plan/move", move, methods=["POST"]),
    Route("/x/plan/add", add, methods=["POST"]),
    Route("/exhibitions", exhibition),
    Route("/exhibitions/{path:path}", exhibition),
]

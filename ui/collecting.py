"""Into a collection from where records are found: the form that takes what is ticked."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ui.client import ApiAway, ApiProblem
from ui.markup import esc
from ui.projects_client import Json, Projects, may_write, project_address
from ui.texts import Words, language_of
from ui.visiting import api_of
from ui.visitors import LANGUAGE_COOKIE

#: Most records at once: what the API takes.
MOST = 200


# ── on the page ────────────────────────────────────────────────────────────────


def collections_of(projects: Projects) -> list[Json]:
    """Collections that the visitor may add to, the latest changed first."""
    return [one for one in projects.listing() if one["kind"] == "collection" and may_write(one)]


def collect_form(collections: Sequence[Json], say: Words, *, record_id: str = "") -> str:
    """Puts what is ticked, or this one record, into a collection or a new one."""
    options = "".join(f'<option value="{one["id"]}">{esc(one["name"])}</option>' for one in collections)
    one = f'<input type="hidden" name="record" value="{esc(record_id)}">' if record_id else ""
    every = (
        ""
        if record_id
        else f'<label class="dh-every"><input type="checkbox" data-pick-all> {esc(say("collect_all"))}</label>'
    )
    return (
        f'<form class="dh-collect dh-row" data-collect data-none="{esc(say("collect_none"))}">{one}{every}'
        f'<select name="project" aria-label="{esc(say("nav_workspace"))}">{options}'
        f'<option value="">{esc(say("collect_new"))}</option></select>'
        f'<input name="called" maxlength="200" placeholder="{esc(say("collect_name"))}" '
        f'aria-label="{esc(say("collect_name"))}">'
        f'<button class="dh-act" type="submit">{esc(say("collect_do"))}<span data-picked></span></button>'
        '<span role="status" class="dh-meta"></span></form>'
    )


# ── what it posts to ───────────────────────────────────────────────────────────


async def collect(request: Request) -> Response:
    """Put records (`record`, several) into the collection `project`, or a new one that is `called` so. Those that are in it
    already are passed over. The answer says what was done, in the visitor's language."""
    form = await request.form(max_fields=MOST + 3)
    ids = list(dict.fromkeys(str(one) for one in form.getlist("record")))
    number, name = str(form.get("project", "")), str(form.get("called", "")).strip()
    say = Words(language_of(request.cookies.get(LANGUAGE_COOKIE)))
    if not 0 < len(ids) <= MOST:
        return _answer(say("collect_none"))
    if not number.isdecimal() and not name:
        return _answer(say("project_need_name"))
    return await run_in_threadpool(_collect, Projects(api_of(request)), ids, number, name, say)


def _collect(projects: Projects, ids: Sequence[str], number: str, name: str, say: Words) -> Response:
    try:
        if number.isdecimal():
            tree = projects.tree(int(number))
            project, parts = tree["project"], tree["parts"]
        else:
            project, parts = projects.make("collection", name, {}), []
        there = {part["record"]["id"] for part in parts if part["record"]}
        new = [one for one in ids if one not in there]
        if new:
            projects.add(project["id"], [{"kind": "item", "record": one} for one in new])
    except ApiAway:
        return _answer(say("away"))
    except ApiProblem as problem:
        return _answer(f"{problem} {problem.advice}".strip())
    said = say("collect_done", n=len(new))
    if len(new) < len(ids):
        said += say("collect_known", n=len(ids) - len(new))
    return _answer(said, project)


def _answer(said: str, project: Json | None = None) -> Response:
    """said: what happened. With a project it was done: its name, number and address go along."""
    body: Json = {"said": said, "done": project is not None}
    if project is not None:
        there = project_address(project["kind"], project["id"])
        body |= {"id": project["id"], "name": project["name"], "href": there}
    return JSONResponse(body, headers={"Cache-Control": "no-store"})


ROUTES = [Route("/x/collect", collect, methods=["POST"])]

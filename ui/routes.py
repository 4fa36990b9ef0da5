"""The explorer's own routes, beside Streamlit's: what a browser asks for by itself.

Images and downloads come from the API with the visitor's key, which never reaches the browser.
All lie under /x/.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from urllib.parse import quote

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from ui import collecting, planning
from ui import routes_sign_in as sign_in_routes
from ui.client import ApiAway, ApiProblem, api_url
from ui.export import workbook
from ui.favourites import CHANGES, has_account, save
from ui.texts import Words, language_of
from ui.visiting import api_of, visitor_of
from ui.visitors import COOKIE, LANGUAGE_COOKIE, visitors

#: What of the API's files a browser may ask for through here.
_IMAGE = re.compile(r"v1/records/[^/]+/pages/\d+/(?:image|thumbnail|outer/image)")
_ATTACHMENT = re.compile(r"v1/(?:records/[^/]+/attachments|offers/\d+/files)/\d+")
_TABLE = re.compile(
    r"v1/reviews/(?:due/export|terms/export|batches/\d+/form)|v1/openings/feed|v1/audit/export|v1/offers/export"
    r"|v1/projects/\d+/export"
    r"|v1/exhibitions/[a-z0-9-]+/export/[a-z-]+"
)
_IMAGE_TYPES = {"image/jpeg", "image/png", "image/webp"}
#: Asked for again each time: what was closed since must not come from a cache.
_PRIVATE = {"Cache-Control": "private, no-cache", "X-Content-Type-Options": "nosniff"}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def file(request: Request) -> Response:
    """A page image, a thumbnail or an attachment, as the API gives it to this visitor."""
    path = request.path_params["path"]
    is_image = bool(_IMAGE.fullmatch(path))
    if ".." in path or not (is_image or _ATTACHMENT.fullmatch(path) or _TABLE.fullmatch(path)):
        return Response(status_code=404)
    headers = api_of(request).headers
    address = f"{api_url()}/{quote(path, safe=':/')}"
    client = httpx.Client(timeout=httpx.Timeout(60.0, connect=2.0))
    try:
        asked = client.build_request("GET", address, params=request.query_params, headers=headers)
        answer = client.send(asked, stream=True)
    except httpx.HTTPError:
        client.close()
        return Response(status_code=502)
    kind = answer.headers.get("content-type", "").partition(";")[0]
    if not answer.is_success or (is_image and kind not in _IMAGE_TYPES):
        answer.close()
        client.close()
        return Response(status_code=answer.status_code if answer.is_error else 502)
    passed = {n: v for n, v in answer.headers.items() if n in ("content-length", "content-disposition")}
    headers = {**_PRIVATE, **passed}
    return StreamingResponse(
        _body(client, answer),
        headers=headers,
        media_type=kind if is_image else "application/octet-stream",
    )


def _body(client: httpx.Client, answer: httpx.Response) -> Iterator[bytes]:
    try:
        yield from answer.iter_raw(65536)
    finally:
        answer.close()
        client.close()


def suggest(request: Request) -> Response:
    """Completions while a person types; none when the API is away: typing goes on."""
    text = request.query_params.get("q", "").strip()[:60]
    try:
        found = api_of(request).suggest(text) if text else []
    except (ApiAway, ApiProblem):
        found = []
    return JSONResponse(found, headers=_PRIVATE)


def citation(request: Request) -> Response:
    """One citation as text; as a file to download where `form` is ris or bibtex."""
    record_id, form = request.query_params.get("id", ""), request.path_params["form"]
    if form not in ("gbt7714", "ris", "bibtex"):
        return Response(status_code=404)
    page = request.query_params.get("page", "")
    try:
        text = api_of(request).citation(record_id, form, int(page) if page.isdecimal() else None)
    except ApiAway:
        return Response(status_code=502)
    except ApiProblem as problem:
        return Response(status_code=problem.status)
    headers = dict(_PRIVATE)
    if form != "gbt7714":
        name = f"{record_id.rpartition(':')[2]}.{'ris' if form == 'ris' else 'bib'}"
        headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    return Response(text, media_type="text/plain; charset=utf-8", headers=headers)


async def change_list(request: Request) -> Response:
    """Add to the list, drop, note, move. The body is a form: id, and note where there is one."""
    how = CHANGES.get(request.path_params["change"])
    token = request.cookies.get(COOKIE)
    form = await request.form(max_fields=4)
    record_id, note = str(form.get("id", "")), str(form.get("note", ""))
    if how is None or token is None or len(record_id) > 200:
        return Response(status_code=400)
    visitor = visitors().get(token)
    if has_account(visitor):  # first, so that what could not be saved does not look as if it were
        try:
            after = how(visitor, record_id, note)
            await asyncio.to_thread(save, api_of(request), request.path_params["change"], record_id, after)
        except ApiAway:
            return Response(status_code=502)
        except ApiProblem as problem:
            if problem.status not in (
                404,
                405,
            ):  # closed since, or a public installation: for the session only
                return Response(status_code=problem.status)
    visitors().change(token, lambda visitor: how(visitor, record_id, note))
    return Response(status_code=204)


def list_workbook(request: Request) -> Response:
    """The visitor's list as XLSX: fields in the standard's order, citation, note."""
    say = Words(language_of(request.cookies.get(LANGUAGE_COOKIE)))
    api, kept = api_of(request), visitor_of(request).kept
    try:
        found = api.records([item.id for item in kept])
        citations = {id_: api.citation(id_, "gbt7714") for id_ in found}
        table = api.fields()
    except ApiAway:
        return Response(say("away"), status_code=502, media_type="text/plain; charset=utf-8")
    except ApiProblem as problem:
        return Response(problem.detail, status_code=problem.status, media_type="text/plain; charset=utf-8")
    rows = [(found[item.id], citations[item.id], item.note) for item in kept if item.id in found]
    body = workbook(rows, table, say, base=str(request.base_url).rstrip("/"))
    headers = {**_PRIVATE, "Content-Disposition": 'attachment; filename="danghai-list.xlsx"'}
    return Response(body, media_type=XLSX, headers=headers)


def choose_language(request: Request) -> Response:
    """Remember the language and go back to where the visitor was."""
    response = RedirectResponse(_inside(request.query_params.get("back", "")), 303)
    language = language_of(request.path_params["language"])
    response.set_cookie(LANGUAGE_COOKIE, language, max_age=365 * 86400, samesite="lax", path="/")
    return response


def _inside(back: str) -> str:
    """An address of this site, and no other."""
    return back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/"


ROUTES = [
    Route("/x/api/{path:path}", file),
    Route("/x/suggest", suggest),
    Route("/x/cite/{form}", citation),
    Route("/x/list/{change}", change_list, methods=["POST"]),
    Route("/x/list.xlsx", list_workbook),
    Route("/x/language/{language}", choose_language),
    *collecting.ROUTES,
    *planning.ROUTES,
    *sign_in_routes.ROUTES,
]

"""/docs: the OpenAPI document as a page. All it loads comes from here: Swagger UI (Apache-2.0) as the package
fastapi-offline carries it, and a script of a few lines, so that the page's policy needs no other host and no inline
script."""

from __future__ import annotations

from importlib.resources import files

from fastapi import APIRouter
from fastapi.responses import FileResponse, HTMLResponse, Response

from holdings.errors import NotFound
from search_api.problems import NO_SUCH_THING

PATH = "/docs"
router = APIRouter(prefix=PATH, include_in_schema=False)

_ASSETS = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "favicon.png": "image/png",
}
#: validatorUrl null: the document is not sent to anybody to be judged.
_START = """SwaggerUIBundle({
  url: "openapi.json", dom_id: "#swagger-ui", layout: "BaseLayout", deepLinking: true,
  presets: [SwaggerUIBundle.presets.apis], validatorUrl: null,
});
"""
_PAGE = """<!doctype html>
<html lang="zh">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>档海接口 Danghai API</title>
<link rel="icon" href="docs/favicon.png"><link rel="stylesheet" href="docs/swagger-ui.css"></head>
<body><div id="swagger-ui"></div>
<script src="docs/swagger-ui-bundle.js"></script><script src="docs/start.js"></script></body>
</html>
"""


@router.get("")
async def docs_page() -> HTMLResponse:
    return HTMLResponse(_PAGE)


@router.get("/{name}")
async def docs_asset(name: str) -> Response:
    if name == "start.js":
        return Response(_START, media_type="text/javascript")
    if name not in _ASSETS:
        raise NotFound(NO_SUCH_THING)
    path = str(files("fastapi_offline") / "static" / name)
    return FileResponse(path, media_type=_ASSETS[name], headers={"Cache-Control": "max-age=86400"})

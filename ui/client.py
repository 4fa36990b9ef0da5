"""The search API as the explorer sees it: an HTTP client and its two kinds of failure."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, cast
from urllib.parse import quote

import httpx

from ui import shapes
from ui.state import Params

DEFAULT_URL = "http://127.0.0.1:8080"
#: The API answers in milliseconds; a first question while it warms may take seconds.
TIMEOUT = httpx.Timeout(20.0, connect=2.0)


class ApiAway(Exception):
    """Nobody answers at the API's address, or not in time."""


class ApiProblem(Exception):
    """The API answered with a problem (RFC 9457). now: what stands, where somebody else wrote first."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        advice: str = "",
        now: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.advice, self.now = status, code, detail, advice, now


def api_url() -> str:
    """Where the API is, without a slash at its end."""
    return (os.environ.get("DANGHAI_API_URL") or DEFAULT_URL).rstrip("/")


@cache
def _http(url: str) -> httpx.Client:
    """One pool of connections for all visitors; keys travel with each request."""
    return httpx.Client(base_url=url, timeout=TIMEOUT, limits=httpx.Limits(max_connections=32))


class Api:
    """The API for one visitor. Every call raises ApiAway or ApiProblem when it fails."""

    def __init__(
        self, key: str | None = None, *, came_from: str = "", agent: str = "", url: str | None = None
    ) -> None:
        """key: a key, or a session's token. came_from: the visitor's address, as a proxy says it
        (X-Forwarded-For): limits and waits are the visitor's own, not the explorer's. agent: the visitor's
        User-Agent, by which robots are not counted as visits."""
        self._url = url or api_url()
        self.headers = {"Authorization": f"Bearer {key}"} if key else {}
        if came_from:
            self.headers["X-Forwarded-For"] = came_from
        if said := agent.encode("ascii", "ignore").decode()[:300].strip():
            self.headers["User-Agent"] = said

    def search(self, params: Params) -> shapes.Answer:
        return cast(shapes.Answer, self._get("/v1/search", params))

    def suggest(self, text: str) -> list[str]:
        return cast(list[str], self._get("/v1/suggest", [("q", text)])["suggestions"])

    def record(self, record_id: str, *, visit: bool = False) -> shapes.Record:
        """visit: whether somebody looks at it, and it is not only part of a list, or drawn anew."""
        more = {} if visit else {"Sec-Purpose": "prefetch"}
        return cast(shapes.Record, self._ask("GET", record_path(record_id), more=more))

    def records(self, ids: Sequence[str]) -> dict[str, shapes.Record]:
        """Those of `ids` that may be seen, asked for side by side."""
        if not ids:
            return {}
        with ThreadPoolExecutor(max_workers=8) as pool:
            found = list(pool.map(self._record_or_none, ids))
        return {record["id"]: record for record in found if record is not None}

    def _record_or_none(self, record_id: str) -> shapes.Record | None:
        try:
            return self.record(record_id)
        except ApiProblem as problem:
            if problem.status == 404:
                return None
            raise

    def page_text(self, record_id: str, number: int, version: int | None = None) -> shapes.PageText:
        params = [("version", str(version))] if version is not None else []
        return cast(shapes.PageText, self._get(f"{record_path(record_id)}/pages/{number}", params))

    def matches(self, record_id: str, q: str) -> list[shapes.PageMatches]:
        found = self._get(f"{record_path(record_id)}/matches", [("q", q)])
        return cast(list[shapes.PageMatches], found["pages"])

    def similar(self, record_id: str) -> shapes.Similar:
        return cast(shapes.Similar, self._get(f"{record_path(record_id)}/similar"))

    def citation(self, record_id: str, form: str, page: int | None = None) -> str:
        params = [("format", form), *([("page", str(page))] if page else [])]
        return cast(str, self._get(f"{record_path(record_id)}/citation", params)["text"])

    def browse(self, parent: str | None, cursor: str = "") -> shapes.Browse:
        params = [(n, v) for n, v in (("parent", parent or ""), ("cursor", cursor)) if v]
        return cast(shapes.Browse, self._get("/v1/browse", params))

    def fields(self) -> list[shapes.Field]:
        return cast(list[shapes.Field], self._get("/v1/fields"))

    def status(self) -> shapes.Status:
        return cast(shapes.Status, self._get("/v1/status"))

    # ── staff's own ────────────────────────────────────────────────────────────

    def redactions(self, record_id: str) -> list[shapes.Redaction]:
        return cast(list[shapes.Redaction], self._get(f"{record_path(record_id)}/redactions"))

    def redact(self, record_id: str, redaction: Mapping[str, object]) -> None:
        """redaction: page, regions or whole, code, note."""
        self._send("POST", f"{record_path(record_id)}/redactions", redaction)

    def undo_redaction(self, record_id: str, number: int) -> None:
        self._send("DELETE", f"{record_path(record_id)}/redactions/{number}")

    def public_form(self, record_id: str) -> Any:
        """What others read of the description, field by field."""
        return self._get(f"{record_path(record_id)}/public-form")

    def put_public_form(self, record_id: str, given: Mapping[str, object]) -> Any:
        """given: fields (field → text, entries, or None), code, note."""
        return self._send("PUT", f"{record_path(record_id)}/public-form", given)

    def outer_text(self, record_id: str, page: int, regions: str) -> str:
        """A page's text as all but staff would read it."""
        found = self._get(f"{record_path(record_id)}/pages/{page}/outer", [("regions", regions)])
        return cast(str, found["text"])

    def quarantine(self) -> list[shapes.Finding]:
        return cast(list[shapes.Finding], self._get("/v1/quarantine"))

    def judge(self, finding: int, verdict: str, reason: str) -> Any:
        """verdict: release or confirm."""
        return self._send("POST", f"/v1/quarantine/{finding}/{verdict}", {"reason": reason})

    # ── signing in ─────────────────────────────────────────────────────────────

    def me(self) -> shapes.Me:
        return cast(shapes.Me, self._get("/v1/me"))

    def oidc_label(self) -> str:
        """What sign-in by OIDC is called; '' where there is none."""
        return cast(str, self._get("/v1/sign-in")["oidc"])

    def sign_in(self, name: str, password: str) -> shapes.SignedIn:
        return cast(shapes.SignedIn, self._send("POST", "/v1/sign-in", {"name": name, "password": password}))

    def sign_out(self) -> None:
        self._send("POST", "/v1/sign-out", {})

    def change_password(self, old: str, new: str) -> None:
        self._send("PUT", "/v1/me/password", {"old": old, "new": new})

    def enrol(self, code: str, password: str) -> None:
        self._send("POST", "/v1/enrol", {"code": code, "password": password})

    def begin_oidc(self) -> tuple[str, str]:
        """Where the browser goes, and what is brought back with the answer."""
        begun = self._send("POST", "/v1/sign-in/oidc", {})
        return begun["url"], begun["flow"]

    def finish_oidc(self, flow: str, state: str, code: str) -> shapes.SignedIn:
        given = {"flow": flow, "state": state, "code": code}
        return cast(shapes.SignedIn, self._send("POST", "/v1/sign-in/oidc/back", given))

    # ── the wire ───────────────────────────────────────────────────────────────

    def answers(self) -> bool:
        """Whether the API is there and ready to search."""
        try:
            return _http(self._url).get("/readyz", timeout=2.0).status_code == 200
        except httpx.HTTPError:
            return False

    def get(self, path: str, params: Iterable[tuple[str, str]] = ()) -> Any:
        """The JSON at an address of the API."""
        return self._get(path, params)

    def send(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Send JSON or bytes; the JSON answered."""
        return self._ask(method, path, json=json, content=content, more=headers)

    def _get(self, path: str, params: Iterable[tuple[str, str]] = ()) -> Any:
        return self._ask("GET", path, params=list(params))

    def _send(self, method: str, path: str, given: Mapping[str, object] | None = None) -> Any:
        return self._ask(method, path, json=None if given is None else dict(given))

    def _ask(self, method: str, path: str, *, more: Mapping[str, str] | None = None, **given: Any) -> Any:
        headers = {**self.headers, **(more or {})}
        try:
            response = _http(self._url).request(method, path, headers=headers, **given)
        except httpx.HTTPError as error:
            raise ApiAway(str(error)) from error
        if not response.is_success:
            raise problem_of(response)
        try:
            return response.json()
        except ValueError as error:
            raise ApiAway("what answers there is not the search API") from error


def came_from(forwarded: str | None, address: str | None) -> str:
    """X-Forwarded-For as a proxy goes on with it: what it was told, and who told it. An IPv4 address that came
    to a socket for both families ("::ffff:192.0.2.1") is written as what it is."""
    return ", ".join(part for part in (forwarded, (address or "").removeprefix("::ffff:")) if part)


def problem_of(response: httpx.Response) -> ApiProblem:
    """What went wrong, as the API says it; anything that is no problem document keeps its status only."""
    try:
        said = response.json()
    except ValueError:
        said = {}
    body: Mapping[str, Any] = said if isinstance(said, dict) else {}
    code = str(body.get("type", "")).rpartition(":")[2]
    detail = str(body.get("detail") or body.get("title") or response.reason_phrase)
    return ApiProblem(response.status_code, code, detail, str(body.get("advice", "")), body.get("now"))


def record_path(record_id: str) -> str:
    """A record's path in the API."""
    return f"/v1/records/{quote(record_id, safe=':')}"

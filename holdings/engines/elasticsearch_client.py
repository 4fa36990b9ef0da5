"""How Elasticsearch is spoken to: the official client, its errors as ours, retries, and bulk writing."""

from __future__ import annotations

import asyncio
import json
import logging
import random
import ssl
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from elastic_transport import TlsError, TransportError
from elasticsearch import ApiError, AsyncElasticsearch

from holdings.errors import BadInput, BadQuery, DanghaiError, EngineAway, EngineRefused

# Each retry with its traceback would fill the log of an outage; what comes of it is raised as EngineAway.
logging.getLogger("elastic_transport").setLevel(logging.ERROR)

T = TypeVar("T")
_log = logging.getLogger(__name__)

#: Seconds one request may take: a bulk is a matter of one, opening an index may wait. Somebody waits for a
#: search, and another host is asked when one is silent for so long.
PATIENCE, SEARCH_PATIENCE = 60.0, 15.0
#: How often a request is tried that the cluster was too busy for, or whose node was lost.
TRIES = 5
#: Seconds before the second try; each further one waits twice as long, at most LONGEST.
PAUSE, LONGEST = 0.1, 5.0
#: Statuses of a cluster that is busy, or that chooses a new primary.
BUSY = frozenset((429, 502, 503, 504))
#: A bulk request carries at most so many bytes and documents, and so many are under way at once.
BULK_BYTES, BULK_DOCUMENTS, BULKS = 8_000_000, 1_000, 2


_ITEMS = "items.*.status,items.*.result,items.*.error"


@dataclass(frozen=True)
class Cluster:
    """Where Elasticsearch is, and the names and shape of what this installation keeps there.

    hosts: URLs. prefix: of every index's name. shards, replicas: of a new generation; fewer copies where
    there are fewer nodes. certificates: of the authority that signed the cluster's, in PEM.
    """

    hosts: tuple[str, ...]
    prefix: str = "danghai"
    api_key: str = field(default="", repr=False)
    certificates: Path | None = None
    shards: int = 1
    replicas: int = 1

    def connect(self, *, reading: bool = False) -> AsyncElasticsearch:
        """A client; nothing is sent yet. Raises BadInput for addresses or certificates that are none.

        reading: what is sent may be sent again, so that a silent host costs little.
        """
        more: dict[str, Any] = {}
        if self.api_key:
            more["api_key"] = self.api_key
        if self.certificates:
            more["ssl_context"] = _trusting(self.certificates)
        try:
            # Lost connections go to the next host at once; busy clusters are waited for in `patiently`.
            return AsyncElasticsearch(
                list(self.hosts), request_timeout=SEARCH_PATIENCE if reading else PATIENCE,
                retry_on_timeout=reading, max_retries=max(2, len(self.hosts)),
                retry_backoff_base=PAUSE, retry_backoff_cap=LONGEST, retry_on_status=(), **more,
            )  # fmt: skip
        except (ValueError, OSError) as error:
            raise BadInput(
                f"DANGHAI_ELASTIC_HOSTS：{error}", advice="形如 https://es1.example.org:9200"
            ) from error


def _trusting(certificates: Path) -> ssl.SSLContext:
    """Trusts this authority alone. Raises BadInput for a file that holds no certificate."""
    try:
        return ssl.create_default_context(cafile=str(certificates))
    except OSError as error:  # ssl.SSLError is one
        raise BadInput(
            f"DANGHAI_ELASTIC_CA：{certificates} 读不出证书（{error}）。",
            advice="请指向签发集群证书的 CA 的 PEM 文件。",
        ) from error


class Missing(DanghaiError):
    """The cluster holds no such index, document or search context."""


class PointLost(Missing):
    """A copy that a point in time stands on is gone, with its node: other copies may answer in a new one."""


class Busy(DanghaiError):
    """Part of a request found the cluster too busy: the whole may be sent again."""


def away(reason: object) -> EngineAway:
    return EngineAway(f"Elasticsearch 没有应答：{reason}。", advice="著录照常；检索待其恢复后自动继续。")


def error_of(status: int, reason: str) -> DanghaiError:
    """An answer of the cluster that is no success, as one of ours."""
    if status == 404:
        return Missing(reason)
    if status == 401:
        return EngineRefused(
            f"Elasticsearch 不认此密钥：{reason}。",
            advice="请检查 DANGHAI_ELASTIC_API_KEY（创建时答复里的 encoded，未过期、未作废）。",
        )
    if status == 403:
        return EngineRefused(
            f"Elasticsearch 密钥的权限不够：{reason}。",
            advice="请给 DANGHAI_ELASTIC_API_KEY 的密钥 monitor 与 DANGHAI_ELASTIC_PREFIX.* 的 all 权限。",
        )
    if status == 400:
        return BadQuery(f"Elasticsearch 不接受此请求：{reason}")
    return away(reason)


def reason_of(error: Any) -> str:
    """What an error body says went wrong, the innermost cause first."""
    if not isinstance(error, dict):
        return str(error)
    roots = error.get("root_cause") or [error]
    cause = error.get("caused_by") or roots[0]
    return f"{cause.get('type', '')}: {cause.get('reason', '')}"


def unreachable(error: TransportError) -> EngineAway:
    """Why no host answered; a certificate that is not trusted weighs more than a host that is down."""
    untrusted = [e for e in (error, *error.errors) if isinstance(e, TlsError)]
    if not untrusted:
        return away(error.message)
    said = str(untrusted[0].message)
    if "WRONG_VERSION_NUMBER" in said or "RECORD_LAYER" in said:
        return EngineRefused(
            f"Elasticsearch 那端说的不是 TLS：{said}。",
            advice="请检查 DANGHAI_ELASTIC_HOSTS：http 还是 https。",
        )
    return EngineRefused(
        f"不信任 Elasticsearch 的证书：{said}。",
        advice="请让 DANGHAI_ELASTIC_CA 指向签发它的 CA 的 PEM 文件，且 DANGHAI_ELASTIC_HOSTS 的主机名与证书相符。",
    )


async def patiently(call: Callable[[], Awaitable[T]]) -> T:
    """Ask, and ask again while the cluster is too busy. Errors: EngineAway, Missing, BadQuery."""
    attempt = 0
    while True:
        try:
            return await call()
        except ApiError as error:
            body: Any = error.body
            attempt += 1
            if error.status_code not in BUSY or attempt >= TRIES:
                detail = body.get("error", body) if isinstance(body, dict) else body
                raise error_of(error.status_code, reason_of(detail)) from error
            await asyncio.sleep(pause(attempt))
        except Busy as error:
            attempt += 1
            if attempt >= TRIES:
                raise away(error) from error
            await asyncio.sleep(pause(attempt))
        except TransportError as error:
            raise unreachable(error) from error


def pause(attempt: int) -> float:
    """Seconds before the next try: doubled each time, and spread, so that callers do not come together."""
    most = min(LONGEST, PAUSE * 2**attempt)
    return random.uniform(most / 2, most)


# ── bulk ────────────────────────────────────────────────────────────────────────


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")


@dataclass(frozen=True)
class Action:
    """Write or (source None) delete one document."""

    id: str
    source: bytes | None

    def lines(self) -> list[bytes]:
        if self.source is None:
            return [_json({"delete": {"_id": self.id}})]
        return [_json({"index": {"_id": self.id}}), self.source]

    @property
    def size(self) -> int:
        return len(self.id) + len(self.source or b"") + 40


@dataclass
class Outcome:
    """What became of a bulk: counts, and why documents were refused (id → reason)."""

    created: int = 0
    updated: int = 0
    deleted: int = 0
    refused: dict[str, str] = field(default_factory=dict)

    def add(self, action: Action, answer: dict[str, Any]) -> bool:
        """Count one answer; False when the cluster was too busy for it. Raises Missing: no such index."""
        (item,) = answer.values()
        status, result = item["status"], item.get("result")
        if status in BUSY:
            return False
        if status == 404 and "error" in item:
            raise Missing(reason_of(item["error"]))
        self.created += result == "created"
        self.updated += result == "updated"
        self.deleted += result == "deleted"
        if status >= 400 and result != "not_found":
            self.refused[action.id] = reason_of(item.get("error"))
        return True


def _chunks(actions: Iterable[Action]) -> Iterator[list[Action]]:
    chunk: list[Action] = []
    size = 0
    for action in actions:
        if chunk and (size + action.size > BULK_BYTES or len(chunk) >= BULK_DOCUMENTS):
            yield chunk
            chunk, size = [], 0
        chunk.append(action)
        size += action.size
    if chunk:
        yield chunk


async def bulk(
    client: AsyncElasticsearch, index: str, actions: Iterable[Action], *, alias: bool = False
) -> Outcome:
    """Write all, in requests of bounded size, few at once; what the cluster is too busy for is sent again.

    An id may stand among the actions once: requests overtake each other. alias: the name must be one, or a
    cluster that lost the index would make another by itself. Errors: EngineAway; refused documents are in
    the outcome.
    """
    outcome = Outcome()
    under_way: set[asyncio.Task[None]] = set()
    try:
        for chunk in _chunks(actions):
            if len(under_way) >= BULKS:
                done, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
            under_way.add(asyncio.create_task(_send(client, index, chunk, outcome, alias)))
        await asyncio.gather(*under_way)
    finally:
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)
    return outcome


async def _send(
    client: AsyncElasticsearch, index: str, chunk: Sequence[Action], outcome: Outcome, alias: bool
) -> None:
    attempt = 0
    while chunk:
        operations = [line for action in chunk for line in action.lines()]
        answer = await patiently(
            lambda lines=operations: client.bulk(  # type: ignore[misc]
                index=index, operations=lines, require_alias=alias, filter_path=_ITEMS
            )
        )
        pairs = zip(chunk, answer["items"], strict=True)
        chunk = [action for action, item in pairs if not outcome.add(action, item)]
        if chunk:
            attempt += 1
            if attempt >= TRIES:
                raise away(f"{len(chunk)} documents of a bulk found it too busy {attempt} times")
            _log.info("Elasticsearch is busy: %d documents are sent again", len(chunk))
            await asyncio.sleep(pause(attempt))

"""Real systems over folders of the tests' own: catalogue, projector, encoder, embedded engine, HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from hashlib import blake2b
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from holdings.access import PUBLIC, READING_ROOM, STAFF
from holdings.catalogue import Catalogue, Incoming
from holdings.engines.making import index_writer, made_with
from holdings.settings import Settings
from holdings.store import FileStore
from indexer.embeddings import EmbeddingStore
from indexer.projector import Projector
from models.errors import ModelFilesMissing
from models.meaning import Encoder, OnnxEncoder
from models.store import default_models_dir, locate
from models.words import JiebaSegmenter
from search_api.app import create_app

from .small_archive import small_archive

AUDIENCE_KEYS = (READING_ROOM, STAFF)


class Tools:
    """What costs seconds to load, loaded once for all systems of a run; vectors made once are kept."""

    def __init__(self, folder: Path) -> None:
        self.segmenter = JiebaSegmenter()
        self.encoder: Encoder = OnnxEncoder(locate(default_models_dir()))
        self.segmenter.warm()
        self.encoder.warm()
        self.vectors = folder / "embeddings.sqlite"


class System:
    """One installation in this process: put records in, project them, ask over HTTP."""

    def __init__(self, home: Path, tools: Tools, **settings: Any) -> None:
        # DANGHAI_ENGINE=elasticsearch and DANGHAI_ELASTIC_HOSTS run this whole suite on a cluster.
        settings.setdefault("elastic_prefix", f"t{blake2b(str(home).encode(), digest_size=6).hexdigest()}")
        # These suites ask more in a minute than a person; limits have tests of their own (tests/access).
        for kind in ("search", "images", "sign_in", "offers", "other"):
            settings.setdefault(f"rate_{kind}", "")
        settings.setdefault("sign_in_tries", 1_000_000)
        self.settings = Settings(home=home, archive_name="蓬屿市档案馆", _env_file=None, **settings)
        self.store = FileStore(self.settings.store_dir)
        self.catalogue = Catalogue(self.settings.catalogue_url)
        self.catalogue.upgrade()
        self.keys = {
            a: self.catalogue.keys.add(a, roles=["archivist"] if a == STAFF else []) for a in AUDIENCE_KEYS
        }
        self._tools = tools
        self._open = ExitStack()
        self._client: TestClient | None = None

    # ── the way in ─────────────────────────────────────────────────────────────

    def put(self, incoming: Sequence[Incoming], *, update: bool = False) -> None:
        for start in range(0, len(incoming), 50):
            self.catalogue.records.put(incoming[start : start + 50], update=update)

    def projector(self, segmenter: JiebaSegmenter | None = None, *, meaning: bool = True) -> Projector:
        segmenter = segmenter or self._tools.segmenter
        encoder = self._tools.encoder if meaning else None
        made = made_with(segmenter, encoder)
        vectors = EmbeddingStore(self._tools.vectors, self._tools.encoder.name)
        return Projector(self.catalogue, index_writer(self.settings, made), segmenter, encoder, vectors)

    def work(
        self,
        do: Callable[[Projector], Any],
        segmenter: JiebaSegmenter | None = None,
        *,
        meaning: bool = True,
    ) -> Any:
        """Open a projector, have it do something, close it. meaning False: no embedding model is there."""

        async def opened() -> Any:
            projector = self.projector(segmenter, meaning=meaning)
            try:
                await projector.open()
                return await do(projector)
            finally:
                await projector.close()

        return asyncio.run(opened())

    def project(self, *, meaning: bool = True) -> None:
        """Everything the outbox holds into the indexes, vectors too."""

        async def all_steps(projector: Projector) -> None:
            while await projector.step():
                pass

        self.work(all_steps, meaning=meaning)

    def rebuild(self) -> int:
        return int(self.work(lambda projector: projector.rebuild_wanted()))

    # ── the way out ────────────────────────────────────────────────────────────

    @property
    def client(self) -> TestClient:
        if self._client is None:
            app = create_app(self.settings)
            house = app.state.house
            house.segmenter, house.encoder = self._tools.segmenter, self._tools.encoder
            client = TestClient(app, raise_server_exceptions=False)
            client.headers["User-Agent"] = "tests-bot"  # no visit
            self._client = self._open.enter_context(client)
            client.portal.call(house.warm)  # type: ignore[union-attr]
        return self._client

    def ask(self, path: str, audience: str = PUBLIC, *, method: str = "GET", **more: Any) -> httpx.Response:
        headers = dict(more.pop("headers", {}))
        if audience != PUBLIC:
            headers["Authorization"] = f"Bearer {self.keys[audience]}"
        return self.client.request(method, path, headers=headers, **more)

    def get(self, path: str, audience: str = PUBLIC, **params: Any) -> Any:
        answer = self.ask(path, audience, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def search(self, q: str = "", audience: str = PUBLIC, **params: Any) -> Any:
        return self.get("/v1/search", audience, q=q, **params)

    def every_hit(self, q: str = "", audience: str = PUBLIC, **params: Any) -> list[Any]:
        """All hits, page after page."""
        found: list[Any] = []
        answer = self.search(q, audience, **params)
        found += answer["hits"]
        while answer["next"]:
            answer = self.search(q, audience, **params, cursor=answer["next"])
            assert answer["hits"], "a page that was promised holds something"
            found += answer["hits"]
        return found

    def close_client(self) -> None:
        self._open.close()
        self._client = None

    def close(self) -> None:
        self.close_client()
        self.catalogue.close()


@pytest.fixture(scope="session")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Tools:
    try:
        return Tools(tmp_path_factory.mktemp("vectors"))
    except ModelFilesMissing:
        pytest.skip("embedding model is not here")


@pytest.fixture(scope="session")
def make_system(tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], System]]:
    """A new, empty system; closed when the run ends."""
    with ExitStack() as made:

        def make() -> System:
            system = System(tmp_path_factory.mktemp("home"), tools)
            made.callback(system.close)
            return system

        yield make


@pytest.fixture(scope="session")
def archive(make_system: Callable[[], System]) -> System:
    """The small archive, indexed, for tests that only read."""
    system = make_system()
    system.put(small_archive(system.store).incoming)
    system.project()
    return system


@pytest.fixture
def fresh(make_system: Callable[[], System]) -> System:
    """The small archive once more, for tests that change it."""
    system = make_system()
    system.put(small_archive(system.store).incoming)
    system.project()
    return system

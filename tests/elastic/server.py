"""One real Elasticsearch node for all tests of a process, as fixtures that suites take up."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

import httpx
import pytest

from holdings.engines.elasticsearch_client import Cluster
from tests.elastic.node import Node, NotHere, Software, software


@pytest.fixture(scope="session")
def elastic_software() -> Software:
    """The server's files; skips where they cannot be had."""
    try:
        return software()
    except NotHere as reason:
        pytest.skip(f"Elasticsearch cannot be started here: {reason}")


@pytest.fixture(scope="session")
def elastic_node(elastic_software: Software, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    node = Node(elastic_software, tmp_path_factory.mktemp("elastic"), brief=True)
    node.start()
    yield node
    node.kill()


@pytest.fixture
def elastic(elastic_node: Node) -> Iterator[str]:
    """URL of the node, empty again after the test."""
    yield elastic_node.url
    empty(elastic_node.url)


def empty(url: str) -> None:
    """Remove every index."""
    names = [index["index"] for index in httpx.get(f"{url}/_cat/indices?format=json", timeout=60).json()]
    if names:
        httpx.delete(f"{url}/{','.join(names)}", timeout=60).raise_for_status()


def cluster_for(url: str, folder: Path, shards: int = 1) -> Cluster:
    """Where a test keeps what another engine would keep in that folder."""
    prefix = "t" + blake2b(str(folder).encode(), digest_size=6).hexdigest()
    return Cluster((url,), prefix=prefix, shards=shards)

"""A cluster behind TLS and API keys: the right ones work, wrong ones are named, with the setting to mend."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from holdings.engines.elasticsearch import ElasticsearchEngine
from holdings.engines.elasticsearch_client import Cluster
from holdings.engines.elasticsearch_writer import ElasticsearchWriter
from holdings.engines.port import Question
from holdings.errors import BadInput, EngineAway, EngineRefused
from tests.contracts.conftest import AUDIENCE, LETTERS, MADE_WITH, word
from tests.elastic.gate import Gate, gate

#: As Elasticsearch encodes one: id and secret. Invented.
KEY = "aW52ZW50ZWQ6bm90LWEtcmVhbC1rZXk="


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def guarded(elastic: str, authority: trustme.CA) -> Iterator[tuple[str, Gate]]:
    with gate(elastic, authority, KEY) as made:
        yield made


@pytest.fixture
def cluster(guarded: tuple[str, Gate], authority: trustme.CA, tmp_path: Path) -> Cluster:
    """As a person's settings give it."""
    certificates = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(certificates))
    return Cluster((guarded[0],), "guarded", KEY, certificates)


def written_and_found(cluster: Cluster) -> set[str]:
    async def work() -> set[str]:
        writer = ElasticsearchWriter(cluster, MADE_WITH, [AUDIENCE])
        engine = ElasticsearchEngine(cluster, MADE_WITH)
        try:
            await writer.open()
            await writer.write(AUDIENCE, LETTERS)
            await writer.commit(AUDIENCE)
            await engine.open()
            found = await engine.search(AUDIENCE, Question(words=word("沈家门")))
            return set(found.words.ids())
        finally:
            await engine.close()
            await writer.close()

    return asyncio.run(work())


def nowhere() -> str:
    """Where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"https://127.0.0.1:{free.getsockname()[1]}"


def test_the_right_authority_and_key_let_in(cluster: Cluster, guarded: tuple[str, Gate]) -> None:
    assert written_and_found(cluster) == {"a:1", "a:2", "a:3", "a:5"}
    assert guarded[1].asked > 5


def test_one_of_several_hosts_may_be_down(cluster: Cluster) -> None:
    hosts = (nowhere(), *cluster.hosts, nowhere())
    assert written_and_found(replace(cluster, hosts=hosts)) == {"a:1", "a:2", "a:3", "a:5"}


@pytest.mark.parametrize("beside", [(), ("down",)])
def test_another_authority_is_refused_and_named(
    cluster: Cluster, tmp_path: Path, beside: tuple[str, ...]
) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    hosts = (*cluster.hosts, *(nowhere() for _ in beside))
    for certificates in (other, None):
        with pytest.raises(EngineRefused, match="不信任") as told:
            written_and_found(replace(cluster, hosts=hosts, certificates=certificates))
        assert "DANGHAI_ELASTIC_CA" in told.value.advice


def test_a_certificate_for_another_host_is_refused(cluster: Cluster) -> None:
    hosts = tuple(host.replace("127.0.0.1", "localhost") for host in cluster.hosts)
    with pytest.raises(EngineRefused, match="不信任") as told:
        written_and_found(replace(cluster, hosts=hosts))
    assert "DANGHAI_ELASTIC_HOSTS" in told.value.advice


@pytest.mark.parametrize("key", ["", "d3Jvbmc6a2V5"])
def test_a_wrong_key_is_named(cluster: Cluster, guarded: tuple[str, Gate], key: str) -> None:
    with pytest.raises(EngineRefused, match="不认此密钥") as told:
        written_and_found(replace(cluster, api_key=key))
    assert "DANGHAI_ELASTIC_API_KEY" in told.value.advice
    assert KEY not in str(told.value)
    assert guarded[1].asked == 0


def test_https_where_the_server_speaks_http_is_named(elastic: str) -> None:
    with pytest.raises(EngineRefused, match="TLS") as told:
        written_and_found(Cluster((elastic.replace("http:", "https:"),), "guarded", KEY))
    assert "DANGHAI_ELASTIC_HOSTS" in told.value.advice


def test_http_where_the_server_speaks_https_is_away(cluster: Cluster) -> None:
    hosts = tuple(host.replace("https:", "http:") for host in cluster.hosts)
    with pytest.raises(EngineAway):
        written_and_found(replace(cluster, hosts=hosts, certificates=None))


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_a_file_that_holds_no_certificate_is_named(
    cluster: Cluster, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "rubbish.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BadInput, match="DANGHAI_ELASTIC_CA"):
        replace(cluster, certificates=path).connect()

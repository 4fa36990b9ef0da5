"""A rebuild's copies stand before readers follow it, as far as there are nodes to hold them."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from holdings.engines import elasticsearch_index
from holdings.engines.elasticsearch_index import Indexes
from holdings.engines.elasticsearch_mapping import Names
from holdings.engines.elasticsearch_writer import ElasticsearchWriter
from tests.contracts.conftest import AUDIENCE, MADE_WITH, document
from tests.elastic.server import cluster_for


def test_a_copy_that_no_node_can_hold_is_seen_to_lack(
    elastic: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elasticsearch_index, "COPYING", 1)
    cluster = cluster_for(elastic, tmp_path)

    async def told() -> tuple[bool, bool]:
        writer = ElasticsearchWriter(cluster, MADE_WITH, [AUDIENCE])
        await writer.open()
        await writer.write(AUDIENCE, [document("a:1", "渔民")])
        await writer.commit(AUDIENCE)
        await writer.close()
        client = cluster.connect()
        indexes = Indexes(client, Names(cluster.prefix))
        index = indexes.names.alias(AUDIENCE)
        fewer = await indexes.copied(index)
        asked = {"auto_expand_replicas": False, "number_of_replicas": 1}  # a second node, which is not there
        await client.indices.put_settings(index=index, settings=asked)
        more = await indexes.copied(index)
        await client.close()
        return fewer, more

    assert asyncio.run(told()) == (True, False)

"""Three real Elasticsearch nodes on this machine, which tests kill and bring back."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx

from tests.elastic.node import Node, Software

#: Seconds the nodes may take to find each other, or shards to find a node.
PATIENCE = 120.0


class Nodes:
    """A cluster. Every node may be elected, and holds data.

    brief: nodes of half the memory that start in a third of the time, for a test of seconds.
    """

    def __init__(self, software: Software, folder: Path, *, brief: bool = False, count: int = 3) -> None:
        ports = free_ports(count)  # each must know where the others will be, before any runs
        heap = "256m" if brief else "512m"
        names = [f"n{number}" for number in range(1, count + 1)]
        settings = {
            "discovery.type": "multi-node",
            "discovery.seed_hosts": ",".join(f"127.0.0.1:{port}" for port in ports),
            "cluster.initial_master_nodes": ",".join(names),
        }
        self.nodes = [
            Node(software, folder / name, name, settings | {"transport.port": str(port)}, heap, brief)
            for name, port in zip(names, ports, strict=True)
        ]

    def start(self) -> None:
        for node in self.nodes:
            node.launch()
        for node in self.nodes:
            node.wait()
        self.until(lambda: self.health()["number_of_nodes"] == len(self.nodes))

    @property
    def urls(self) -> tuple[str, ...]:
        return tuple(node.url for node in self.nodes)

    def get(self, path: str) -> Any:
        """From whichever node answers."""
        for node in self.nodes:
            try:
                answer = httpx.get(f"{node.url}{path}", timeout=30)
            except httpx.HTTPError:
                continue
            if answer.is_success:
                return answer.json()
        return {}

    def health(self) -> Any:
        return {"number_of_nodes": 0, "status": "red"} | self.get("/_cluster/health")

    def named(self, name: str) -> Node:
        (node,) = (node for node in self.nodes if node.name == name)
        return node

    def master(self) -> Node:
        return self.named(self.get("/_cat/master?format=json")[0]["node"])

    def holder(self, index: str) -> Node:
        """A node that holds a primary shard of this index, and is not the master where another does too."""
        shards = self.get(f"/_cat/shards/{index}?format=json")
        names = sorted({shard["node"] for shard in shards if shard["prirep"] == "p"})
        master = self.master().name
        return self.named(next((name for name in names if name != master), names[0]))

    def until_whole(self) -> None:
        """Every node is there, and every copy of every shard."""

        def whole() -> bool:
            health = self.health()
            return health["status"] == "green" and health["number_of_nodes"] == len(self.nodes)

        self.until(whole)

    def until(self, done: Callable[[], bool]) -> None:
        began = time.monotonic()
        while not done():
            assert time.monotonic() - began < PATIENCE, self.health()
            time.sleep(0.1)

    def kill(self) -> None:
        for node in self.nodes:
            node.kill()


def free_ports(count: int) -> list[int]:
    """Ports of the loopback that nobody uses now."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]

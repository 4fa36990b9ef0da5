"""The systems that are compared: real houses with the real encoder, over folders of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from holdings.access import PUBLIC, READING_ROOM
from tests.api.conftest import System, Tools, tools  # noqa: F401

from .comparing import Asker, askers
from .hidden import Held, Hidden, base, held, sees
from .surfaces import World


@dataclass(frozen=True)
class Known:
    """A system and its callers, by name."""

    system: System
    askers: dict[str, Asker]

    @classmethod
    def of(cls, system: System) -> Known:
        return cls(system, {asker.name: asker for asker in askers(system)})


class Builder:
    """Makes systems. `settings`: of all of them (an engine, for instance)."""

    def __init__(self, folder: Path, tools: Tools, **settings: Any) -> None:  # noqa: F811
        self._folder, self._tools, self._settings = folder, tools, settings

    @contextmanager
    def empty(self) -> Iterator[System]:
        with TemporaryDirectory(dir=self._folder) as home:
            system = System(Path(home), self._tools, **self._settings)
            try:
                yield system
            finally:
                system.close()

    @contextmanager
    def never(self, audience: str) -> Iterator[Known]:
        """Holds what this audience may see, and never held another record."""
        with self.empty() as system:
            system.put(base(system.store, audience))
            system.project()
            yield Known.of(system)

    @contextmanager
    def closed(self, chosen: Sequence[Hidden]) -> Iterator[tuple[Known, list[Held]]]:
        """Holds the hidden records, closed from the beginning."""
        with self.empty() as system:
            hidden = held(chosen, system.store)
            system.put([*base(system.store), *(h.incoming for h in hidden)])
            system.project()
            yield Known.of(system), hidden

    @contextmanager
    def withdrawn(self, chosen: Sequence[Hidden]) -> Iterator[tuple[Known, list[Held]]]:
        """Held the hidden records open to all, served them, and withdrew them."""
        with self.empty() as system:
            hidden = held(chosen, system.store)
            system.put([*base(system.store), *(h.opened() for h in hidden)])
            system.project()
            _serve(system, hidden)
            withdraw(system, hidden)
            yield Known.of(system), hidden


def _serve(system: System, hidden: Sequence[Held]) -> None:
    """What was served may be cached: records, pictures, completions, answers."""
    for audience in (PUBLIC, READING_ROOM):
        for one in hidden[-3:]:
            address = f"/v1/records/{one.record.id}"
            assert system.ask(address, audience).status_code == 200
            for tail in ("/pages/1/thumbnail", "/pages/1/image", "/attachments/1", "/similar"):
                system.ask(address + tail, audience)
            answer = system.search(one.record.title, audience, facets="persons,genre", size=100)
            assert one.record.id in {hit["id"] for hit in answer["hits"]}
            system.get("/v1/suggest", audience, q=one.record.title[:2])


def withdraw(system: System, hidden: Sequence[Held]) -> None:
    for one in hidden:
        record = one.record
        if one.by_hand and not record.classification:
            system.catalogue.records.set_access(
                record.id, access_status=record.access_status, publicity=record.publicity, reason="试"
            )
        else:
            system.put([one.incoming], update=True)
    system.project()


def world(system: System, hidden: Sequence[Held], audience: str) -> World:
    """What may be asked about: of the base the records that this audience may see, or may not."""
    records = [incoming.record for incoming in base(system.store)]
    opened = [r for r in records if sees(audience, r)]
    # The few records with pages of their own kinds first: attachments, several pages, closed ancestors.
    opened.sort(key=lambda r: r.parent not in ("990001:K010-1", "990001:J045-1-2"))
    others = [r for r in records if not sees(audience, r) and r.level == "file"][:4]
    return World(opened, [*others, *(h.record for h in hidden)])


@pytest.fixture(scope="session")
def builder(tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> Builder:  # noqa: F811
    return Builder(tmp_path_factory.mktemp("noninterference"), tools)


@pytest.fixture(scope="session")
def nevers(builder: Builder) -> Iterator[dict[str, Known]]:
    """audience → the system that holds only what it may see. It is asked only, never changed."""
    with builder.never(PUBLIC) as public, builder.never(READING_ROOM) as readers:
        yield {PUBLIC: public, READING_ROOM: readers}

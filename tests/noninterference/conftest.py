"""The systems that are compared: real houses with the real encoder, over folders of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from holdings.access import PUBLIC, READING_ROOM, STAFF
from holdings.catalogue.offers import NewOffer
from holdings.offer_rules import consent
from indexer.embeddings import EmbeddingStore
from indexer.removal import remove_confirmed
from tests.api.conftest import System, Tools, tools  # noqa: F401

from .base import ADDED, GRANTED, REDACTED, base, decide, described, redact, sees, settle
from .callers import HOLDER, OTHER_HOLDER, Asker, askers, grant
from .hidden import Held, Hidden, held
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
    """Makes systems. `settings`: of all of them (an engine, for instance).

    Where all that is hidden bears a secrecy mark it is hidden from staff, too; nothing is redacted then but
    what the system that never held it redacts, for staff see beneath.
    """

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
            yield _ready(system)

    @contextmanager
    def closed(self, chosen: Sequence[Hidden]) -> Iterator[tuple[Known, list[Held]]]:
        """Holds the hidden records, hidden from the beginning, and another reader's grants over them."""
        with self.empty() as system:
            hidden = held(chosen, system.store)
            system.put([*base(system.store, beneath=_beneath(hidden)), *(h.incoming for h in hidden)])
            known = _ready(system, hidden)
            if closed := [h.record.id for h in hidden if not h.marked]:
                grant(system, OTHER_HOLDER, closed[:200])
            yield known, hidden

    @contextmanager
    def withdrawn(self, chosen: Sequence[Hidden]) -> Iterator[tuple[Known, list[Held]]]:
        """Held the hidden records open to all, one reader by a grant besides, served them, and withdrew them;
        redacted nothing before it was served."""
        with self.empty() as system:
            hidden = held(chosen, system.store)
            system.put([*base(system.store, beneath=_beneath(hidden)), *(h.opened() for h in hidden)])
            known = _ready(system, hidden, redacted=False)
            _serve(system, hidden)
            _withdraw_grants(known, hidden)
            redact(system.catalogue, "试")
            withdraw(system, hidden)
            yield known, hidden

    def remove(self, system: System, hidden: Sequence[Held]) -> None:
        """What bears a mark is confirmed a secret, and taken out of the system."""
        for found in system.catalogue.quarantine.listing():
            system.catalogue.quarantine.confirm(found.id, by="试", reason="试")
        with TemporaryDirectory(dir=self._folder) as medium:
            vectors = EmbeddingStore(Path(medium) / "vectors.sqlite", self._tools.encoder.name)
            out = Path(medium) / "out"
            out.mkdir()
            gone = remove_confirmed(system.catalogue, system.store, system.settings, vectors, out)
        assert {one.record_id for one in gone} == {one.record.id for one in hidden}
        system.project()
        system.rebuild()


def _beneath(hidden: Sequence[Held]) -> str:
    return "" if all(one.marked for one in hidden) else hidden[-1].record.title


def _ready(system: System, hidden: Sequence[Held] = (), *, redacted: bool = True) -> Known:
    """Indexes of all audiences, callers, and what this house decided; on hidden records too."""
    if redacted:
        redact(system.catalogue, "试")
    settle(system.catalogue)
    for one in hidden:
        if one.by_hand:
            decide(system.catalogue, one.record.id)
    _looked_at(system, hidden)
    known = Known.of(system)
    system.project()
    system.rebuild()
    return known


def _looked_at(system: System, hidden: Sequence[Held]) -> None:
    """What was open once was looked at by the public, and somebody offered a correction of it."""
    today = datetime.now(UTC).date().isoformat()
    ids = [record_id for some in system.catalogue.records.ids() for record_id in some]
    system.catalogue.visits.add({(today, "record", record_id): 2 for record_id in ids})
    for one in hidden[-3:]:
        offer = NewOffer("correction", one.record.title, "读者一", "无", one.record.id)
        system.catalogue.offers.add(offer, consent("试", 1))


def _serve(system: System, hidden: Sequence[Held]) -> None:
    """What was served may be cached: records, pictures, completions, answers."""
    for audience in (PUBLIC, READING_ROOM):
        for record_id in (*(one.record.id for one in hidden[-3:]), REDACTED):
            address = f"/v1/records/{record_id}"
            assert system.ask(address, audience).status_code == 200
            tails = ("image", "image?width=240", "image?rotate=90", "thumbnail")
            for tail in ("/attachments/1", "/similar", "/pages/1", *(f"/pages/1/{t}" for t in tails)):
                system.ask(address + tail, audience)
        for one in hidden[-3:]:
            answer = system.search(one.record.title, audience, facets="persons,genre", size=100)
            assert one.record.id in {hit["id"] for hit in answer["hits"]}
            system.get("/v1/suggest", audience, q=one.record.title[:2])


def _withdraw_grants(known: Known, hidden: Sequence[Held]) -> None:
    """A grant over hidden records that was revoked, and one over such as come to be held for their marks."""
    catalogue = known.system.catalogue
    if closed := [one.record.id for one in hidden if not one.marked]:
        catalogue.grants.revoke(grant(known.system, HOLDER, closed[:200]), by="试")
    if marked := [one.record.id for one in hidden if one.marked]:
        grant(known.system, HOLDER, marked[:200])


def withdraw(system: System, hidden: Sequence[Held]) -> None:
    """By its opening state, by a new description, or by a reading that finds a secrecy mark."""
    for one in hidden:
        record = one.record
        if one.marked:
            continue
        if one.by_hand and not record.classification:
            system.catalogue.records.set_access(
                record.id, access_status=record.access_status, publicity=record.publicity, reason="试"
            )
        else:
            system.put([one.incoming], update=True)
    texts = {h.record.id: h.incoming.pages[0].text for h in hidden if h.marked and h.incoming.pages}
    for page in system.catalogue.pages.waiting("ocr:test@2", limit=100_000):
        if page.number == 1 and (text := texts.get(page.record_id)):
            assert system.catalogue.pages.save_reading(page.id, text, "ocr:test@2")
    system.project()


def world(hidden: Sequence[Held], asker: Asker) -> World:
    """What may be asked about: of the base the records that this caller may read, or may not."""
    opened = [r for r in described() if sees(asker.sees, r) or (asker.name, r.id) == (HOLDER, GRANTED)]
    # The few records of their own kinds first: redacted, by a grant, in closed nodes.
    first = {REDACTED: 0, GRANTED: 0 if asker.name == HOLDER else 2}
    ahead = ("990001:K010-1", "990001:J045-1-2")
    opened.sort(key=lambda r: first.get(r.id, 1 if r.parent in ahead else 2))
    others = [r for r in described() if r not in opened and r.level == "file"][:4]
    return World(opened, [*others, *(h.record for h in hidden)])


@pytest.fixture(scope="session")
def builder(tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> Builder:  # noqa: F811
    return Builder(tmp_path_factory.mktemp("noninterference"), tools)


@pytest.fixture(scope="session")
def nevers(builder: Builder) -> Iterator[dict[str, Known]]:
    """audience → the system that holds only what it may see. It is asked only, never changed."""
    names = (PUBLIC, READING_ROOM, STAFF, *(audience.name for audience in ADDED))
    with ExitStack() as made:
        yield {name: made.enter_context(builder.never(name)) for name in names}

"""Deliberate leaks, one a surface at least: what a careless change might do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from sqlalchemy import and_, func, select

from holdings import redaction
from holdings.access import OPEN, STAFF, Caller
from holdings.catalogue import due
from holdings.catalogue.accounts import Accounts
from holdings.catalogue.database import Database
from holdings.catalogue.grants import Grants
from holdings.catalogue.keys import Keys
from holdings.catalogue.pages import Pages
from holdings.catalogue.records import Records
from holdings.catalogue.seen_pages import SeenPages
from holdings.catalogue.seen_records import SeenRecords
from holdings.catalogue.sessions import Sessions
from holdings.catalogue.tables import RecordRow
from holdings.errors import Conflict, NotFound
from holdings.redaction import NOTHING_HIDDEN
from search_api import (
    browsing,
    cursors,
    machine,
    records,
    routes_openings,
    routes_records,
    routes_review_lists,
    routes_search,
    searching,
)
from search_api.facets import FondsTitles
from search_api.house import House
from search_api.images import PageImages

from .callers import HOLDER

Patch = pytest.MonkeyPatch
Leaking = Callable[[Patch], None]
STAFF_CALLER = Caller(STAFF)
RECORD = "/v1/records/{record_id}"
PAGE = f"{RECORD}/pages/{{number}}"


@dataclass(frozen=True)
class Leak:
    """Where it shows, and to whom; marked: what is hidden bears a secrecy mark."""

    path: str
    leak: Leaking
    to: str = "anonymous"
    marked: bool = False


# ── what is closed ─────────────────────────────────────────────────────────────


def unchecked(patch: Patch) -> None:
    """Records are given out without asking who may see them."""

    async def visible(house: House, caller: Caller, record_id: str) -> Any:
        stored = house.catalogue.records.get(record_id)
        if stored is None:
            raise NotFound(records.NO_SUCH_THING)
        return stored

    for room in (routes_records, routes_search):
        patch.setattr(room, "visible", visible)
    patch.setattr(routes_records, "readable", visible)


def told(patch: Patch) -> None:
    """The error of a closed record has its title."""
    readable = records.readable

    async def telling(house: House, caller: Caller, record_id: str) -> Any:
        try:
            return await readable(house, caller, record_id)
        except NotFound:
            if stored := house.catalogue.records.get(record_id):
                raise NotFound(stored.record.title) from None
            raise

    patch.setattr(routes_records, "readable", telling)


def from_staff(*parts: str) -> Leaking:
    """These parts of an engine's answer come from the staff's index."""
    ask = House.ask

    async def leaking(house: House, audience: str, question: Any) -> Any:
        own, staff = await ask(house, audience, question), await ask(house, STAFF, question)
        return replace(own, **{part: getattr(staff, part) for part in parts})

    return lambda patch: patch.setattr(House, "ask", leaking)


def as_staff(room: Any, name: str, at: int) -> Leaking:
    """A function is called for the staff: its argument number `at` is an audience or a caller."""
    function = getattr(room, name)

    def leaking(*given: Any, **more: Any) -> Any:
        other = STAFF if isinstance(given[at], str) else STAFF_CALLER
        return function(*given[:at], other, *given[at + 1 :], **more)

    return lambda patch: patch.setattr(room, name, leaking)


def tagged(patch: Patch) -> None:
    """A picture's ETag counts what the store holds."""
    get = PageImages.get

    def leaking(images: PageImages, *given: Any, **more: Any) -> Any:
        path, name = get(images, *given, **more)
        return path, f"{name}{len(list(images._store.root.rglob('*')))}"

    patch.setattr(PageImages, "get", leaking)


def long_cursors(patch: Patch) -> None:
    """A cursor is as long as the staff's list."""
    ask = House.ask

    async def leaking(house: House, audience: str, question: Any) -> Any:
        patch.setattr(cursors, "PADDED", 1000 + 100 * (await ask(house, STAFF, question)).total)
        return await ask(house, audience, question)

    patch.setattr(House, "ask", leaking)


# ── accounts, keys, grants ─────────────────────────────────────────────────────


def _held(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(RecordRow)) or 0


def counted(room: Any, method: str, change: Callable[[Any, int], Any]) -> Leaking:
    """What a part of the catalogue gives out is changed by how many records there are."""
    function = getattr(room, method)

    def leaking(self: Any, *given: Any, **more: Any) -> Any:
        return change(function(self, *given, **more), _held(self._database))

    return lambda patch: patch.setattr(room, method, leaking)


def _signed_for(signed: Any, number: int) -> Any:
    return signed and replace(signed, caller=replace(signed.caller, name=f"{signed.caller.name}{number}"))


def others_grants(patch: Patch) -> None:
    """What is open to one reader is all that is open to any."""
    listing = Grants.listing
    patch.setattr(Grants, "listing", lambda grants, reader=None: listing(grants))


def anybodys_grants(patch: Patch) -> None:
    """A grant to one reader opens its records to all."""

    def opens(grants: Grants, reader: str, record_id: str) -> bool:
        return any(grant.stands and record_id in grant.records for grant in grants.listing())

    patch.setattr(Grants, "opens", opens)


# ── redaction ──────────────────────────────────────────────────────────────────


def words_beneath(patch: Patch) -> None:
    """Pages are read as staff read them."""
    patch.setattr(House, "pages", lambda house, caller: house.catalogue.pages)


def pixels_beneath(patch: Patch) -> None:
    """A picture comes from a cache that was filled before the redaction."""
    get = PageImages.get

    def leaking(images: PageImages, page: Any, **more: Any) -> Any:
        return get(images, replace(page, hides=NOTHING_HIDDEN), **more)

    patch.setattr(PageImages, "get", leaking)


def pixels_at_the_edge(patch: Patch) -> None:
    """What is blackened is the region and no more."""
    patch.setattr(redaction, "blackened", lambda box, width, height: box)


def tag_beneath(patch: Patch) -> None:
    """The ETag of a redacted page is made of the stored file's name."""
    get = PageImages.get

    def leaking(images: PageImages, page: Any, **more: Any) -> Any:
        path, _ = get(images, page, **more)
        return path, page.sha256

    patch.setattr(PageImages, "get", leaking)


def attached_beneath(patch: Patch) -> None:
    """Attachments are given out though something of the record is redacted."""
    patch.setattr(SeenRecords, "attachments", lambda records, i: records._records.attachments(i))


def versions_beneath(patch: Patch) -> None:
    """Former texts of a page are as they were read."""
    patch.setattr(SeenPages, "versions", lambda pages, i, number: pages._pages.versions(i, number))


# ── what is held for a secrecy mark ────────────────────────────────────────────


def held_too(patch: Patch) -> None:
    """The due list has what is held for a mark."""
    patch.setattr(due, "_CLOSED", and_(RecordRow.level == "file", RecordRow.access_status != OPEN))
    held_in_sight(patch)


def held_in_sight(patch: Patch) -> None:
    """Staff are told of records without asking whether they may see them."""

    def in_sight(house: House, ids: Any) -> Any:
        return house.catalogue.records.many(ids)

    for room in (routes_review_lists, machine):
        patch.setattr(room, "in_sight", in_sight)


def held_in_total(patch: Patch) -> None:
    ask = House.ask

    async def leaking(house: House, audience: str, question: Any) -> Any:
        own = await ask(house, audience, question)
        return replace(own, total=own.total + len(house.catalogue.quarantine.listing()))

    patch.setattr(House, "ask", leaking)


def held_by_name(patch: Patch) -> None:
    """Granting what is held is refused in words of its own."""
    add = Grants.add

    def leaking(grants: Grants, reader: str, wanted: Any, **more: Any) -> Any:
        with grants._database.read() as session:
            if session.scalar(select(RecordRow.id).where(RecordRow.id.in_(wanted))):
                raise Conflict("此条待核。")
        return add(grants, reader, wanted, **more)

    patch.setattr(Grants, "add", leaking)


def held_pages(patch: Patch) -> None:
    """Pages are counted whether or not their record is held."""
    states = Pages.states
    patch.setattr(Pages, "states", lambda pages, held: states(pages, held=not held))


OFFICE = "staff"
LEAKS: dict[str, Leak] = {
    "record": Leak(RECORD, unchecked),
    "page's text": Leak(PAGE, unchecked),
    "image": Leak(f"{PAGE}/image", unchecked),
    "thumbnail": Leak(f"{PAGE}/thumbnail", unchecked),
    "matches": Leak(f"{RECORD}/matches", unchecked),
    "citation": Leak(f"{RECORD}/citation", unchecked),
    "attachment": Leak(f"{RECORD}/attachments/{{number}}", unchecked),
    "similar to a closed one": Leak(f"{RECORD}/similar", unchecked),
    "similar among the staff's": Leak(f"{RECORD}/similar", from_staff("meaning", "words")),
    "error's text": Leak(RECORD, told),
    "picture's ETag": Leak(f"{PAGE}/image", tagged),
    "neighbours": Leak(RECORD, as_staff(Records, "beside", 2)),
    "title of a closed ancestor": Leak(RECORD, as_staff(records, "ancestor", 1)),
    "title of a closed fonds": Leak("/v1/search", as_staff(FondsTitles, "__init__", 2)),
    "hits": Leak("/v1/search", from_staff("words")),
    "hits by meaning": Leak("/v1/search", from_staff("meaning")),
    "total": Leak("/v1/search", from_staff("total")),
    "facets": Leak("/v1/search", from_staff("facets")),
    "histogram": Leak("/v1/search", from_staff("years")),
    "undated": Leak("/v1/search", from_staff("undated")),
    "length of a cursor": Leak("/v1/search", long_cursors),
    "what loosening would give": Leak("/v1/search", as_staff(searching, "_total", 1)),
    "completions": Leak("/v1/suggest", as_staff(House, "suggest", 1)),
    "nodes": Leak("/v1/browse", from_staff("facets")),
    "title of a closed node": Leak("/v1/browse", as_staff(browsing, "_item", 1)),
    "figures": Leak("/v1/status", as_staff(House, "status", 1)),
    "openings": Leak("/v1/openings", as_staff(routes_openings, "_page", 1)),
    "feed of openings": Leak("/v1/openings/feed", as_staff(routes_openings, "_page", 1)),
    # accounts, keys, sessions, grants
    "list of accounts": Leak(
        "/v1/accounts",
        counted(Accounts, "listing", lambda found, n: [replace(a, document=str(n)) for a in found]),
        "security_admin",
    ),
    "list of keys": Leak(
        "/v1/keys",
        counted(Keys, "listing", lambda found, n: [k | {"owner": str(n)} for k in found]),
        "system_admin",
    ),
    "one's own name": Leak("/v1/me", counted(Sessions, "signed_in", _signed_for), "signed-in reader"),
    "one's own name, by cookie": Leak(
        "/v1/me", counted(Sessions, "signed_in", _signed_for), "signed-in reader with a cookie"
    ),
    "other readers' grants": Leak("/v1/grants/mine", others_grants, HOLDER),
    "a grant to another": Leak(RECORD, anybodys_grants, HOLDER),
    "neighbours of a granted record": Leak(RECORD, as_staff(Records, "beside", 2), HOLDER),
    "total to the reading room": Leak("/v1/search", from_staff("total"), "reading room"),
    "total to a unit": Leak("/v1/search", from_staff("total"), "unit-k010"),
    "facets to a partner": Leak("/v1/search", from_staff("facets"), "partner-a"),
    "figures to a contractor": Leak("/v1/status", as_staff(House, "status", 1), "lot-7"),
    # redaction
    "redacted words": Leak(PAGE, words_beneath),
    "places of redacted words": Leak(f"{RECORD}/matches", words_beneath),
    "redacted words beside a hit": Leak("/v1/search", words_beneath),
    "redacted words in a former text": Leak(PAGE, versions_beneath),
    "redacted pixels": Leak(f"{PAGE}/image", pixels_beneath),
    "redacted pixels at the edge": Leak(f"{PAGE}/image", pixels_at_the_edge),
    "redacted pixels in a thumbnail": Leak(f"{PAGE}/thumbnail", pixels_beneath),
    "ETag of what is redacted": Leak(f"{PAGE}/image", tag_beneath),
    "attachments of a redacted record": Leak(RECORD, attached_beneath),
    # quarantine
    "a record that is held": Leak(RECORD, unchecked, OFFICE, marked=True),
    "its citation": Leak(f"{RECORD}/citation", unchecked, OFFICE, marked=True),
    "its picture": Leak(f"{PAGE}/image", unchecked, OFFICE, marked=True),
    "its error's text": Leak(RECORD, told, OFFICE, marked=True),
    "what is held in a total": Leak("/v1/search", held_in_total, OFFICE, marked=True),
    "what is held among what is due": Leak("/v1/reviews/due", held_too, OFFICE, marked=True),
    "what is held in an export": Leak("/v1/reviews/due/export", held_too, OFFICE, marked=True),
    "what is held as a twin": Leak("/v1/reviews/items/{review_id}", held_in_sight, OFFICE, marked=True),
    "what is held in a grant": Leak("/v1/grants", held_by_name, OFFICE, marked=True),
    "pages of what is held": Leak("/v1/status", held_pages, OFFICE, marked=True),
}

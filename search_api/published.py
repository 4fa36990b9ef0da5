"""Published editions 定稿 as their audience may see them now. Asked at every request: nothing of it is kept.

What was withdrawn since is gone with everything that stood on it (holdings/catalogue/editions.py); a page that has
no image any more leaves its exhibit, and a quotation that the page does not say any more is not shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from curation.edition import Edition, Exhibit, Picture, as_json, fitted, of_json
from curation.outputs.places import page_id
from holdings.access import ANONYMOUS, PUBLIC, Caller
from holdings.catalogue import StoredPage
from holdings.catalogue.editions import Body, StoredEdition, records_of, without
from holdings.errors import BadInput, NotFound
from search_api.house import House

#: What an exhibition's address may be made of.
SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,78}[a-z0-9])?")
#: The longest side of a picture that leaves the house, in pixels, as on the public installation.
LONGEST = 2400

_Pages = Mapping[tuple[str, int], StoredPage]


def publish(
    house: House,
    edition: Edition,
    caller: Caller,
    store: Callable[[Body], int] | None = None,
) -> Edition:
    """Publish an edition: it is the one its slug shows from now on, under the number it gets here. What it stands
    on is noted as shown.

    store: what stores it and tells its number, where more than the edition is to be written at once.
    Errors: BadInput for a slug that is no address; NotFound where a record is not here or held; those of `store`.
    """
    if not SLUG.fullmatch(edition.slug):
        said = f"“{edition.slug}”不能作网址。"
        raise BadInput(said, advice="用小写字母、数字与连字符，至多 80 个字符，例如 yuye-1950。")
    body = as_json(edition)
    number = store(body) if store else house.catalogue.editions.publish(body, caller)
    if ids := sorted(records_of(body)):
        house.catalogue.showings.note(ids, edition.title, date.fromisoformat(edition.made_on), caller)
    return replace(edition, number=number)


def published(house: House, slug: str, audience: str = PUBLIC) -> Edition:
    """The exhibition as this audience may see it now. Errors: NotFound, the same whether one ever was."""
    return _shown(house, house.catalogue.editions.latest(slug), audience)


def with_picture(house: House, slug: str, name: str, audience: str = PUBLIC) -> Edition:
    """The same with only what stands on the record whose picture is named so (`places.page_id`): pages ask for
    hundreds of pictures, and each is looked up alone. Errors: NotFound where no published edition has that slug."""
    stored = house.catalogue.editions.latest(slug)
    shows = {r for r, page in _pictures(stored.body) if page_id(r, page) == name}
    return _shown(
        house, replace(stored, body=without(stored.body, records_of(stored.body) - shows)), audience
    )


def _pictures(body: Body) -> set[tuple[str, int]]:
    exhibits = (exhibit for section in body["sections"] for exhibit in section["exhibits"])
    return {(p["record_id"], p["page"]) for exhibit in exhibits for p in exhibit["pictures"]}


def all_published(house: House, audience: str = PUBLIC) -> list[Edition]:
    """All that are published, the latest first, as this audience may see them now."""
    return [_shown(house, stored, audience) for stored in house.catalogue.editions.listing()]


def _shown(house: House, stored: StoredEdition, audience: str) -> Edition:
    gone = house.catalogue.editions.gone(stored, audience)
    edition = of_json(without(stored.body, gone))
    places = [(p.record_id, p.page) for exhibit in edition.exhibits() for p in exhibit.pictures]
    places += [(q.record_id, q.page) for e in edition.exhibits() if (q := e.quotation) is not None]
    found = house.pages(Caller(audience)).at(sorted(set(places)))
    pages = {(record_id, page.number): page for record_id, some in found.items() for page in some}
    fonds = fonds_of(house, [e.record_id for e in edition.exhibits() if e.fonds], audience)
    sections = tuple(
        replace(section, exhibits=tuple(_present(exhibit, pages, fonds) for exhibit in section.exhibits))
        for section in edition.sections
    )
    return replace(edition, sections=sections)


def fonds_of(house: House, record_ids: Sequence[str], audience: str = PUBLIC) -> dict[str, str]:
    """record id → the name of its fonds, where this audience may read that."""
    chains = house.records(Caller(audience)).ancestors(record_ids)
    return {
        record_id: next(
            (s.record.title for s in chain if s.record.level == "fonds" and audience in s.audiences), ""
        )
        for record_id, chain in chains.items()
    }


def _present(exhibit: Exhibit, pages: _Pages, fonds: Mapping[str, str]) -> Exhibit:
    quotation = exhibit.quotation
    if quotation is not None and not _says(pages.get((quotation.record_id, quotation.page)), quotation.text):
        quotation = None
    pictures = [_picture(p, pages.get((p.record_id, p.page))) for p in exhibit.pictures]
    named = exhibit.fonds if fonds.get(exhibit.record_id) == exhibit.fonds else ""
    return replace(exhibit, fonds=named, quotation=quotation, pictures=tuple(p for p in pictures if p))


def _says(page: StoredPage | None, words: str) -> bool:
    """Whether the page's text, as it is shown now, holds these words; spaces and line ends are nothing."""
    return page is not None and page.text is not None and _joined(words) in _joined(page.text.text)


def _joined(text: str) -> str:
    return "".join(text.split())


def _picture(picture: Picture, page: StoredPage | None) -> Picture | None:
    if page is None or not page.width:
        return None
    width, height = fitted(*_upright(page), LONGEST)
    return replace(picture, width=width, height=height)


def _upright(page: StoredPage) -> tuple[int, int]:
    return (page.height, page.width) if turn_of(page) in (90, 270) else (page.width, page.height)


def turn_of(page: StoredPage) -> int:
    """Degrees clockwise by which the page stands upright, as it was read."""
    return page.text.rotation if page.text else 0


class SeenPictures:
    """`curation.edition.Pictures` of what this audience may see now."""

    def __init__(self, house: House, audience: str = ANONYMOUS.audience) -> None:
        self._house = house
        self._pages = house.pages(Caller(audience))

    def page(self, picture: Picture) -> StoredPage:
        """Errors: NotFound where there is none. Asked only for pictures of an edition that was just filtered."""
        page = self._pages.get(picture.record_id, picture.page)
        if page is None:
            raise NotFound("没有这一页。")
        return page

    def jpeg(self, picture: Picture, *, longest: int) -> bytes:
        page = self.page(picture)
        path, _ = self._house.images.get(page, longest=min(longest, LONGEST), turn=turn_of(page))
        return path.read_bytes()

"""The public page set: static HTML and CSS that any web server serves as it is, by relative links.

Jinja2 escapes all that people wrote. Pages work without a script; the one script there is opens the deep zoom,
where the viewer (viewer.py) was pulled. No page loads anything from elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib.resources import files as resources
from typing import Any

from curation.edition import Edition, Exhibit, Picture
from curation.outputs import iiif
from curation.outputs.places import exhibit_path, sizes
from curation.outputs.templating import templates

#: Media types by ending.
MEDIA_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/ld+json",
    "jpg": "image/jpeg",
    "txt": "text/plain; charset=utf-8",
    "svg": "image/svg+xml",
}
#: What a page of the set may load: what lies beside it.
POLICY = "default-src 'none'; img-src 'self'; style-src 'self'; script-src 'self'; base-uri 'none'; form-action 'none'"
#: Pictures of this many first exhibits are fetched at once, the others as they come into sight.
_AT_ONCE = 1
_INDEX, _CHRONOLOGY = "index.html", "chronology.html"
#: Files that every page loads.
SHARED = ("site.css", "icon.svg")


@dataclass(frozen=True)
class Drawn:
    """A file that is a picture in one size."""

    picture: Picture
    longest: int


#: A file of the set: its bytes, made when it is asked for, or a picture to be drawn.
File = Callable[[], bytes] | Drawn
#: Name → content.
Viewer = Mapping[str, bytes]
NO_VIEWER: Viewer = {}


@dataclass(frozen=True)
class Need:
    """What of an edition one file of its set is made of; its head always is.

    every: all exhibits, without the fields of `unread`.  name: the one exhibit, or those with the one picture, to which
    this name in the address leads.  beside: with it the exhibits before and after, and whether there is a chronology.
    lines: the chronology.
    """

    every: bool = False
    unread: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    beside: bool = False
    lines: bool = False


#: Fields of an exhibit that some files say nothing of, and what they are taken for: nothing of them is looked at then.
_LONG: Mapping[str, Any] = {"fonds": "", "transcription": [], "notes": []}
_UNQUOTED: Mapping[str, Any] = {**_LONG, "quotation": None}
#: Of an exhibit that is only linked to.
LINKED: Mapping[str, Any] = {**_UNQUOTED, "pictures": []}


def need_of(path: str) -> Need:
    """What the file of this path is made of: `page_set` makes the same of that as of the whole edition."""
    if path == _INDEX:
        return Need(every=True, unread=_LONG, beside=True)
    if path == _CHRONOLOGY:
        return Need(every=True, unread=LINKED, lines=True)
    if path == iiif.COLLECTION:
        return Need(every=True, unread=_UNQUOTED)
    folder, _, rest = path.partition("/")
    name = rest.partition("/")[0].removesuffix(".html")
    if folder in ("exhibits", "iiif", "images"):
        return Need(name=name, beside=folder == "exhibits")
    return Need()


def page_set(edition: Edition, *, viewer: Viewer = NO_VIEWER, address: str = "") -> dict[str, File]:
    """path → file. viewer: the deep zoom's files (viewer.py), none where it was not pulled.

    address: absolute, of the folder in which it will lie; without one there are no IIIF files, which name themselves.
    """
    return _of_all(edition, viewer, address) | _of_exhibits(edition, viewer, address)


def file_at(edition: Edition, path: str, *, viewer: Viewer = NO_VIEWER, address: str = "") -> File | None:
    """`page_set(…).get(path)`, with no more of the set prepared than it takes."""
    if found := _of_all(edition, viewer, address).get(path):
        return found
    return _of_exhibits(edition, viewer, address).get(path)


def _of_all(edition: Edition, viewer: Viewer, address: str) -> dict[str, File]:
    """Files that are not one exhibit's."""
    made: dict[str, File] = {
        _INDEX: partial(_page, _INDEX, edition, viewer),
        **{f"assets/{name}": partial(asset, name) for name in SHARED},
    }
    if viewer:
        made["assets/viewer.js"] = partial(asset, "viewer.js")
        made |= {f"assets/{name}": partial(bytes, content) for name, content in viewer.items()}
    if edition.chronology:
        made[_CHRONOLOGY] = partial(_page, _CHRONOLOGY, edition, viewer)
    if address:
        made[iiif.COLLECTION] = partial(iiif.collection, edition, address)
    return made


def _of_exhibits(edition: Edition, viewer: Viewer, address: str) -> dict[str, File]:
    made: dict[str, File] = {}
    for before, exhibit, after in _neighbours(edition):
        more = {"exhibit": exhibit, "before": before, "after": after}
        made[exhibit_path(exhibit)] = partial(_page, "exhibit.html", edition, viewer, **more)
        for picture in exhibit.pictures:
            for size in sizes(picture):
                made[size.path] = Drawn(picture, size.longest)
        if address:
            made |= iiif.documents(exhibit, address)
    return made


def index_of(editions: list[Edition], folders: Mapping[str, str]) -> bytes:
    """The page that names all exhibitions. folders: slug → where its set lies, relative to the page."""
    shown = [(edition, folders[edition.slug], _first_picture(edition)) for edition in editions]
    return _render("exhibitions.html", editions=shown, depth=0, viewer=False, title="展览", policy=POLICY)


def _page(name: str, edition: Edition, viewer: Viewer, **more: Any) -> bytes:
    return _render(
        name,
        edition=edition,
        viewer=bool(viewer),
        depth=1 if name == "exhibit.html" else 0,
        shown={e.record_id: exhibit_path(e) for e in edition.exhibits() if e.record_id},
        policy=POLICY,
        at_once=_AT_ONCE,
        **more,
    )


def _render(name: str, **values: Any) -> bytes:
    return templates().get_template(name).render(**values).encode()


def asset(name: str) -> bytes:
    return (resources("curation.outputs") / "assets" / name).read_bytes()


def _neighbours(edition: Edition) -> Iterator[tuple[Exhibit | None, Exhibit, Exhibit | None]]:
    every = list(edition.exhibits())
    yield from zip([None, *every], every, [*every[1:], None], strict=False)  # also where none is left


def _first_picture(edition: Edition) -> Picture | None:
    return next((exhibit.pictures[0] for exhibit in edition.exhibits() if exhibit.pictures), None)

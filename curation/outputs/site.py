"""The public page set: static HTML and CSS that any web server serves as it is, by relative links.

Jinja2 escapes all that people wrote. Pages work without a script; the one script there is opens the deep zoom,
where the viewer (viewer.py) was pulled. No page loads anything from elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
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
_INDEX = "index.html"
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


def page_set(edition: Edition, *, viewer: Viewer = NO_VIEWER, address: str = "") -> dict[str, File]:
    """path → file. viewer: the deep zoom's files (viewer.py), none where it was not pulled.

    address: absolute, of the folder in which it will lie; without one there are no IIIF files, which name themselves.
    """
    made: dict[str, File] = {
        _INDEX: partial(_page, _INDEX, edition, viewer),
        **{f"assets/{name}": partial(asset, name) for name in SHARED},
    }
    if viewer:
        made["assets/viewer.js"] = partial(asset, "viewer.js")
        made |= {f"assets/{name}": partial(bytes, content) for name, content in viewer.items()}
    if edition.chronology:
        made["chronology.html"] = partial(_page, "chronology.html", edition, viewer)
    for before, exhibit, after in _neighbours(edition):
        more = {"exhibit": exhibit, "before": before, "after": after}
        made[exhibit_path(exhibit)] = partial(_page, "exhibit.html", edition, viewer, **more)
        for picture in exhibit.pictures:
            for size in sizes(picture):
                made[size.path] = Drawn(picture, size.longest)
    if address:
        made |= iiif.documents(edition, address)
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

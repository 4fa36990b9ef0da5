"""IIIF Presentation 3: a manifest an exhibit that has pictures, a collection an exhibition, and what says the sizes of
each picture (Image API 3, level 0). Checked by the models of iiif-prezi3 as they are written.

Sources: https://iiif.io/api/presentation/3.0/, https://iiif.io/api/image/3.0/
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from curation.edition import Edition, Exhibit, Picture
from curation.outputs.places import exhibit_path, facts, image_folder, manifest_path, sizes

COLLECTION = "iiif/collection.json"
_PRESENTATION = "http://iiif.io/api/presentation/3/context.json"
_IMAGE = "http://iiif.io/api/image/3/context.json"
_LANGUAGE = "zh-Hans"
#: Items of a document that are checked as it is written.
_CHECKED = 10


def documents(exhibit: Exhibit, address: str) -> dict[str, Callable[[], bytes]]:
    """path → file, of what stands on one exhibit. address: absolute, of the folder in which the page set lies."""
    base = _base(address)
    made: dict[str, Callable[[], bytes]] = {}
    if exhibit.pictures:
        made[manifest_path(exhibit)] = partial(_manifest, exhibit, base)
    for picture in exhibit.pictures:
        made[f"{image_folder(picture)}/info.json"] = partial(_info, picture, base)
    return made


def collection(edition: Edition, address: str) -> bytes:
    """The document at COLLECTION."""
    from iiif_prezi3 import Collection

    base = _base(address)
    shown = [exhibit for exhibit in edition.exhibits() if exhibit.pictures]
    return _checked(
        Collection,
        {
            "id": f"{base}{COLLECTION}",
            "type": "Collection",
            "label": _said(edition.title),
            **({"summary": _said(edition.lead)} if edition.lead else {}),
            "homepage": [_page(f"{base}index.html", edition.title)],
            "items": [
                {
                    "id": f"{base}{manifest_path(exhibit)}",
                    "type": "Manifest",
                    "label": _said(exhibit.title),
                    "thumbnail": [_image(exhibit.pictures[0], base, smallest=True)],
                }
                for exhibit in shown
            ],
        },
    )


def _manifest(exhibit: Exhibit, base: str) -> bytes:
    from iiif_prezi3 import Manifest

    said: dict[str, Any] = {
        "id": f"{base}{manifest_path(exhibit)}",
        "type": "Manifest",
        "label": _said(exhibit.title),
        "metadata": [{"label": _said(term), "value": _said(value)} for term, value in facts(exhibit)],
        "requiredStatement": {"label": _said("出处"), "value": _said(_credit(exhibit))},
        "homepage": [_page(f"{base}{exhibit_path(exhibit)}", exhibit.title)],
        "partOf": [{"id": f"{base}{COLLECTION}", "type": "Collection"}],
        "thumbnail": [_image(exhibit.pictures[0], base, smallest=True)],
        "items": [_canvas(picture, base) for picture in exhibit.pictures],
    }
    if exhibit.label:
        said["summary"] = _said(exhibit.label)
    return _checked(Manifest, said)


def _credit(exhibit: Exhibit) -> str:
    return "。".join(part for part in (exhibit.source, exhibit.rights) if part)


def _canvas(picture: Picture, base: str) -> dict[str, Any]:
    name = f"{base}{image_folder(picture)}/canvas"
    body = _image(picture, base)
    return {
        "id": name,
        "type": "Canvas",
        "label": _said(f"第 {picture.page} 页"),
        "width": body["width"],
        "height": body["height"],
        "thumbnail": [_image(picture, base, smallest=True)],
        "items": [
            {
                "id": f"{name}/1",
                "type": "AnnotationPage",
                "items": [
                    {
                        "id": f"{name}/1/1",
                        "type": "Annotation",
                        "motivation": "painting",
                        "body": body,
                        "target": name,
                    }
                ],
            }
        ],
    }


def _image(picture: Picture, base: str, *, smallest: bool = False) -> dict[str, Any]:
    size = sizes(picture)[0 if smallest else -1]
    return {
        "id": f"{base}{size.path}",
        "type": "Image",
        "format": "image/jpeg",
        "width": size.width,
        "height": size.height,
        "service": [{"id": f"{base}{image_folder(picture)}", "type": "ImageService3", "profile": "level0"}],
    }


def _info(picture: Picture, base: str) -> bytes:
    """What viewers ask before they ask for sizes. Level 0: these sizes are all there are."""
    given = sizes(picture)
    return _written(
        {
            "@context": _IMAGE,
            "id": f"{base}{image_folder(picture)}",
            "type": "ImageService3",
            "protocol": "http://iiif.io/api/image",
            "profile": "level0",
            "width": given[-1].width,
            "height": given[-1].height,
            "sizes": [{"width": size.width, "height": size.height} for size in given],
        }
    )


def _base(address: str) -> str:
    return f"{address.rstrip('/')}/"


def _page(address: str, title: str) -> dict[str, Any]:
    return {"id": address, "type": "Text", "format": "text/html", "label": _said(title)}


def _said(text: str) -> dict[str, list[str]]:
    return {_LANGUAGE: [text]}


def _checked(model: Callable[..., object], document: Mapping[str, Any]) -> bytes:
    """Errors: pydantic's ValidationError for what is no such document: a fault of this module. Looked at with its
    first items: all are written by the same lines, and looking at 2,000 took a second of each request."""
    model(**{**document, "items": document["items"][:_CHECKED]})
    return _written({"@context": _PRESENTATION, **document})


def _written(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()

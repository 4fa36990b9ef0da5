"""An article for a WeChat account 公众号: one piece of HTML with inline styles only, to be pasted into its editor, which
drops style sheets, classes and scripts."""

from __future__ import annotations

import base64
from functools import lru_cache
from typing import TYPE_CHECKING

from curation.edition import Edition, Picture, Pictures
from curation.outputs.places import joined, paragraphs, sizes

if TYPE_CHECKING:
    from jinja2 import Template

#: Longer side of a picture that is embedded, in pixels.
PIXELS = 960


def render(edition: Edition, pictures: Pictures) -> bytes:
    """Pictures by their public address where the exhibition has one, else embedded."""

    def shown(picture: Picture) -> str:
        if edition.address:
            size = sizes(picture)[min(1, len(sizes(picture)) - 1)]
            return f"{edition.address.rstrip('/')}/{size.path}"
        image = base64.b64encode(pictures.jpeg(picture, longest=PIXELS)).decode()
        return f"data:image/jpeg;base64,{image}"

    return _template().render(edition=edition, shown=shown).encode()


@lru_cache(maxsize=1)
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("curation.outputs"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"paragraphs": paragraphs, "joined": joined}
    return made.get_template("article.html")

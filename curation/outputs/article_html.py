"""An article for a WeChat account 公众号: one piece of HTML with inline styles only, to be pasted into its editor, which
drops style sheets, classes and scripts."""

from __future__ import annotations

import base64

from curation.edition import Edition, Picture, Pictures
from curation.outputs.places import sizes
from curation.outputs.templating import templates

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

    return templates().get_template("article.html").render(edition=edition, shown=shown).encode()

"""The templates of everything that leaves as HTML: what people wrote is escaped, a name that is missing is an error."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from curation.outputs.places import exhibit_id, exhibit_path, facts, joined, manifest_path, paragraphs, sizes

if TYPE_CHECKING:
    from jinja2 import Environment


@lru_cache(maxsize=1)
def templates() -> Environment:
    """Jinja2 is loaded with the first page, not with the API."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("curation.outputs"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"paragraphs": paragraphs, "joined": joined}
    made.globals |= {
        "sizes": sizes,
        "facts": facts,
        "exhibit_path": exhibit_path,
        "exhibit_id": exhibit_id,
        "manifest_path": manifest_path,
    }
    return made

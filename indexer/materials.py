"""What the catalogue knows of records, gathered for whoever draws them up or embeds them."""

from __future__ import annotations

from collections.abc import Sequence

from holdings.catalogue import Catalogue
from holdings.catalogue.seen_records import seen
from holdings.documents import Material


def materials(catalogue: Catalogue, ids: Sequence[str]) -> dict[str, Material]:
    """What the catalogue knows now of these records; those it no longer has are left out."""
    unique = list(dict.fromkeys(ids))
    stored = catalogue.records.many(unique)
    pages = catalogue.pages.of_many(list(stored))
    texts = catalogue.records.attachment_texts(list(stored))
    above = catalogue.records.ancestors(list(stored))
    places = {i: [a.record.id for a in above[i]] for i in stored}
    hidden = set(catalogue.redactions.hidden(list(stored)))
    hidden |= {i for i, s in stored.items() if s.record.public_forms}
    left = catalogue.seen_pages.hide({i: pages.get(i, []) for i in hidden})
    # Of a record with anything hidden the attachments are staff's: they may say it too.
    outer = {i: Material.of(seen(stored[i]), left[i], (), places[i]) for i in hidden}
    return {
        i: Material.of(s, pages.get(i, []), texts.get(i, []), places[i], outer.get(i))
        for i, s in stored.items()
    }

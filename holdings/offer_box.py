"""The files of offers: in a folder of their own, apart from the store, until they are accepted or erased; and the
intake package that an accepted donation becomes, which `danghai ingest` takes in."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from holdings.errors import NotFound
from holdings.offer_rules import TYPES

if TYPE_CHECKING:
    from holdings.catalogue.offers import Offer, OfferFile, Offers

#: The catalogue of a package: intake reads JSON Lines as it reads tables.
ROWS = "目录.jsonl"


class OfferBox:
    """`<root>/<offer's number>/<random name>`. Cheap to make."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, offer_id: int, data: bytes, media_type: str) -> str:
        """Keep a file under a name of our own; the name. Durable when it returns."""
        folder = self.root / str(offer_id)
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{secrets.token_hex(8)}{TYPES[media_type]}"
        part = folder / f".{name}.part"
        with part.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(folder / name)
        return name

    def path(self, offer_id: int, file: OfferFile) -> Path:
        """Errors: NotFound where it was erased."""
        path = self.root / str(offer_id) / file.stored
        if not path.is_file():
            raise NotFound("这个文件已不在。")
        return path

    def offers(self) -> set[int]:
        """Numbers of the offers that files lie here of."""
        folders = self.root.iterdir() if self.root.exists() else ()
        return {int(folder.name) for folder in folders if folder.name.isdecimal()}

    def drop(self, offer_id: int) -> None:
        """All files of an offer, also such as no row names."""
        folder = self.root / str(offer_id)
        if folder.exists():
            shutil.rmtree(folder)


def erase_due(offers: Offers, box: OfferBox, now: datetime, days: int) -> int:
    """Erase what is personal in offers whose period is over; how many. Stopped half-way it is done the next time."""
    ids, kept = offers.due(now, days), box.offers()
    for offer_id in {*ids, *(kept - offers.known(sorted(kept)))}:
        box.drop(offer_id)
    offers.erase(ids, now)
    return len(ids)


def package(offer: Offer, box: OfferBox, into: Path, archive_code: str) -> str:
    """The intake package of an accepted donation, `<into>/<number>/`: one row, and the files under its reference
    code. Returns the folder's name. Not reviewed for opening, so it is for staff alone once taken in."""
    agreed = offer.agreement
    assert agreed is not None
    name = f"{offer.id:04}"
    part = into / f".{name}.{secrets.token_hex(4)}.part"
    folder = part / agreed.reference_code
    folder.mkdir(parents=True)
    for number, file in enumerate(offer.files, 1):
        shutil.copyfile(box.path(offer.id, file), folder / f"{number:04}{TYPES[file.media_type]}")
    row = {
        "archive_code": archive_code,
        "reference_code": agreed.reference_code,
        "title": agreed.title,
        "date": agreed.date,
        "acquisition": agreed.acquisition,
        "donor_limits": agreed.donor_limits,
        "access_status": "未审核",
        "extra": {"征集编号": name, "协议编号": agreed.number},
    }
    said = json.dumps({key: value for key, value in row.items() if value}, ensure_ascii=False)
    part.joinpath(ROWS).write_text(f"{said}\n", encoding="utf-8")
    target = into / name
    if target.exists():  # of a receipt that did not come to its end
        shutil.rmtree(target)
    part.replace(target)
    return name

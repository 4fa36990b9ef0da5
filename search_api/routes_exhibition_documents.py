"""/v1/exhibitions: what is published, and for staff the documents of it: texts, labels, slides, panels, lists.

A document holds what the public may see now, whoever asks: it leaves the house.
"""

from __future__ import annotations

import asyncio
from urllib.parse import quote

from fastapi import APIRouter, Response

from curation.outputs.documents import documents
from search_api.callers import AnyCaller, InHouse, Staff
from search_api.exhibition_parts import counted
from search_api.exporting import zipped
from search_api.files import PRIVATE
from search_api.guarding import EXHIBITIONS
from search_api.house import House
from search_api.published import SeenPictures, published
from search_api.schema_exhibitions import DocumentName, ExhibitionOut, ExhibitionsOut

router = APIRouter(prefix="/v1/exhibitions", tags=["展览 exhibitions"])


@router.get("", summary="已发布的展览 Published exhibitions")
async def get_exhibitions(house: InHouse, caller: AnyCaller) -> ExhibitionsOut:
    """最近发布的在前；件数是公众此刻看得到的。"""
    found = await asyncio.to_thread(counted, house)
    return ExhibitionsOut(
        exhibitions=[
            ExhibitionOut(
                slug=e.slug,
                number=e.number,
                title=e.title,
                subtitle=e.subtitle,
                made_on=e.made_on,
                exhibits=exhibits,
                pages=f"{EXHIBITIONS}/{e.slug}/",
            )
            for e, exhibits in found
        ]
    )


@router.get("/{slug}/export/{document}", summary="展览的文档 A document of it", response_class=Response)
async def get_document(house: InHouse, caller: Staff, slug: str, document: DocumentName) -> Response:
    """展览文本、展签、课件、展板、汇编、大事记、公众号文章、展品清单、借展清单，或整套网页（zip）。"""
    body, media_type, name = await asyncio.to_thread(_made, house, slug, document)
    said = f"attachment; filename=\"{slug}-{document}\"; filename*=UTF-8''{quote(name)}"
    return Response(body, media_type=media_type, headers={**PRIVATE, "Content-Disposition": said})


def _made(house: House, slug: str, name: DocumentName) -> tuple[bytes, str, str]:
    """Bytes, media type, file name. Errors: NotFound; FontMissing for panels where no font sets Chinese."""
    edition = published(house, slug)
    if name == "site":
        return zipped(house, edition), "application/zip", f"{edition.title}.zip"
    document = documents()[name]
    made = document.make(edition, SeenPictures(house))
    return made, document.media_type, f"{edition.title}·{document.title}.{document.ending}"

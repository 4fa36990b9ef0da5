"""The same edition gives the same bytes: office files and zips without the moment they were made at."""

from __future__ import annotations

import io
import re
import zipfile

_FIRST_DAY = (1980, 1, 1, 0, 0, 0)
_MOMENT = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")


def entry(name: str) -> zipfile.ZipInfo:
    """An entry of a zip that says no time."""
    made = zipfile.ZipInfo(name, _FIRST_DAY)
    made.compress_type = zipfile.ZIP_DEFLATED
    made.external_attr = 0o644 << 16
    return made


def timeless(office_file: bytes, day: str) -> bytes:
    """A DOCX, PPTX or XLSX whose only time is this ISO day."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(office_file)) as given, zipfile.ZipFile(out, "w") as made:
        for name in given.namelist():
            content = given.read(name)
            if name == "docProps/core.xml":
                content = _MOMENT.sub(rb"\g<1>%sT00:00:00Z" % day.encode(), content)
            made.writestr(entry(name), content)
    return out.getvalue()

"""Born-digital pages: text set as text, in a PDF with its type embedded and in an OFD (GB/T 33190)."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from .files import freeze_zip
from .horizontal import A4, Block, blocks
from .sheet import font, font_path, wrap
from .source import PageSpec

#: Pixels of the drawing grid (150 an inch) to PDF points and to millimetres.
POINT, MILLIMETRE = 72 / 150, 25.4 / 150
SIZE, TITLE_SIZE, LEADING = 30, 40, 1.75


@dataclass(frozen=True)
class SetLine:
    """A line of type: left edge and baseline in pixels from the page's top left corner."""

    x: int
    baseline: int
    size: int
    text: str


def set_page(spec: PageSpec) -> list[SetLine]:
    """The page's lines as an office program would set them."""
    found: list[SetLine] = []
    margin, y = 170, 190
    for block in blocks(spec.lines, spec.number == 1):
        size = TITLE_SIZE if block.role in {"title", "letterhead"} else SIZE
        face = font(size)
        indent = 2 * size if block.role == "body" else 0
        for index, text in enumerate(wrap(block.text.replace("|", "  "), face, A4[0] - 2 * margin, indent)):
            found.append(SetLine(_left(block, text, size, margin, index), y, size, text))
            y += round(size * LEADING)
    return found


def _left(block: Block, text: str, size: int, margin: int, index: int) -> int:
    length = round(font(size).getlength(text))
    if block.role in {"title", "letterhead", "number"}:
        return (A4[0] - length) // 2
    if block.role == "sign":
        return A4[0] - margin - length
    return margin + (2 * size if block.role == "body" and index == 0 else 0)


def text_of(lines: Sequence[SetLine]) -> str:
    """True text of a born-digital page."""
    return "\n".join(line.text for line in lines)


class _Objects:
    """The numbered objects of a PDF being written."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    def add(self, body: str) -> int:
        self.bodies.append(body.encode())
        return len(self.bodies)

    def stream(self, data: bytes, extra: str = "") -> int:
        packed = zlib.compress(data, 9)
        head = f"<< /Length {len(packed)} /Filter /FlateDecode {extra}>>\nstream\n".encode()
        self.bodies.append(head + packed + b"\nendstream")
        return len(self.bodies)


def write_pdf(pages: Sequence[list[SetLine]], title: str, path: Path) -> None:
    """A PDF with the signs it uses embedded (CID-keyed CFF) and a ToUnicode map, so its text can be read."""
    objects = _Objects()
    face, ids = _embed_face(objects, sorted({sign for page in pages for line in page for sign in line.text}))
    contents = [objects.stream(_page_stream(page, ids)) for page in pages]
    tree = len(objects.bodies) + len(pages) + 1
    box = f"[0 0 {A4[0] * POINT:.2f} {A4[1] * POINT:.2f}]"
    kids = [
        objects.add(
            f"<< /Type /Page /Parent {tree} 0 R /MediaBox {box} /Contents {content} 0 R "
            f"/Resources << /Font << /F1 {face} 0 R >> >> >>"
        )
        for content in contents
    ]
    objects.add(f"<< /Type /Pages /Count {len(kids)} /Kids [{' '.join(f'{kid} 0 R' for kid in kids)}] >>")
    catalogue = objects.add(f"<< /Type /Catalog /Pages {tree} 0 R /Lang (zh-CN) >>")
    name = title.encode("utf-16-be").hex().upper()
    heading = objects.add(f"<< /Title <FEFF{name}> /Producer (Danghai samples) >>")
    path.write_bytes(_assemble(objects.bodies, catalogue, heading))


def _embed_face(objects: _Objects, used: list[str]) -> tuple[int, dict[str, int]]:
    """(the font's object, CID of each sign)."""
    cff, ids, widths = _subset("".join(used))
    name = "/SAMPLE+NotoSerifCJKsc"
    program = objects.stream(cff, "/Subtype /CIDFontType0C ")
    descriptor = objects.add(
        f"<< /Type /FontDescriptor /FontName {name} /Flags 6 /ItalicAngle 0 /Ascent 880 /Descent -120 "
        f"/CapHeight 733 /StemV 80 /FontBBox [-1000 -1000 2000 2000] /FontFile3 {program} 0 R >>"
    )
    advance = " ".join(f"{ids[sign]} [{widths[sign]}]" for sign in used)
    descendant = objects.add(
        f"<< /Type /Font /Subtype /CIDFontType0 /BaseFont {name} /CIDSystemInfo << /Registry (Adobe) "
        f"/Ordering (Identity) /Supplement 0 >> /DW 1000 /W [{advance}] /FontDescriptor {descriptor} 0 R >>"
    )
    to_unicode = objects.stream(_to_unicode(ids))
    face = objects.add(
        f"<< /Type /Font /Subtype /Type0 /BaseFont {name} /Encoding /Identity-H "
        f"/DescendantFonts [{descendant} 0 R] /ToUnicode {to_unicode} 0 R >>"
    )
    return face, ids


def _assemble(objects: list[bytes], catalogue: int, heading: int) -> bytes:
    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root %d 0 R /Info %d 0 R >>\n" % (len(objects) + 1, catalogue, heading)
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)


def _page_stream(page: list[SetLine], ids: dict[str, int]) -> bytes:
    out = ["BT"]
    for line in page:
        shown = "".join(f"{ids[sign]:04X}" for sign in line.text)
        x, y = line.x * POINT, (A4[1] - line.baseline) * POINT
        out.append(f"/F1 {line.size * POINT:.2f} Tf 1 0 0 1 {x:.2f} {y:.2f} Tm <{shown}> Tj")
    return "\n".join([*out, "ET"]).encode()


def _to_unicode(ids: dict[str, int]) -> bytes:
    pairs = [f"<{number:04X}> <{sign.encode('utf-16-be').hex().upper()}>" for sign, number in ids.items()]
    blocks_of = [pairs[at : at + 100] for at in range(0, len(pairs), 100)]
    maps = "\n".join(f"{len(part)} beginbfchar\n" + "\n".join(part) + "\nendbfchar" for part in blocks_of)
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CMapType 2 def\n"
        "/CMapName /SampleToUnicode def\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        f"1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n{maps}\n"
        "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend"
    ).encode()


def _subset(signs: str) -> tuple[bytes, dict[str, int], dict[str, int]]:
    """Only the wanted signs of Noto Serif CJK SC: its CFF table, and each sign's CID and width."""
    from fontTools.subset import Options, Subsetter  # type: ignore[import-untyped]
    from fontTools.ttLib import TTCollection  # type: ignore[import-untyped]

    collection = TTCollection(font_path(), lazy=True)
    face = next(f for f in collection.fonts if f["name"].getDebugName(1) == "Noto Serif CJK SC")
    options = Options()
    options.layout_features = []
    options.desubroutinize = True
    options.drop_tables += ["GSUB", "GPOS", "BASE", "VORG", "vhea", "vmtx"]
    subsetter = Subsetter(options)
    subsetter.populate(text=signs)
    subsetter.subset(face)
    names = face.getBestCmap()
    charset = face["CFF "].cff[0].charset
    ids = {sign: _cid(names[ord(sign)], charset) for sign in signs}
    widths = {sign: face["hmtx"][names[ord(sign)]][0] for sign in signs}
    return face.getTableData("CFF "), ids, widths


def _cid(name: str, charset: list[str]) -> int:
    """CID-keyed glyphs are named cid00001; the number is the CID."""
    return int(name.removeprefix("cid")) if name.startswith("cid") else charset.index(name)


def write_ofd(pages: Sequence[list[SetLine]], title: str, path: Path) -> None:
    """A minimal OFD: OFD.xml, Document.xml, public resources with one font, and a page of TextObjects each."""
    space = 'xmlns:ofd="http://www.ofdspec.org/2016"'
    width, height = A4[0] * MILLIMETRE, A4[1] * MILLIMETRE
    parts = {
        "OFD.xml": f'<ofd:OFD {space} Version="1.0" DocType="OFD"><ofd:DocBody><ofd:DocInfo>'
        f"<ofd:DocID>990001000000000000000000000000aa</ofd:DocID><ofd:Title>{escape(title)}</ofd:Title>"
        "<ofd:Creator>Danghai samples</ofd:Creator><ofd:CreationDate>2022-12-31</ofd:CreationDate></ofd:DocInfo>"
        "<ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>",
        "Doc_0/PublicRes.xml": f'<ofd:Res {space} BaseLoc="Res"><ofd:Fonts>'
        '<ofd:Font ID="2" FontName="宋体" FamilyName="宋体"/></ofd:Fonts></ofd:Res>',
        "Doc_0/Document.xml": f"<ofd:Document {space}><ofd:CommonData><ofd:MaxUnitID>{2000 + len(pages)}"
        f"</ofd:MaxUnitID><ofd:PageArea><ofd:PhysicalBox>0 0 {width:.2f} {height:.2f}</ofd:PhysicalBox>"
        "</ofd:PageArea><ofd:PublicRes>PublicRes.xml</ofd:PublicRes></ofd:CommonData><ofd:Pages>"
        + "".join(
            f'<ofd:Page ID="{10 + number}" BaseLoc="Pages/Page_{number}/Content.xml"/>'
            for number in range(len(pages))
        )
        + "</ofd:Pages></ofd:Document>",
    }
    for number, page in enumerate(pages):
        objects = "".join(_text_object(line, 100 + 400 * number + index) for index, line in enumerate(page))
        parts[f"Doc_0/Pages/Page_{number}/Content.xml"] = (
            f"<ofd:Page {space}><ofd:Area><ofd:PhysicalBox>0 0 {width:.2f} {height:.2f}</ofd:PhysicalBox></ofd:Area>"
            f'<ofd:Content><ofd:Layer ID="{20 + number}" Type="Body">{objects}</ofd:Layer></ofd:Content></ofd:Page>'
        )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        for name, body in parts.items():
            package.writestr(name, '<?xml version="1.0" encoding="UTF-8"?>\n' + body)
    path.write_bytes(freeze_zip(out.getvalue()))


def _text_object(line: SetLine, number: int) -> str:
    size = line.size * MILLIMETRE
    face = font(line.size)
    steps = " ".join(f"{face.getlength(sign) * MILLIMETRE:.3f}" for sign in line.text[:-1])
    x, top = line.x * MILLIMETRE, line.baseline * MILLIMETRE - size
    length = face.getlength(line.text) * MILLIMETRE
    return (
        f'<ofd:TextObject ID="{number}" Boundary="{x:.2f} {top:.2f} {length:.2f} {size * 1.3:.2f}" Font="2" '
        f'Size="{size:.3f}"><ofd:TextCode X="0" Y="{size:.3f}"'
        + (f' DeltaX="{steps}"' if steps else "")
        + f">{escape(line.text)}</ofd:TextCode></ofd:TextObject>"
    )

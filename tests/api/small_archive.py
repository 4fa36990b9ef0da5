"""A small archive for the API's tests: two fonds, their series and volumes, files of every opening state.

Everything is a function of its number, so a test can count by itself what an answer should say.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field

from PIL import Image, ImageDraw

from holdings.access import OPEN, PUBLISHED, READING_ROOM_ONLY
from holdings.catalogue import Incoming, IncomingAttachment, IncomingPage
from holdings.records import DateSpan, Line, PageText, Record
from holdings.store import FileStore

ARCHIVE_CODE = "990001"
THEMES = (
    ("渔民登记", "查本縣漁民登記事宜，業經各鄉保甲造冊呈報，漁船均須領取旗照。"),
    ("灯塔修建", "燈塔遭颱風損壞，擬撥款修理燈器，並添購煤油若干桶。"),
    ("盐场产量", "鹽民曬鹽產量逐月統計，灘塗面積另行丈量。"),
    ("学校招生", "小學秋季招生，教員薪水由縣款支給，課桌不敷應用。"),
    ("护渔办法", "護漁辦法草案計十二條，武裝漁船編隊出海。"),
    ("台风救灾", "颱風過境，房屋倒塌，賑濟米糧已運抵各島。"),
)
PLACES = ("沈家门", "定海", "岱山", "普陀山")
GENRES = ("公函", "通知", "报告")
#: 开放标识 and 公开属性 by number: half are open to all, the rest for the reading room or for staff.
STATES = (
    (OPEN, PUBLISHED), (OPEN, PUBLISHED), (OPEN, READING_ROOM_ONLY),
    (OPEN, PUBLISHED), ("控制", ""), ("未审核", ""),
)  # fmt: skip
FILES = 54


def of(code: str) -> str:
    return f"{ARCHIVE_CODE}:{code}"


@dataclass
class Box:
    """Records and the files that belong to them, ready for a catalogue."""

    store: FileStore
    incoming: list[Incoming] = field(default_factory=list)

    def add(
        self, record: Record, *pages: IncomingPage, attachments: tuple[IncomingAttachment, ...] = ()
    ) -> None:
        self.incoming.append(Incoming(record, pages or None, attachments or None))


def node(code: str, level: str, title: str, parent: str | None, *, open_: bool = True) -> Record:
    fonds, _, rest = code.partition("-")
    return Record(
        id=of(code),
        reference_code=code,
        title=title,
        level=level,  # type: ignore[arg-type]
        parent=of(parent) if parent else None,
        archive_code=ARCHIVE_CODE,
        fonds_code=fonds,
        series=rest.partition("-")[0],
        access_status=OPEN if open_ else "未审核",
        publicity=PUBLISHED if open_ else "",
        agency_history=f"{title}沿革" if level == "fonds" else "",
    )


def file_code(number: int) -> str:
    fonds = "J045" if number % 3 else "J001"
    return f"{fonds}-1-{1 + number % 2}-{number + 1}"


def file_record(number: int, **changes: object) -> Record:
    """File number n. The second volume of J045 is closed itself; its files have their own decisions."""
    theme, _ = THEMES[number % len(THEMES)]
    place = PLACES[number % len(PLACES)]
    year = 1930 + number % 30
    status, publicity = STATES[(number + number // len(STATES)) % len(STATES)]
    code = file_code(number)
    date = DateSpan() if number % 11 == 10 else DateSpan(f"{year}年", f"{year}-01-01", f"{year}-12-31")
    values: dict[str, object] = {
        "id": of(code),
        "reference_code": code,
        "title": f"关于{place}{theme}的{GENRES[number % 3]}（{number + 1}）",
        "parent": of(code.rsplit("-", 1)[0]),
        "archive_code": ARCHIVE_CODE,
        "fonds_code": code.split("-")[0],
        "series": "1",
        "creators": ("定海县政府",) if number % 2 else ("浙江省渔业局", "定海县政府"),
        "date": date,
        "document_number": f"定政〔{year}〕{number + 1}号",
        "genre": GENRES[number % 3],
        "access_status": status,
        "publicity": publicity,
        "abstract": f"{place}一带{theme}情形",
        "persons": ("张阿毛",) if number % 4 == 0 else (),
        "places": (place,),
        "keywords": (theme[:2],),
        "storage": "东库三排",
        "extra": {"证号": f"Z{number:04d}"},
        "notes": "附注",
    }
    return Record(**(values | changes))  # type: ignore[arg-type]


def text_page(number: int, page: int, store: FileStore) -> IncomingPage:
    """A page with an image, its lines in boxes one under the other."""
    _, said = THEMES[number % len(THEMES)]
    shown = (
        f"{PLACES[number % len(PLACES)]}第{page}頁",
        *(said[i : i + 12] for i in range(0, len(said), 12)),
    )
    lines = tuple(Line(text, (100, 100 + 60 * n, 40 * len(text), 40), 0.98) for n, text in enumerate(shown))
    sha = store.put(picture(f"{number}-{page}"))
    text = PageText(lines, "ocr:test@1")
    return IncomingPage(page, sha, "scan", 0, "image/jpeg", f"{page:04d}.jpg", 620, 800, text)


def picture(seed: str, size: tuple[int, int] = (620, 800), form: str = "JPEG", **more: object) -> bytes:
    """A page that no other seed gives: white with a black bar at the upper left and its seed in dots."""
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, size[0] // 4, size[1] // 20), fill="black")
    for place, letter in enumerate(seed.encode()):
        draw.rectangle((20 + 9 * place, 300, 26 + 9 * place, 300 + letter), fill="black")
    out = io.BytesIO()
    image.save(out, form, **more)
    return out.getvalue()


def small_archive(store: FileStore) -> Box:
    box = Box(store)
    for fonds, title in (("J001", "舟山要塞司令部"), ("J045", "定海县人民政府")):
        box.add(node(fonds, "fonds", title, None))
        box.add(node(f"{fonds}-1", "series", f"{title}秘书室", fonds))
        for volume in (1, 2):
            closed = (fonds, volume) == ("J045", 2)
            box.add(
                node(f"{fonds}-1-{volume}", "volume", f"{title}第{volume}卷", f"{fonds}-1", open_=not closed)
            )
    for number in range(FILES):
        pages = [text_page(number, 1 + p, store) for p in range(1 + number % 2)]
        attachments = ()
        if number == 3:
            sha = store.put("录音文字稿".encode())
            attachments = (IncomingAttachment("口述 录音.txt", sha, "text/plain", 15, "口述史料录音文字稿"),)
        box.add(file_record(number), *pages, attachments=attachments)
    return box

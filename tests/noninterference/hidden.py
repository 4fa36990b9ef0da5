"""What is hidden: sets of records as hypothesis chooses them, each with a way in which it came to be hidden."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from hypothesis import strategies as st

from holdings.access import BUILT_IN, OPEN, PUBLISHED, Marks, visible_to
from holdings.catalogue import Incoming, IncomingAttachment, IncomingPage
from holdings.records import DateSpan, Line, PageText, Record
from holdings.store import FileStore
from tests.api.small_archive import file_record, node, of, picture, small_archive

#: Said by hidden records alone; joined with words that hypothesis makes up from RARE_LETTERS.
RARE = ("鲸骨", "秘事", "海匪洪三", "黑水洋", "张阿毛")
RARE_LETTERS = "渊礁蜃鲸鹭艨艟"
#: What keeps a record from readers and the public both, one way each.
CLOSED = (
    {"access_status": "控制", "publicity": ""},
    {"access_status": "延期开放", "publicity": "公开"},
    {"access_status": "未审核", "publicity": ""},
    {"access_status": OPEN, "publicity": "不公开"},
    {"access_status": OPEN, "publicity": PUBLISHED, "classification": "内部"},
)
#: parent → how the codes in it begin. Among open siblings, as continuations of an open one's code, in a
#: closed volume, in volumes and fonds that are hidden themselves, one of which begins another one's code.
PLACES = {
    "J001-1-2": "J001-1-2-50",
    "J045-1-1": "J045-1-1-3-",
    "J045-1-2": "J045-1-2-",
    "J001-1-9": "J001-1-9-",
    "M999-1-1": "M999-1-1-",
    "J04-1-1": "J04-1-1-",
}
#: Hidden nodes, made where a record lies in them: code → title.
NODES = {
    "J001-1-9": "秘档案卷鲸骨",
    "M999": "秘档全宗鲸骨",
    "M999-1": "秘档目录",
    "M999-1-1": "秘档案卷黑水洋",
    "J04": "海匪洪三全宗",
    "J04-1": "海匪洪三目录",
    "J04-1-1": "海匪洪三案卷",
}
_LEVELS = ("fonds", "series", "volume")


@dataclass(frozen=True)
class Hidden:
    """One choice; `copies` records that differ in nothing but their code.

    shares: its page is, byte for byte, that of an open record.  by_hand: withdrawn through its opening
    state where that is possible, else by a new description.
    """

    place: str
    closed: int
    said: str
    familiar: bool
    pages: int
    attached: bool
    dated: bool
    shares: bool
    by_hand: bool
    copies: int


def hidden_sets(*, most: int, copies: int) -> st.SearchStrategy[tuple[Hidden, ...]]:
    """Sets of up to `most` choices of up to `copies` records."""
    made_up = st.text(alphabet=RARE_LETTERS, min_size=2, max_size=5)
    one = st.builds(
        Hidden,
        place=st.sampled_from(sorted(PLACES)),
        closed=st.integers(0, len(CLOSED) - 1),
        said=st.one_of(st.sampled_from(RARE), made_up),
        familiar=st.booleans(),
        pages=st.integers(0, 2),
        attached=st.booleans(),
        dated=st.booleans(),
        shares=st.booleans(),
        by_hand=st.booleans(),
        copies=st.sampled_from((1, 1, copies)),
    )
    return st.lists(one, min_size=2, max_size=most).map(tuple)


@dataclass(frozen=True)
class Held:
    """One hidden record as the catalogue takes it in, closed; by_hand: see Hidden."""

    incoming: Incoming
    by_hand: bool

    @property
    def record(self) -> Record:
        return self.incoming.record

    def opened(self) -> Incoming:
        marks = {"access_status": OPEN, "publicity": PUBLISHED, "classification": ""}
        return replace(self.incoming, record=replace(self.record, **marks))


def held(chosen: Sequence[Hidden], store: FileStore) -> list[Held]:
    """The records of a set, parents first."""
    places = [choice.place for choice in chosen]
    wanted = [code for code in NODES if any(p == code or p.startswith(f"{code}-") for p in places)]
    nodes = [Held(Incoming(_node(code)), False) for code in wanted]
    return [*nodes, *(h for n, choice in enumerate(chosen) for h in _files(n, choice, store))]


def _node(code: str) -> Record:
    parent = code.rpartition("-")[0] or None
    return node(code, _LEVELS[min(code.count("-"), 2)], NODES[code], parent, open_=False)


def _files(number: int, choice: Hidden, store: FileStore) -> Iterator[Held]:
    for copy in range(choice.copies):
        code = f"{PLACES[choice.place]}{100 * (number + 1) + copy}"
        record = file_record(
            number,
            id=of(code),
            reference_code=code,
            parent=of(choice.place),
            fonds_code=code.split("-", maxsplit=1)[0],
            title=f"{choice.said}渔民登记" if choice.familiar else f"{choice.said}纪要",
            persons=("海匪洪三", "张阿毛"),
            places=("黑水洋", "沈家门"),
            keywords=(choice.said,),
            genre="密函",
            creators=("海匪洪三",),
            date=DateSpan("1799年", "1799-01-01", "1799-12-31") if choice.dated else DateSpan(),
            abstract=f"{choice.said}情形" + "渔民登记" * choice.familiar,
            **CLOSED[choice.closed],
        )
        pages = [_page(p + 1, choice, store) for p in range(choice.pages)]
        files = [_attachment(choice, store)] if choice.attached else []
        yield Held(Incoming(record, pages or None, files or None), choice.by_hand)


def _page(number: int, choice: Hidden, store: FileStore) -> IncomingPage:
    text = PageText((Line(f"{choice.said}第{number}頁", (100, 100, 400, 40), 0.98),), "ocr:test@1")
    sha = store.put(picture("1-1" if choice.shares else f"{choice.place}{number}"))
    return IncomingPage(number, sha, "scan", 0, "image/jpeg", f"{number:04d}.jpg", 620, 800, text)


def _attachment(choice: Hidden, store: FileStore) -> IncomingAttachment:
    said = f"{choice.said}附件"
    sha = store.put(said.encode())
    return IncomingAttachment(f"{choice.said}.txt", sha, "text/plain", len(said.encode()), said)


# ── what all systems hold ──────────────────────────────────────────────────────

#: Closed nodes with open files in them: their code shows, and nothing else. What it must not tell differs.
_CLOSED_NODES = (("K010", "fonds"), ("K010-1", "series"))
_OPEN_IN_CLOSED = "K010-1-1"


def base(store: FileStore, audience: str | None = None) -> list[Incoming]:
    """The records that are not chosen. For an audience: only those it may see, and in place of the closed
    nodes that its records lie in, nodes of the same code that say something else."""
    box = small_archive(store)
    for code, level in _CLOSED_NODES:
        box.add(node(code, level, f"秘档{code}鲸骨", code.rpartition("-")[0] or None, open_=False))
    box.add(
        file_record(
            1,
            id=of(_OPEN_IN_CLOSED),
            reference_code=_OPEN_IN_CLOSED,
            parent=of("K010-1"),
            fonds_code="K010",
        )
    )
    if audience is None:
        return box.incoming
    seen = [i for i in box.incoming if i.record.level != "file" or sees(audience, i.record)]
    return [i if sees(audience, i.record) else replace(i, record=_otherwise(i.record)) for i in seen]


def _otherwise(record: Record) -> Record:
    return replace(record, title="别的题名", agency_history="", abstract="别的摘要", notes="")


def sees(audience: str, record: Record) -> bool:
    return audience in visible_to(Marks.of(record, quarantined=False), BUILT_IN, date.today())

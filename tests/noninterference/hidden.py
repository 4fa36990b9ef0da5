"""What is hidden: sets of records as hypothesis chooses them, each with a way in which it came to be hidden.

The words of the last of them stand, too, beneath the redaction of a record that is not hidden (base.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from hypothesis import strategies as st

from holdings.access import OPEN, PUBLISHED
from holdings.catalogue import Incoming, IncomingAttachment, IncomingPage
from holdings.records import DateSpan, Line, PageText, Record
from holdings.store import FileStore
from tests.api.small_archive import file_record, node, of, picture

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
OPENED = {"access_status": OPEN, "publicity": PUBLISHED, "classification": ""}
#: parent → how the codes in it begin. Among open siblings, as continuations of an open one's code, in a
#: closed volume, in volumes and fonds that are hidden themselves, one of which begins another one's code.
PLACES = {
    "J045-1-1": "J045-1-1-3-",
    "M999-1-1": "M999-1-1-",
    "J045-1-2": "J045-1-2-",
    "J001-1-2": "J001-1-2-50",
    "J04-1-1": "J04-1-1-",
    "J001-1-9": "J001-1-9-",
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
#: A secrecy mark where one stands (GB/T 9704-2012 7.2.2).
MARK = Line("机密★长期", (60, 40, 200, 40), 0.97)
#: Whose pages are shared: an open record's, and one's that is under review.
SHARED = ("1-1", "4-1")
_LEVELS = ("fonds", "series", "volume")


@dataclass(frozen=True)
class Hidden:
    """One choice; `copies` records that differ in nothing but their code.

    shares: its pages are, byte for byte, those of other records.  by_hand: its state was decided here, and it
    is withdrawn through it where that is possible, else by a new description.  marked: a secrecy mark stands
    on its first page, and it is withdrawn when that is read; by_hand: but for the mark it is open to all.
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
    marked: bool = False


def hidden_sets(*, most: int, copies: int, marked: bool = False) -> st.SearchStrategy[tuple[Hidden, ...]]:
    """Sets of up to `most` choices of up to `copies` records; marked: each bears a secrecy mark.

    What hypothesis takes for simplest, and tries first, has something of every kind.
    """
    made_up = st.text(alphabet=RARE_LETTERS, min_size=2, max_size=5)
    yes_or_no = st.sampled_from((True, False))
    one = st.builds(
        Hidden,
        place=st.just(""),
        closed=st.integers(0, len(CLOSED) - 1),
        said=st.one_of(st.sampled_from(RARE), made_up),
        familiar=yes_or_no,
        pages=st.sampled_from((2, 1, 0)),
        attached=yes_or_no,
        dated=yes_or_no,
        shares=yes_or_no,
        by_hand=yes_or_no,
        copies=st.sampled_from((1, 1, copies)),
        marked=yes_or_no,
    )
    places = st.permutations(list(PLACES))
    sets = st.tuples(places, st.lists(one, min_size=3, max_size=most))
    return sets.map(lambda drawn: tuple(_nth(n, *drawn, marked) for n in range(len(drawn[1]))))


def _nth(number: int, places: Sequence[str], choices: Sequence[Hidden], marked: bool) -> Hidden:
    """No two of the simplest choices are alike either."""
    choice = choices[number]
    return replace(
        choice,
        place=places[number % len(places)],
        closed=(choice.closed + number) % len(CLOSED),
        by_hand=choice.by_hand != (number % 2 == 1),
        marked=marked or choice.marked == (number % 3 == 1),
    )


@dataclass(frozen=True)
class Held:
    """One hidden record as the catalogue takes it in, hidden from the beginning.

    by_hand: see Hidden.  marked: what hides it is a secrecy mark, on its own first page or, where it has
    none, on what it lies in.
    """

    incoming: Incoming
    by_hand: bool
    marked: bool = False

    @property
    def record(self) -> Record:
        return self.incoming.record

    def opened(self) -> Incoming:
        """The same, open to all: without what hides it."""
        pages = self.incoming.pages and [replace(p, text=_unmarked(p.text)) for p in self.incoming.pages]
        return replace(self.incoming, record=replace(self.record, **OPENED), pages=pages)


def held(chosen: Sequence[Hidden], store: FileStore) -> list[Held]:
    """The records of a set, parents first. Nodes that are hidden with them are closed; where all of the set
    bears marks, the topmost do too, and what lies in them is held with them."""
    places = [choice.place for choice in chosen]
    wanted = [code for code in NODES if any(p == code or p.startswith(f"{code}-") for p in places)]
    marked = all(choice.marked for choice in chosen)
    nodes = [_node(code, store, marked=marked) for code in wanted]
    return [*nodes, *(h for n, choice in enumerate(chosen) for h in _files(n, choice, store))]


def _node(code: str, store: FileStore, *, marked: bool) -> Held:
    parent = code.rpartition("-")[0] or None
    record = node(code, _LEVELS[min(code.count("-"), 2)], NODES[code], parent, open_=marked)
    bears = marked and parent not in NODES
    page = _page(1, NODES[code], store.put(picture(f"node {code}")), marked=True)
    return Held(Incoming(record, [page] if bears else None), by_hand=False, marked=marked)


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
            **(OPENED if choice.marked and choice.by_hand else CLOSED[choice.closed]),
        )
        pages = [_scan(p + 1, choice, store) for p in range(max(choice.pages, choice.marked))]
        files = [_attachment(choice, store)] if choice.attached else []
        yield Held(Incoming(record, pages or None, files or None), choice.by_hand, choice.marked)


def _scan(number: int, choice: Hidden, store: FileStore) -> IncomingPage:
    seed = SHARED[number - 1] if choice.shares else f"{choice.place}{number}"
    said = f"{choice.said}第{number}頁"
    return _page(number, said, store.put(picture(seed)), marked=choice.marked and number == 1)


def _page(number: int, said: str, sha256: str, *, marked: bool) -> IncomingPage:
    lines = (Line(said, (100, 200, 400, 40), 0.98),)
    text = PageText((MARK, *lines) if marked else lines, "ocr:test@1")
    return IncomingPage(number, sha256, "scan", 0, "image/jpeg", f"{number:04d}.jpg", 620, 800, text)


def _unmarked(text: PageText | None) -> PageText | None:
    return text and replace(text, lines=tuple(line for line in text.lines if line != MARK))


def _attachment(choice: Hidden, store: FileStore) -> IncomingAttachment:
    said = f"{choice.said}附件"
    sha = store.put(said.encode())
    return IncomingAttachment(f"{choice.said}.txt", sha, "text/plain", len(said.encode()), said)

"""Projects: several people at once, nothing overwritten, all of it on record and undone again."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import event

from holdings.access import STAFF, Caller
from holdings.catalogue import Catalogue, Incoming, IncomingPage
from holdings.catalogue.colleagues import Colleague, named_in
from holdings.catalogue.project_history import Change
from holdings.catalogue.project_parts import NewPart, Part
from holdings.catalogue.projects import Project
from holdings.errors import BadInput, ChangedSince, Conflict, NotAllowed, NotFound
from holdings.records import Line, PageText, Record

CURATOR = frozenset({"curator"})


class Office:
    """A catalogue with records a:0 … a:5, a project of `ann`'s that `ben` may write to; `cyd` was given nothing."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        records = [Record(f"a:{n}", f"J1-{n}", f"灯塔 {n}") for n in range(6)]
        page = IncomingPage(1, "0" * 64, "scan", 0, "image/jpeg", "1.jpg", 1000, 1400)
        catalogue.records.put([Incoming(record, (page,)) for record in records])
        names = (("shi.an", "试安"), ("shi.ben", "试本"), ("shi.ce", "试策"), ("shi.guan", "试管"))
        made = [
            catalogue.accounts.add(
                name, real_name=real, roles=["admin" if name == "shi.guan" else "curator"], by="试"
            )
            for name, real in names
        ]
        self.ann, self.ben, self.cyd, self.boss = (
            Caller(STAFF, frozenset(one.roles), one.real_name, one.caller_id) for one in made
        )
        self.project = catalogue.projects.add("collection", "灯塔", {"about": ""}, self.ann)
        self.id = self.project.id
        catalogue.projects.share(self.id, self.ben.person, True, self.ann)

    def add(self, *record_ids: str, by: Caller | None = None, **more: Any) -> list[Part]:
        new = [
            NewPart("item", {"note": ""}, record_id=record_id, **more) for record_id in record_ids or ("",)
        ]
        return self.catalogue.project_parts.add(self.id, new, by or self.ann)

    def write(self, part: Part, note: str, by: Caller, version: int = 0) -> Part:
        body = {"note": note}
        return self.catalogue.project_parts.change(self.id, part.id, body, version or part.version, by)

    def move(self, part: Part, parent: str, after: str | None, by: Caller, version: int = 0) -> Part:
        return self.catalogue.project_parts.move(self.id, part.id, parent, after, version or part.version, by)

    def remove(self, part: Part, by: Caller) -> None:
        self.catalogue.project_parts.remove(self.id, part.id, part.version, by)

    def tree(self, by: Caller | None = None) -> list[Part]:
        return self.catalogue.project_parts.tree(self.id, by or self.ann)

    def order(self) -> list[str]:
        return [part.id for part in self.tree()]

    def history(self, **more: Any) -> list[Change]:
        return self.catalogue.project_history.listing(self.id, self.ann, **more)

    def undo(self, change: Change, by: Caller | None = None) -> None:
        self.catalogue.project_history.undo(self.id, change.id, by or self.ann)

    def comment(self, text: str, by: Caller, part: str = "") -> Any:
        return self.catalogue.project_comments.add(self.id, part, text, by)

    def hold(self, record_id: str) -> None:
        self.catalogue.pages.correct(record_id, 1, PageText((Line("机密★长期"),), "person:试"))


@pytest.fixture
def office(catalogue: Catalogue) -> Office:
    return Office(catalogue)


# ── who may ────────────────────────────────────────────────────────────────────


def test_a_project_is_its_owners_until_it_is_shared(office: Office) -> None:
    projects = office.catalogue.projects
    key_of_ben = Caller(STAFF, CURATOR, "试本的密钥", "key:9", acts_for=office.ben.id)

    def names(caller: Caller) -> list[str]:
        return [one.name for one in projects.listing(caller)]

    assert names(office.ann) == names(office.ben) == names(key_of_ben) == ["灯塔"]
    assert names(office.cyd) == names(office.boss) == []
    assert [one.right for one in projects.listing(office.boss, everyones=True)] == ["own"]
    assert projects.listing(office.cyd, everyones=True) == []
    with pytest.raises(NotFound) as none:
        projects.get(office.id + 1, office.cyd)
    with pytest.raises(NotFound) as not_shared:
        office.tree(office.cyd)
    assert str(none.value) == str(not_shared.value)

    assert projects.share(office.id, "role:curator", False, office.ann).shared == {
        "role:curator": False,
        office.ben.id: True,
    }
    assert (projects.get(office.id, office.cyd).right, projects.get(office.id, office.ben).right) == (
        "read",
        "write",
    )
    with pytest.raises(NotAllowed, match="只读"):
        office.add(by=office.cyd)
    for refused in (
        lambda: projects.share(office.id, office.cyd.id, True, office.ben),
        lambda: projects.remove(office.id, 1, office.ben),
    ):
        with pytest.raises(NotAllowed, match="主人"):
            refused()
    for nobody in ("role:security_officer", "account:99", office.ann.id):
        with pytest.raises(BadInput):
            projects.share(office.id, nobody, False, office.ann)
    projects.share(office.id, "role:curator", None, office.ann)
    assert names(office.cyd) == []


# ── nothing overwritten ────────────────────────────────────────────────────────


def test_who_comes_second_is_told_what_stands_and_overwrites_nothing(office: Office) -> None:
    part = office.add("a:0")[0]
    office.write(part, "试本写的", office.ben)
    with pytest.raises(ChangedSince, match="试本") as told:
        office.write(part, "试安写的", office.ann)
    now = told.value.now
    assert (now["body"], now["version"], now["changed_by"]) == ({"note": "试本写的"}, 2, "试本")
    office.write(part, "两人的", office.ann, version=now["version"])
    notes = [change.after["body"]["note"] for change in office.history(part=part.id)]
    assert notes == ["两人的", "试本写的", ""]


def test_a_move_does_not_void_what_somebody_is_writing(office: Office) -> None:
    first, second = office.add("a:0", "a:1")
    office.move(first, "", second.id, office.ben)
    written = office.write(first, "一边写着", office.ann)
    assert written.version == 3
    assert office.order() == [second.id, first.id]
    moved_again = office.move(second, "", first.id, office.ben, version=1)
    assert moved_again.version == 2
    with pytest.raises(ChangedSince):  # two who move the same thing
        office.move(second, "", None, office.ann, version=1)
    with pytest.raises(ChangedSince):  # what somebody wrote meanwhile is not thrown away unseen
        office.remove(first, office.ben)
    with pytest.raises(ChangedSince, match="版本"):
        office.write(first, "未来", office.ann, version=9)


def test_people_who_write_at_the_same_moment_lose_nothing(office: Office) -> None:
    """Eight write to one part at once with the version all of them saw: one is taken, seven are told; eight who
    each add ten things leave eighty, in an order without ties."""
    part, many = office.add("a:0")[0], 8
    together = Barrier(many)

    def at_once(do: Callable[[int], Any]) -> list[Any]:
        def one(n: int) -> Any:
            together.wait()
            try:
                return do(n)
            except ChangedSince as error:
                return error

        with ThreadPoolExecutor(many) as pool:
            return list(pool.map(one, range(many)))

    written = at_once(lambda n: office.write(part, f"第 {n} 人", (office.ann, office.ben)[n % 2], version=1))
    taken = [one for one in written if isinstance(one, Part)]
    refused = [one for one in written if isinstance(one, ChangedSince)]
    assert (len(taken), len(refused)) == (1, many - 1)
    assert all(error.now["body"] == taken[0].body for error in refused)
    assert [change.what for change in office.history(part=part.id)] == ["changed", "added"]

    at_once(lambda n: [office.add(by=office.ben, after="") for _ in range(10)])
    assert len(set(office.order())) == 1 + many * 10
    anchor = office.tree()[40]
    moved = office.move(part, "", anchor.id, office.ann, version=2)
    assert office.order().index(moved.id) == office.order().index(anchor.id) + 1


# ── order ──────────────────────────────────────────────────────────────────────


def test_parts_lie_where_they_are_put(office: Office) -> None:
    add = office.catalogue.project_parts.add
    add(
        office.id,
        [
            NewPart("section", {}, id="s1"),
            NewPart("section", {}, id="s2"),
            NewPart("object", {}, parent="s1", id="o1"),
            NewPart("object", {}, parent="s1", id="o2"),
            NewPart("object", {}, parent="s1", id="o0", after=""),
            NewPart("section", {}, id="s0", after="s1"),
        ],
        office.ann,
    )
    assert office.order() == ["s1", "o0", "o1", "o2", "s0", "s2"]
    parts = {part.id: part for part in office.tree()}
    office.move(parts["o1"], "s2", None, office.ann)
    office.move(parts["s2"], "", "", office.ben)
    assert office.order() == ["s2", "o1", "s1", "o0", "o2", "s0"]
    for wrong, parent, after in (("s1", "s1", None), ("s1", "", "o0"), ("s1", "", "none")):
        with pytest.raises(BadInput):
            office.move(parts[wrong], parent, after, office.ann)
    add(office.id, [NewPart("section", {}, parent="s1", id="deep")], office.ann)
    with pytest.raises(BadInput, match="自己"):
        office.move(parts["s1"], "deep", None, office.ann)
    with pytest.raises(NotFound):
        add(office.id, [NewPart("object", {}, parent="nowhere")], office.ann)
    with pytest.raises(Conflict, match="s1"):
        add(office.id, [NewPart("section", {}, id="fresh"), NewPart("section", {}, id="s1")], office.ann)
    assert "fresh" not in office.order(), "all or none"
    with pytest.raises(NotFound, match="a:77"):
        office.add("a:1", "a:77")


# ── history and undo ───────────────────────────────────────────────────────────


def test_every_step_is_undone_back_to_the_beginning_and_done_again(office: Office) -> None:
    first, second = office.add("a:0", "a:1")
    office.write(first, "一", office.ben)
    office.write(first, "二", office.ann, version=2)
    office.move(first, "", second.id, office.ann, version=3)
    office.remove(second, office.ben)
    assert office.order() == [first.id]
    steps = [change for change in office.history() if change.part]
    for change in steps[:4]:  # removed, moved, changed, changed: the latest first
        office.undo(change)
    assert office.order() == [first.id, second.id]
    assert office.tree()[0].body == {"note": ""}
    undone = [change for change in office.history() if change.what == "undone"]
    assert len(undone) == 4
    office.undo(undone[0])  # the note "一" again
    assert office.tree()[0].body == {"note": "一"}
    everything = office.history(most=500)
    assert everything == office.history(most=4) + office.history(before=office.history(most=4)[-1].id)


def test_what_others_did_since_is_not_undone_unseen(office: Office) -> None:
    part = office.add("a:0")[0]
    office.write(part, "试安的", office.ann)
    office.write(part, "试本的", office.ben, version=2)
    mine = office.history(part=part.id)[1]
    with pytest.raises(ChangedSince) as told:
        office.undo(mine)
    assert told.value.now["body"] == {"note": "试本的"}
    with pytest.raises(ChangedSince):  # nor by undoing that it was added
        office.undo(office.history(part=part.id)[-1])
    assert office.tree()[0].body == {"note": "试本的"}


def test_a_place_that_was_taken_meanwhile_stays_taken(office: Office) -> None:
    a, b, c = office.add("a:0", "a:1", "a:2")
    office.move(b, "", c.id, office.ann)
    new = office.add("a:3", after=a.id)[0]  # may get the very key that b had
    office.undo(office.history(part=b.id)[0])
    assert office.order()[0] == a.id
    assert {*office.order()[1:3]} == {b.id, new.id}
    last = office.add("a:4", after=office.order()[1])[0]
    assert office.order()[2] == last.id


def test_what_lies_in_a_removed_part_is_gone_with_it_and_comes_back(office: Office) -> None:
    box = office.add()[0]
    inner = office.add("a:0", parent=box.id)[0]
    office.remove(box, office.ann)
    assert office.tree() == []
    with pytest.raises(Conflict, match="试安"):
        office.write(inner, "写在移去的里面", office.ben)
    with pytest.raises(Conflict):
        office.add("a:1", parent=box.id)
    with pytest.raises(ChangedSince, match="移去"):
        office.write(box, "移去了", office.ben)
    office.undo(office.history(part=box.id)[0])
    assert office.order() == [box.id, inner.id]


def test_a_project_taken_away_comes_back_whole(office: Office) -> None:
    projects, part = office.catalogue.projects, office.add("a:0")[0]
    renamed = projects.change(office.id, office.project.version, office.ben, name="灯塔与守塔人")
    assert renamed.parts == 1
    with pytest.raises(ChangedSince, match="试本") as told:
        projects.change(office.id, office.project.version, office.ann, name="另一名")
    assert told.value.now["name"] == "灯塔与守塔人"
    staged = projects.change(office.id, renamed.version, office.ann, stage="first")
    with pytest.raises(BadInput, match="阶段"):
        office.undo(office.history(part="")[0])
    projects.remove(office.id, staged.version, office.ann)
    assert projects.listing(office.ann) == []
    gone: list[Project] = projects.listing(office.ann, gone=True)
    assert [one.id for one in gone] == [office.id]
    with pytest.raises(Conflict, match="恢复"):
        office.write(part, "x", office.ben)
    removal = office.history(part="")[0]
    with pytest.raises(NotAllowed):
        office.undo(removal, office.ben)
    office.undo(removal)
    assert office.order() == [part.id]
    assert [(one.name, one.stage) for one in projects.listing(office.ben)] == [("灯塔与守塔人", "first")]


# ── comments ───────────────────────────────────────────────────────────────────


def test_a_mention_reaches_the_person_until_it_is_dealt_with(office: Office) -> None:
    comments, part = office.catalogue.project_comments, office.add("a:0")[0]
    made = office.comment("@shi.ben请核日期，@试安 也看", office.ann, part.id)
    assert set(made.mentions) == {office.ben.id, office.ann.id}
    assert [(c.id, name) for c, name in comments.mentions(office.ben)] == [(made.id, "灯塔")]
    with pytest.raises(BadInput, match="试策"):
        office.comment("@试策 看不到", office.ann)
    office.comment("@试管 管理员总看得到", office.ann)
    assert len(comments.listing(office.id, office.ben)) == 2
    assert comments.set_done(office.id, made.id, True, office.ben).done_by == "试本"
    assert comments.mentions(office.ben) == []
    comments.set_done(office.id, made.id, False, office.ann)
    office.catalogue.projects.share(office.id, office.ben.id, None, office.ann)
    assert comments.mentions(office.ben) == [], "no longer shared"
    with pytest.raises(NotFound):
        comments.listing(office.id, office.ben)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("@li 看", ["li"]),
        ("@li.ping。请看", ["li.ping"]),
        ("@LI.PING.", ["li.ping"]),
        ("@lily，@li.pings", []),
        ("@李平安来，@李平去", ["李平安", "李平"]),
        ("li@li.cn", []),
        ("无人", []),
    ],
)
def test_the_longest_name_is_meant(text: str, meant: list[str]) -> None:
    people = [Colleague(name, name, name, CURATOR) for name in ("li", "li.ping", "李平", "李平安")]
    assert [one.id for one in named_in(text, people)] == meant


# ── records that are withdrawn ─────────────────────────────────────────────────


def test_nothing_is_shown_of_a_part_whose_record_is_held(office: Office) -> None:
    part, other = office.add("a:0", "a:1")
    inner = office.add("", parent=part.id)[0]
    office.write(part, "抄了一句", office.ann)
    office.write(inner, "也抄了一句", office.ann)
    office.comment("抄的对不对", office.ben, part.id)
    office.hold("a:0")
    shown = {one.id: one for one in office.tree()}
    assert [shown[i].held for i in (part.id, inner.id, other.id)] == [True, True, False]
    assert "抄" not in str(office.tree()) + str(office.history())
    assert shown[part.id].record_id == ""
    assert office.catalogue.project_comments.listing(office.id, office.ben) == []
    for refused in (
        lambda: office.write(part, "再抄", office.ann, version=2),
        lambda: office.write(inner, "再抄", office.ann, version=2),
        lambda: office.undo(office.history(part=part.id)[0]),
        lambda: office.comment("还在吗", office.ann, part.id),
    ):
        with pytest.raises(Conflict) as told:
            refused()
        assert "抄" not in str(vars(told.value))
    with pytest.raises(NotFound):
        office.add("a:0")
    office.remove(part, office.ann)
    assert office.order() == [other.id]


def test_a_removed_record_leaves_nothing_in_projects(office: Office) -> None:
    part, other = office.add("a:0", "a:1")
    inner = office.add("", parent=part.id)[0]
    office.write(part, "抄了一句", office.ann)
    office.comment("@试本 抄的对不对", office.ann, inner.id)
    office.catalogue.removal.delete("a:0")
    assert office.order() == [other.id]
    assert {change.part for change in office.history()} == {"", other.id}
    assert office.catalogue.project_comments.listing(office.id, office.ann) == []
    assert office.catalogue.project_comments.mentions(office.ben) == []


def test_parts_that_come_together_stand_in_their_order_and_are_looked_up_once(office: Office) -> None:
    """The place of each is not asked for anew: a transaction that adds many is as short as one that adds few."""

    def added(count: int) -> int:
        """Statements of the transaction."""
        statements: list[str] = []

        def note(*given: Any) -> None:
            statements.append(given[2])

        event.listen(office.catalogue.database.engine, "before_cursor_execute", note)
        try:
            office.add(*[f"a:{n % 6}" for n in range(count)])
        finally:
            event.remove(office.catalogue.database.engine, "before_cursor_execute", note)
        return len(statements)

    assert added(200) - added(20) <= 180 + 2  # its line of history
    new = [
        NewPart("item", {"note": name}, parent, id=name, after=after)
        for name, parent, after in (
            ("b", "", None), ("d", "", None), ("a", "", ""), ("c", "", "b"), ("e", "", None), ("f", "", "e"),
            ("g", "", None), ("b2", "b", None), ("b3", "b", None), ("b1", "b", ""),
        )
    ]  # fmt: skip
    office.catalogue.project_parts.add(office.id, new, office.ann)
    tree = office.catalogue.project_parts.tree(office.id, office.ann)
    named = [part.id for part in tree if len(part.id) < 3]
    assert named == ["a", "b", "b1", "b2", "b3", "c", "d", "e", "f", "g"]


def test_what_is_moved_takes_what_lies_in_it_no_deeper_than_parts_may_lie(office: Office) -> None:
    for name in "ab":
        chain = [NewPart("item", {}, f"{name}{n - 1}" if n else "", id=f"{name}{n}") for n in range(4)]
        office.catalogue.project_parts.add(office.id, chain, office.ann)
    parts = {part.id: part for part in office.catalogue.project_parts.tree(office.id, office.ann)}
    deepest = office.add(parent="a3")[0]  # 5 levels
    with pytest.raises(BadInput, match="层级太深"):
        office.move(parts["b0"], deepest.id, None, office.ann)
    moved = office.move(parts["b0"], "a3", None, office.ann)  # 8
    office.write(parts["b3"], "可改", office.ann)
    office.move(moved, "", None, office.ann)

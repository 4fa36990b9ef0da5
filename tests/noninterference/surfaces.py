"""Every operation of the OpenAPI document, and what to ask of each. Nothing here names a route that exists:
routes are discovered, and their parameters are filled by name.

A new route is covered by itself when its parameters have values below; else `operations` fails and says
which line to add where.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from curation.edition import Exhibit, Picture
from curation.outputs.places import exhibit_path, image_folder, manifest_path, sizes
from holdings.engines.port import FACETS
from holdings.records import Record
from tests.api.small_archive import of

#: Methods that every path is asked with, whether it has them or not.
METHODS = ("get", "head", "post", "put", "patch", "delete", "options")
#: Codes and ids near to others that nobody holds.
UNKNOWN = (of("nonsense"), of("J045-1-1-3-"), of("J0"), "x", of("M998-1-1-1"))


@dataclass(frozen=True)
class World:
    """What the questions are made of. opened: records the caller may see; hidden: those it may not."""

    opened: Sequence[Record]
    hidden: Sequence[Record]

    def ids(self) -> list[str]:
        """Ids of both and of neither, well mixed, so that the first few have each kind."""
        opened, hidden = [r.id for r in self.opened], [r.id for r in reversed(self.hidden)]
        kinds = itertools.zip_longest(hidden, opened[::2], opened[1::2], UNKNOWN)
        mixed = itertools.chain.from_iterable(kinds)
        return [i for i in mixed if i]

    def said(self, name: str) -> list[str]:
        """Values of one described field, the hidden ones' first."""
        values: dict[str, None] = {}
        for record in (*self.hidden, *self.opened):
            value = getattr(record, name)
            values.update(dict.fromkeys([value] if isinstance(value, str) else value))
        return [value for value in values if value]

    def nodes(self) -> list[str]:
        return list(dict.fromkeys(r.parent for r in (*reversed(self.hidden), *self.opened) if r.parent))


Values = Callable[[World], Sequence[Any]]


def _of_exhibition(world: World) -> list[str]:
    """Files of the exhibition's page set: the hidden records' pages, documents and pictures first."""
    made = ["", "iiif/collection.json", "chronology.html"]
    for record_id in world.ids()[:4]:
        picture = Picture(record_id, 1, 620, 800, "")
        shown = Exhibit(record_id, "", "", "", "", "")
        made += [exhibit_path(shown), manifest_path(shown), sizes(picture)[0].path]
        made += [f"{image_folder(picture)}/info.json"]
    return [*made, "assets/site.css", "assets/viewer.js", "no-such.html", "../exhibitions"]


def _questions(world: World) -> list[str]:
    hidden = world.hidden[-1]
    title = hidden.title
    return [title, title[:2], "渔民登记", "", f"“{title[:4]}”", hidden.reference_code, f"{title[:1]}*",
            f"{title[:2]} OR 灯塔", f"题名:{title[:2]}", f"责任者:{hidden.creators[0] if hidden.creators else '无'}",
            "1799年", "沈家门 -定海", "台风那天房屋倒了吗，1949年以前", *world.said("keywords")[:3],
            f"{title[:2]}附件", "渔民 OR", "(", "长" * 1001]  # fmt: skip


def _of(name: str) -> Values:
    return lambda world: world.said(name)[:3]


def _fixed(*values: Any) -> Values:
    return lambda world: values


#: Parameter name → values worth asking with, the telling ones first. Enumerations, booleans and integers
#: need no line: their schema says what they take.
VALUES: dict[str, Values] = {
    "record_id": World.ids,
    "number": _fixed(1, 2, 9, 0, "x"),
    "version": _fixed(1, 9),
    "batch_id": _fixed(1, 9),
    "review_id": _fixed(1, 2, 9),
    "page": _fixed(1, 9),
    "q": _questions,
    "cursor": _fixed("gAAAAABo-no-cursor"),
    "facets": _fixed(",".join(FACETS), "no-such-facet"),
    "plain": _fixed("渔民", "1799年"),
    "exclude": lambda world: [f"places:{p}" for p in world.said("places")[:2]] + ["nonsense"],
    "path": _of_exhibition,
    "slug": _fixed("shi-zhan", "no-such"),
    "parent": lambda world: [*world.nodes(), of("J045"), of("nonsense")],
    "within": lambda world: [*world.nodes()[:3], of("M999"), of("J04"), of("nonsense")],
    "fonds": _of("fonds_code"),
    "series": _of("series"),
    "genre": _of("genre"),
    "creators": _of("creators"),
    "persons": _of("persons"),
    "places": _of("places"),
    "keywords": _of("keywords"),
    "category": _fixed("无"),
    "decade": _fixed("1790", "1930"),
    "access_status": _of("access_status"),
    "retention": _fixed("永久"),
    "medium": _fixed("纸"),
    "level": _fixed("file", "volume", "fonds"),
    "has_scan": _fixed("yes", "no"),
    "year_to": _fixed(1800, 1949, 0),
    "year_from": _fixed(1799, 1949),
    "reader": _fixed("key:1", "account:1"),
    "regions": _fixed("1,2,30,40", "whole", "1,2"),
    "from": _fixed("1999-01-01", "2999-01-01", "x"),
    "to": _fixed("2999-01-01", "1999-01-01"),
    "batch": _of("title"),
    "code": _fixed("personal", "no-such-code"),
    "term": _of("title"),
    "who": _fixed("key:1"),
    "what": _fixed("search"),
    "record": World.ids,
    "outcome": _fixed("done"),
    "run_id": _fixed("0" * 32, "x"),
    "since": _fixed("2026-03-02", "x"),
    "until": _fixed("2026-03-02"),
    "part": _fixed("a", "X"),
    "kind": _fixed("item"),
    "address": _fixed("192.0.2.7"),
    "receipt": _fixed("ZJ-0000-0000-0000-0000", "x"),
    "offer_id": _fixed(1, 9),
    "state": _fixed("lead", "received"),
    "name": _of("title"),
}

#: Body schema → bodies. Callers here may change nothing; what they are told must not tell either.
BODIES: dict[str, Sequence[Any]] = {
    "AnniversaryIn": ({"name": "试", "month": 1, "day": 2}, {}),
    "Assignment": ({"steps": {}}, {}),
    "ChoicesIn": ({"records": [of("M999")], "verdict": "accepted"}, {}),
    "SeriesIn": ({"name": "试", "about": "渔民"}, {}),
    "ShowingIn": ({"records": [of("M999")], "name": "试", "on": "2020-06-09"}, {}),
    "ThemesWanted": ({"q": "渔民"}, {"q": 1}),
    "BatchNew": ({"name": "试", "q": "渔民"}, {}),
    "BulkNew": ({"step": "first", "status": "开放"}, {}),
    "Data": ("档号", ""),
    # Of a record nobody sees, and without consent: nothing is taken in, and all are told the same.
    "OfferIn": (
        {
            "kind": "correction",
            "what": "试",
            "name": "读者",
            "contact": "无",
            "consent": "x",
            "record_id": of("M999"),
        },
        {"kind": "donation", "what": "试", "name": "读者", "contact": "无", "consent": "x"},
    ),
    "FavouriteIn": ({"note": "试"}, {"note": 1}),
    "OrderIn": ({"records": [of("M999")]}, {}),
    "OfferStepIn": ({"version": 1, "to": "spam"}, {"version": 0}),
    "LookIn": ({"review_id": 1, "agrees": True}, {}),
    "OpinionIn": ({"step": "first", "version": 1, "status": "开放"}, {}),
    "ReasonIO": ({"code": "personal", "text": "试", "states": ["控制"]}, {}),
    "ReturnIn": ({"version": 1, "words": "试"}, {}),
    "TermsIO": ({"terms": []}, {}),
    "ProjectNew": ({"kind": "collection", "name": "试"}, {}),
    "ProjectChange": ({"version": 1, "name": "试"}, {}),
    "PartsNew": ({"parts": [{"kind": "item", "record": of("M999")}]}, {"parts": []}),
    "PartChange": ({"version": 1, "body": {"note": "试"}}, {}),
    "LabelsIn": ({"labels": [{"part": "a", "label": "试"}]}, {"labels": []}),
    "StepIn": ({"step": "first", "seen": "0" * 64}, {}),
    "PartMove": ({"version": 1}, {}),
    "OwnerIn": ({"person": "key:1"},),
    "ShareIn": ({"holder": "role:curator", "may": "read"}, {}),
    "CommentNew": ({"text": "试"}, {}),
    "CommentDone": ({"done": True}, {}),
    "AccessChange": ({"access_status": "控制", "reason": "试"}, {}),
    "Correction": ({"lines": ["试"], "by": "试"}, {}),
    "GrantIn": ({"reader": "key:1", "records": [of("M999")], "until": "2099-01-01", "reason": "试"}, {}),
    "PublicFormsIn": ({"fields": {"title": "试"}, "code": "privacy"}, {}),
    "RedactionIn": ({"page": 1, "whole": True, "code": "privacy"}, {}),
    "Verdict": ({"reason": "试"}, {}),
    "SignInIn": ({"name": "nobody", "password": "x"}, {}),
    "SignOutIn": ({}, {"everywhere": "x"}),
    "PasswordIn": ({"old": "x", "new": "y"}, {}),
    "EnrolIn": ({"code": "de_none", "password": "x"}, {}),
    "OidcBack": ({"flow": "x", "state": "x", "code": "x"}, {}),
    "ReaderIn": ({"name": "du.zhe", "real_name": "读者一", "document": "护照"}, {}),
    "AccountIn": ({"name": "shi.yi", "real_name": "试一", "roles": ["curator"]}, {}),
    "RolesIn": ({"roles": ["curator"]}, {}),
    "KeyIn": ({"name": "试", "roles": ["security_officer"]}, {}),
}

#: Optional parameters that are given unless they are varied: they show more.
ALSO: dict[str, Any] = {"facets": ",".join(FACETS), "histogram": True}
#: Asked beside the plain request wherever something is got.
HEADERS = ({"If-None-Match": "*"}, {"Range": "bytes=0-9"})


@dataclass(frozen=True)
class Operation:
    """One method of one path. parameters: name → its entry in the document."""

    method: str
    path: str
    parameters: Mapping[str, Any]
    body: str | None

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"


@dataclass(frozen=True)
class Call:
    operation: Operation
    path: str
    params: Mapping[str, Any]
    method: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Any = None

    @property
    def sent_as(self) -> str:
        return (self.method or self.operation.method).upper()

    def __str__(self) -> str:
        return f"{self.sent_as} {self.path} {dict(self.params)} {dict(self.headers)} {'' if self.json is None else self.json}"


def operations(document: Mapping[str, Any]) -> list[Operation]:
    """All of them. Fails for one that nobody has told what to ask."""
    found = []
    for path, methods in sorted(document["paths"].items()):
        for method, entry in sorted(methods.items()):
            parameters = {p["name"]: p for p in entry.get("parameters", ())}
            operation = Operation(method, path, parameters, _body_name(entry))
            _require_values(operation)
            found.append(operation)
    return found


def _body_name(entry: Mapping[str, Any]) -> str | None:
    content = entry.get("requestBody", {}).get("content", {})
    if not content:
        return None
    schema = next(iter(content.values()))["schema"]
    return str(schema.get("$ref", schema.get("title", "?"))).rpartition("/")[2]


def _require_values(operation: Operation) -> None:
    here = "tests/noninterference/surfaces.py"
    for name, parameter in operation.parameters.items():
        assert name in VALUES or parameter["in"] == "header" or _by_schema(parameter["schema"]), (
            f"{operation}: the proof of no trace does not know what to ask for parameter {name!r}. "
            f'Add to VALUES in {here}: "{name}": _fixed(…) or a function of the World, the values first that '
            "would show a hidden record."
        )
    assert operation.body is None or operation.body in BODIES, (
        f"{operation}: the proof of no trace has no body of the form {operation.body!r}. "
        f'Add to BODIES in {here}: "{operation.body}": (a valid body, a body that is not).'
    )


def _by_schema(schema: Mapping[str, Any]) -> list[Any]:
    """Values that a schema itself tells; none for free text."""
    for part in schema.get("anyOf", (schema,)):
        if "enum" in part:
            return [*part["enum"], "no-such-value"]
        if "const" in part:
            return [part["const"], "no-such-value"]
        if part.get("type") == "boolean":
            return [True, False]
        if part.get("type") in ("integer", "number"):
            least, most = part.get("minimum", 1), part.get("maximum", 1000)
            return [min(20, most), most, least, least - 1]
    return []


def calls(operation: Operation, world: World, chance: Random, most: int) -> list[Call]:
    """Up to `most` requests: one for each id, one for each value of each parameter, other methods and
    headers; all of them before any at random."""
    planned = list(_planned(operation, world, chance))
    if len(planned) > most:  # the first half as planned, then any
        keep = planned[: most - most // 2]
        planned = keep + chance.sample(planned[len(keep) :], most - len(keep))
    while len(planned) < most and len(operation.parameters) > 1:
        planned.append(_call(operation, _any(operation, world, chance)))
    return planned


def _planned(operation: Operation, world: World, chance: Random) -> Iterator[Call]:
    values = {
        name: _values(name, p, world) for name, p in operation.parameters.items() if p["in"] != "header"
    }
    required = [name for name, p in operation.parameters.items() if p.get("required")]
    plain = {name: values[name][0] for name in required}
    also = {name: value for name, value in ALSO.items() if name in values}
    main = next((name for name in ("record_id", "q", "parent") if name in values), None)
    if main not in required:
        yield _call(operation, plain | also)
    for value in values[main][:12] if main else ():
        yield _call(operation, plain | also | {main: value})
    for name, more in values.items():
        for value in more if name != main else more[12:20]:
            # Beside the first, most telling value of the others, or beside any.
            about = {main: chance.choice(values[main][:4])} if main and name != main else {}
            yield _call(operation, plain | also | about | {name: value})
    if operation.method == "get":
        for headers in HEADERS:
            yield _call(operation, plain | also, headers=headers)
    for body in BODIES.get(operation.body or "", ())[1:]:
        yield _call(operation, plain, body=body)
    for method in METHODS:
        if method != operation.method:
            yield _call(operation, plain, method=method)


def _any(operation: Operation, world: World, chance: Random) -> dict[str, Any]:
    given = {}
    for name, parameter in operation.parameters.items():
        if parameter["in"] != "header" and (parameter.get("required") or chance.random() < 0.3):
            given[name] = chance.choice(_values(name, parameter, world))
    return given


def _values(name: str, parameter: Mapping[str, Any], world: World) -> list[Any]:
    return list(VALUES[name](world) if name in VALUES else _by_schema(parameter["schema"])) or ["无"]


def _call(
    operation: Operation,
    given: Mapping[str, Any],
    *,
    method: str = "",
    headers: Mapping[str, str] | None = None,
    body: Any = None,
) -> Call:
    inside = {name for name, p in operation.parameters.items() if p["in"] == "path"}
    path = operation.path.format(**{name: given.get(name, "x") for name in inside})
    params = {name: value for name, value in given.items() if name not in inside}
    if operation.body and body is None:
        body = BODIES[operation.body][0]
    return Call(operation, path, params, method, headers or {}, body)

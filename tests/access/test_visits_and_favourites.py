"""Visits counted without a trace of who looked, and what a registered reader keeps."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import text

from holdings.access import OPEN, PUBLISHED, READING_ROOM, STAFF
from holdings.catalogue.accounts import DeskCheck
from holdings.catalogue.tables_public import VisitRow

from .conftest import GOOD, Door, problem
from .reviewing import file, put

CHECK = DeskCheck("柜台甲", "护照", date(2026, 3, 2))
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0"


def opened(door: Door, *codes: str) -> list[str]:
    return put(door.catalogue, *(file(c, access_status=OPEN, publicity=PUBLISHED) for c in codes))


def test_visits_are_counted_by_day_and_by_nobody(door: Door) -> None:
    one, two = opened(door, "J045-1-1-1", "J045-1-1-2")
    [closed] = put(door.catalogue, file("J045-1-1-3"))
    staff = door.catalogue.keys.add(STAFF)
    visits = door.app.state.house.visits

    def look(record: str, agent: str = BROWSER, token: str = "", **headers: str) -> int:
        given = {"User-Agent": agent, "X-Forwarded-For": "192.0.2.77", **headers}
        return door.ask("GET", f"/v1/records/{record}", token, headers=given).status_code

    assert [look(one), look(one), look(two), look(closed)] == [200, 200, 200, 404]
    assert look(one, "Googlebot/2.1 (+http://www.google.com/bot.html)") == 200
    assert look(one, token=staff) == 200
    assert look(one, **{"Sec-Purpose": "prefetch"}) == 200
    # Another writer holds the catalogue: who reads does not wait, and nothing counted is lost.
    with door.catalogue.database.write():
        assert look(two) == 200
    visits.flush()
    visits.flush()
    assert look(one) == 200
    visits.flush()
    today = datetime.now(UTC).date().isoformat()
    seen = door.ask("GET", "/v1/visits", staff).json()["visits"]
    assert [(v["what"], v["total"], v["days"]) for v in seen] == [(one, 3, {today: 3}), (two, 2, {today: 2})]
    assert seen[0]["reference_code"] == "J045-1-1-1"
    assert door.ask("GET", "/v1/visits").status_code == 403
    assert {column.name for column in VisitRow.__table__.columns} == {"day", "kind", "what", "count"}
    answer = door.ask("GET", f"/v1/records/{one}", headers={"User-Agent": BROWSER})
    assert "set-cookie" not in answer.headers
    left = b"".join(path.read_bytes() for path in door.settings.home.glob("catalogue.sqlite*"))
    assert b"192.0.2.77" not in left
    assert b"Mozilla" not in left


def test_a_reader_s_favourites_are_theirs_and_a_withdrawn_record_leaves_them(door: Door) -> None:
    one, two, three = opened(door, "J045-1-1-1", "J045-1-1-2", "J045-1-1-3")
    [closed] = put(door.catalogue, file("J045-1-1-4"))
    accounts = door.catalogue.accounts
    for name in ("du.yi", "du.er"):
        accounts.add(name, real_name=f"读者{name}", audience=READING_ROOM, password=GOOD, check=CHECK)
    mine, other = door.sign_in("du.yi"), door.sign_in("du.er")
    path = "/v1/me/favourites"

    def kept(token: str) -> list[Any]:
        found = door.ask("GET", path, token).json()["favourites"]
        return [(one["id"], one["note"]) for one in found]

    for record in (one, two, three):
        assert door.ask("PUT", f"{path}/{record}", mine, json={}).status_code == 200
    assert door.ask("PUT", f"{path}/{two}", mine, json={"note": "再看"}).status_code == 200
    hidden = door.ask("PUT", f"{path}/{closed}", mine, json={})
    never = door.ask("PUT", f"{path}/990001:J045-9-9-9", mine, json={})
    assert (hidden.status_code, hidden.content) == (404, never.content)
    assert door.ask("PUT", path, mine, json={"records": [three, one]}).status_code == 200
    assert kept(mine) == [(three, ""), (one, ""), (two, "再看")]
    assert kept(other) == []
    door.catalogue.records.set_access(three, access_status="控制", publicity="", reason="试")
    assert kept(mine) == [(one, ""), (two, "再看")]
    assert door.ask("DELETE", f"{path}/{one}", mine).status_code == 200
    assert kept(mine) == [(two, "再看")]
    assert door.ask("DELETE", path, mine).status_code == 200
    assert kept(mine) == []
    problem(door.ask("GET", path), 403, "not-allowed")
    door.catalogue.favourites.put(accounts.listing()[0].id, two, "")
    door.catalogue.removal.delete(two)  # nothing hangs on it
    with door.catalogue.database.read() as session:
        assert session.scalar(text("select count(*) from favourites where record_id = :id"), {"id": two}) == 0

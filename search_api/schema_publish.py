"""The shapes of what goes to the public installation."""

from __future__ import annotations

from datetime import datetime

from search_api.schema import Shape


class PackageOut(Shape):
    """A package made here. additions, withdrawals: records; editions, taken_down: exhibitions. hidden: how many of
    either it brings again with more of them hidden. closed_at: when the first of what it withdraws was closed;
    hidden_at: when the first of what it hides was hidden; done_at: when the outside acknowledged it, null while it has
    not."""

    sequence: int
    kind: str
    made_at: datetime
    additions: int
    withdrawals: int
    editions: int
    taken_down: int
    hidden: int
    closed_at: datetime | None
    hidden_at: datetime | None
    done_at: datetime | None


class WithdrawalOut(Shape):
    """A record that the public installation still shows and that is not public any more."""

    record_id: str
    reference_code: str
    title: str
    access_status: str
    closed_at: datetime
    hours: float


class TakenDownOut(Shape):
    """An exhibition that the public installation still shows and that is published no more. title: as shown there."""

    slug: str
    title: str
    closed_at: datetime
    hours: float


class HiddenRecordOut(Shape):
    """A record that the public installation still shows as it was before it was redacted, or given another form."""

    record_id: str
    reference_code: str
    title: str
    hidden_at: datetime
    hours: float


class HiddenExhibitionOut(Shape):
    """An exhibition that the public installation still shows with such a record, and people's words about it."""

    slug: str
    title: str
    hidden_at: datetime
    hours: float


class HiddenOut(Shape):
    """What was hidden since it was carried and is in no package yet: records, the oldest first, at most a hundred;
    exhibitions, all; waiting_in_all: how many there are of both. The rest as PublishOut has it of withdrawals."""

    waiting: list[HiddenRecordOut]
    exhibitions: list[HiddenExhibitionOut]
    waiting_in_all: int
    unacknowledged: int
    since: datetime | None
    hours: float
    overdue: bool


class PublishOut(Shape):
    """waiting: records closed that are in no package yet, the oldest first, at most a hundred; exhibitions: those
    taken down that are in none, all. waiting_in_all: how many there are of both.

    unacknowledged: withdrawals of both in packages that the outside has not acknowledged.  since: when the oldest of
    all was closed.  overdue: that is longer ago than `limit_hours`.  hidden: what is public still and shows there more
    than it may, with a clock of its own and the same limit.
    """

    signs: bool
    packages: list[PackageOut]
    waiting: list[WithdrawalOut]
    exhibitions: list[TakenDownOut]
    waiting_in_all: int
    unacknowledged: int
    since: datetime | None
    hours: float
    limit_hours: int
    overdue: bool
    hidden: HiddenOut

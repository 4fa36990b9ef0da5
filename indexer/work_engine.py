"""The engine that shares work out among processes and machines: DBOS behind a few calls of our own.

It keeps its tasks in the database that is there anyway: in PostgreSQL (a schema of its own) for several machines,
in a SQLite file on one, with nothing to install. Tried beside it: procrastinate (needs PostgreSQL), huey on SQLite
(a task in hand is out of the database: killed, it is gone), Ray and Dask (their queues are not durable; 201 MB and
9 s to start the one), dramatiq and taskiq (need a broker). ARCHITECTURE.md has the figures.

What DBOS does not do is done in indexer/work.py, by the catalogue's list of work: after kill -9 a task stays with
its executor until one of the same name and application version comes back. So names are stable, the version is
FORMAT and not the program's, and tasks of an executor that does not come back are given out anew.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Literal, cast

from sqlalchemy import make_url

from holdings.catalogue.database import mapped_errors

if TYPE_CHECKING:  # it takes a second to import
    from dbos import Queue, WorkflowStatus

#: The shape of a task, for DBOS the version of the application. Danghai's own version is not in it: workers of two
#: versions may share the work, and one that comes back after an upgrade takes up what it left. Another shape gets
#: another queue: what waits in the old one is in the catalogue's list all the same.
FORMAT = "1"
#: Times a piece of work may take its worker down with it; as in indexer/pool.py.
TRIES = 2
#: Seconds between two looks for a task, while there is none in hand.
POLL = 0.1
SCHEMA = "work"

State = Literal["waiting", "running", "done", "broken", "given up"]
_STATES: dict[str, State] = {
    "ENQUEUED": "waiting",
    "DELAYED": "waiting",
    "PENDING": "running",
    "SUCCESS": "done",
    "MAX_RECOVERY_ATTEMPTS_EXCEEDED": "given up",
}


@dataclass(frozen=True)
class Task:
    """What the engine knows of a piece of work. executor: who has or had it. tries: times it was begun."""

    key: str
    state: State
    executor: str
    tries: int


class WorkEngine:
    """One executor: one process that does one kind of work, one piece at a time.

    url: of the catalogue's PostgreSQL, or of a SQLite file. queue: what kind of work, with which model.
    executor: its name, the same after a restart. do: does the piece of this key; runs in a thread of the
    engine's. One in a process, as DBOS wants it, and until the process ends. Errors: CatalogueUnavailable.
    """

    def __init__(self, url: str, queue: str, executor: str, do: Callable[[str], None]) -> None:
        self._url = _plain(url)
        self._queue_name = f"{queue}-{FORMAT}"
        self._executor = executor
        self._do = do
        self._queue: Queue | None = None

    def open(self) -> None:
        """Join in: from here on tasks are taken, those that this executor left behind among them."""
        from dbos import DBOS

        DBOS(
            config={
                "name": f"danghai-{sha256(self._queue_name.encode()).hexdigest()[:16]}",  # lower case only
                "system_database_url": self._url,
                "dbos_system_schema": SCHEMA,
                "application_version": FORMAT,
                "executor_id": self._executor,
                "log_level": "ERROR",
                "use_listen_notify": False,
                "notification_listener_polling_interval_sec": 60.0,
                "max_executor_threads": 4,
            }
        )

        @DBOS.workflow(name=self._queue_name, max_recovery_attempts=TRIES - 1)
        def piece(key: str, tries: int) -> None:
            self._do(key)

        self._piece = piece
        DBOS.launch()
        self._queue = DBOS.register_queue(
            self._queue_name, worker_concurrency=1, polling_interval_sec=POLL, on_conflict="always_update"
        )

    def waiting(self, limit: int) -> int:
        """Tasks that nobody has begun, counted to `limit`."""
        return len(self._listed("ENQUEUED", limit=limit))

    def tasks(self, keys: Collection[str]) -> dict[str, Task]:
        """Those of these pieces that the engine knows."""
        from dbos import DBOS

        ids = [self._id(key) for key in keys]
        with mapped_errors():
            rows = DBOS.list_workflows(workflow_ids=ids, load_output=False) if ids else []
        return {task.key: task for task in map(self._task, rows)}

    def mine(self) -> list[Task]:
        """What this executor has in hand."""
        return [self._task(row) for row in self._listed("PENDING", executor_id=self._executor)]

    def offer(self, key: str, tries: int = 0) -> None:
        """Give out a piece, once. tries: times it was begun before and took its worker down."""
        from dbos import SetWorkflowID

        assert self._queue is not None
        with mapped_errors(), SetWorkflowID(self._id(key)):
            self._queue.enqueue(self._piece, key, tries)

    def forget(self, keys: Iterable[str]) -> None:
        """These are no longer known; one that is in hand runs to its end."""
        self._delete([self._id(key) for key in keys])

    def forget_done(self, seconds: float) -> None:
        """Finished tasks are kept so long, to know that they were done."""
        before = (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat()
        self._delete(
            [row.workflow_id for row in self._listed("SUCCESS", limit=1000, completed_before=before)]
        )

    def _delete(self, ids: list[str]) -> None:
        from dbos import DBOS

        if ids:
            with mapped_errors():
                DBOS.delete_workflows(ids)

    def _listed(
        self,
        status: str,
        *,
        limit: int | None = None,
        executor_id: str | None = None,
        completed_before: str | None = None,
    ) -> list[WorkflowStatus]:
        from dbos import DBOS

        with mapped_errors():
            return DBOS.list_workflows(
                queue_name=self._queue_name,
                status=status,
                limit=limit,
                executor_id=executor_id,
                completed_before=completed_before,
                load_output=False,
            )

    def _task(self, row: WorkflowStatus) -> Task:
        before = cast("int", row.input["args"][1]) if row.input else 0
        state = _STATES.get(row.status, "broken")
        key = row.workflow_id.removeprefix(self._id(""))
        return Task(key, state, row.executor_id or "", before + (row.recovery_attempts or 0))

    def _id(self, key: str) -> str:
        return f"{self._queue_name}:{key}"


def _plain(url: str) -> str:
    """The URL without a driver, as DBOS wants it."""
    parsed = make_url(url)
    return parsed.set(drivername=parsed.get_backend_name()).render_as_string(hide_password=False)

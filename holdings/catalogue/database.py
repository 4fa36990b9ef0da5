"""The connection: SQLite in WAL mode or PostgreSQL, transactions, migrations, foreign errors mapped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Engine, Select, create_engine, event, make_url, text
from sqlalchemy.exc import DataError, IntegrityError, OperationalError, SQLAlchemyError, StatementError
from sqlalchemy.orm import Session

from holdings import time_limit
from holdings.errors import BadInput, CatalogueUnavailable, Conflict

if TYPE_CHECKING:  # only `upgrade` needs Alembic
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"
#: Bytes of a SQLite file read through a memory map: a page of hits reads a hundred places of a file that
#: does not fit SQLite's own cache.
MAPPED = 64 << 30
#: What prepares each SQLite connection of the catalogue.
_PRAGMAS = ("foreign_keys=ON", "synchronous=FULL", "busy_timeout=30000", f"mmap_size={MAPPED}")
#: Seconds a statement waits for another writer.
_PATIENCE = 30.0
#: Steps of SQLite's machine (some 10 ms) between two looks whether a statement's time is over.
_LOOK_EVERY = 1_000_000
#: Values one statement names at most.
CHUNK = 500

T = TypeVar("T")


def parts(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """The values in their order, CHUNK at a time."""
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]


class Database:
    """One catalogue database. Cheap to make; the first use connects.

    Errors: CatalogueUnavailable (no answer, no tables), Conflict (a unique rule broken).
    """

    def __init__(self, url: str, statement_seconds: float | None = None) -> None:
        """statement_seconds: after which PostgreSQL gives a statement up; SQLite asks holdings.time_limit."""
        self.url = url
        self._seconds = statement_seconds
        self._engine: Engine | None = None

    @property
    def engine(self) -> Engine:
        if self._engine is None:
            self._engine = connect(self.url, _PATIENCE, _PRAGMAS, self._seconds)
        return self._engine

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A reading transaction: one consistent view, never waiting for a writer."""
        time_limit.check()
        with mapped_errors(), Session(self.engine) as session:
            yield session

    def rows(self, query: Select[Any], given: Mapping[str, object]) -> Sequence[Any]:
        """A query of columns with its parameters, without the mapper: half the time of `read` for the queries
        every search makes."""
        time_limit.check()
        with mapped_errors(), self.engine.connect() as connection:
            return connection.execute(query, given).all()

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A writing transaction; keep it under 100 ms (never across OCR or embedding).

        On SQLite it takes the write lock at its start, so it cannot fail half-way for a lock. Once begun it is
        finished, whatever time an answer may take.
        """
        time_limit.check()
        engine = self.engine.execution_options(danghai_write=True)
        with time_limit.unlimited(), mapped_errors(), Session(engine) as session, session.begin():
            yield session

    def upgrade(self) -> None:
        """Bring the tables to the present shape (Alembic)."""
        from alembic import command

        with mapped_errors(), self.engine.begin() as connection:
            if connection.dialect.name == "postgresql":  # several machines may start at once
                connection.execute(text("select pg_advisory_xact_lock(hashtext('danghai.upgrade'))"))
            command.upgrade(alembic_config(connection), "head")

    def close(self) -> None:
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None


def alembic_config(connection: Any) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


@contextmanager
def mapped_errors() -> Iterator[None]:
    """SQLAlchemy's exceptions become this house's."""
    try:
        yield
    except IntegrityError as error:
        raise Conflict(f"目录库拒绝写入：{error.orig}", advice="请核对档号是否重复后重试。") from error
    except OperationalError as error:
        time_limit.check()  # a statement that was stopped for it
        advice = (
            "新装的先运行 `danghai ingest`，升级后先运行 `danghai db upgrade`；"
            "仍不行，请检查 DANGHAI_DATABASE_URL 与数据目录的权限和空间。"
        )
        raise CatalogueUnavailable(f"目录库没有应答：{error.orig}", advice=advice) from error
    except DataError as error:  # what PostgreSQL cannot hold: a NUL in an address, a number beyond its column
        raise BadInput(f"目录库不收这样的值：{error.orig}", advice="请核对地址与所填的内容。") from error
    except SQLAlchemyError as error:  # never the statement and its values: this is told to whoever asked
        said = error.orig if isinstance(error, StatementError) else error
        raise CatalogueUnavailable(f"目录库出错：{said}") from error


def connect(
    url: str, patience: float, pragmas: Sequence[str], statement_seconds: float | None = None
) -> Engine:
    """SQLite in WAL mode, its folder made, or PostgreSQL; nothing is opened yet.

    patience: seconds for which SQLite waits for another writer. pragmas: of each SQLite connection, "name=value".
    statement_seconds: after which PostgreSQL gives a statement up; None: never.
    With the execution option danghai_write a transaction takes SQLite's write lock at its start.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        given = (
            {"options": f"-c statement_timeout={round(statement_seconds * 1000)}"}
            if statement_seconds
            else {}
        )
        url_ = parsed.set(drivername="postgresql+psycopg")
        return create_engine(url_, pool_pre_ping=True, connect_args=given)
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)

    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we write BEGIN ourselves, see _begin_sqlite
        for pragma in ("journal_mode=WAL", *pragmas):
            connection.execute(f"PRAGMA {pragma}")
        connection.set_progress_handler(time_limit.is_over, _LOOK_EVERY)

    engine = create_engine(url, connect_args={"timeout": patience})
    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _begin_sqlite(connection: Any) -> None:
    writes = connection.get_execution_options().get("danghai_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

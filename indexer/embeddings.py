"""Vectors once made are kept, by model and text: a rebuild or a second audience costs no embedding.

A single table, disposable like the indexes: in a SQLite file beside them, or, where the catalogue lies in
PostgreSQL, there, in a schema of its own that a backup may leave out: whoever embeds, on whatever machine, puts
vectors where the projector finds them. A general cache library (diskcache) would pickle and knows one machine.

Size: 16 bytes of key and 2 a dimension; 10 million passages of 512 dimensions are some 12 GB in PostgreSQL.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Column, Connection, LargeBinary, MetaData, Table, delete, select
from sqlalchemy import text as sql
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateSchema

from holdings.catalogue.database import Database

CHUNK = 500
Vector = NDArray[np.float32]

#: PostgreSQL's schema for what can be thrown away and made again.
DERIVED = "derived"


class EmbeddingStore:
    """text → vector for one encoder, for the threads of one process; several processes may share one store.

    place: a SQLite file, or the URL of a PostgreSQL database. Errors: CatalogueUnavailable.
    """

    def __init__(self, place: Path | str, encoder: str) -> None:
        self._database = Database(f"sqlite:///{place.absolute()}" if isinstance(place, Path) else place)
        self._encoder = encoder
        self._made: Table | None = None
        self._lock = threading.Lock()

    def get(self, texts: Sequence[str]) -> dict[str, Vector]:
        """Those that are there: text → (dimension,) float32."""
        keys = {self._key(text): text for text in texts}
        wanted, found = list(keys), {}
        table = self._table() if wanted else None
        for start in range(0, len(wanted), CHUNK):
            assert table is not None
            query = select(table.c.key, table.c.vector).where(table.c.key.in_(wanted[start : start + CHUNK]))
            for key, blob in self._database.rows(query, {}):
                found[keys[bytes(key)]] = np.frombuffer(blob, dtype=np.float16).astype(np.float32)
        return found

    def put(self, texts: Sequence[str], vectors: Vector) -> None:
        """vectors: (len(texts), dimension), unit length; kept as float16 (cosine differs below 1e-3)."""
        rows = {self._key(t): v.astype(np.float16).tobytes() for t, v in zip(texts, vectors, strict=True)}
        if not rows:
            return
        table = self._table()
        # In the order of their keys: of two that put the same, neither waits for the other in a ring.
        given = [{"key": key, "vector": rows[key]} for key in sorted(rows)]
        make: Any = postgresql.insert if self._database.engine.name == "postgresql" else sqlite.insert
        new = make(table)
        new = new.on_conflict_do_update(index_elements=["key"], set_={"vector": new.excluded.vector})
        with self._database.write() as session:
            session.connection().execute(new, given)

    def forget(self, texts: Sequence[str]) -> None:
        """Delete these texts' vectors; in a file their bytes are overwritten, in PostgreSQL by its next VACUUM."""
        table, keys = self._table(), sorted({self._key(text) for text in texts})
        sqlite_file = self._database.engine.name == "sqlite"
        with self._database.write() as session:
            if sqlite_file:
                session.execute(sql("PRAGMA secure_delete=ON"))
            for start in range(0, len(keys), CHUNK):
                session.execute(delete(table).where(table.c.key.in_(keys[start : start + CHUNK])))
        if sqlite_file:
            with self._database.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        self._database.close()
        self._made = None

    def _table(self) -> Table:
        with self._lock:
            if self._made is None:
                self._made = _open(self._database)
            return self._made

    def _key(self, text: str) -> bytes:
        return hashlib.blake2b(f"{self._encoder}\0{text}".encode(), digest_size=16).digest()


def _open(database: Database) -> Table:
    """The table, made when it is not there."""
    shared = database.engine.name == "postgresql"
    table = Table(
        "vectors",
        MetaData(schema=DERIVED if shared else None),
        Column("key", LargeBinary, primary_key=True),
        Column("vector", LargeBinary),
        sqlite_with_rowid=False,
    )
    with database.write() as session:  # looks and makes under one lock: several may come at once
        if shared:
            _make_schema(session.connection())
        table.create(session.connection(), checkfirst=True)
    return table


def _make_schema(connection: Connection) -> None:
    """IF NOT EXISTS alone does not keep several apart: one after the other."""
    connection.execute(sql("SELECT pg_advisory_xact_lock(hashtext('danghai.derived'))"))
    connection.execute(CreateSchema(DERIVED, if_not_exists=True))

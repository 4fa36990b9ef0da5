"""The audit trail's own tables, and the triggers that refuse to change or remove what was written.

In a SQLite file of their own in the data folder, or in the catalogue's PostgreSQL database. They are made once,
together: triggers that somebody dropped are not put back in silence, `danghai audit verify` says so.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    inspect,
    text,
)

from holdings.audit.entry import ERASED

METADATA = MetaData()
_Seq = BigInteger().with_variant(Integer, "sqlite")

ENTRIES = Table(
    "audit_entries",
    METADATA,
    Column("seq", _Seq, primary_key=True, autoincrement=False),
    Column("at", String(32), nullable=False),
    Column("actor", Text, nullable=False),
    Column("audience", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("record", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("facts", Text, nullable=False),
    Column("commitment", String(64), nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("ix_audit_at", "at"),
    Index("ix_audit_actor", "actor", "seq"),
    Index("ix_audit_record", "record", "seq"),
)
DETAILS = Table(
    "audit_details",
    METADATA,
    Column("seq", _Seq, primary_key=True, autoincrement=False),
    Column("salt", String(32), nullable=False),
    Column("body", Text, nullable=False),
)
TRIGGERS = ("audit_entries_update", "audit_entries_delete", "audit_details_update", "audit_details_delete")

_REFUSED = "the audit trail is append-only"
#: A detail may go once an entry of the chain says that its period is over.
_KEPT_SQLITE = (
    f"OLD.seq > (SELECT coalesce(max(json_extract(facts, '$.through')), 0) FROM audit_entries"
    f" WHERE action = '{ERASED}')"
)
_KEPT_POSTGRES = (
    f"OLD.seq > (SELECT coalesce(max((facts::json->>'through')::bigint), 0) FROM audit_entries"
    f" WHERE action = '{ERASED}')"
)


def make(connection: Connection) -> None:
    """Tables and triggers, where there are none yet; in the caller's transaction, which holds the lock."""
    if inspect(connection).has_table(ENTRIES.name):
        return
    METADATA.create_all(connection)
    postgres = connection.dialect.name == "postgresql"
    if postgres:
        connection.execute(
            text(
                "CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                f" IF TG_ARGV[0] = 'details' THEN IF NOT ({_KEPT_POSTGRES}) THEN RETURN OLD; END IF; END IF;"
                f" RAISE EXCEPTION '{_REFUSED}'; END $$"
            )
        )
    for name in TRIGGERS:
        connection.execute(text(_postgres(name) if postgres else _sqlite(name)))


def _sqlite(name: str) -> str:
    table, verb = name.rsplit("_", 1)
    kept = f" WHEN {_KEPT_SQLITE}" if name == "audit_details_delete" else ""
    return (
        f"CREATE TRIGGER {name} BEFORE {verb} ON {table}{kept} BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
    )


def _postgres(name: str) -> str:
    table, verb = name.rsplit("_", 1)
    given = "'details'" if name == "audit_details_delete" else ""
    return (
        f"CREATE TRIGGER {name} BEFORE {verb} ON {table} FOR EACH ROW EXECUTE FUNCTION audit_refuse({given})"
    )


def triggers_missing(connection: Connection) -> list[str]:
    """Names of guards that somebody dropped."""
    query = (
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
        if connection.dialect.name == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    there = set(connection.scalars(text(query)))
    return [name for name in TRIGGERS if name not in there]

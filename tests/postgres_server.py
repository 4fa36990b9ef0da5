"""A real PostgreSQL server of our own, where Debian's is installed."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text


def _server_folder() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


def _as_server_user(command: list[str]) -> list[str]:
    """PostgreSQL refuses to run as root."""
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else command


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL server of our own, on a free port of the loopback address."""
    if os.environ.get("DANGHAI_TEST_POSTGRES") == "no":
        pytest.skip("PostgreSQL is not installed, or not wanted (DANGHAI_TEST_POSTGRES=no)")
    binaries = _server_folder()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    folder = Path("/tmp") / f"danghai-postgres-{os.getpid()}"
    folder.mkdir()
    if os.geteuid() == 0:
        shutil.chown(folder, pwd.getpwnam("postgres").pw_uid)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = folder / "data"
    subprocess.run(
        _as_server_user(
            [f"{binaries}/initdb", "-D", str(data), "-U", "danghai", "--auth=trust", "-E", "UTF8"]
        ),
        check=True,
        capture_output=True,
        cwd=folder,
    )
    options = ["-p", str(port), "-c", "listen_addresses=127.0.0.1", "-k", str(folder), "-c", "fsync=off"]
    server = subprocess.Popen(
        _as_server_user([f"{binaries}/postgres", "-D", str(data), *options]),
        stderr=subprocess.DEVNULL,
        cwd=folder,
    )
    url = f"postgresql://danghai@127.0.0.1:{port}/postgres"
    try:
        _wait_for(url)
        yield url
    finally:
        server.terminate()
        server.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(url: str) -> None:
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    for _ in range(100):
        try:
            with engine.connect() as connection:
                connection.execute(text("select 1"))
            engine.dispose()
            return
        except Exception:
            time.sleep(0.1)
    raise RuntimeError("PostgreSQL did not start")


def fresh_database(url: str) -> str:
    """The URL of a new empty database on this server."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT")
    name = f"t{time.time_ns()}"
    with engine.connect() as connection:
        connection.execute(text(f"create database {name}"))
    engine.dispose()
    return url.rsplit("/", 1)[0] + "/" + name

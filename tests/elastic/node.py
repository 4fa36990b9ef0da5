"""A real Elasticsearch for tests, from the server's published artifacts: no emulator, no mock.

Maven resolves the artifacts of pom.xml once into a folder of the user's cache; Launcher.java starts a node
on a JDK of at least 21. Nodes listen on the loopback only, on ports the system gives.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from filelock import FileLock
from platformdirs import user_cache_path

HERE = Path(__file__).parent
VERSION = "9.5.3"
MAVEN_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
#: The server runs on no older Java.
LEAST_JAVA = 21
#: Seconds a node may take to listen: about 5 on two idle cores, far more where they are shared.
START_WITHIN = 240.0

DESCRIPTOR = f"""\
name=transport-netty4
version={VERSION}
elasticsearch.version={VERSION}
java.version={LEAST_JAVA}
description=HTTP and transport over Netty
classname=org.elasticsearch.transport.netty4.Netty4Plugin
has.native.controller=false
"""

LOG4J = """\
status = error
appender.file.type = File
appender.file.name = file
appender.file.fileName = ${sys:es.logs.base_path}/node.log
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = [%d{ISO8601}][%-5p][%c{1}] %m%n
rootLogger.level = info
rootLogger.appenderRef.file.ref = file
"""


class NotHere(Exception):
    """The server cannot be started on this machine: what is missing, and how to get it."""


def java_home() -> Path:
    """The newest JDK of at least LEAST_JAVA that can compile. Raises NotHere."""
    places = [Path(os.environ["JAVA_HOME"])] if os.environ.get("JAVA_HOME") else []
    if java := shutil.which("java"):
        places.append(Path(java).resolve().parent.parent)
    for folder in ("/usr/lib/jvm", "/opt"):
        places += Path(folder).glob("*")
    versions = [(_java_version(place), str(place)) for place in places if (place / "bin" / "javac").exists()]
    newest = max(versions, default=(0, ""))
    if newest[0] < LEAST_JAVA:
        raise NotHere(
            f"no JDK of at least {LEAST_JAVA}: apt-get install openjdk-{LEAST_JAVA}-jdk-headless (Debian 13 on)"
        )
    return Path(newest[1])


def _java_version(home: Path) -> int:
    with suppress(OSError):
        if found := re.search(r'JAVA_VERSION="(\d+)', (home / "release").read_text()):
            return int(found.group(1))
    return 0


@dataclass(frozen=True)
class Software:
    """Jars, module and compiled launcher, kept in the user's cache."""

    java: Path
    folder: Path = field(default_factory=lambda: user_cache_path("danghai") / f"elasticsearch-{VERSION}")

    @property
    def module(self) -> Path:
        return self.folder / "modules" / "transport-netty4"

    @property
    def class_path(self) -> str:
        return f"{self.folder / 'lib'}/*:{self._classes}"

    @cached_property
    def _classes(self) -> Path:
        stamp = int((HERE / "Launcher.java").stat().st_mtime)
        return self.folder / f"launcher-{_java_version(self.java)}-{stamp}"

    def fetch(self) -> None:
        """Bring what is missing. Raises NotHere."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self.folder / "lock"):
            if not self.module.exists():
                self._fetch_jars()
            if not (self._classes / "Launcher.class").exists():
                source = HERE / "Launcher.java"
                command = [
                    self.java / "bin" / "javac",
                    "-cp",
                    f"{self.folder / 'lib'}/*",
                    "-d",
                    self._classes,
                ]
                subprocess.run([*command, source], check=True)

    def _fetch_jars(self) -> None:
        maven = shutil.which("mvn")
        if maven is None:
            raise NotHere("no Maven: apt-get install maven")
        library, part = self.folder / "lib", self.module.with_name("part")
        shutil.rmtree(library, ignore_errors=True)
        command = [maven, "-q", "-B", "-f", str(HERE / "pom.xml"), MAVEN_PLUGIN]
        command += ["-DincludeScope=runtime", f"-DoutputDirectory={library}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
        if done.returncode:
            lines = [line for line in (done.stdout + done.stderr).splitlines() if "ERROR" in line] or ["?"]
            raise NotHere(f"Maven could not bring the Elasticsearch artifacts: {lines[0]}")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        for jar in [*library.glob("netty-*.jar"), *library.glob("transport-netty4-*.jar")]:
            jar.rename(part / jar.name)
        (part / "plugin-descriptor.properties").write_text(DESCRIPTOR)
        part.rename(self.module)


@dataclass
class Node:
    """One node in a folder of its own. What it stored outlives `kill` and is there at the next `start`.

    settings: beside those every node gets. heap: of the Java machine. brief: it is to start fast rather than
    run fast.
    """

    software: Software
    folder: Path
    name: str = "one"
    settings: dict[str, str] = field(default_factory=dict)
    heap: str = "512m"
    brief: bool = False
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        """Start, and wait until it listens. Raises RuntimeError with the end of its log."""
        self.launch()
        self.wait()

    def launch(self) -> None:
        """Start. A node of a cluster listens once it has found the others."""
        self._lay_out()
        options = [f"-Xms{self.heap}", f"-Xmx{self.heap}", "-XX:+UseSerialGC"]
        options += [f"-XX:TieredStopAtLevel={1 if self.brief else 4}"]
        options += ["--enable-native-access=ALL-UNNAMED", "--add-modules=jdk.incubator.vector"]
        options += [f"-Des.logs.base_path={self.folder / 'logs'}", "-Djava.awt.headless=true"]
        command = [str(self.software.java / "bin" / "java"), *options, "-cp", self.software.class_path]
        with open(self.folder / "logs" / "output.txt", "ab") as output:
            self.process = subprocess.Popen(
                [*command, "Launcher", str(self.folder / "settings.properties")],
                stdin=subprocess.PIPE, stdout=output, stderr=output, cwd=self.folder,
            )  # fmt: skip

    def wait(self) -> None:
        """Raises RuntimeError with the end of its log."""
        assert self.process is not None, "launch() comes first"
        began = time.monotonic()
        while not self._ports("http"):
            if self.process.poll() is not None or time.monotonic() - began > START_WITHIN:
                raise RuntimeError(f"Elasticsearch did not start: {self._log()}")
            time.sleep(0.05)

    def _lay_out(self) -> None:
        for part in ("config", "data", "logs", "plugins", "modules", "temporary"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        link = self.folder / "modules" / "transport-netty4"
        if not link.exists():
            shutil.copytree(self.software.module, link)
        (self.folder / "config" / "log4j2.properties").write_text(LOG4J)
        former = {kind: self._ports(kind).rpartition(":")[2] or "0" for kind in ("http", "transport")}
        for ports in (self.folder / "logs").glob("*.ports"):
            ports.unlink()
        settings = {
            "path.home": str(self.folder),
            "node.name": self.name,
            "cluster.name": "danghai-tests",
            "network.host": "127.0.0.1",
            "http.port": former["http"],  # started again it listens where it did
            "transport.port": former["transport"],
            "node.portsfile": "true",  # a file that names the ports the system gave
            "cluster.routing.allocation.disk.threshold_enabled": "false",
            "discovery.type": "single-node",
            **self.settings,
        }
        lines = [f"{name}={value}" for name, value in settings.items() if value]
        (self.folder / "settings.properties").write_text("\n".join(lines))

    def _ports(self, kind: str) -> str:
        with suppress(OSError):
            lines = (self.folder / "logs" / f"{kind}.ports").read_text().split()
            return lines[0] if lines else ""
        return ""

    @property
    def url(self) -> str:
        return f"http://{self._ports('http')}"

    @property
    def transport(self) -> str:
        """Where other nodes reach it."""
        return self._ports("transport")

    def _log(self) -> str:
        texts = [path.read_text(errors="replace") for path in sorted((self.folder / "logs").glob("*.[lt]*"))]
        return "\n".join("\n".join(text.splitlines()[-25:]) for text in texts)

    def kill(self) -> None:
        """Without any warning, as a power cut would."""
        if self.process is not None:
            self.process.kill()
            self.process.communicate()

    def stop(self) -> None:
        if self.process is not None:
            with suppress(subprocess.TimeoutExpired):
                self.process.communicate(timeout=20)
            self.kill()


def software() -> Software:
    """What a node needs, fetched. Raises NotHere."""
    found = Software(java_home())
    found.fetch()
    return found

"""A PostgreSQL server of the suite's own: an unprivileged user's, on a free loopback port, in a temporary folder."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

ROLE = "interviewkit"
# A test's data need not survive a power cut, but what was committed has to survive an immediate stop: no fsync, and
# `synchronous_commit` as it is. A clean stop waits for connections that have begun and not said who they are.
SETTINGS = {
    "listen_addresses": "127.0.0.1", "fsync": "off", "full_page_writes": "off", "max_connections": "100",
    "shared_buffers": "16MB", "autovacuum": "off", "log_min_messages": "fatal", "logging_collector": "off",
    "authentication_timeout": "1",
}  # fmt: skip
_numbers = itertools.count()


class NoPostgres(Exception):  # noqa: N818
    """Says why no server can be started here."""


def folder_of_binaries() -> Path:
    """The folder of `initdb` and `postgres`. Raises `NoPostgres` where there is none."""
    candidates = [Path(found).resolve().parent for found in (shutil.which("initdb"),) if found]
    if tool := shutil.which("pg_config"):
        told = subprocess.run([tool, "--bindir"], capture_output=True, text=True, check=False)
        candidates.append(Path(told.stdout.strip()))
    # Debian keeps each version's programs beside PATH
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    for folder in candidates:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise NoPostgres("no PostgreSQL is installed (Debian: apt-get install postgresql)")


def _version(folder: Path) -> float:
    name = folder.parent.name
    return float(name) if name.replace(".", "", 1).isdigit() else 0.0


def _unprivileged() -> pwd.struct_passwd | None:
    """Whom to become before starting the server, which refuses to run as root; `None`: we are nobody special."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise NoPostgres("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class PostgresServer:
    """One server; `with PostgresServer() as server: server.create_database()`. Its data lives as long as the object."""

    def __init__(self) -> None:
        self._binaries = folder_of_binaries()
        self._user = _unprivileged()
        self._folder = Path(tempfile.mkdtemp(prefix="pg-"))  # short: a socket's path has at most 107 bytes
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = ThreadPoolExecutor(1)
        self.port = _free_port()

    def __enter__(self) -> Self:
        try:
            if self._user:
                os.chown(self._folder, self._user.pw_uid, self._user.pw_gid)
            self._initialise()
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop(immediate=True)
        self._thread.shutdown()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def is_running(self) -> bool:
        """Whether the server's process lives."""
        return self._process is not None and self._process.poll() is None

    def url(self, database: str) -> str:
        """The address of a database, over TCP on loopback."""
        return f"postgresql://{ROLE}@127.0.0.1:{self.port}/{database}"

    def start(self, *, patience: float = 60.0) -> None:
        """Start, and wait until connections are taken; the port stays the same over restarts."""
        if self.is_running:
            return
        settings = {**SETTINGS, "port": str(self.port), "unix_socket_directories": str(self._folder)}
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        # Where the kernel can, the server ends with this process, also when that is killed; it looks at the thread
        # that started the server, hence one that lives as long as this object.
        prefix = [tool, "--pdeathsig", "QUIT"] if (tool := shutil.which("setpriv")) else []
        command = [*prefix, str(self._binaries / "postgres"), "-D", str(self._data), *options]
        with self._log.open("ab") as log:
            self._process = self._thread.submit(
                lambda: subprocess.Popen(command, stdout=log, stderr=log, **self._as_user())
            ).result()
        self._wait_until_ready(time.monotonic() + patience)

    def stop(self, *, immediate: bool = False) -> None:
        """Stop, and end every connection: `immediate` as in a crash (recovery at the next start), else cleanly."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGQUIT if immediate else signal.SIGINT)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def restart(self, *, immediate: bool = False) -> None:
        """Stop and start."""
        self.stop(immediate=immediate)
        self.start()

    def create_database(self) -> str:
        """A new empty database; returns its URL."""
        name = f"test_{os.getpid()}_{next(_numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE template0")
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Remove a database, whoever is still connected to it."""
        self.execute(f"DROP DATABASE IF EXISTS {url.rpartition('/')[2]} WITH (FORCE)")

    def execute(self, statement: str, *, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run one statement outside a transaction, and return its rows if it has any."""
        import psycopg

        with psycopg.connect(self.url(database), autocommit=True, connect_timeout=5) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    @property
    def _log(self) -> Path:
        return self._folder / "server.log"

    def _as_user(self) -> dict[str, Any]:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
        options: dict[str, Any] = {
            "cwd": self._folder, "env": {**environment, "LC_ALL": "C"}, "stdin": subprocess.DEVNULL
        }  # fmt: skip
        if self._user:
            options |= {"user": self._user.pw_uid, "group": self._user.pw_gid, "extra_groups": []}
        return options

    def _initialise(self) -> None:
        command = [str(self._binaries / "initdb"), "-D", str(self._data), "-U", ROLE, "--auth=trust", "-E", "UTF8",
                   "--no-locale", "--no-sync"]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False, **self._as_user())
        if done.returncode:
            raise NoPostgres(f"initdb failed: {done.stderr.strip()}")

    def _wait_until_ready(self, until: float) -> None:
        import psycopg

        while True:
            try:
                self.execute("SELECT 1")
                return
            except psycopg.OperationalError:
                if not self.is_running or time.monotonic() > until:
                    self.stop(immediate=True)
                    told = self._log.read_text(errors="replace")[-2000:]
                    raise NoPostgres(f"the server did not start: {told}") from None
                time.sleep(0.02)

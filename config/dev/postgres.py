"""Embedded PostgreSQL: the wheel as a folder of binaries, by absolute path, never the one on PATH."""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from config.dev.errors import Refused
from config.dev.identity import Identity, identify
from config.dev.places import HOST, free_port, last_lines, write_private
from config.dev.process import TICK_SECONDS, Child, Recipe, become, launch, stop

USER = DATABASE = "ratecard"
START_SECONDS = 30
OLDEST_SERVER = 160000
ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin"}
INITDB = ("-E", "UTF8", "-A", "scram-sha-256", "-U", USER, "--no-sync", "--no-instructions", "--locale=C")
LOCALE = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8")
UNSAFE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


@dataclass(frozen=True)
class Cluster:
    """One data folder, its password, and who runs it. `throwaway` trades safety for speed in tests.

    `settings` are more of the server's options, such as "autovacuum=off" while a benchmark measures.
    """

    identity: Identity
    password: str
    throwaway: bool = False
    settings: tuple[str, ...] = ()

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.identity.home / "data"

    def url(self, port: int, database: str = DATABASE) -> str:
        """The address Ratecard connects to."""
        return f"postgres://{USER}:{quote(self.password)}@{HOST}:{port}/{database}"

    def command(self, program: str, *arguments: str) -> list[str]:
        """A PostgreSQL program with its absolute path."""
        return [str(self.identity.binaries / program), *arguments]


def prepare(folder: Path, *, throwaway: bool = False, settings: tuple[str, ...] = ()) -> Cluster:
    """Return the cluster in `folder`, made now if there is none."""
    identity = identify(folder)
    cluster = Cluster(identity, password_in(folder), throwaway, settings)
    if (cluster.data / "PG_VERSION").exists():
        require_same_major(cluster)
    else:
        create(cluster)
    return cluster


def password_in(folder: Path) -> str:
    """Return the cluster's password, made up once."""
    path = folder / "password"
    if not path.exists():
        write_private(path, secrets.token_urlsafe(24))
    return path.read_text(encoding="utf-8").strip()


def require_same_major(cluster: Cluster) -> None:
    """Refuse data of another major version and say how to bring it along; delete nothing."""
    made_by = (cluster.data / "PG_VERSION").read_text(encoding="utf-8").strip()
    answer = subprocess.run(
        cluster.command("postgres", "--version"), capture_output=True, text=True, check=True
    )
    ours = answer.stdout.split()[2].split(".")[0]
    if made_by != ours:
        raise Refused(
            f"{cluster.data} was made by PostgreSQL {made_by}, this Ratecard brings {ours}. "
            "Nothing was changed. Start the older Ratecard, dump with `pg_dump -Fc`, move the folder "
            "away, start this one with --no-demo and load the dump with `pg_restore --clean`."
        )


def server_version(binaries: Path) -> str:
    """Return the version of the binaries, such as 18.6."""
    argv = [str(binaries / "postgres"), "--version"]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split()[2]


def create(cluster: Cluster) -> None:
    """Run initdb in a sibling folder and rename it, so that an interrupted one is never taken for data."""
    home = cluster.identity.home
    for leftover in home.glob("data.new-*"):
        shutil.rmtree(leftover)
    fresh = home / f"data.new-{os.getpid()}"
    fresh.mkdir(mode=0o700)
    secret = home / f"password.{os.getpid()}"
    write_private(secret, cluster.password)
    try:
        if (user := cluster.identity.user) is not None:
            os.chown(fresh, user, user)
            os.chown(secret, user, user)
        run_initdb(cluster, fresh, secret)
    finally:
        secret.unlink()
    fresh.rename(cluster.data)


def run_initdb(cluster: Cluster, folder: Path, secret: Path) -> None:
    """Fill `folder` with a new cluster."""
    argv = cluster.command("initdb", "-D", str(folder), f"--pwfile={secret}", *INITDB, *LOCALE)
    identity = cluster.identity
    answer = subprocess.run(
        [*identity.before, *argv],
        capture_output=True,
        text=True,
        check=False,
        env=ENVIRONMENT,
        cwd="/",
        **become(identity.user),
    )
    if answer.returncode != 0:
        shutil.rmtree(folder, ignore_errors=True)
        raise Refused(f"PostgreSQL could not make its data folder {folder}:\n{answer.stderr.strip()}")


def options(port: int, *, throwaway: bool, more: tuple[str, ...] = ()) -> list[str]:
    """Return the server's options. No unix socket: a long checkout path would break it."""
    given = [
        f"listen_addresses={HOST}",
        "unix_socket_directories=",
        "max_connections=200",
        "shared_preload_libraries=pg_stat_statements",
        "logging_collector=off",
        *(UNSAFE if throwaway else ()),
        *more,
    ]
    return ["-p", str(port), *(word for setting in given for word in ("-c", setting))]


def start(cluster: Cluster, log_folder: Path, *, pause: Callable[[], None]) -> tuple[Child, str]:
    """Start the server on a free port; return it with its URL once a connection works."""
    clear_stale_pid(cluster.data)
    for attempt in (1, 2, 3):  # a free port may be lost between finding and binding it
        port = free_port()
        child = launch(recipe(cluster, port), log_folder)
        try:
            if answers(child, cluster, port, pause):
                return child, cluster.url(port)
        except BaseException:
            stop(child)
            raise
        stop(child)
        if attempt == 3 or "Address already in use" not in last_lines(child.log):
            break
    raise Refused(f"PostgreSQL did not start:\n{last_lines(child.log)}")


def recipe(cluster: Cluster, port: int) -> Recipe:
    """Say how the server is started; SIGINT is its fast shutdown."""
    words = options(port, throwaway=cluster.throwaway, more=cluster.settings)
    return Recipe(
        "postgres",
        cluster.command("postgres", "-D", str(cluster.data), *words),
        ENVIRONMENT,
        stop_signal=signal.SIGINT,
        patience=20,
        before=cluster.identity.before,
        user=cluster.identity.user,
        cwd=Path("/"),
    )


def clear_stale_pid(data: Path) -> None:
    """Wait for the server a killed run left, then forget it: its number may be another program's by now."""
    path = data / "postmaster.pid"
    for _ in range(100):
        if not path.exists():
            return
        if not runs_on(int(path.read_text(encoding="utf-8").split()[0] or 0), data):
            path.unlink(missing_ok=True)
            return
        time.sleep(0.1)
    raise Refused(f"A PostgreSQL server still runs on {data}; its number is the first line of {path.name}.")


def runs_on(pid: int, data: Path) -> bool:
    """Tell whether process `pid` is a server on this data folder; without /proc, whether it lives."""
    if Path("/proc/self").exists():
        try:
            return os.fsencode(data) in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return False
    with contextlib.suppress(OSError):
        os.kill(pid, 0)
        return True
    return False


def answers(child: Child, cluster: Cluster, port: int, pause: Callable[[], None]) -> bool:
    """Wait until a connection works, and make our database; pg_ctl's word is not good enough."""
    deadline = time.monotonic() + START_SECONDS
    while child.process.poll() is None and time.monotonic() < deadline:
        try:
            make_database(cluster, port)
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise Refused(f"The password beside {cluster.data} does not open it.") from None
            pause()
            time.sleep(TICK_SECONDS)
        else:
            return True
    return False


def make_database(cluster: Cluster, port: int) -> None:
    """Create Ratecard's database if it is not there."""
    with psycopg.connect(cluster.url(port, "postgres"), autocommit=True, connect_timeout=5) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))


def empty(url: str) -> None:
    """Drop our database and make it again; only ever called for a first start that was interrupted."""
    maintenance = url.rpartition("/")[0] + "/postgres"
    name = sql.Identifier(DATABASE)
    with psycopg.connect(maintenance, autocommit=True, connect_timeout=5) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(name))


def has_rows(url: str, table: str) -> bool:
    """Tell whether a table of Ratecard's holds anything."""
    query = sql.SQL("SELECT EXISTS (SELECT FROM {})").format(sql.Identifier(table))
    with psycopg.connect(url, connect_timeout=5) as connection:
        found = connection.execute(query).fetchone()
    return bool(found and found[0])


def require_reachable(url: str) -> None:
    """Refuse an outside database that does not answer or is older than PostgreSQL 16."""
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            version = connection.info.server_version
    except psycopg.Error as error:
        reason = " ".join(str(error).split())
        raise Refused(f"The database in DATABASE_URL does not answer: {reason}") from None
    if version < OLDEST_SERVER:
        raise Refused(
            f"The database in DATABASE_URL is PostgreSQL {version // 10000}; Ratecard needs 16 or newer."
        )

"""The steps of a start, each small: what is started, with which words."""

import hashlib
import http.client
import json
import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from config.dev import postgres, valkey
from config.dev.choices import Options, whole
from config.dev.errors import Refused
from config.dev.places import APPS, HOST, ROOT, private_folder, python
from config.dev.process import TICK_SECONDS, Recipe
from config.dev.supervisor import Supervisor

WEB_SECONDS = 60
WORKER_SECONDS = 40
QUEUES = "webhook,ingest,billing,delivery"
COPIES = 2  # worker processes; a laptop's share


def preflight_services() -> None:
    """Refuse outside services that do not answer, before anything is started."""
    if url := os.environ.get("DATABASE_URL"):
        postgres.require_reachable(url)
    if url := os.environ.get("REDIS_URL"):
        valkey.require_reachable([url])


def start_database(supervisor: Supervisor) -> tuple[str, str]:
    """Return the database's address and a word about it; started here unless one was given."""
    if url := os.environ.get("DATABASE_URL"):
        return url, "outside, from DATABASE_URL"
    cluster = postgres.prepare(supervisor.state.folder / "postgres")
    child, url = postgres.start(cluster, supervisor.state.logs, pause=supervisor.pause)
    supervisor.add(child)
    return url, f"PostgreSQL {postgres.server_version(cluster.identity.binaries)}"


def start_valkey(supervisor: Supervisor) -> tuple[str, str]:
    """Return the broker's address and a word about it; started here unless one was given."""
    if url := os.environ.get("REDIS_URL"):
        return url, "outside, from REDIS_URL"
    folder = supervisor.state.folder / "valkey"
    child, url = valkey.start(folder, supervisor.state.logs, durable=True, pause=supervisor.pause)
    supervisor.add(child)
    return url, "Valkey"


def sandbox_recipe(options: Options, secret: str, state_file: Path) -> Recipe:
    """Say how the Stripe sandbox is started."""
    argv = [python(), "-m", "config.sandbox", "--port", str(options.sandbox_port), "--state", str(state_file)]
    hook = ["--webhook-url", f"{options.portal}/webhooks/stripe", "--webhook-secret", secret]
    return Recipe("sandbox", [*argv, *hook], whole({"PYTHONUNBUFFERED": "1"}), patience=5)


def manage(name: str, environment: Mapping[str, str], *words: str) -> Recipe:
    """Say how a management command is run as a step."""
    return Recipe(name, [python(), str(ROOT / "manage.py"), *words], whole(environment))


def seed_recipe(environment: Mapping[str, str]) -> Recipe:
    """Say how the demo world is made; its progress bar belongs to the terminal."""
    argv = [python(), str(ROOT / "manage.py"), "seed_demo"]
    return Recipe("seed", argv, whole(environment), terminal=True)


WEB_THREADS = 64  # of all web processes; each keeps a connection to PostgreSQL


def web_recipe(options: Options, environment: Mapping[str, str]) -> Recipe:
    """Say how the web server is started: one process a core, each with its threads, half of which may wait
    for bodies."""
    cores = os.cpu_count() or 1
    threads = max(8, WEB_THREADS // cores)
    argv = [python(), "-m", "granian", "--interface", "wsgi", "config.wsgi:application", "--host", HOST]
    size = [
        "--port",
        str(options.port),
        "--workers",
        str(cores),
        "--blocking-threads",
        str(threads),
        "--respawn-failed-workers",
        "--workers-kill-timeout",
        "15",
    ]
    readers = {"RATECARD_BODY_READERS": str(threads // 2)}
    return Recipe("web", [*argv, *size, "--no-ws"], whole({**environment, **readers}), patience=20)


def worker_recipe(environment: Mapping[str, str]) -> Recipe:
    """Say how the Celery worker is started."""
    argv = [python(), "-W", "ignore:::celery.platforms", "-m", "celery", "-A", "config.celery", "worker"]
    words = ["-Q", QUEUES, "-c", str(COPIES), "-l", "info", "--without-gossip", "--without-mingle"]
    return Recipe("worker", [*argv, *words], whole(environment), patience=20)


def beat_recipe(environment: Mapping[str, str], folder: Path) -> Recipe:
    """Say how Celery beat is started; its schedule file is this copy's."""
    argv = [python(), "-m", "celery", "-A", "config.celery", "beat", "-l", "info", "--pidfile="]
    return Recipe(
        "beat", [*argv, "-s", str(private_folder(folder) / "schedule")], whole(environment), patience=5
    )


def await_http(supervisor: Supervisor, port: int, path: str) -> None:
    """Wait until `path` answers 200; refuse with its last answer after a minute."""
    deadline = time.monotonic() + WEB_SECONDS
    last = "no answer"
    while time.monotonic() < deadline:
        supervisor.pause()
        try:
            status, last = get(port, path)
        except OSError as error:
            last = str(error)
        else:
            if status == 200:
                return
        time.sleep(TICK_SECONDS)
    raise Refused(f"http://{HOST}:{port}{path} did not become ready: {last[:300]}")


def get(port: int, path: str) -> tuple[int, str]:
    """Return status and text of one GET on loopback."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")
    except http.client.HTTPException as error:
        raise OSError(str(error)) from error
    finally:
        connection.close()


def await_worker(supervisor: Supervisor, log: Path) -> None:
    """Wait until the worker says that it takes tasks."""
    deadline = time.monotonic() + WORKER_SECONDS
    while b" ready." not in log.read_bytes():
        supervisor.pause()
        if time.monotonic() > deadline:
            raise Refused(f"The worker did not become ready; see {log}.")
        time.sleep(TICK_SECONDS)


def await_ready(supervisor: Supervisor, port: int) -> None:
    """Wait for /readyz; when it stays red, look at the migrations again next time."""
    try:
        await_http(supervisor, port, "/readyz")
    except Refused:
        migrated_stamp(supervisor).unlink(missing_ok=True)
        raise


def migrated_stamp(supervisor: Supervisor) -> Path:
    """Return the file that says which migrations our own cluster has; it lives and dies with the cluster."""
    return supervisor.state.folder / "postgres" / "migrated.stamp"


def migrate(supervisor: Supervisor, environment: Mapping[str, str]) -> str:
    """Run the migrations, unless our own cluster has just these; an outside database is always asked."""
    stamp_file = migrated_stamp(supervisor)
    stamp = stamp_of(sorted(file for app in APPS for file in (ROOT / app).glob("migrations/*.py")))
    embedded = not os.environ.get("DATABASE_URL")
    if embedded and stamp_file.exists() and stamp_file.read_text(encoding="utf-8") == stamp:
        return "unchanged"
    supervisor.run_once(manage("migrate", environment, "migrate", "--noinput"))
    if embedded:
        stamp_file.write_text(stamp, encoding="utf-8")
    return "done"


def stamp_of(files: Iterable[Path]) -> str:
    """Return a hash over our files and over the lock, which names the packages that bring theirs."""
    digest = hashlib.sha256((ROOT / "requirements.txt").read_bytes())
    for file in files:
        found = file.stat()
        digest.update(f"{file.relative_to(ROOT)} {found.st_size} {found.st_mtime_ns}\n".encode())
    return digest.hexdigest()


class StaticFiles:
    """Static files, collected beside the migrations when they changed since the last start."""

    def __init__(self, supervisor: Supervisor, environment: Mapping[str, str]) -> None:
        self.supervisor = supervisor
        self.stamp_file = supervisor.state.folder / "static.stamp"
        folders = (ROOT / "static", *(ROOT / app / "static" for app in APPS))
        self.stamp = stamp_of(
            sorted(file for folder in folders for file in folder.rglob("*") if file.is_file())
        )
        fresh = self.stamp_file.exists() and self.stamp_file.read_text(encoding="utf-8") == self.stamp
        recipe = manage("collectstatic", environment, "collectstatic", "--noinput", "--clear")
        self.child = None if fresh else supervisor.begin(recipe)

    def complete(self) -> str:
        """Wait for the end; the stamp comes last."""
        if self.child is None:
            return "unchanged"
        self.supervisor.complete(self.child)
        self.stamp_file.write_text(self.stamp, encoding="utf-8")
        return "collected"


def report_usage(api: str, key: str, event: Mapping[str, object]) -> str:
    """Send one event as the printed curl does and return the answer's text."""
    host, _, path = api.removeprefix("http://").partition("/")
    connection = http.client.HTTPConnection(host, timeout=15)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    try:
        connection.request("POST", f"/{path}/usage/events", json.dumps([event]), headers)
        answer = connection.getresponse()
        return f"{answer.status} {answer.read().decode(errors='replace').strip()}"
    except (OSError, http.client.HTTPException) as error:
        return f"no answer: {error}"
    finally:
        connection.close()

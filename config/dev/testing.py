"""`dev.py test`: the gate on its own throw-away servers, ending with pytest's summary line."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO
from urllib.parse import urlsplit

from config.dev import postgres, valkey
from config.dev.errors import Refused, Stopped
from config.dev.places import ROOT, require_disk
from config.dev.process import death_prefix, setpriv_works, stop
from config.dev.state import hear_signals

LONG = "--long"
PYTEST_GOODBYE_SECONDS = 15
SHOWN_LINES = 120  # of a step that failed
WORKERS = "2"  # one for each core of the smallest machine the gate runs on
TABLES = "tables"
FIRST = {TABLES, "migrations"}  # pytest waits for them: no database in use can be copied
TEMPLATE = "RATECARD_TEST_TEMPLATE"  # the database whose finished tables the workers' own are copies of


@dataclass(frozen=True)
class Check:
    """One step of the gate beside pytest."""

    name: str
    argv: tuple[str, ...]


def checks(python: str) -> tuple[Check, ...]:
    """Return the steps; they look at different things and run side by side."""
    tool = (python, "-m")
    return (
        Check(TABLES, (python, "manage.py", "migrate", "-v", "0")),  # once, for both workers to copy
        Check("format", (*tool, "ruff", "format", "--check", ".")),
        Check("lint", (*tool, "ruff", "check", ".")),
        Check("translations", (*tool, "config.dev.translations", "--check")),
        Check("migrations", (python, "manage.py", "makemigrations", "--check", "--dry-run")),
        Check("types", (*tool, "mypy", ".")),
    )


def pytest_words(arguments: Sequence[str]) -> list[str]:
    """Return pytest's arguments: the whole suite, or exactly what was asked for."""
    own = [word for word in arguments if word != LONG]
    return [*(own or ["-n", WORKERS]), *(["--hypothesis-profile=long"] if LONG in arguments else [])]


def is_gate(arguments: Sequence[str]) -> bool:
    """Tell whether the whole gate is meant."""
    return not [word for word in arguments if word != LONG]


@contextmanager
def servers(*, throwaway: bool = True, settings: tuple[str, ...] = ()) -> Iterator[dict[str, str]]:
    """Run a database and a broker that nothing else uses, and forget them afterwards.

    `throwaway`: without the safety that a test does not need and a benchmark must not go without.
    """
    folder = Path(tempfile.mkdtemp(prefix="ratecard-test-"))
    folder.chmod(0o711)  # where root may not map users, `nobody` must get through to its data
    require_disk(folder)
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        cluster = postgres.prepare(folder / "postgres", throwaway=throwaway, settings=settings)
        database, database_url = postgres.start(cluster, folder, pause=nothing)
        stack.callback(stop, database)
        broker, redis_url = valkey.start(folder / "valkey", folder, durable=False, pause=nothing)
        stack.callback(stop, broker)
        yield {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "RATECARD_STATE_DIR": str(folder / "state"),
        }


def database_name(url: str) -> str:
    """Return the name of the database in an address."""
    return urlsplit(url).path.removeprefix("/")


def nothing() -> None:
    """Wait without watching anything else: a signal raises Stopped here."""


def environment(ours: Mapping[str, str]) -> dict[str, str]:
    """Return what tests and tools see: our servers, never the caller's Stripe account."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("STRIPE_")}
    fixed = {"RATECARD_DEBUG": "1", "SECRET_KEY": "only-for-tests-" + "0" * 40, "PYTHONPATH": str(ROOT)}
    return {**kept, **fixed, **ours}


@dataclass(frozen=True)
class Running:
    """A step under way; its words go to a file, as a long list of faults would fill a pipe."""

    check: Check
    process: subprocess.Popen[bytes]
    output: IO[bytes]
    began: float


def spawn(check: Check, env: Mapping[str, str]) -> Running:
    """Start one step."""
    output = tempfile.TemporaryFile()  # noqa: SIM115 - closed by report()
    argv = [*death_prefix("TERM", has_setpriv=setpriv_works()), *check.argv]
    process = subprocess.Popen(argv, cwd=ROOT, env=dict(env), stdout=output, stderr=subprocess.STDOUT)
    return Running(check, process, output, time.monotonic())


@contextmanager
def steps(env: Mapping[str, str], wanted: Sequence[Check]) -> Iterator[list[Running]]:
    """Start these steps side by side; what still runs at the end is ended."""
    running: list[Running] = []
    try:
        running.extend(spawn(check, env) for check in wanted)
        yield running
    finally:
        for step in running:
            step.process.terminate()


def await_steps(running: list[Running], names: Container[str] | None = None) -> list[str]:
    """Print each step with its time as it ends, until all (or those named) have; return the failed."""
    failed: list[str] = []
    while any(names is None or step.check.name in names for step in running):
        for done in [step for step in running if step.process.poll() is not None]:
            running.remove(done)
            if not report(done, time.monotonic() - done.began):
                failed.append(done.check.name)
        time.sleep(0.05)
    return failed


def report(done: Running, seconds: float) -> bool:
    """Print a finished step's line, and its words when it failed; tell whether it passed."""
    passed = done.process.returncode == 0
    print(f"  {done.check.name:<14}{'ok' if passed else 'FAILED':<8}{seconds:6.1f} s", flush=True)
    if not passed:
        done.output.seek(0)
        lines = done.output.read().decode(errors="replace").rstrip().splitlines()
        print("\n".join(lines[:SHOWN_LINES]))
        if len(lines) > SHOWN_LINES:
            print(f"… and {len(lines) - SHOWN_LINES} lines more: {' '.join(done.check.argv[1:])}", flush=True)
    done.output.close()
    return passed


def run_pytest(words: Sequence[str], env: Mapping[str, str], meanwhile: Callable[[], object]) -> int:
    """Run pytest in our terminal and `meanwhile` beside it; a stop lets it put its fixtures away first."""
    argv = [*death_prefix("TERM", has_setpriv=setpriv_works()), sys.executable, "-m", "pytest", *words]
    process = subprocess.Popen(argv, cwd=ROOT, env=dict(env))
    try:
        meanwhile()
        return process.wait()
    except Stopped:
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(PYTEST_GOODBYE_SECONDS)
        process.kill()
        raise


def on_signal(number: int, frame: FrameType | None) -> None:
    """Unwind, so that the servers end."""
    raise Stopped


def main(arguments: Sequence[str]) -> int:
    """Return 0 when everything is green."""
    hear_signals(on_signal)
    wanted = checks(sys.executable) if is_gate(arguments) else ()
    try:
        with servers() as ours, steps(env := environment(ours), wanted) as running:
            failed = await_steps(running, FIRST)
            if wanted and TABLES not in failed:
                env[TEMPLATE] = database_name(ours["DATABASE_URL"])
            words = pytest_words(arguments)
            code = run_pytest(words, env, lambda: failed.extend(await_steps(running)))
    except Refused as refusal:
        print(f"ratecard: {refusal}", file=sys.stderr)
        return 1
    except Stopped:
        return 130
    if failed:
        print(f"ratecard: the gate failed beside pytest: {', '.join(failed)} (see above).", file=sys.stderr)
    return code or int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

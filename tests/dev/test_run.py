"""`dev.py run` as one process tree: whatever ends it, nothing of it is left."""

import contextlib
import json
import os
import signal
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from config.dev.places import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for left processes in /proc"),
]
READY_SECONDS = 120
MARK = "RATECARD_TEST_MARK"
RUN = (sys.executable, "-m", "config.dev.run", "--no-demo")


class Copy:
    """One running copy, found again by a mark in its environment."""

    def __init__(self, folder: Path, *without: str) -> None:
        self.folder = folder
        self.mark = uuid4().hex
        kept = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
        self.log = folder.parent / f"run-{self.mark}.log"
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [*RUN, "--port", "0", "--data", str(folder), *without],
                cwd=ROOT,
                env={**kept, MARK: self.mark, "PYTHONPATH": str(ROOT)},
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def ready(self) -> dict[str, Any]:
        """Wait for run.json and return it."""
        path = self.folder / "run.json"
        wait_until(lambda: path.exists() or self.process.poll() is not None, READY_SECONDS)
        assert path.exists(), self.log.read_text()
        found: dict[str, Any] = json.loads(path.read_text())
        return found

    def left(self) -> list[str]:
        """Return the command lines of processes that belong to this copy."""
        return [
            words for pid in os.listdir("/proc") if pid.isdigit() and (words := self.ours(Path("/proc", pid)))
        ]

    def ours(self, place: Path) -> str:
        """Return a process's command line if it is one of ours; PostgreSQL is known by its folder."""
        try:
            marked = f"{MARK}={self.mark}".encode() in (place / "environ").read_bytes()
            inside = (place / "cwd").readlink().is_relative_to(self.folder)
            return (place / "cmdline").read_text().replace("\0", " ") if marked or inside else ""
        except OSError:
            return ""


def wait_until(done: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not done() and time.monotonic() < deadline:
        time.sleep(0.1)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Copy]]:
    copies: list[Copy] = []

    def begin(*without: str) -> Copy:
        copies.append(Copy(tmp_path / "var", *without))
        return copies[-1]

    yield begin
    for copy in copies:
        if copy.process.poll() is None:
            copy.process.terminate()
            copy.process.wait(60)


def test_nothing_is_left_whatever_ends_a_run(start: Callable[..., Copy]) -> None:
    """First start, SIGTERM; second start, children die; third start, the supervisor is killed."""
    first = start()
    found = first.ready()
    assert_usable(found, first)
    first.process.terminate()
    assert first.process.wait(40) == 0, first.log.read_text()
    assert first.left() == []
    assert not (first.folder / "run.json").exists()

    second = start("--without-worker")
    again = second.ready()
    assert again["logins"]["staff"] == found["logins"]["staff"]
    assert_killed_servers_come_back(again, second)
    os.kill(again["pids"]["valkey"], signal.SIGKILL)
    assert second.process.wait(40) == 1
    assert "valkey ended with code -9" in second.log.read_text()
    assert second.left() == []

    third = start("--without-beat")
    third.ready()
    third.process.kill()
    third.process.wait()
    wait_until(lambda: not third.left(), 25)
    assert third.left() == []


def assert_usable(found: dict[str, Any], copy: Copy) -> None:
    """Check that run.json tells the truth and is private."""
    assert found["ready"] is True
    assert stat.S_IMODE((copy.folder / "run.json").stat().st_mode) == 0o600
    assert found["pids"]["supervisor"] == copy.process.pid
    assert all(found["pids"].values())
    assert all(Path("/proc", str(pid)).exists() for pid in found["pids"].values())
    assert found["logins"]["owner"] is None
    for address in (f"{found['portal']}/readyz", found["login_url"], f"{found['api_docs']}/"):
        with urllib.request.urlopen(address, timeout=10) as answer:
            assert answer.status == 200


def assert_killed_servers_come_back(found: dict[str, Any], copy: Copy) -> None:
    """Kill a process that answers requests, and beat itself: both have a successor, requests an answer."""
    web, beat = found["pids"]["web"], found["pids"]["beat"]
    serving = children(web)

    def started() -> int:
        return (copy.folder / "logs/web.log").read_text().count("Started worker-")

    def beats() -> int:
        pid: int = json.loads((copy.folder / "run.json").read_text())["pids"]["beat"]
        return pid

    def back() -> bool:
        return serving[0] not in children(web) and started() == len(serving) + 1 and beats() != beat

    wait_until(lambda: started() == len(serving), 20)  # until then one would not hear the signal to stop
    os.kill(serving[0], signal.SIGKILL)
    os.kill(beat, signal.SIGKILL)

    wait_until(back, 20)
    assert back(), copy.log.read_text()
    assert Path("/proc", str(beats())).exists()
    assert "beat ended with code -9 and is started again" in copy.log.read_text()
    with urllib.request.urlopen(f"{found['portal']}/healthz", timeout=10) as answer:
        assert answer.status == 200


def children(pid: int) -> list[int]:
    """Return the processes that a process started."""
    found = []
    for one in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):  # ended meanwhile
            if f"\nPPid:\t{pid}\n" in Path("/proc", one, "status").read_text():
                found.append(int(one))
    return sorted(found)


def test_a_refusal_leaves_nothing(tmp_path: Path) -> None:
    environment = {**os.environ, "STRIPE_API_KEY": "sk_live_mine", "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-m", "config.dev.run", "--data", str(tmp_path / "var")]

    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "live key" in done.stderr
    assert not (tmp_path / "var").exists()

"""One child process: started so that it dies with us, stopped with patience, its whole group at the end."""

import contextlib
import functools
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.dev.places import ROOT

TICK_SECONDS = 0.05


@dataclass
class Child:
    """A running server and how it wants to be ended."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    stop_signal: signal.Signals = signal.SIGTERM
    patience: float = 10.0  # seconds between the polite signal and SIGKILL
    lasting: bool = True  # a server's end is news; a command's is not

    @property
    def pid(self) -> int:
        """The process id, which is also its session's and group's id."""
        return self.process.pid


@dataclass(frozen=True)
class Recipe:
    """What to start. `user` is a uid for the one server that refuses root."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    stop_signal: signal.Signals = signal.SIGTERM
    patience: float = 10.0
    before: Sequence[str] = ()
    user: int | None = None
    cwd: Path = ROOT
    terminal: bool = False  # a command with a progress bar: prints to the terminal, if there is one


def death_prefix(name: str, *, has_setpriv: bool) -> list[str]:
    """Return the words that make the kernel send signal `name` to a command when its parent dies."""
    return ["setpriv", "--pdeathsig", name, "--"] if has_setpriv else []


def become(user: int | None) -> dict[str, Any]:
    """Return Popen's words for another user without any of our groups; the values are of several types."""
    return {} if user is None else {"user": user, "group": user, "extra_groups": []}


@functools.cache
def setpriv_works() -> bool:
    """Tell whether util-linux's setpriv is here (busybox's cannot do this)."""
    if not shutil.which("setpriv"):
        return False
    probe = ["setpriv", "--pdeathsig", "TERM", "--", "true"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


def launch(recipe: Recipe, log_folder: Path) -> Child:
    """Start a recipe in its own session, its output going straight into a file.

    The file is written by the child itself: were it a pipe through us, our death would be
    its SIGPIPE. Call this from the main thread only, because the kernel's parent-death
    signal means the thread.
    """
    log = log_folder / f"{recipe.name}.log"
    with contextlib.suppress(FileNotFoundError):
        log.replace(log.with_suffix(".log.1"))
    dies_by = recipe.stop_signal.name.removeprefix("SIG")
    argv = [*recipe.before, *death_prefix(dies_by, has_setpriv=setpriv_works()), *recipe.argv]
    with log.open("wb") as file:
        output = None if recipe.terminal and sys.stdout.isatty() else file
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=None if output is None else subprocess.STDOUT,
            env=dict(recipe.env),
            cwd=recipe.cwd,
            start_new_session=True,
            **become(recipe.user),
        )
    return Child(recipe.name, process, log, recipe.stop_signal, recipe.patience)


def ask_to_stop(child: Child) -> None:
    """Send the polite signal, if it still runs."""
    if child.process.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            child.process.send_signal(child.stop_signal)


def finish(child: Child, *, impatient: Callable[[], bool] = lambda: False) -> None:
    """Wait for a child that was asked to stop, then end whatever is left of its group."""
    deadline = time.monotonic() + child.patience
    while child.process.poll() is None and time.monotonic() < deadline and not impatient():
        time.sleep(TICK_SECONDS)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.process.wait()


def stop(child: Child) -> None:
    """End one child and its group."""
    ask_to_stop(child)
    finish(child)

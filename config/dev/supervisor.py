"""One process tree: started in order, watched, stopped in reverse; a guard ends it if we are killed."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from config.dev.errors import Refused, Stopped
from config.dev.places import last_lines
from config.dev.process import TICK_SECONDS, Child, Recipe, ask_to_stop, finish, launch
from config.dev.revival import Revivals
from config.dev.state import State, hear_signals

TOGETHER = ("web", "worker", "beat")  # asked together, then awaited; the servers below go one by one
CHATTER = " INFO celery."  # a line for each ring of the doorbell, every second; the file has them
UNREADY_SECONDS = 3.0
COLOURS = {"web": 36, "worker": 32, "beat": 34, "sandbox": 35, "postgres": 33, "valkey": 31}


class Supervisor:
    """The children of one run."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.children: list[Child] = []
        self.recipes: dict[str, Recipe] = {}
        self.revivals = Revivals()
        self.signals = 0
        hear_signals(self._on_signal)
        self.guard = self._start_guard()

    def _start_guard(self) -> subprocess.Popen[str]:
        """Start the process that cleans up after a `kill -9`; it shares the folder's lock with us."""
        return subprocess.Popen(
            [sys.executable, "-I", "-S", str(Path(__file__).with_name("guard.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
            pass_fds=[self.state.descriptor],
        )

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.signals += 1

    def tell_guard(self, words: str) -> None:
        """Keep the guard's list right."""
        with contextlib.suppress(BrokenPipeError):
            assert self.guard.stdin is not None  # noqa: S101 - Popen was given a pipe
            self.guard.stdin.write(f"{words}\n")
            self.guard.stdin.flush()

    def add(self, child: Child) -> Child:
        """Watch a running child from now on."""
        self.children.append(child)
        self.tell_guard(f"{child.pid} {child.stop_signal.value}")
        return child

    def start(self, recipe: Recipe) -> Child:
        """Start a server and watch it."""
        self.recipes[recipe.name] = recipe
        return self.add(launch(recipe, self.state.logs))

    def pause(self) -> None:
        """Raise if we were asked to stop or a child has ended; called in every wait."""
        if self.signals:
            raise Stopped
        for child in self.children:
            if child.lasting and child.process.poll() is not None:
                code = child.process.returncode
                raise Refused(
                    f"{child.name} ended with code {code}. Its last lines:\n{last_lines(child.log)}"
                )

    def begin(self, recipe: Recipe) -> Child:
        """Start a command that ends by itself; `complete` waits for it."""
        child = launch(recipe, self.state.logs)
        child.lasting = False
        return self.add(child)

    def complete(self, child: Child) -> None:
        """Wait for a command's end; refuse with its last lines if it failed."""
        while child.process.poll() is None:
            self.pause()
            time.sleep(TICK_SECONDS)
        self.children.remove(child)
        self.tell_guard(f"-{child.pid}")
        if child.process.returncode:
            raise Refused(f"{child.name} failed. The end of {child.log}:\n{last_lines(child.log)}")

    def run_once(self, recipe: Recipe) -> None:
        """Run a command to its end."""
        self.complete(self.begin(recipe))

    def revive(self) -> list[str]:
        """Start again what was killed and keeps nothing itself; return which servers have a new process."""
        if self.signals:
            return []
        ended = [child for child in self.children if child.lasting and child.process.poll() is not None]
        revived = [child for child in ended if self.revivals.allows(child.name, time.monotonic())]
        for child in revived:
            finish(child)  # what is left of its group holds the port
            self.children.remove(child)
            self.tell_guard(f"-{child.pid}")
            self.start(self.recipes[child.name])
            code, kept = child.process.returncode, child.log.with_suffix(".log.1")
            print(
                f"  {child.name} ended with code {code} and is started again; {kept} is its log.", flush=True
            )
        return [child.name for child in revived]

    def watch(self, revived: Callable[[], object]) -> None:
        """Show what the children print until one ends for good or we are asked to stop."""
        show = [child for child in self.children if child.name in {*TOGETHER, "sandbox"}]
        places = {child.name: child.log.stat().st_size for child in show}
        while True:
            for child in show:
                places[child.name] = self._show(child, places[child.name])
            if again := self.revive():
                places.update(dict.fromkeys(again, 0))  # a new process has a new log
                revived()
            self.pause()
            time.sleep(0.2)

    def _show(self, child: Child, place: int) -> int:
        """Print whole new lines of a log, each with its child's name; return where we are."""
        with child.log.open("rb") as file:
            file.seek(place)
            new = file.read()
        end = new.rfind(b"\n") + 1
        name = f"{child.name:<8}"
        if sys.stdout.isatty():
            name = f"\033[{COLOURS[child.name]}m{name}\033[0m"
        for line in new[:end].decode(errors="replace").splitlines():
            if CHATTER not in line:
                print(f"{name} {line}", flush=True)
        return place + end

    def stop_all(self, *, ready: bool) -> None:
        """End everything in reverse order; a second Ctrl-C ends patience.

        Before it is ready nothing holds anybody's work, and a server that is still
        starting may not hear the polite signal, so patience is short then.
        """
        before = self.signals
        hurried = lambda: self.signals > before + 1  # noqa: E731 - one line reads best here
        together = [child for child in self.children if child.name in TOGETHER]
        for child in together:
            child.patience = child.patience if ready else UNREADY_SECONDS
            ask_to_stop(child)
        others = [child for child in reversed(self.children) if child not in together]
        for child in together:
            finish(child, impatient=hurried)
        for child in others:
            ask_to_stop(child)
            finish(child, impatient=hurried)
        self.children.clear()
        self.tell_guard("bye")
        with contextlib.suppress(BrokenPipeError):
            self.guard.communicate(timeout=5)

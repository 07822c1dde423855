"""The state folder of one running copy: its lock, its secrets, its first-start marks."""

import contextlib
import fcntl
import json
import os
import secrets
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from config.dev.errors import Refused
from config.dev.places import private_folder, write_private

ENDING_SECONDS = 25


@dataclass
class State:
    """DIR: everything one copy keeps."""

    folder: Path
    descriptor: int = field(default=-1, repr=False)

    @property
    def logs(self) -> Path:
        """Full logs, one file a process."""
        return private_folder(self.folder / "logs")

    @property
    def run_file(self) -> Path:
        """Addresses, logins and process ids; there only while the copy is ready."""
        return self.folder / "run.json"

    @property
    def env_file(self) -> Path:
        """What `dev.py manage` puts into its environment to join this copy."""
        return self.folder / "env.json"

    @property
    def demo_file(self) -> Path:
        """What the demo seed made: logins, keys, a sample event."""
        return self.folder / "demo.json"

    @property
    def started_file(self) -> Path:
        """Written once the first start, with its seed, has succeeded."""
        return self.folder / "started.json"

    @property
    def seeding_file(self) -> Path:
        """There while the seed is under way: found at a start, it means a half-made demo world."""
        return self.folder / "seeding"

    def secrets(self) -> dict[str, str]:
        """Return this copy's made-up secrets, the same at each start."""
        path = self.folder / "secrets.json"
        if not path.exists():
            made = {
                "secret_key": secrets.token_urlsafe(50),
                "webhook_secret": f"whsec_{secrets.token_hex(24)}",
            }
            write_private(path, json.dumps(made))
        return read_json(path)


def read_json(path: Path) -> dict[str, Any]:
    """Return a JSON object, empty when the file is not there; its values are what the writer put in."""
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return found


def take(folder: Path, *, port: int) -> State:
    """Own a state folder alone, or say who does; wait for one that is just ending."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + ENDING_SECONDS
    while not try_lock(descriptor):
        holder = os.pread(descriptor, 100, 0).decode().split()
        if (holder and is_alive(int(holder[0]))) or time.monotonic() > deadline:
            os.close(descriptor)
            who, where = (*holder, "?", "?")[:2]
            raise Refused(
                f"Process {who} (http://127.0.0.1:{where}) is using {folder}. Stop it, or choose --data DIR."
            )
        time.sleep(0.1)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()} {port}\n".encode(), 0)
    state = State(folder, descriptor)
    for stale in (state.run_file, state.env_file):
        stale.unlink(missing_ok=True)
    return state


def try_lock(descriptor: int) -> bool:
    """Take the lock if nobody holds it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_alive(pid: int) -> bool:
    """Tell whether a process exists, whoever owns it; a zombie does not count."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def running_environment(folder: Path) -> dict[str, str]:
    """Return the environment of the copy running on `folder`, or refuse when none runs."""
    found = read_json(folder / "env.json")
    with contextlib.suppress(OSError):
        descriptor = os.open(folder / "lock", os.O_RDWR)
        held = not try_lock(descriptor)
        os.close(descriptor)
        if held and found:
            return {name: str(value) for name, value in found.items()}
    raise Refused(f"No copy of Ratecard is running on {folder}. Start one with: python3 dev.py run")


def hear_signals(handler: Callable[[int, FrameType | None], None]) -> None:
    """Route Ctrl-C, SIGTERM and a closed terminal to one handler; nohup's wish is kept."""
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, handler)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, handler)

"""Where things are on this machine: folders, free ports, free disk, other people's locks."""

import contextlib
import errno
import fcntl
import os
import shutil
import socket
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from config.dev.errors import Refused

ROOT = Path(__file__).resolve().parent.parent.parent
HOST = "127.0.0.1"
APPS = ("config", "plans", "subscriptions", "usage", "billing")
MIN_FREE_BYTES = 1_000_000_000


def wheel_folder(package: str) -> Path:
    """Return an installed package's folder without importing it (importing may start things)."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise Refused(f"The package {package} is not installed. Run: python3 dev.py doctor")
    return Path(spec.submodule_search_locations[0])


def free_port() -> int:
    """Return a loopback port nobody listens on now; the caller copes with losing it."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def require_free(port: int, *, option: str) -> None:
    """Refuse a port that was asked for and is taken."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError) as error:
            taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
            why = "is taken by another program" if taken else f"cannot be used ({error})"
            raise Refused(f"Port {port} {why}. Choose another with {option} N.") from None


def require_disk(folder: Path) -> None:
    """Refuse a disk with less than 1 GB free: a full disk ends PostgreSQL at a worse moment."""
    free = shutil.disk_usage(folder).free
    if free < MIN_FREE_BYTES:
        raise Refused(
            f"Only {free // 1_000_000} MB are free on the disk of {folder}; Ratecard needs 1000 MB."
        )


def write_private(path: Path, text: str) -> None:
    """Write a file only its owner can read, whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    temporary.replace(path)


def private_folder(path: Path) -> Path:
    """Make a folder only its owner can enter."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


@contextlib.contextmanager
def checkout_lock() -> Iterator[None]:
    """Hold the checkout alone, for steps that write into it (the folder itself is the lock)."""
    descriptor = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def last_lines(path: Path, count: int = 15) -> str:
    """Return the end of a log, indented, for an error message."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return "    (no log)"
    return "\n".join(f"    {line}" for line in lines[-count:]) or "    (the log is empty)"


def python() -> str:
    """Return this interpreter, which lives in .venv."""
    return sys.executable

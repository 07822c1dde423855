#!/usr/bin/env python3
"""Start, test and look after Ratecard: `python3 dev.py run`. Needs Python 3.11 and nothing else.

Standard library only, because nothing is installed yet when it runs: it makes .venv,
installs the hash-locked packages, and hands over to .venv's Python.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - an older Python must read this far and be told
    sys.exit(
        "Ratecard needs Python 3.11 or newer; this is %d.%d. Run: python3.11 dev.py run"  # noqa: UP031
        % sys.version_info[:2]
    )

import fcntl
import hashlib
import io
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
UNFINISHED = VENV / "unfinished"  # there while pip works: found later, .venv is made anew
USAGE = """usage: python3 dev.py COMMAND

  run          start everything: PostgreSQL, Valkey, Stripe sandbox, web, worker, beat
               --data DIR: where the copy keeps its data (var); --help: all options
  test         the whole gate; with arguments other than --long: pytest with them
  doctor       say what is missing and the command that mends it
  manage …     manage.py, on the running copy's servers; --data DIR in front names the copy
  screenshots  take the pictures of the README again
  messages     bring the translations' files up to date with the texts
  lock         compile requirements.txt and requirements-dev.txt again
  bench        measure, e.g. bench rating --json report.json; without a name, everything
  chaos        comes with a later release"""
MODULES = {
    "run": "run",
    "test": "testing",
    "manage": "manage",
    "screenshots": "screenshots",
    "messages": "translations",
    "bench": "bench",
    "chaos": "chaos",
}
NEEDS_DEV = {"test", "screenshots", "bench", "chaos"}
MIN_FREE_BYTES = 1_000_000_000


def fail(sentence: str, code: int = 1) -> NoReturn:
    """End with one plain sentence."""
    print(f"ratecard: {sentence}", file=sys.stderr)
    sys.exit(code)


def step(name: str, began: float) -> None:
    """Print one progress line."""
    print(f"  {name:<46}{time.monotonic() - began:6.1f} s", flush=True)


def works(*words: str) -> bool:
    """Tell whether .venv's Python can do this."""
    return (
        PYTHON.exists() and subprocess.run([PYTHON, *words], capture_output=True, check=False).returncode == 0
    )


def make_venv() -> None:
    """Make .venv, or make it anew when it is half-made, half-filled or its Python is gone."""
    whole = (VENV / "pyvenv.cfg").exists() and not UNFINISHED.exists()  # without it, pip means the system
    if whole and works("-m", "pip", "--version"):
        return
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        fail(f"Python's venv module is missing. Run: {venv_package()}")
    require_disk()
    began = time.monotonic()
    shutil.rmtree(VENV, ignore_errors=True)
    made = subprocess.run(
        [sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True, check=False
    )
    if made.returncode:
        fail(f"could not make {VENV}: {(made.stderr or made.stdout).strip()}")
    step(".venv made", began)


def venv_package() -> str:
    """Return the command that brings the venv module on this system."""
    sudo = "" if os.geteuid() == 0 else "sudo "
    if shutil.which("apt-get"):
        return f"{sudo}apt-get install -y python3-venv"
    return "your system's package manager to install python3-venv"


def stamp_of(lock: Path) -> str:
    """Return what .venv's stamp must say."""
    return hashlib.sha256(lock.read_bytes()).hexdigest()


def install(lock: Path) -> None:
    """Install a lock; the stamp comes last, so a broken install is known and repeats.

    The lock names every package, so pip resolves nothing (--no-deps): with pins like `coverage==1` and a
    package that asks for `coverage[toml]`, its resolver tries the newest release first and stops there.
    """
    UNFINISHED.touch()
    began = time.monotonic()
    print(f"  installing {lock.name}; the first time takes half a minute …", flush=True)
    words = ["install", "--no-deps", "--require-hashes", "--only-binary", ":all:", "-r", str(lock)]
    quiet = ["--no-input", "-q", "--disable-pip-version-check", "--no-warn-script-location"]
    if os.geteuid() == 0:
        quiet.append("--root-user-action=ignore")
    done = subprocess.run([PYTHON, "-m", "pip", *words, *quiet], capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stderr.strip(), file=sys.stderr)
        fail(f"pip could not install {lock.name}; its message is above. Check the network, then start again.")
    (VENV / f"{lock.name}.sha256").write_text(stamp_of(lock))
    UNFINISHED.unlink()
    step(f"{lock.name} installed", began)


def require_disk() -> None:
    """Refuse to fill the last gigabyte of a disk."""
    free = shutil.disk_usage(ROOT).free
    if free < MIN_FREE_BYTES:
        fail(f"only {free // 1_000_000} MB are free on the disk of {ROOT}; Ratecard needs 1000 MB.")


def prepare(lock: Path) -> None:
    """Make and fill .venv; two commands at once wait for each other (the folder is the lock)."""
    descriptor = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if not is_installed(lock):
            make_venv()
            install(lock)
    finally:
        os.close(descriptor)


def is_installed(lock: Path) -> bool:
    """Tell whether .venv was filled from this very lock."""
    stamp = VENV / f"{lock.name}.sha256"
    return PYTHON.exists() and stamp.exists() and stamp.read_text() == stamp_of(lock)


def relock() -> None:
    """Compile both locks for every platform and Python we promise, with uv."""
    uv = shutil.which("uv")
    if not uv:
        fail("uv is missing. Run: pipx install uv")
    words = ["--universal", "--generate-hashes", "--python-version", "3.11", "--no-annotate", "-q"]
    header = ["--custom-compile-command", "python3 dev.py lock"]
    for name in ("requirements", "requirements-dev"):
        subprocess.run(
            [uv, "pip", "compile", *words, *header, f"{name}.in", "-o", f"{name}.txt"], cwd=ROOT, check=True
        )
    print("  requirements.txt and requirements-dev.txt are compiled.")


def hand_over(command: str, arguments: list[str]) -> None:
    """Become .venv's Python."""
    module = MODULES[command]
    if not (ROOT / "config" / "dev" / f"{module}.py").exists():
        fail(f"{command} comes with a later release.", code=2)
    lock = ROOT / ("requirements-dev.txt" if command in NEEDS_DEV else "requirements.txt")
    prepare(lock)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "VIRTUAL_ENV": str(VENV)}
    os.execve(PYTHON, [str(PYTHON), "-m", f"config.dev.{module}", *arguments], environment)  # noqa: S606


def main() -> None:
    """Do one command."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without UTF-8 shows ? for an ellipsis
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))  # so that pip ends with us
    command, *arguments = sys.argv[1:] or ["help"]
    if command == "doctor":
        doctor = ROOT / "config" / "dev" / "doctor.py"
        os.execv(sys.executable, [sys.executable, str(doctor), *arguments])  # noqa: S606
    if command == "lock":
        relock()
    elif command in MODULES:
        hand_over(command, arguments)
    else:
        print(USAGE)
        sys.exit(0 if command in {"help", "-h", "--help"} else 2)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)

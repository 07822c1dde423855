"""`dev.py doctor`: what is missing on this machine, and the exact command that mends it.

Run by the system's Python as a script, before anything is installed: standard library
only, and no import from Ratecard.
"""

import errno
import importlib.util
import os
import platform
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PYTHON = ROOT / ".venv" / "bin" / "python"
MIN_FREE_BYTES = 1_000_000_000
PLATFORMS = {("Linux", "x86_64"), ("Linux", "aarch64"), ("Darwin", "x86_64"), ("Darwin", "arm64")}
PROBE_DATABASE = """
import sys, psycopg
with psycopg.connect(sys.argv[1], connect_timeout=5) as connection:
    version = connection.info.server_version
sys.exit(None if version >= 160000 else f"it is PostgreSQL {version // 10000}; 16 is the oldest")
"""
PROBE_REDIS = "import sys, redis; redis.Redis.from_url(sys.argv[1], socket_connect_timeout=5).ping()"


@dataclass(frozen=True)
class Finding:
    """One check's outcome. `mend` is a command or an instruction, empty when all is well."""

    name: str
    words: str
    mend: str = ""
    needed: bool = True  # a missing browser only makes tests skip


def sudo() -> str:
    """Return what an ordinary user must put before apt-get."""
    return "" if os.geteuid() == 0 else "sudo "


def python_version() -> Finding:
    """Look at this Python."""
    found = platform.python_version()
    good = sys.version_info >= (3, 11)
    return Finding("python", found, "" if good else f"{sudo()}apt-get install -y python3.11 python3.11-venv")


def machine() -> Finding:
    """Look at system and processor: the embedded servers exist for four of them."""
    found = (platform.system(), platform.machine())
    good = found in PLATFORMS
    return Finding("machine", " ".join(found), "" if good else "give servers in DATABASE_URL and REDIS_URL")


def venv_module() -> Finding:
    """Look for what makes .venv."""
    good = all(importlib.util.find_spec(name) for name in ("venv", "ensurepip"))
    return Finding(
        "venv module",
        "there" if good else "missing",
        "" if good else f"{sudo()}apt-get install -y python3-venv",
    )


def disk() -> Finding:
    """Look at the free space."""
    free = shutil.disk_usage(ROOT).free
    mend = (
        ""
        if free >= MIN_FREE_BYTES
        else f"free {(MIN_FREE_BYTES - free) // 1_000_000} MB on the disk of {ROOT}"
    )
    return Finding("disk", f"{free // 1_000_000} MB free", mend)


def packages() -> Finding:
    """Look whether .venv is whole."""
    good = (ROOT / ".venv" / "requirements.txt.sha256").exists() and not (
        ROOT / ".venv" / "unfinished"
    ).exists()
    return Finding(
        "packages",
        "installed" if good else "not installed yet",
        "" if good else "python3 dev.py run",
        needed=False,
    )


def port(number: int, option: str) -> Finding:
    """Look whether a port we want is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", number))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return Finding(
                    f"port {number}", "taken", f"python3 dev.py run {option} {number + 100}", needed=False
                )
    return Finding(f"port {number}", "free")


def stripe() -> Finding:
    """Look at the Stripe key, without showing it."""
    key = os.environ.get("STRIPE_API_KEY", "")
    if key.startswith(("sk_live_", "rk_live_")):
        return Finding("stripe", "a live key is set", "unset STRIPE_API_KEY")
    return Finding("stripe", "a test key: real Stripe in test mode" if key else "no key: the sandbox is used")


def outside(name: str, variable: str, probe: str) -> Finding:
    """Look whether an outside server answers, with .venv's client."""
    url = os.environ.get(variable, "")
    if not url:
        return Finding(name, "embedded")
    if not PYTHON.exists():
        return Finding(name, f"{variable} is set; cannot be tried before .venv is made")
    done = subprocess.run([PYTHON, "-c", probe, url], capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return Finding(name, f"{variable} answers")
    why = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
    return Finding(name, f"{variable}: {why}", f"unset {variable}")


def browser() -> Finding:
    """Look for what browser tests and pictures need."""
    good = any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    mend = f"{sudo()}apt-get install -y chromium fonts-noto-cjk"
    return Finding(
        "browser", "there" if good else "missing: browser tests skip", "" if good else mend, needed=False
    )


def findings() -> list[Finding]:
    """Return every check's outcome, in the order a start would meet them."""
    checks: list[Callable[[], Finding]] = [python_version, machine, venv_module, disk, packages, stripe]
    found = [check() for check in checks]
    found += [port(8000, "--port"), port(8001, "--sandbox-port")]
    found.append(outside("database", "DATABASE_URL", PROBE_DATABASE))
    found.append(outside("broker", "REDIS_URL", PROBE_REDIS))
    return [*found, browser()]


def main() -> int:
    """Print one line a check; 1 when something needed is missing."""
    found = findings()
    for each in found:
        mark = "ok  " if not each.mend else ("FAIL" if each.needed else "note")
        print(f"{mark}  {each.name:<12} {each.words}")
        if each.mend:
            print(f"                   → {each.mend}")
    return int(any(each.mend and each.needed for each in found))


if __name__ == "__main__":
    sys.exit(main())

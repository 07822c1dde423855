"""A whole Ratecard whose parts can be killed and started again in place, and a client with a journal."""

import hashlib
import http.client
import itertools
import json
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.db import connection
from psycopg.conninfo import conninfo_to_dict

from config.dev import postgres, valkey
from config.dev.choices import Options
from config.dev.places import HOST, free_port
from config.dev.process import Child, Recipe, launch, stop
from config.dev.steps import beat_recipe, get, web_recipe, worker_recipe
from config.dev.testing import nothing
from tests.bench.serving import BATCH, Server, production

PARTS = ("web", "postgres", "valkey", "worker")
SOURCE = "kill-1"
PATIENCE = 60


@dataclass
class Journal:
    """What the client sent, and which of it was answered with 200."""

    sent: set[str] = field(default_factory=set)
    answered: set[str] = field(default_factory=set)
    statuses: Counter[int] = field(default_factory=Counter)  # of all answers; 0 for none
    wrong: list[str] = field(default_factory=list)  # answers that no sender should get


class Whole:
    """The running parts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cluster = postgres.prepare(folder / "postgres")
        self.ports = {name: free_port() for name in ("web", "postgres", "valkey")}
        self.children: dict[str, Child] = {}
        (folder / "valkey").mkdir()

    @property
    def environment(self) -> Mapping[str, str]:
        """What our own processes read."""
        return {
            **production(),
            "DATABASE_URL": self.cluster.url(self.ports["postgres"]),
            "REDIS_URL": f"redis://{HOST}:{self.ports['valkey']}/0",
            "RATECARD_STATE_DIR": str(self.folder / "state"),
        }

    def start(self, name: str) -> None:
        """Start a part and wait until it serves; a server whose children still leave is tried again."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            self.children[name] = launch(self._recipe(name), self.folder)
            if self._serves(name, deadline):
                return
            stop(self.children[name])
            time.sleep(0.2)
        raise AssertionError(f"{name}: {self.children[name].log.read_text(errors='replace')[-1000:]}")

    def kill(self, name: str) -> None:
        """End a part as a power cut ends it: SIGKILL to all its group."""
        child = self.children[name]
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.process.wait()
        if name == "postgres":
            postgres.clear_stale_pid(self.cluster.data)

    def end(self) -> None:
        """Stop what runs, the database last."""
        for name in ("beat", "worker", "web", "valkey", "postgres"):
            if name in self.children:
                stop(self.children[name])

    def _recipe(self, name: str) -> Recipe:
        if name == "postgres":
            return postgres.recipe(self.cluster, self.ports["postgres"])
        if name == "valkey":
            words = valkey.arguments(self.ports["valkey"], self.folder / "valkey", durable=True)
            return Recipe("valkey", [str(valkey.binary()), *words], dict(os.environ))
        if name == "worker":
            return worker_recipe(self.environment)
        if name == "beat":
            return beat_recipe(self.environment, self.folder / "beat")
        options = Options(self.ports["web"], 0, self.folder, demo=False, worker=True, beat=False)
        return web_recipe(options, self.environment)

    def _serves(self, name: str, deadline: float) -> bool:
        while self.children[name].process.poll() is None and time.monotonic() < deadline:
            with suppress(Exception):
                if self._answers(name):
                    return True
            time.sleep(0.1)
        return False

    def _answers(self, name: str) -> bool:
        if name == "postgres":
            postgres.make_database(self.cluster, self.ports["postgres"])
            return True
        if name == "valkey":
            return valkey.answers(self.children[name], self.ports["valkey"], nothing)
        if name == "web":
            return get(self.ports["web"], "/healthz")[0] == 200
        mark = b" is starting." if name == "beat" else b" ready."
        return mark in self.children[name].log.read_bytes()


@contextmanager
def whole(folder: Path) -> Iterator[Whole]:
    """Run database and broker, with Django's connection pointed at this database meanwhile."""
    with ExitStack() as stack:
        found = Whole(folder)
        stack.callback(found.end)
        for name in ("postgres", "valkey"):
            found.start(name)
        kept = dict(connection.settings_dict)
        stack.callback(_point, kept)
        told = conninfo_to_dict(found.cluster.url(found.ports["postgres"]))
        _point({"HOST": HOST, "PORT": told["port"], "PASSWORD": told["password"], "NAME": told["dbname"]})
        yield found


def _point(place: Mapping[str, Any]) -> None:
    connection.close()
    connection.settings_dict.update(place)


def client(server: Server, app: str, journal: Journal, over: threading.Event, seed: int) -> None:
    """Send batches until told to stop. What fails is sent again until it is answered, or, now and then, given
    up: nobody knows then whether it was stored."""
    rng, number = random.Random(seed), itertools.count()
    while not over.is_set():
        names = [f"{seed}-{next(number)}" for _one in range(rng.randrange(1, 60))]
        body = json.dumps([_event(app, name) for name in names]).encode()
        journal.sent |= set(names)
        while not _answered(server, body, journal):
            time.sleep(0.05)
            if rng.random() < 0.1:
                break
        else:
            journal.answered |= set(names)


def _event(app: str, name: str) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": name,
        "source": SOURCE,
        "type": "message.sent",
        "subject": app,
        "time": datetime.now(UTC).isoformat(),
        "data": {"value": "1"},
    }


def _answered(server: Server, body: bytes, journal: Journal) -> bool:
    """Send once; True when the answer was 200 and every event of it accepted or known."""
    headers = {"Authorization": f"Bearer {server.key}", "Content-Type": BATCH}
    way = http.client.HTTPConnection(HOST, server.port, timeout=15)
    try:
        way.request("POST", "/api/v1/usage/events", body, headers)
        answer = way.getresponse()
        said, status = answer.read().decode(errors="replace"), answer.status
    except (OSError, http.client.HTTPException):
        said, status = "", 0
    finally:
        way.close()
    journal.statuses[status] += 1
    good = status == 200 and json.loads(said)["rejected"] == []
    if not good and status not in (0, 503):
        journal.wrong.append(f"{status} {said[:300]}")
    return good


def key_of(name: str) -> str:
    """Return the key an id is kept under."""
    return hashlib.sha256(f"{SOURCE}\0{name}".encode()).hexdigest()[:32]

"""A Stripe sandbox for tests: its own process on a free port, with its control calls as methods."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 10.0

Json = dict[str, Any]


class SandboxProcess:
    """One running sandbox. `url` is its address; its state outlives `kill` and `start`."""

    def __init__(self, state: Path, *, webhook_url: str | None = None, webhook_secret: str | None = None):
        self.state = state
        self.webhook = (webhook_url, webhook_secret)
        self.port = 0
        self.process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def base_addresses(self) -> dict[str, str]:
        """All four names that StripeClient knows, so that nothing can leak out."""
        return dict.fromkeys(["api", "files", "connect", "meter_events"], self.url)

    def start(self) -> "SandboxProcess":
        """Start, or start again on the same port and state; return when it answers."""
        command = [
            sys.executable,
            "-m",
            "config.sandbox",
            "--port",
            str(self.port),
            "--state",
            str(self.state),
        ]
        if self.webhook[0]:
            command += ["--webhook-url", self.webhook[0], "--webhook-secret", self.webhook[1]]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if "http://" not in line:
            code = self.process.wait(START_SECONDS)
            self._end(signal.SIGTERM)
            raise RuntimeError(f"The sandbox did not start: exit code {code}")
        self.port = int(line.strip().rpartition(":")[2])
        return self

    def kill(self) -> None:
        """`kill -9`, as a power switch would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end."""
        self._end(signal.SIGTERM)

    def _end(self, number: int) -> None:
        if self.process is not None:
            if self.process.poll() is None:
                os.kill(self.process.pid, number)
            self.process.wait(START_SECONDS)
            self.process.stdout.close()
            self.process = None

    # --- control calls -----------------------------------------------------------------

    def control(self, method: str, path: str, body: Json | None = None) -> Json:
        """Make one call below /_sandbox/."""
        data = json.dumps(body or {}).encode() if method != "GET" else None
        request = Request(f"{self.url}/_sandbox/{path}", data=data, method=method)
        try:
            with urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except HTTPError as refusal:
            raise ValueError(refusal.read().decode()) from None

    def set_clock(self, now: int | None = None, *, advance: int | None = None, frozen: bool = False) -> int:
        """Set virtual time (None: back to real time) or advance it; return the new now."""
        body: Json = {"advance": advance} if advance is not None else {"now": now}
        return self.control("POST", "clock", {**body, "frozen": frozen})["now"]

    def requests(self, *, method: str | None = None, path: str | None = None, since: int = 0) -> list[Json]:
        """Return the log of API requests, oldest first; each has its `seq`."""
        log = self.control("GET", f"requests?since={since}")["requests"]
        return [r for r in log if method in {None, r["method"]} and path in {None, r["path"]}]

    def fault(self, kind: str, *, method: str = "", path: str = "", **more: Any) -> Json:
        """Script what befalls the next call that matches (`nth`, `times`, `seconds`)."""
        return self.control("POST", "faults", {"kind": kind, "method": method, "path": path, **more})

    def webhooks(self, word: str, *, times: int = 1, order: list[str] | None = None) -> Json:
        """hold, release, reorder, double, drop, corrupt or clear."""
        return self.control("POST", "faults", {"webhooks": word, "times": times, "order": order or []})

    def clear_faults(self) -> None:
        """Forget all scripted faults; let hanging calls and held webhooks go."""
        self.control("POST", "faults", {"clear": True})

    def drain(self, timeout: float = 10.0) -> int:
        """Wait until every webhook is delivered; return how many are not."""
        return self.control("POST", "drain", {"timeout": timeout})["pending"]

    def objects(self, kind: str) -> list[Json]:
        """Return everything of one kind that the sandbox holds, internal fields included."""
        return self.control("GET", f"state?object={kind}")["objects"].get(kind, [])

    def count(self, kind: str) -> int:
        """Return how many of one kind there are."""
        return len(self.objects(kind))

    def edit(self, object_id: str, **fields: Any) -> Json:
        """Change an object as somebody does in the dashboard."""
        return self.control("POST", f"objects/{object_id}", {"set": fields})

    def delete(self, object_id: str) -> Json:
        """Delete an object in the dashboard."""
        return self.control("DELETE", f"objects/{object_id}")

    def reset(self) -> None:
        """Forget everything but the webhook endpoints."""
        self.control("POST", "reset")


def start_sandbox(folder: Path, **options: Any) -> SandboxProcess:
    """Start a sandbox whose state lies in `folder`; the caller stops it."""
    return SandboxProcess(folder / f"sandbox-{time.monotonic_ns()}.sqlite3", **options).start()

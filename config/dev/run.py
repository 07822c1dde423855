"""`dev.py run`: everything Ratecard needs, started, shown, and ended again."""

import hashlib
import io
import json
import os
import secrets
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from config.dev import postgres, steps, valkey
from config.dev.choices import Options, StripeChoice, child_environment, choose_stripe, parse
from config.dev.errors import Refused, Stopped
from config.dev.places import private_folder, require_disk, require_free, write_private
from config.dev.runfile import curl, run_file, sample, summary
from config.dev.state import State, read_json, take
from config.dev.supervisor import Supervisor


@contextmanager
def step(name: str) -> Iterator[Callable[[str], None]]:
    """Print one progress line with the step's time; the body may say what came of it."""
    began = time.monotonic()
    words: list[str] = []
    if sys.stdout.isatty():
        print(f"  {name} …", end="\r", flush=True)
    yield words.append
    print(f"  {name:<12}{' '.join(words):<34}{time.monotonic() - began:6.1f} s", flush=True)


class Start:
    """One start: holds what the steps hand to one another."""

    def __init__(self, options: Options, stripe: StripeChoice, state: State) -> None:
        self.options = options
        self.stripe = stripe
        self.state = state
        self.addresses: dict[str, str] = {}
        self.supervisor = Supervisor(state)
        self.environment: dict[str, str] = {}

    def servers(self) -> None:
        """Start the database, the broker and the sandbox; empty them after an interrupted seed."""
        with step("postgres") as say:
            self.addresses["DATABASE_URL"], word = steps.start_database(self.supervisor)
            say(word)
        with step("valkey") as say:
            self.addresses["REDIS_URL"], word = steps.start_valkey(self.supervisor)
            say(word)
        if self.state.seeding_file.exists():
            self.forget_half_seed()
        kept = self.state.secrets()
        self.environment = child_environment(self.options, self.stripe, kept, self.addresses)
        write_private(self.state.env_file, json.dumps(self.environment))
        if self.stripe.sandbox:
            with step("sandbox") as say:
                file = private_folder(self.state.folder / "sandbox") / "state.sqlite3"
                self.supervisor.start(steps.sandbox_recipe(self.options, kept["webhook_secret"], file))
                steps.await_http(self.supervisor, self.options.sandbox_port, "/_sandbox/health")
                say(f"Stripe sandbox on {self.options.sandbox_port}")

    def forget_half_seed(self) -> None:
        """Empty what an interrupted first start left; outside services are never emptied by us."""
        if os.environ.get("DATABASE_URL") or os.environ.get("REDIS_URL") or not self.stripe.sandbox:
            raise Refused(
                "The last first start ended in the middle of the demo world. Empty the outside database, "
                f"remove {self.state.folder}, and start again."
            )
        with step("clean") as say:
            postgres.empty(self.addresses["DATABASE_URL"])
            steps.migrated_stamp(self.supervisor).unlink(missing_ok=True)
            valkey.empty(self.addresses["REDIS_URL"])
            for file in (self.state.folder / "sandbox").glob("state.sqlite3*"):
                file.unlink()
            say("after an interrupted first start")

    def application(self) -> None:
        """Bring the schema and static files up to date, then serve; a first start seeds before the worker."""
        static = steps.StaticFiles(self.supervisor, self.environment)
        with step("migrate") as say:
            say(steps.migrate(self.supervisor, self.environment))
        with step("static") as say:
            say(static.complete())
        first = self.is_first()
        with step("web") as say:
            self.supervisor.start(steps.web_recipe(self.options, self.environment))
            if not first:  # nothing to race: let them start side by side
                self.start_workers()
            steps.await_http(self.supervisor, self.options.port, "/healthz")
            say(self.options.portal)
        if first:
            self.first_time()
            self.start_workers()
        self.await_all()

    def is_first(self) -> bool:
        """Tell whether this folder has not been started on this database."""
        return read_json(self.state.started_file).get("database") != self.database_name()

    def database_name(self) -> str:
        """Name the database without its password."""
        given = os.environ.get("DATABASE_URL")
        return hashlib.sha256(given.encode()).hexdigest() if given else "embedded"

    def first_time(self) -> None:
        """Seed the demo world, or make one staff login; only ever once for a folder and a database."""
        if postgres.has_rows(self.addresses["DATABASE_URL"], "subscriptions_customer"):
            with step("seed") as say:
                say("none: the database has customers")
        elif self.wants_demo():
            with step("seed") as say:
                self.state.seeding_file.touch(mode=0o600)
                self.supervisor.run_once(steps.seed_recipe(self.environment))
                say("the demo world")
        else:
            with step("staff") as say:
                self.make_staff()
                say("one login")
        done = {"demo": self.wants_demo(), "database": self.database_name()}
        write_private(self.state.started_file, json.dumps(done))
        self.state.seeding_file.unlink(missing_ok=True)

    def wants_demo(self) -> bool:
        """Tell whether to seed: the demo's nights need a sandbox's clock, which Stripe itself has not."""
        return self.options.demo and self.stripe.base is not None

    def make_staff(self) -> None:
        """Make one staff member and remember the login where the seed would have."""
        login = {"email": "staff@ratecard.example", "password": secrets.token_urlsafe(12)}
        environment = {**self.environment, "RATECARD_STAFF_PASSWORD": login["password"]}
        self.supervisor.run_once(steps.manage("staff", environment, "create_staff", login["email"]))
        write_private(self.state.demo_file, json.dumps({"logins": {"staff": login}}))

    def start_workers(self) -> None:
        """Start worker and beat, as far as they are wanted."""
        if self.options.worker:
            self.supervisor.start(steps.worker_recipe(self.environment))
        if self.options.beat:
            self.supervisor.start(steps.beat_recipe(self.environment, self.state.folder / "beat"))

    def await_all(self) -> None:
        """Wait until the worker takes tasks and /readyz is green."""
        if self.options.worker:
            with step("worker"):
                steps.await_worker(self.supervisor, self.state.logs / "worker.log")
        with step("ready"):
            steps.await_ready(self.supervisor, self.options.port)

    def announce(self) -> None:
        """Write run.json and print it for people, with a first request and its real answer."""
        content = self.write_run_file()
        print(f"\n{summary(content)}\n")
        demo = read_json(self.state.demo_file)
        self.first_request(content, sample(demo.get("sample_event"), at=datetime.now(UTC)))
        for note in self.notes():
            print(f"  {note}")
        print("  Ready. Ctrl-C ends everything.\n", flush=True)

    def write_run_file(self) -> dict[str, Any]:
        """Say in run.json what runs now, and return it."""
        pids = {child.name: child.pid for child in self.supervisor.children} | {"supervisor": os.getpid()}
        demo, now = read_json(self.state.demo_file), datetime.now(UTC)
        content = run_file(self.options, self.addresses, pids, demo, sandbox=self.stripe.sandbox, at=now)
        write_private(self.state.run_file, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
        return content

    def notes(self) -> Iterator[str]:
        """Yield what a person might miss."""
        started = read_json(self.state.started_file)
        if self.wants_demo() and not started.get("demo"):
            yield "This folder was first started without the demo world; another --data DIR starts with it."
        if not self.stripe.base and not os.environ.get("STRIPE_WEBHOOK_SECRET"):
            yield "STRIPE_WEBHOOK_SECRET is not set: what Stripe sends to /webhooks/stripe is refused."

    def first_request(self, content: dict[str, Any], event: dict[str, Any] | None) -> None:
        """Print a request to paste and what it answered a moment ago."""
        key = content["api_keys"]["ingest"]
        if not key or not event:
            return
        print(curl(content["api"], key, event))
        print(f"  → {steps.report_usage(content['api'], key, event)}")
        print("  Sent once just now; pasted again it answers duplicates: 1, because an event counts once.\n")


def main(arguments: Sequence[str]) -> int:
    """Run until asked to stop; 0 after a stop that was asked for once ready, else 1."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without UTF-8 shows ? for an arrow
    try:
        options = parse(arguments)
        stripe = choose_stripe(
            os.environ.get("STRIPE_API_KEY", ""), os.environ.get("STRIPE_API_BASE", ""), options.sandbox
        )
        state = take(options.data, port=options.port)
        require_disk(options.data)
        require_free(options.port, option="--port")
        if stripe.sandbox:
            require_free(options.sandbox_port, option="--sandbox-port")
        steps.preflight_services()
        return supervise(Start(options, stripe, state))
    except Refused as refusal:
        print(f"ratecard: {refusal}", file=sys.stderr)
        return 1


def supervise(start: Start) -> int:
    """Go through the steps, watch, and end everything whatever happens."""
    ready = False
    try:
        start.servers()
        start.application()
        start.announce()
        ready = True
        start.supervisor.watch(start.write_run_file)
    except Stopped:
        print("\n  Stopping …", flush=True)
    finally:
        start.state.run_file.unlink(missing_ok=True)
        start.supervisor.stop_all(ready=ready)
        start.state.env_file.unlink(missing_ok=True)
    return 0 if ready else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

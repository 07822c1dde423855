"""Send shaped traffic of one app through the HTTP API of a running copy.

python3 dev.py manage simulate_usage --events 20000
python3 dev.py manage simulate_usage --app app_8hK2 --minutes 5 --rate 200 --shape burst
"""

import json
import time
from argparse import ArgumentParser
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.dev.seed.progress import Progress
from config.simulation.events import Maker, TypeFed, types_of
from config.simulation.run import Plan, drive, live, past
from config.simulation.sender import Sender, SendingFailed, Tally
from config.simulation.shapes import SHAPES, Shape
from plans import clock

MOST_BATCH = 1_000


class Command(BaseCommand):
    """Drives the API only: it needs an address and a key, and reads no database."""

    help = __doc__
    requires_system_checks = []  # Django's way

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare what may be said."""
        how_much = parser.add_mutually_exclusive_group()
        how_much.add_argument(
            "--events", type=int, help="so many events, which have happened already (10000)"
        )
        how_much.add_argument("--minutes", type=float, help="live traffic for so long instead")
        parser.add_argument("--app", help="code of the app; the demo's own when left out")
        parser.add_argument("--shape", choices=SHAPES, default="day", help="how traffic lies over the span")
        parser.add_argument("--rate", type=float, help="events a second (as many as are taken; 100 live)")
        parser.add_argument(
            "--hours", type=float, default=24, help="past events lie in the last so many hours"
        )
        parser.add_argument("--seed", type=int, help="the same traffic again, under new ids")
        parser.add_argument("--type", action="append", default=[], help="event type; may be repeated (all)")
        parser.add_argument("--users", type=int, default=2000, help="how many people there are")
        parser.add_argument("--region", action="append", default=[], help="region; may be repeated")
        parser.add_argument("--batch", type=int, default=500, help="events in a request, 1000 at most")
        parser.add_argument("--connections", type=int, default=2)
        parser.add_argument("--patience", type=float, default=120, help="seconds to try one batch for")
        parser.add_argument("--api", help="address such as http://127.0.0.1:8000/api/v1 (of run.json)")
        parser.add_argument("--key", help="provider key with usage:write and usage:read (of run.json)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Send, show how it goes, and say what became of it."""
        api, key, app = _place(options)
        plan = _plan(options)
        random = Random(options["seed"])  # noqa: S311  # traffic, not secrets
        try:
            types = self._types(api, key, options)
            maker = Maker(
                app,
                types,
                f"sim-{uuid4().hex[:12]}",
                random,
                users=options["users"],
                regions=options["region"],
            )
            shape, now = Shape(options["shape"], random), clock.now()
            whole = plan.events is not None
            batches = past(plan, maker, shape, random, now) if whole else live(plan, maker, shape, clock.now)
            self._run(
                batches, lambda tally: Sender(api, key, tally, patience=options["patience"]), plan, options
            )
        except (SendingFailed, OSError) as failed:
            raise CommandError(f"Nothing more was sent: {failed}") from failed

    def _types(self, api: str, key: str, options: dict[str, Any]) -> list[TypeFed]:
        sender = Sender(api, key, Tally(), patience=options["patience"])
        types = types_of(sender.get("/meters?limit=1000")["data"], options["type"])
        sender.close()
        if not types:
            raise CommandError("No meter is fed by events of these types; see GET /api/v1/meters.")
        return types

    def _run(self, batches: Any, make: Any, plan: Plan, options: dict[str, Any]) -> None:
        progress, began = Progress(), time.monotonic()
        expected = plan.events or int(plan.minutes * 60 * (plan.rate or 100))
        progress.step("events")

        def told(tally: Tally) -> None:
            seconds = max(time.monotonic() - began, 0.001)
            progress.upto(tally.sent, max(expected, tally.sent), f"{tally.sent / seconds:,.0f}/s")

        tally = drive(batches, make, options["connections"], told)
        seconds = max(time.monotonic() - began, 0.001)
        progress.done()
        self._end(tally, seconds)

    def _end(self, tally: Tally, seconds: float) -> None:
        self.stdout.write(
            f"  sent {tally.sent:,} · accepted {tally.accepted:,} · duplicates {tally.duplicates:,}"
            f" · rejected {tally.rejected:,} · {tally.sent / seconds:,.0f} events/s"
        )
        if tally.waits or tally.resent:
            self.stdout.write(f"  asked to wait {tally.waits:,} times · batches sent again {tally.resent:,}")
        for reason, count in tally.reasons.most_common(5):
            self.stdout.write(f"  {count:,} × {reason}")
        if tally.sent and tally.rejected == tally.sent:
            raise CommandError("Every event was rejected; the reasons stand above.")


def _place(options: dict[str, Any]) -> tuple[str, str, str]:
    """Return address, key and app: as given, else of the running copy."""
    file = Path(settings.STATE_DIR) / "run.json"
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        found = {}
    api = options["api"] or found.get("api")
    key = options["key"] or (found.get("api_keys") or {}).get("ingest")
    app = options["app"] or (found.get("sample_event") or {}).get("subject")
    missing = [name for name, given in (("--api", api), ("--key", key), ("--app", app)) if not given]
    if missing:
        raise CommandError(f"Say {', '.join(missing)}: {file} does not.")
    return str(api).rstrip("/"), str(key), str(app)


def _plan(options: dict[str, Any]) -> Plan:
    for name in ("events", "minutes", "rate", "hours", "users", "batch", "connections"):
        if options[name] is not None and options[name] <= 0:
            raise CommandError(f"--{name} is above 0.")
    if options["batch"] > MOST_BATCH:
        raise CommandError(f"--batch is at most {MOST_BATCH}: one request carries no more.")
    events = options["events"] if options["events"] or options["minutes"] else 10_000
    return Plan(events, options["minutes"] or 0, options["rate"], options["hours"], options["batch"])

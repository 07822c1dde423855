"""What the commands about days of usage are asked: whose, of which meter, from when to when."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import CommandError

from plans.models import Meter
from subscriptions.models import App


def add_days(parser: ArgumentParser) -> None:
    """Add the arguments that all of them have."""
    parser.add_argument("first", type=date.fromisoformat, help="First day, such as 2026-11-01.")
    parser.add_argument("last", type=date.fromisoformat, help="Last day, included.")
    parser.add_argument("--app", default="", help="Code of one app.")
    parser.add_argument("--customer", default="", help="Public id of one customer: all of its apps.")


def apps_named(options: dict[str, Any]) -> list[App] | None:
    """Return the apps that are meant, None for all."""
    rows = App.objects.select_related("customer")
    if options["app"]:
        rows = rows.filter(code=options["app"])
    if options["customer"]:
        rows = rows.filter(customer__public_id=options["customer"])
    if not (options["app"] or options["customer"]):
        return None
    if not (found := list(rows)):
        raise CommandError("There is no such app or customer.")
    return found


def meter_named(code: str) -> Meter | None:
    """Return the meter that is meant, None for all."""
    found = Meter.objects.filter(code=code).first() if code else None
    if code and found is None:
        raise CommandError(f"There is no meter {code}.")
    return found

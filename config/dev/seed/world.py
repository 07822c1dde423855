"""Makes the demo world in the order of real life: catalogue, customers, usage, then each night due."""

import json
import os
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command

from billing.gateway_sandbox import set_sandbox_clock
from billing.services import cards, nightly, subscribing
from config.dev.seed import doors, people, uptime
from config.dev.seed.firms import FIRMS, Firm
from config.dev.seed.progress import Progress
from config.dev.seed.traffic import Sent, usage_of
from plans import selectors as catalogue
from plans.actor import SEED
from plans.models import PlanVersion
from subscriptions import services
from subscriptions.models import App, Customer, Subscription
from usage.models import QuotaWarning
from usage.services import watch_all_quotas

NIGHT_AT = time(2, 30, tzinfo=UTC)
MIDDAY = time(12, tzinfo=UTC)


@dataclass(slots=True)
class Settled:
    """A firm of the demo world and the rows that stand for it."""

    firm: Firm
    customer: Customer
    app: App
    subscription: Subscription


def make_world(*, at: datetime, progress: Progress) -> dict[str, Any]:
    """Make everything; return what run.json says of it. Takes an empty database."""
    progress.step("Catalogue")
    call_command("load_catalogue", str(settings.BASE_DIR / "catalogues/house.yaml"), verbosity=0)
    staff = people.make_staff()
    today = at.date()
    progress.step(f"First customer: {FIRMS[0].name}")
    settled = [_settle(FIRMS[0], today)]
    # An app without a plan: what a newcomer subscribes for.
    services.create_app(
        customer=settled[0].customer, name="Bluebird Beta", region="us-east", code="app_beta", by=SEED
    )
    keys = people.make_keys(settled[0].customer, at=at)
    members = people.make_members(settled[0].customer, FIRMS[0].slug)
    progress.step("Four more customers")
    settled += [_settle(firm, today) for firm in FIRMS[1:]]
    _report(settled, keys["ingest"], at=at, progress=progress)
    _nights(settled, today, at=at, progress=progress)
    progress.done()
    return {
        "logins": {"staff": staff, **members},
        "api_keys": keys,
        "sample_event": _sample(settled[0]),
        "login_form": {"email": "login", "password": "password"},
    }


def _settle(firm: Firm, today: date) -> Settled:
    """A customer signs up, adds its card and subscribes, all on its first day."""
    day = datetime.combine(today - timedelta(days=firm.age_days), MIDDAY)
    set_sandbox_clock(day)
    customer = services.create_customer(
        name=firm.name,
        email=firm.email,
        currency=firm.currency,
        billing_zone=firm.zone,
        language=firm.language,
        at=day,
        by=SEED,
    )
    app = services.create_app(
        customer=customer, name=firm.name.split()[0], region=firm.region, code=f"app_{firm.slug}", by=SEED
    )
    if firm.card:
        page = cards.start_card_setup(
            customer,
            success_url=settings.PUBLIC_URL + "/payment-method/",
            cancel_url=settings.PUBLIC_URL + "/payment-method/",
            at=day,
            by=SEED,
        )
        doors.add_card(page, firm.card)
        nightly.settle(day)
    subscription, _invoice = subscribing.subscribe(
        customer=customer,
        version=_version(firm, day),
        term=firm.term,
        options=firm.options,
        seats=firm.seats,
        collection=firm.collection,
        app=app,
        at=day,
        by=SEED,
        key=f"seed:{firm.slug}",
    )
    nightly.settle(day)
    return Settled(firm, customer, app, subscription)


def _version(firm: Firm, at: datetime) -> PlanVersion:
    return next(v for v in catalogue.on_sale(at, currency=firm.currency) if v.plan.code == firm.plan)


def _report(settled: list[Settled], key: str, *, at: datetime, progress: Progress) -> None:
    """Usage and availability go over HTTP with a backfill key, in the order of the days they are sent on."""
    progress.step("Usage over HTTP")
    api = doors.Api(settings.PUBLIC_URL + "/api/v1", key)
    sent: list[Sent] = []
    for one in settled:
        sent += usage_of(one.firm, one.app.code, at.date(), until=at)
    sent.sort(key=lambda s: s.day)
    counted = {"accepted": 0, "duplicates": 0}
    done = 0
    for number, answer in api.send_events([s.event for s in sent]):
        if answer["rejected"]:
            raise doors.DoorClosed(f"events were rejected: {answer['rejected'][:3]}")
        counted = {word: total + answer[word] for word, total in counted.items()}
        done += number
        progress.upto(done, len(sent), "events")
    progress.done(f"{counted['accepted']:,} events, {counted['duplicates']:,} duplicates")
    progress.step("Availability over HTTP")
    for one in settled:
        for report in uptime.reports_of(one.firm, one.app.code, at):
            api.post("/usage/availability", report)


def _nights(settled: list[Settled], today: date, *, at: datetime, progress: Progress) -> None:
    """One run for each night since the first customer came, at that night's instant."""
    progress.step("Nights")
    first = min(today - timedelta(days=s.firm.age_days) for s in settled)
    days = (today - first).days
    invoices = 0
    for night in range(1, days + 1):
        instant = datetime.combine(first + timedelta(days=night), NIGHT_AT)
        if instant > at:
            break
        _cancel_due(settled, instant)
        invoices += nightly.run_night(instant).invoices
        progress.upto(night, days, f"nights, {invoices} invoices")
    set_sandbox_clock(at)
    # Usage of all ninety days is there already: those nights saw allowances used up weeks too early.
    QuotaWarning.objects.all().delete()
    watch_all_quotas(at=at)
    progress.done(f"{days} nights, {invoices} invoices")


def _cancel_due(settled: list[Settled], instant: datetime) -> None:
    for one in settled:
        after = one.firm.cancels_after_days
        due = after is not None and one.subscription.span.lower + timedelta(days=after) <= instant
        if due and one.subscription.cancelled_at is None:
            one.subscription = services.cancel_at_period_end(one.subscription, at=instant, by=SEED)


def _sample(one: Settled) -> dict[str, Any]:
    """The first event a newcomer sends; without a time, so it counts from when it arrives."""
    return {
        "specversion": "1.0",
        "id": "my-first-event",
        "source": "quickstart",
        "type": "message.sent",
        "subject": one.app.code,
        "data": {"value": "1", "region": one.firm.region},
    }


def write_demo(found: dict[str, Any], folder: Path) -> None:
    """Write DIR/demo.json, readable by its owner only."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "demo.json"
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(found, file, ensure_ascii=False, indent=2)

"""Invoices of every kind for the proofs: a start, a cycle with usage, an SLA credit, late usage."""

import io
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from billing.audit.kit.files import Kit, check_files
from billing.audit.kit.lines import check_document, check_inputs, check_lines, check_terms
from billing.audit.kit.readings import check_readings
from billing.audit.kit.report import Report
from billing.audit.pack import kit_zip
from billing.models import Invoice
from billing.services.invoicing import issue_cycle
from billing.services.nightly import run_night
from billing.services.sla import assess
from billing.verifying import proof_of
from plans.actor import NIGHT
from plans.timespan import Period
from subscriptions.models import Subscription
from tests.billing.world import EDGE, SHANGHAI, TAX, TERMS, begin, make_plan, report_availability
from tests.usage.world import event, send
from usage.services import roll_up_all

NIGHT_1 = EDGE + timedelta(hours=26)
FIRST_DAY = datetime(2026, 9, 10, 9, 30, tzinfo=SHANGHAI)
SECOND_EDGE = datetime(2026, 11, 10, tzinfo=SHANGHAI)


def use(subscription: Subscription) -> None:
    """Send 71,000 messages on three days, and seven users, one of them twice."""
    app = subscription.customer.apps.get()
    days = [FIRST_DAY, FIRST_DAY + timedelta(days=10), FIRST_DAY + timedelta(days=29)]
    for at, value in zip(days, ("20000", "30000", "21000"), strict=True):
        send(event(app, at=at, type="messages", value=value, region="cn"), at=at, backfill=True)
    for user in ["ann", "bob", "cy", "di", "ed", "flo", "gil", "ann"]:
        send(event(app, at=FIRST_DAY, type="mau", user=user), at=FIRST_DAY, backfill=True)
    roll_up_all()


def annual_start() -> Invoice:
    return begin(term="annual", options={"module.moderation": Decimal(1)})[1]


def cycle() -> Invoice:
    """Usage of a month and the next base, with tax."""
    subscription, _start = begin(version=make_plan(charges=[*TERMS["charges"], TAX]))
    use(subscription)
    return issue_cycle(subscription, EDGE, at=NIGHT_1, by=NIGHT)


def with_credit() -> Invoice:
    """A cycle on which an SLA credit is drawn, and tax on what is left."""
    version = make_plan(charges=[*TERMS["charges"], TAX])
    subscription, _start = begin(version=version, options={"sla.gold": Decimal(1)})
    report_availability(subscription.customer.apps.get(), "42900")
    window = Period(datetime(2026, 9, 1, tzinfo=SHANGHAI), datetime(2026, 10, 1, tzinfo=SHANGHAI))
    assess(subscription, window, at=EDGE + timedelta(hours=1), by=NIGHT)
    return issue_cycle(subscription, EDGE, at=NIGHT_1, by=NIGHT)


def late() -> Invoice:
    """The invoice after one whose usage came late."""
    subscription, _start = begin()
    run_night(EDGE + timedelta(hours=24))
    use(subscription)
    run_night(SECOND_EDGE + timedelta(hours=24))
    return Invoice.objects.get(subscription=subscription, period_start=SECOND_EDGE, kind="cycle")


def files_of(invoice: Invoice) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(kit_zip(invoice))) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def verify(files: Mapping[str, bytes], folder: Path) -> tuple[int, str]:
    """Run the kit's own verifier on its files, as a customer would."""
    for name, content in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-I", str(folder / "verify.py")], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def proved() -> None:
    """Every invoice there is proves itself at all three levels, and its kit's own evaluator agrees."""
    for invoice in Invoice.objects.all():
        assert proof_of(invoice).faults == (), invoice.public_id
        kit, report = Kit(files_of(invoice)), Report()
        assert check_files(kit, report)
        for check in (check_document, check_terms, check_inputs, check_readings, check_lines):
            check(kit, report)
        assert report.finish() == 0, invoice.public_id

"""Workers beside each other: one invoice, one number each, nothing skipped."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction

from billing import outbox
from billing.models import BillingJob, Invoice, PackDraw
from billing.services.invoicing import issue_cycle
from billing.services.packs import grant_pack
from billing.services.runs import run_jobs, tick
from billing.services.subscribing import subscribe
from plans.actor import NIGHT
from subscriptions.services import cancel_at_period_end
from tests.billing.world import EDGE, START, begin, make_plan
from tests.factories import TESTER, make_app, make_customer
from tests.usage.world import event, send
from usage.services import roll_up_all

pytestmark = pytest.mark.django_db(transaction=True)
DUE = EDGE + timedelta(hours=24)


def at_once(work: Callable[[], object], *, threads: int = 4) -> None:
    """Start the same work in several threads at one moment; raise what any of them raised."""
    barrier, failures = threading.Barrier(threads), []

    def run() -> None:
        try:
            barrier.wait()
            work()
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    workers = [threading.Thread(target=run) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert failures == []


def test_D02_four_workers_issue_one_invoice():
    subscription, _start = begin()

    at_once(lambda: issue_cycle(subscription, EDGE, at=DUE, by=NIGHT))

    assert Invoice.objects.filter(kind="cycle").count() == 1


def test_D01_D22_four_nights_at_once_bill_everyone_once_without_a_gap():
    version = make_plan()
    for _ in range(8):
        begin(version=version)

    def night() -> None:
        tick(DUE)
        while run_jobs(DUE, limit=3):
            pass

    at_once(night)
    night()

    assert Invoice.objects.filter(kind="cycle").count() == 8
    assert sorted(Invoice.objects.values_list("sequence", flat=True)) == list(range(1, 17))
    assert set(BillingJob.objects.values_list("state", flat=True)) == {"done"}


def test_D18_a_job_that_waited_for_a_cancellation_bills_the_last_month_only():
    subscription, _start = begin()
    tick(DUE)
    cancelled = threading.Event()

    def cancel() -> None:
        with transaction.atomic():
            cancel_at_period_end(subscription, at=EDGE - timedelta(hours=1), by=TESTER)
            cancelled.set()
            time.sleep(0.5)
        connection.close()

    other = threading.Thread(target=cancel)
    other.start()
    cancelled.wait(5)
    run_jobs(DUE)
    other.join()

    assert Invoice.objects.get(kind="cycle").total == 0


def test_D06_two_outboxes_make_one_invoice(stripe):
    stripe.at(START)
    version = make_plan()
    for _ in range(3):
        begin(version=version, collection="stripe_send")

    at_once(lambda: [outbox.deliver_ready(limit=2) for _ in range(6)], threads=3)
    stripe.deliver(START)

    made = stripe.process.objects("invoice")
    assert sorted(one["number"] for one in made) == ["RC-000001", "RC-000002", "RC-000003"]
    assert {one["status"] for one in made} == {"open"}


def test_a_batch_costs_few_queries_more_for_each_customer(django_assert_max_num_queries):
    """All but the freeze, which is one subscription's own, is read and written together."""
    version = make_plan()
    counts = []
    for size in (2, 8):
        for _ in range(size):
            begin(version=version, term="monthly")
        tick(DUE)
        with django_assert_max_num_queries(400) as seen:
            while run_jobs(DUE):
                pass
        counts.append(len(seen))

    per_customer = (counts[1] - counts[0]) / 6
    assert per_customer <= 11


def test_two_agreements_of_one_customer_never_draw_one_pack_twice():
    """10,000 units, two agreements with 8,000 each, two workers: 8,000 and 2,000 are drawn."""
    messages = {
        "code": "messages", "tags": ["usage"], "of": "messages",
        "steps": [{"draw": {"pool": "prepaid"}}, {"price": {"each": "1", "per": "1000"}}],
    }  # fmt: skip
    version = make_plan(charges=[messages], pools={"prepaid": {}}, figures=[])
    customer = make_customer(billing_zone="Asia/Shanghai")
    agreements = []
    for code in ("app_left", "app_right"):
        app = make_app(customer, code=code)
        send(event(app, at=START, type="messages", value="8000"), at=START, backfill=True)
        agreements.append(
            subscribe(
                customer=customer, version=version, term="monthly", options={}, collection="offline",
                app=app, at=START, by=TESTER,
            )[0]
        )  # fmt: skip
    grant_pack(
        customer=customer, pool="prepaid", quantity=Decimal(10000), reason="order", at=START, by=TESTER
    )
    roll_up_all()
    waiting = iter(agreements)

    at_once(lambda: issue_cycle(next(waiting), EDGE, at=DUE, by=NIGHT), threads=2)

    assert sorted(PackDraw.objects.values_list("quantity", flat=True)) == [2000, 8000]
    assert sorted(Invoice.objects.filter(kind="cycle").values_list("total", flat=True)) == [0, 600]

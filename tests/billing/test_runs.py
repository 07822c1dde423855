"""The night as jobs: what is due, what is done twice, who waits alone."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError, connection, transaction

from billing.books import offences
from billing.models import BillingJob, BillingRun, Invoice, ParkedCustomer
from billing.services import runs
from billing.services.due_jobs import ready_cycles
from billing.services.nightly import run_night
from billing.services.parking import release
from billing.services.runs import run_jobs, tick
from billing.verifying import faults_of
from subscriptions.leases import claim, finish
from subscriptions.services import cancel_at_period_end
from tests.billing.world import EDGE, START, begin, make_plan
from tests.factories import TESTER, make_customer

pytestmark = pytest.mark.django_db
GRACE = timedelta(hours=24)
MONTH_LATER = datetime(2026, 11, 9, 16, tzinfo=UTC)


def edges() -> list[datetime]:
    return list(BillingJob.objects.order_by("period_start").values_list("period_start", flat=True))


def test_a_period_is_due_a_day_after_its_end():
    begin()

    assert tick(EDGE + GRACE - timedelta(seconds=1)) == 0
    assert tick(EDGE + GRACE) == 1
    assert tick(EDGE + GRACE) == 0


def test_missed_nights_are_simply_due():
    begin()

    assert tick(MONTH_LATER + GRACE) == 2
    while run_jobs(MONTH_LATER + GRACE):
        pass

    assert edges() == [EDGE, MONTH_LATER]
    assert Invoice.objects.filter(kind="cycle").count() == 2
    assert BillingRun.objects.filter(kind="cycle").count() == 2


def test_a_cancelled_agreement_ends_with_its_last_edge():
    subscription, _start = begin()
    cancel_at_period_end(subscription, at=START, by=TESTER)

    tick(datetime(2027, 5, 1, tzinfo=UTC))

    assert edges() == [EDGE]
    assert tick(datetime(2027, 6, 1, tzinfo=UTC)) == 0


def test_periods_count_from_the_anchor():
    """31 January, 28 February, 31 March; never from the end before."""
    begin(customer=make_customer(billing_zone="UTC"), at=datetime(2026, 1, 31, 12, tzinfo=UTC))

    tick(datetime(2026, 5, 3, tzinfo=UTC))

    assert [edge.strftime("%m-%d") for edge in edges()] == ["02-28", "03-31", "04-30"]


def test_D01_a_second_run_makes_no_second_invoice():
    begin()
    tick(EDGE + GRACE)
    run_jobs(EDGE + GRACE)
    BillingJob.objects.update(state="waiting")

    run_jobs(EDGE + GRACE)

    assert Invoice.objects.filter(kind="cycle").count() == 1
    assert BillingJob.objects.get().state == "done"


def spoil(version) -> None:
    """Make a version's stored terms unreadable, past every guard."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            "UPDATE plans_planversion SET terms_hash = repeat('0', 64) WHERE id = %s", [version.pk]
        )
        cursor.execute("SET session_replication_role = DEFAULT")


def test_D25_one_bad_customer_is_parked_and_the_others_are_billed():
    bad = make_plan()
    for version in (None, bad, None, None):
        begin(version=version)
    spoil(bad)
    tick(EDGE + GRACE)

    while run_jobs(EDGE + GRACE):
        pass

    assert Invoice.objects.filter(kind="cycle").count() == 3
    parked = ParkedCustomer.objects.get()
    assert parked.reason == "terms_damaged"
    assert BillingJob.objects.get(state="parked").customer == parked.customer


def awake() -> None:
    """Let every pause and lease be over."""
    long_ago = datetime(2000, 1, 1, tzinfo=UTC)
    BillingJob.objects.filter(leased_until__isnull=False).update(leased_until=long_ago)
    BillingJob.objects.filter(retry_at__isnull=False).update(retry_at=long_ago)


def test_a_failure_without_a_name_gets_tries_with_pauses(monkeypatch):
    begin()
    tick(EDGE + GRACE)

    def fail(*_args, **_kwargs):
        raise KeyError("surprise")

    with monkeypatch.context() as patched:
        patched.setattr(runs, "issue", fail)
        assert run_jobs(EDGE + GRACE) == 1
        assert run_jobs(EDGE + GRACE) == 0, "it pauses"
        for _ in range(runs.MOST_ATTEMPTS - 1):
            assert not ParkedCustomer.objects.exists()
            awake()
            run_jobs(EDGE + GRACE)

    parked = ParkedCustomer.objects.get()
    assert parked.reason == "KeyError"
    release(parked, at=EDGE + GRACE, by=TESTER)
    assert run_jobs(EDGE + GRACE) == 1
    assert BillingJob.objects.get().state == "done"


def test_a_fault_of_the_house_costs_no_attempt(monkeypatch):
    begin()
    tick(EDGE + GRACE)

    def fail(*_args, **_kwargs):
        raise OperationalError("the server closed the connection")

    with monkeypatch.context() as patched:
        patched.setattr(runs, "issue", fail)
        for _ in range(2 * runs.MOST_ATTEMPTS):
            assert run_jobs(EDGE + GRACE) == 0
            awake()

    assert BillingJob.objects.get().attempts == 0
    assert run_jobs(EDGE + GRACE) == 1


def test_a_job_that_kills_its_workers_ends_alone_and_parked():
    """Every worker dies with what it has claimed; the others of its batches are billed."""
    version = make_plan()
    killer = [begin(version=version)[0] for _ in range(3)][1]
    tick(EDGE + GRACE)

    for _ in range(100):
        leases = runs._claim(ready_cycles(EDGE + GRACE), limit=500)
        free = runs._billable_now(leases)
        if not any(lease.row.subscription_id == killer.pk for lease in free):
            runs._batch(free, at=EDGE + GRACE)
        awake()

    assert Invoice.objects.filter(kind="cycle").count() == 2
    assert ParkedCustomer.objects.get().reason == "worker_died"
    assert BillingJob.objects.get(state="parked").subscription == killer


def test_G_a_worker_that_slept_past_its_lease_changes_nothing():
    begin()
    tick(EDGE + GRACE)
    sleeper = claim(BillingJob.objects.all(), limit=1)[0]
    BillingJob.objects.update(leased_until="2000-01-01T00:00:00Z")
    run_jobs(EDGE + GRACE)

    assert not finish(sleeper, state="waiting")
    with pytest.raises(runs.LostLease), transaction.atomic():
        runs._commit([sleeper], at=EDGE + GRACE)

    assert BillingJob.objects.get().state == "done"
    assert Invoice.objects.filter(kind="cycle").count() == 1


def test_a_night_twice_changes_nothing_and_an_earlier_one_is_refused():
    begin()
    first = run_night(EDGE + GRACE)

    again = run_night(EDGE + GRACE)

    assert (first.jobs, first.invoices, first.left) == (1, 1, [])
    assert not again.changed
    assert run_night(EDGE).skipped


def test_the_books_are_sound_after_a_night():
    begin()
    begin(term="annual")
    run_night(EDGE + GRACE)

    assert offences() == []


@pytest.mark.parametrize(
    ("sql", "invariant"),
    [
        ("UPDATE billing_invoice SET total = total + 1, subtotal = subtotal + 1", "I1"),
        ('UPDATE billing_invoiceline SET label = \'{"en": "gift"}\'', "I5/I12"),
        ("UPDATE billing_numberseries SET last = last + 1", "I5"),
        ("UPDATE billing_ledgerentry SET amount = amount + 1 WHERE account = 'receivable'", "I6 balance"),
        ("UPDATE billing_invoice SET status = 'paid', paid_at = now()", "I7"),
    ],
)
def test_a_doctored_copy_is_found_out(sql, invariant):
    begin()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(sql)
        cursor.execute("SET session_replication_role = DEFAULT")

    assert invariant in {one.invariant for one in offences()}


def test_an_invoice_proves_itself_and_an_altered_tree_does_not():
    _subscription, invoice = begin()
    assert faults_of(invoice) == []
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            "UPDATE billing_invoiceline SET derivation = jsonb_set(derivation, '{output}', '\"41\"')"
            " WHERE charge = 'base'"
        )
        cursor.execute("SET session_replication_role = DEFAULT")

    assert any("line 1" in fault for fault in faults_of(invoice))

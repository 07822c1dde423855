"""The invariants of the books as queries. Healthy = every one of them returns nothing.

Many are kept by the database as well; here they are asked again, so that a restored or doctored
copy cannot pass.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, Now

from billing.models import (
    Account,
    AwardState,
    BillingJob,
    Invoice,
    InvoiceStatus,
    LedgerEntry,
    LedgerTransaction,
    NumberSeries,
    PackDraw,
    PackHolding,
    SlaAssessment,
    SlaAward,
    SlaCredit,
    StripeEvent,
    StripeOperation,
)
from billing.models.stripe import OperationState
from billing.selectors_packs import with_drawn
from billing.selectors_unbilled import unbilled
from billing.verifying import faults_of


@dataclass(frozen=True, slots=True)
class Offence:
    """One row that breaks an invariant."""

    invariant: str
    row: str
    said: str


def offences() -> list[Offence]:
    """Return everything that is wrong, invariant by invariant."""
    return [Offence(name, row, said) for name, check in INVARIANTS.items() for row, said in check()]


Found = Iterator[tuple[str, str]]


def _sums() -> Found:
    """I1: total = sum of lines."""
    rows = _issued().annotate(sum=Coalesce(Sum("lines__amount"), 0)).exclude(sum=F("total"))
    for row in rows:
        yield str(row), f"total {row.total}, lines {row.sum}"


def _documents() -> Found:
    """I5, I12: hashes match, trees re-evaluate, readings and terms are those on record."""
    for row in _issued().iterator(chunk_size=500):
        for fault in faults_of(row):
            yield str(row), fault


def _unbilled() -> Found:
    """I2: usage that came after its invoice is on a later one, or waits for one that will come."""
    for late in unbilled():
        yield late.subscription.public_id, late.said


def _numbers() -> Found:
    """I5: numbers run from 1 to the counter without a gap."""
    for series in NumberSeries.objects.all():
        count = Invoice.objects.filter(series=series.code).count()
        if count != series.last:
            yield series.code, f"{series.last} numbers taken, {count} invoices"


def _balance() -> Found:
    """I6: debit = credit in every transaction."""
    for row in LedgerTransaction.objects.annotate(sum=Sum("entries__amount")).exclude(sum=0):
        yield row.business_key, f"off by {row.sum}"


def _credit() -> Found:
    """I6: no customer's credit is below zero."""
    rows = LedgerEntry.objects.filter(account=Account.CUSTOMER_CREDIT).values("customer", "currency")
    for row in rows.annotate(sum=Sum("amount")).filter(sum__gt=0).order_by("customer"):
        yield f"customer {row['customer']}", f"{row['sum']} {row['currency']} below zero"


def _packs() -> Found:
    """I6: no pack is drawn below nothing or beyond its units, and only by invoices of its customer."""
    for pack in with_drawn(PackHolding.objects.all()).filter(Q(drawn__lt=0) | Q(drawn__gt=F("quantity"))):
        yield pack.public_id, f"{pack.drawn} drawn of {pack.quantity}"  # type: ignore[attr-defined]
    for draw in PackDraw.objects.exclude(line__customer=F("holding__customer")).select_related("holding"):
        yield draw.holding.public_id, f"drawn by line {draw.line_id} of another customer"


def _paid() -> Found:
    """I7: paid = covered by payments; open = not covered."""
    rows = _issued().annotate(paid=Coalesce(Sum("payments__amount"), 0))
    wrong = Q(status=InvoiceStatus.PAID, paid__lt=F("total")) | Q(
        status=InvoiceStatus.OPEN, paid__gte=F("total"), total__gt=0
    )
    for row in rows.filter(wrong):
        yield str(row), f"{row.status}, {row.paid} of {row.total} paid"


def _stuck() -> Found:
    """I9: nothing sent without an answer for an hour, no job far past its lease."""
    unclear = StripeOperation.objects.filter(state__in=[OperationState.SENT, OperationState.UNKNOWN])
    for one in unclear.filter(sent_at__lt=Now() - timedelta(hours=1)):
        yield one.public_id, f"{one} is {one.state}"
    late = BillingJob.objects.filter(
        state=BillingJob.State.WAITING, leased_until__lt=Now() - timedelta(minutes=10)
    )
    for job in late:
        yield f"job {job.pk}", f"{job} lost its worker"


def _sla() -> Found:
    """I11: a judgement is within its fee; what was given of a window lies between its last judgement, as far
    as that is granted, and its highest."""
    for row in SlaAssessment.objects.filter(amount__gt=F("fee")):
        yield f"assessment {row.pk}", f"{row.amount} of a fee of {row.fee}"
    rows = SlaCredit.objects.order_by().values_list("subscription", "sla_code", "window__startswith")
    given = {tuple(key): total for *key, total in rows.annotate(sum=Sum("amount"))}
    held_back = SlaAward.objects.exclude(state=AwardState.GRANTED)
    withheld = set(held_back.values_list("subscription", "sla_code", "starts_at"))
    for key, amounts in _judged().items():
        net = given.get(key, 0)
        least = 0 if key in withheld else amounts[-1]  # waits for a claim or a decision, or was refused
        if not least <= net <= max(amounts):  # below the highest: what was drawn is not taken back
            yield f"subscription {key[0]} {key[1]} {key[2]:%Y-%m-%d}", f"{net} given, judged {amounts}"


def _judged() -> dict[tuple[int, str, datetime], list[int]]:
    """Return the credit of every judgement by window, earliest first."""
    found: dict[tuple[int, str, datetime], list[int]] = {}
    rows = SlaAssessment.objects.order_by("revision")
    for *key, amount in rows.values_list("subscription", "sla_code", "window__startswith", "amount"):
        found.setdefault(tuple(key), []).append(amount)
    return found


def _events() -> Found:
    """I16: no message waits for more than 15 minutes, none is parked."""
    late = Q(state=StripeEvent.State.RECEIVED, received_at__lt=Now() - timedelta(minutes=15))
    for row in StripeEvent.objects.filter(late | Q(state=StripeEvent.State.PARKED)):
        yield row.event_id, f"{row} is {row.state}: {row.last_error}"


def _periods() -> Found:
    """I4: at most one live invoice per subscription, kind and period."""
    rows = Invoice.objects.exclude(status=InvoiceStatus.VOID).exclude(kind="change")
    keys = rows.order_by().values("subscription", "kind", "period_start")
    for row in keys.annotate(n=Count("pk")).filter(n__gt=1):
        yield f"subscription {row['subscription']}", f"{row['n']} invoices of {row['period_start']}"


def _issued() -> QuerySet[Invoice]:
    return Invoice.objects.exclude(status=InvoiceStatus.DRAFT).order_by("pk")


INVARIANTS: dict[str, Callable[[], Found]] = {
    "I1": _sums,
    "I2": _unbilled,
    "I4": _periods,
    "I5": _numbers,
    "I5/I12": _documents,
    "I6 balance": _balance,
    "I6 credit": _credit,
    "I6 packs": _packs,
    "I7": _paid,
    "I9": _stuck,
    "I11": _sla,
    "I16": _events,
}

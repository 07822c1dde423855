"""Leave an annual term early: what was paid, what the used months cost, and what goes back."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange as Span
from django.db.models import Prefetch

from billing.derivation import Node, to_tree
from billing.dues import Calendar, advance_dues, companions
from billing.early_exit import YEAR, bounded, facts_of, gross_share, used_of
from billing.errors import ExitChanged, ExitUnpaid
from billing.explain_tree import Explained, sentences_of
from billing.models import Account, EarlyExit, Invoice, InvoiceLine, InvoiceStatus, LineKind
from billing.previews import in_minor
from billing.rating import rate, rate_figure
from billing.selectors_gather import Standpoint, calendar_of, standpoint, version_at
from billing.services.invoicing import held
from billing.services.ledger import Posting, post
from billing.values import Due
from plans.actor import Actor
from plans.history import changes
from plans.money import from_minor, to_minor
from plans.ratio import plain
from plans.terms_early_exit import CODE
from plans.timespan import Period
from subscriptions import services as agreements
from subscriptions.anchors import index_at
from subscriptions.errors import NotLive
from subscriptions.errors_agreed import ExitNotPossible
from subscriptions.models import Subscription
from subscriptions.models.agreements import Term
from subscriptions.selectors import zone_of

UNPAID = (InvoiceStatus.OPEN, InvoiceStatus.UNCOLLECTIBLE)


@dataclass(frozen=True, slots=True)
class Settlement:
    """What leaving at the end of this month gives back; amounts in minor units, tax included."""

    term: Period
    ends_at: datetime
    currency: str
    paid: int
    monthly: int
    months_used: int
    refund: int
    facts: dict[str, str]
    terms_hash: str
    derivation: Node | None  # None: the terms keep what was paid

    @property
    def sentences(self) -> list[Explained]:
        """How the amount comes about, in the reader's language; empty where nothing is given back."""
        return [] if self.derivation is None else sentences_of(self.derivation, self.currency, {})


def settlement(subscription: Subscription, *, at: datetime) -> Settlement:
    """Return what leaving early would give back, from rows read by `billable`; nothing is written.

    Raises ExitNotPossible for a monthly or nearly ended term, ExitUnpaid while its invoice is open.
    """
    version = version_at(subscription, at)
    if version is None:
        raise NotLive(subscription=subscription.public_id)
    calendar = calendar_of(subscription)
    last = index_at(subscription.anchor, zone_of(subscription.customer), at)
    first = last - last % YEAR
    term, ends_at = calendar.months(first, YEAR), calendar.edge(last + 1)
    if subscription.term != Term.ANNUAL or subscription.left_early or ends_at >= term.end:
        raise ExitNotPossible
    view = standpoint(subscription, version, at)
    paid = _paid(subscription, term)
    return _settled(subscription, view, calendar, (first, last), paid)


def _settled(
    subscription: Subscription, view: Standpoint, calendar: Calendar, months: tuple[int, int], paid: int
) -> Settlement:
    first, last = months
    term, ends_at, currency = calendar.months(first, YEAR), calendar.edge(last + 1), subscription.currency
    found = Settlement(term, ends_at, currency, paid, 0, last - first + 1, 0, {}, view.terms.hash, None)
    if not any(figure.code == CODE for figure in view.terms.document.figures):
        return found
    monthly = _month_price(view, calendar, last, currency)
    facts = facts_of(
        used_of(calendar, first, last), paid=from_minor(paid, currency), monthly=from_minor(monthly, currency)
    )
    context = replace(view.context, facts={**view.context.facts, **facts})
    rated = rate_figure(view.terms, CODE, {}, Due(CODE, Period(term.start, ends_at)), context)
    refund = to_minor(bounded(rated.amount, facts["paid"]), currency)
    written = {name: plain(value) for name, value in facts.items()}
    return replace(found, monthly=monthly, refund=refund, facts=written, derivation=rated.derivation)


def _month_price(view: Standpoint, calendar: Calendar, k: int, currency: str) -> int:
    """Return what one month of the same holdings costs on the monthly term, tax included."""
    document = view.terms.document
    monthly = replace(calendar, term=Term.MONTHLY.value)
    month = monthly.months(k, 1)
    dues = [due for due in advance_dues(document, monthly, monthly.edge(k)) if due.period == month]
    context = replace(view.context, labels={**view.context.labels, "term": Term.MONTHLY.value})
    rating = rate(view.terms, {}, [*dues, *companions(document, dues)], context)
    return sum(in_minor([line.amount for line in rating.lines], rating.total, currency))


def _paid(subscription: Subscription, term: Period) -> int:
    """Return what the lines of the term came to, with their share of tax; ExitUnpaid while one is open."""
    lines = InvoiceLine.objects.filter(kind=LineKind.CHARGE)
    rows = Invoice.objects.filter(
        subscription=subscription, lines__span__startswith__gte=term.start, lines__span__endswith=term.end
    ).exclude(status__in=[InvoiceStatus.VOID, InvoiceStatus.DRAFT])
    total = 0
    for invoice in rows.distinct().prefetch_related(Prefetch("lines", lines)).order_by("pk"):
        if invoice.status in UNPAID:
            raise ExitUnpaid(number=invoice.number)
        total += _of_term(invoice.lines.all(), term)
    return max(total, 0)


def _of_term(lines: Iterable[InvoiceLine], term: Period) -> int:
    net = net_all = tax = 0
    for line in lines:
        if line.is_tax:
            tax += line.amount
            continue
        net_all += line.amount
        if line.span.upper == term.end and line.span.lower >= term.start:
            net += line.amount
    return gross_share(net, net_all=net_all, tax=tax)


def leave_early(
    subscription: Subscription, *, expected: int | None = None, at: datetime, by: Actor
) -> EarlyExit:
    """End an annual agreement with this month and put what goes back into the customer's credit.

    `expected` is the refund that was shown (minor units): ExitChanged when it is another by now. A repeat
    returns the first settlement.
    """
    with changes(by):
        fresh = held(subscription)
        if known := EarlyExit.objects.filter(subscription=fresh).first():
            return known
        found = settlement(fresh, at=at)
        if expected is not None and expected != found.refund:
            raise ExitChanged
        agreements.end_early(fresh, at=at, by=by)
        row = EarlyExit.objects.create(
            subscription=fresh,
            customer=fresh.customer,
            currency=found.currency,
            term=Span(found.term.start, found.term.end),
            ends_at=found.ends_at,
            paid=found.paid,
            monthly=found.monthly,
            months_used=found.months_used,
            refund=found.refund,
            facts=found.facts,
            derivation={} if found.derivation is None else to_tree(found.derivation),
            terms_hash=found.terms_hash,
            at=at,
            by=by.id,
        )
        sides = {Account.REVENUE: found.refund, Account.CUSTOMER_CREDIT: -found.refund}
        key = f"early_exit:{fresh.public_id}"
        post([Posting(key, "early_exit", fresh.customer_id, found.currency, sides)], at=at, by=by)
    return row

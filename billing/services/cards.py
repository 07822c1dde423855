"""The card on file: added through a hosted page, made the default, used for what is open."""

from collections.abc import Iterable
from datetime import datetime

from billing import gateway, outbox
from billing.errors import GatewayRefused, GatewayUnclear
from billing.gateway_values import StripeCard
from billing.locks import lock_customers
from billing.models import Invoice, InvoiceStatus, PaymentMethod, StripeLink, StripeOperation
from billing.models.stripe import OperationKind, OperationState
from billing.services.planning import LOCALES, operation, plan_customer
from plans.actor import STRIPE, Actor
from plans.doorbell import ring_after_commit
from plans.errors import NotFound
from plans.history import changes
from plans.ids import new_id
from subscriptions.models import Customer
from subscriptions.models.agreements import Collection


def start_card_setup(
    customer: Customer, *, success_url: str, cancel_url: str, at: datetime, by: Actor
) -> str:
    """Return the address of a hosted page on which a person adds a card.

    Put {CHECKOUT_SESSION_ID} into `success_url`, and hand it to `finish_card_setup` on the way back.
    """
    with changes(by):
        lock_customers([customer.pk])
        params = {
            "mode": "setup",
            "currency": customer.currency.lower(),
            "locale": LOCALES.get(customer.language, "en"),
            "success_url": success_url,
            "cancel_url": cancel_url,
            "metadata": {"customer": customer.public_id},
        }
        first = plan_customer(customer)
        page = operation(OperationKind.CREATE_CHECKOUT, new_id("setup"), customer.pk, params, after=first)
        page.save()
    done = outbox.deliver_one(page)
    if done.state == OperationState.REFUSED:
        raise GatewayRefused(reason=done.last_error)
    if done.state != OperationState.CONFIRMED:
        raise GatewayUnclear(reason=done.last_error or "busy")
    return str(done.result["url"])


def finish_card_setup(
    customer: Customer, *, session_id: str, at: datetime, by: Actor = STRIPE
) -> PaymentMethod | None:
    """Take over the card of a finished page and pay what is open; None while the page is not finished.

    The way back and the webhook both call this: the same card twice changes nothing.
    """
    outcome = gateway.checkout(session_id)
    linked = StripeLink.objects.filter(kind=StripeLink.Kind.CUSTOMER, local_id=customer.pk).first()
    if linked is None or linked.stripe_id != outcome.customer:
        raise NotFound
    if not outcome.complete or outcome.card is None:
        return None
    return adopt_card(customer, outcome.card, by=by)


def adopt_card(customer: Customer, card: StripeCard, *, by: Actor) -> PaymentMethod:
    """Make a saved card the customer's default and plan to pay its open invoices with it."""
    with changes(by):
        lock_customers([customer.pk])
        known = PaymentMethod.objects.filter(stripe_id=card.id).first()
        if known is not None:
            return known
        PaymentMethod.objects.filter(customer=customer, is_default=True).update(is_default=False)
        method = PaymentMethod.objects.create(
            customer=customer,
            stripe_id=card.id,
            brand=card.brand,
            last4=card.last4,
            exp_month=card.exp_month,
            exp_year=card.exp_year,
            is_default=True,
        )
        _plan_use(customer, card.id)
        ring_after_commit("billing.deliver_operations")
    return method


def _plan_use(customer: Customer, card: str) -> None:
    first = operation(
        OperationKind.SET_CARD, card, customer.pk, {"card": card}, after=plan_customer(customer)
    )
    first.save()
    for invoice in _open_and_delivered(customer):
        _pay(invoice, card, first).save()


def _pay(invoice: Invoice, card: str, after: StripeOperation) -> StripeOperation:
    key = f"{invoice.public_id}:{card}"
    return operation(
        OperationKind.PAY, key, invoice.customer_id, {"card": card}, invoice=invoice, after=after
    )


def _open_and_delivered(customer: Customer) -> Iterable[Invoice]:
    """Return the invoices that Stripe has finalised and could not collect."""
    return Invoice.objects.filter(
        customer=customer,
        status=InvoiceStatus.OPEN,
        collection=Collection.STRIPE_CHARGE,
        operations__kind=OperationKind.FINALIZE,
        operations__state=OperationState.CONFIRMED,
    ).order_by("issued_at")


def customer_of_link(stripe_id: str) -> Customer | None:
    """Return our customer behind a customer of Stripe."""
    link = StripeLink.objects.filter(kind=StripeLink.Kind.CUSTOMER, stripe_id=stripe_id).first()
    return Customer.objects.filter(pk=link.local_id).first() if link else None

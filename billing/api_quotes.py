"""Quotes for programs: a price for expected usage, kept with its expiry and the reason of every line."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing import api_quotes_schema as schema
from billing.errors_quotes import QuoteInvalid
from billing.models import Quote
from billing.quote_request import Fault, QuoteRequest, read_request
from billing.selectors_quotes import quote_of, quotes_of
from billing.services.quotes import answer_to, make_quote
from plans import clock
from plans.errors import DomainError, _
from plans.pages import page
from subscriptions.auth import KeyPrincipal
from subscriptions.models import Customer
from subscriptions.models.keys import Scope
from subscriptions.permissions import HasScope
from usage.api_bodies import JSON, media_type, read_body
from usage.parsing_json import read_object
from usage.parsing_values import Refused
from usage.parsing_values import text as checked_text

BACK, AHEAD = timedelta(days=1), timedelta(minutes=5)  # what a customer's clock may differ by
FAR = timedelta(days=5 * 366)  # how far from now the provider may price


class BadKey(DomainError):  # noqa: N818
    """An Idempotency-Key that cannot be kept."""

    code = "bad_idempotency_key"
    http_status = 400
    text = _("Idempotency-Key is a text of 1 to 80 characters.")


class AtOutside(DomainError):  # noqa: N818
    """An instant that this key may not price at."""

    code = "at_outside"
    text = _("“at” lies outside %(first)s to %(last)s, which this key may ask for. Leave it out for now.")


class UnknownCustomer(DomainError):  # noqa: N818
    """No such customer, or not the key's own."""

    code = "unknown_customer"
    text = _("There is no such customer, or it is not this key's own.")


class QuotesView(APIView):
    """Make a quote, list quotes."""

    permission_classes = (IsAuthenticated, HasScope)
    scope = Scope.QUOTES_READ

    @extend_schema(**schema.MAKE)
    def post(self, request: Request) -> Response:
        """Rate a plan or a bundle of modules for expected usage, and keep the answer."""
        at, key = clock.now(), principal(request)
        known = {JSON: False}
        media_type(request._request, known)
        tree = read_object(read_body(request._request, known))
        quote = _made(tree, key, now=at, request_key=_request_key(request))
        location = {"Location": f"/api/v1/quotes/{quote.public_id}"}
        return Response(schema.whole(quote, at), status=201, headers=location)

    @extend_schema(**schema.LIST)
    def get(self, request: Request) -> Response:
        """Answer the customer's quotes, newest first; a provider key sees every one."""
        at = clock.now()
        rows = quotes_of(principal(request).customer_id).defer("inputs", "lines")
        return page(rows, request, lambda row: schema.head(row, at))


class QuoteView(APIView):
    """One quote with its lines."""

    permission_classes = (IsAuthenticated, HasScope)
    scope = Scope.QUOTES_READ

    @extend_schema(**schema.GET)
    def get(self, request: Request, public_id: str) -> Response:
        """Answer the quote as it was made; 404 if it is another customer's."""
        quote = quote_of(principal(request).customer_id, public_id)
        return Response(schema.whole(quote, clock.now()))


def principal(request: Request) -> KeyPrincipal:
    """Return the key behind a request."""
    key: KeyPrincipal = request.user  # type: ignore[assignment]  # keys sign in as themselves
    return key


def _request_key(request: Request) -> str:
    """Return the Idempotency-Key, quoted or bare; empty where none was sent."""
    given = request.headers.get("Idempotency-Key")
    if given is None:
        return ""
    try:
        return checked_text(given.strip().removeprefix('"').removesuffix('"'), "", longest=80)
    except Refused:
        raise BadKey from None


def _made(tree: dict[str, Any], key: KeyPrincipal, *, now: datetime, request_key: str) -> Quote:
    """Make the quote, or refuse with every field that is not right."""
    request, found = read_request(tree)
    wrong = [fault.pointer for fault in found]
    customer, more = _customer(request, key)
    at = request.at or now
    more += _instant_faults(at, key, now)
    found += more
    try:
        if not found:
            return make_quote(request, customer=customer, at=at, by=key.actor, key=request_key)
        answer_to(request, customer=customer, at=now)
    except QuoteInvalid as refusal:
        found += [fault for fault in refusal.faults if not _follows(fault.pointer, wrong)]
    raise QuoteInvalid(found)


def _follows(pointer: str, wrong: Sequence[str]) -> bool:
    """Return whether a fault only follows from one of shape: at its place, in it, or of the whole field."""
    return any(
        pointer == one or pointer.startswith(f"{one}/") or one.startswith(f"{pointer}/") for one in wrong
    ) or (pointer == "/" and bool(wrong))


def _customer(request: QuoteRequest, key: KeyPrincipal) -> tuple[Customer | None, list[Fault]]:
    """Return for whom the quote is: the key's own customer, the one named, or nobody."""
    rows = Customer.objects.all()
    if key.customer_id is not None:
        rows = rows.filter(pk=key.customer_id)
    if request.customer is not None:
        rows = rows.filter(public_id=request.customer)
    elif key.customer_id is None:
        return None, []
    found = rows.first()
    if found is not None:
        return found, []
    no = UnknownCustomer()
    return Customer.objects.filter(pk=key.customer_id or 0).first(), [Fault("/customer", no.code, str(no))]


def _instant_faults(at: datetime, key: KeyPrincipal, now: datetime) -> list[Fault]:
    back, ahead = (FAR, FAR) if key.customer_id is None else (BACK, AHEAD)
    if now - back <= at <= now + ahead:
        return []
    no = AtOutside(first=(now - back).isoformat(), last=(now + ahead).isoformat())
    return [Fault("/at", no.code, str(no))]

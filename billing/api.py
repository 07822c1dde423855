"""Invoices for a customer's own programs: what was billed, line by line, and why. Read only."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing.explain import headline_of, names_for
from billing.models import Invoice, InvoiceKind, InvoiceLine, InvoiceStatus, LineKind
from billing.selectors import invoice_lines, invoice_of, invoices_of
from billing.selectors_complete import complete_through
from plans.api import TextSerializer
from plans.errors import NotFound
from plans.pages import PAGE_PARAMETERS, page, page_schema
from subscriptions.auth import KeyPrincipal
from subscriptions.models import Customer
from subscriptions.models.agreements import Collection
from subscriptions.models.keys import Scope
from subscriptions.permissions import HasScope

MINOR = "In minor units of the currency."


class InvoiceSerializer(serializers.Serializer[Any]):
    """The head of an invoice."""

    id = serializers.CharField(source="public_id")
    number = serializers.CharField()
    kind = serializers.ChoiceField(choices=InvoiceKind.values)
    status = serializers.ChoiceField(choices=InvoiceStatus.values)
    subscription = serializers.CharField(source="subscription.public_id")
    collection = serializers.ChoiceField(choices=Collection.values)
    currency = serializers.CharField()
    subtotal = serializers.IntegerField(help_text=MINOR)
    total = serializers.IntegerField(help_text=MINOR)
    service_start = serializers.DateTimeField(source="span.lower")
    service_end = serializers.DateTimeField(source="span.upper")
    issued_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField()
    paid_at = serializers.DateTimeField(allow_null=True)
    content_hash = serializers.CharField(
        help_text="SHA-256 of the whole document; an audit kit shows it too."
    )


class LineSerializer(serializers.Serializer[Any]):
    """One line; `n` is its place, by which its derivation is asked for."""

    n = serializers.IntegerField(source="position")
    key = serializers.CharField(source="line_key")
    kind = serializers.ChoiceField(choices=LineKind.values)
    charge = serializers.CharField()
    name = TextSerializer(source="label")
    description = TextSerializer()
    app = serializers.CharField(source="app_code", allow_blank=True)
    region = serializers.CharField(allow_blank=True)
    service_start = serializers.DateTimeField(source="span.lower")
    service_end = serializers.DateTimeField(source="span.upper")
    quantity = serializers.SerializerMethodField(
        help_text="What is charged, after allowances and packs, as a decimal text; null where none is priced."
    )
    unit = serializers.CharField(allow_blank=True)
    amount = serializers.IntegerField(help_text=f"{MINOR} Credits are negative.")
    headline = serializers.SerializerMethodField(help_text="How the amount came about, in one sentence.")
    terms_hash = serializers.CharField()
    inputs_hash = serializers.CharField(allow_blank=True)

    def get_headline(self, line: InvoiceLine) -> str:
        """Return the sentence in the caller's language."""
        return headline_of(line, self.context["names"])

    def get_quantity(self, line: InvoiceLine) -> str | None:
        """Return the quantity without trailing zeros or an exponent."""
        return None if line.quantity is None else format(line.quantity.normalize(), "f")


class InvoiceWithLinesSerializer(InvoiceSerializer):
    """The whole document."""

    complete_through = serializers.DateTimeField(
        allow_null=True,
        help_text="Every event answered before it is in the figures; null where no usage was rated.",
    )
    lines = LineSerializer(many=True)


class DerivationSerializer(serializers.Serializer[Any]):
    """The tree of one line: each node has its word, input, argument, output and children."""

    n = serializers.IntegerField(source="position")
    amount = serializers.IntegerField(help_text=MINOR)
    exact_amount = serializers.SerializerMethodField()
    terms_hash = serializers.CharField()
    engine = serializers.CharField()
    derivation = serializers.JSONField()

    def get_exact_amount(self, line: InvoiceLine) -> str:
        """Return the amount in whole units of the currency before it became minor units."""
        return format(line.exact_amount.normalize(), "f")


class OwnView(APIView):
    """Only what is the key's own customer's; a provider key has no customer and finds nothing."""

    permission_classes = (IsAuthenticated, HasScope)
    scope = Scope.BILLING_READ

    def customer(self) -> Customer:
        """Return the customer of the key."""
        key: KeyPrincipal = self.request.user  # type: ignore[assignment]  # keys sign in as themselves
        found = Customer.objects.filter(pk=key.customer_id or 0).first()  # 0: nobody
        if found is None:
            raise NotFound
        return found


class InvoicesView(OwnView):
    """The customer's invoices."""

    @extend_schema(
        operation_id="list_invoices",
        tags=["invoices"],
        parameters=PAGE_PARAMETERS,
        responses=page_schema("Invoice", InvoiceSerializer),
    )
    def get(self, request: Request) -> Response:
        """Answer issued invoices, newest first."""
        rows = invoices_of(self.customer()).select_related("subscription")
        return page(rows, request, lambda row: InvoiceSerializer(row).data)


class InvoiceView(OwnView):
    """One invoice with its lines."""

    @extend_schema(operation_id="get_invoice", tags=["invoices"], responses=InvoiceWithLinesSerializer)
    def get(self, request: Request, public_id: str) -> Response:
        """Answer the document; 404 if it is not the customer's."""
        invoice = invoice_of(self.customer(), public_id)
        rows = invoice_lines(invoice)
        lines = LineSerializer(rows, many=True, context={"names": names_for(invoice)}).data
        head = InvoiceSerializer(invoice).data
        return Response({**head, "complete_through": complete_through(rows), "lines": lines})


class DerivationView(OwnView):
    """Why one line costs what it costs."""

    @extend_schema(operation_id="get_line_derivation", tags=["invoices"], responses=DerivationSerializer)
    def get(self, request: Request, public_id: str, n: int) -> Response:
        """Answer the tree of the n-th line."""
        line = _line(invoice_of(self.customer(), public_id), n)
        return Response(DerivationSerializer(line).data)


def _line(invoice: Invoice, n: int) -> InvoiceLine:
    found = invoice.lines.filter(position=n).first()
    if found is None:
        raise NotFound
    return found

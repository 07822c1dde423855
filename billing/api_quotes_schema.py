"""How quotes look to programs, and in the OpenAPI document."""

from datetime import datetime
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter
from rest_framework import serializers

from billing.baskets import CYCLE, START
from billing.models import Quote
from billing.selectors_quotes import ShownQuote, notes_of, shown_quote
from plans.api import TextSerializer
from plans.pages import PAGE_PARAMETERS, page_schema
from subscriptions.models.agreements import Term
from usage.api_schema import BODY_PROBLEMS, problem

Fields = dict[str, Any]  # what JSON says
MINOR = "In minor units of the currency."
ASKED = {
    "plan": "growth",
    "term": "monthly",
    "currency": "CNY",
    "modules": ["moderation"],
    "sla": "gold",
    "seats": 5,
    "usage": {"mau": 4500, "traffic": "250.5"},
}
NUMBER: Fields = {"oneOf": [{"type": "number", "minimum": 0}, {"type": "string"}]}
REQUEST: Fields = {
    "type": "object",
    "additionalProperties": False,
    "description": "A plan, or only the modules of a bundle: the cheapest plan with all of them answers.",
    "properties": {
        "plan": {"type": "string", "description": "Code of a plan on sale."},
        "modules": {"type": "array", "items": {"type": "string"}, "description": "Codes of modules."},
        "sla": {"type": "string", "description": "Code of an SLA tier; without one, the free tier is held."},
        "support": {"type": "string", "description": "Code of a support tier; without one, the free tier."},
        "options": {
            "type": "object",
            "additionalProperties": NUMBER,
            "description": "Further options of the terms by name, with the quantity held.",
        },
        "term": {"type": "string", "enum": list(Term.values), "default": "monthly"},
        "currency": {
            "type": "string",
            "description": "Needed unless there is a customer, who pays in its own.",
        },
        "seats": {"type": "integer", "minimum": 0, "maximum": 100_000, "default": 0},
        "usage": {
            "type": "object",
            "description": (
                "Expected usage of the first month by meter: a number, or a list of numbers and of"
                " {value, at, for, app, region, …} as in a situation."
            ),
            "additionalProperties": {
                "oneOf": [
                    {"type": "number", "minimum": 0},
                    {"type": "string"},
                    {
                        "type": "array",
                        "maxItems": 1000,
                        "items": {
                            "oneOf": [
                                {"type": "number", "minimum": 0},
                                {"type": "string"},
                                {"type": "object", "additionalProperties": NUMBER},
                            ]
                        },
                    },
                ]
            },
        },
        "facts": {
            "type": "object",
            "additionalProperties": NUMBER,
            "description": "Numbers the terms declare.",
        },
        "labels": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": "Labels the terms declare, such as a region.",
        },
        "customer": {
            "type": "string",
            "description": "Whose quote it is (provider keys); none: a prospect's.",
        },
        "at": {
            "type": "string",
            "format": "date-time",
            "description": "The instant to price at, now unless given; within a day for a customer's key.",
        },
    },
}


class QuotedPlanSerializer(serializers.Serializer[Fields]):
    """The plan version that answers."""

    code = serializers.CharField()
    name = TextSerializer()
    version = serializers.IntegerField()


class QuoteSerializer(serializers.Serializer[Fields]):
    """The head of a quote."""

    id = serializers.CharField()
    number = serializers.CharField()
    state = serializers.ChoiceField(choices=["open", "expired", "accepted"])
    plan = QuotedPlanSerializer()
    customer = serializers.CharField(allow_null=True)
    term = serializers.ChoiceField(choices=Term.values)
    currency = serializers.CharField()
    at = serializers.DateTimeField(help_text="The instant it is priced at.")
    expires_at = serializers.DateTimeField(help_text="From here on it cannot be accepted.")
    accepted_at = serializers.DateTimeField(allow_null=True)
    subscription = serializers.CharField(allow_null=True)
    start_total = serializers.IntegerField(help_text=f"Due at the start. {MINOR}")
    cycle_total = serializers.IntegerField(help_text=f"Due after the first month. {MINOR}")
    inputs_hash = serializers.CharField()
    terms_hash = serializers.CharField()


class QuoteLineSerializer(serializers.Serializer[Fields]):
    """One line as it would stand on the invoice."""

    key = serializers.CharField()
    charge = serializers.CharField()
    name = TextSerializer()
    app = serializers.CharField(allow_blank=True)
    region = serializers.CharField(allow_blank=True)
    service_start = serializers.DateTimeField()
    service_end = serializers.DateTimeField()
    quantity = serializers.CharField(
        allow_null=True, help_text="What is charged, after allowances and packs, as a decimal text."
    )
    unit = serializers.CharField(allow_blank=True)
    amount = serializers.IntegerField(help_text=f"{MINOR} Credits are negative.")
    exact_amount = serializers.CharField(help_text="In whole units of the currency, before minor units.")
    sentences = serializers.ListField(
        child=serializers.CharField(), help_text="How the amount came about, in the language asked for."
    )
    derivation = serializers.JSONField(help_text="The same as a tree of steps.")


class QuoteInvoiceSerializer(serializers.Serializer[Fields]):
    """One of the two invoices that would come of it."""

    total = serializers.IntegerField(help_text=MINOR)
    lines = QuoteLineSerializer(many=True)


class QuoteWithLinesSerializer(QuoteSerializer):
    """The whole quote."""

    engine = serializers.CharField()
    start = QuoteInvoiceSerializer(help_text="What is due when the agreement starts.")
    cycle = QuoteInvoiceSerializer(
        help_text="What is due after the first month: its usage, and the next base fee."
    )
    later = serializers.ListField(
        child=serializers.CharField(), help_text="Charges that neither invoice holds, as they fall due later."
    )
    notes = serializers.ListField(
        child=serializers.CharField(), help_text="What of the usage changes nothing, or is assumed."
    )
    alternatives = serializers.DictField(
        child=serializers.IntegerField(),
        help_text=f"Of a bundle: the other plans that offer it, and what a month comes to there. {MINOR}",
    )
    asked = serializers.JSONField(help_text="The request as it was understood: options held, usage, facts.")


def head(quote: Quote, at: datetime) -> Fields:
    """Return a quote without its lines."""
    return dict(QuoteSerializer(_head(quote, at)).data)


def whole(quote: Quote, at: datetime) -> Fields:
    """Return a quote with its lines, explained in the reader's language."""
    shown = shown_quote(quote)
    asked = dict(quote.asked)
    body = {
        **_head(quote, at),
        "engine": quote.engine,
        START: _invoice(shown, START),
        CYCLE: _invoice(shown, CYCLE),
        "later": _later(shown),
        "notes": [one.sentence() for one in notes_of(shown)],
        "alternatives": asked.pop("alternatives", {}),
        "asked": asked,
    }
    return dict(QuoteWithLinesSerializer(body).data)


def _head(quote: Quote, at: datetime) -> Fields:
    version = quote.plan_version
    return {
        "id": quote.public_id,
        "number": quote.number,
        "state": quote.state_at(at),
        "plan": {"code": version.plan.code, "name": version.plan.name_i18n, "version": version.number},
        "customer": quote.customer.public_id if quote.customer else None,
        "term": quote.term,
        "currency": quote.currency,
        "at": quote.at,
        "expires_at": quote.expires_at,
        "accepted_at": quote.accepted_at,
        "subscription": quote.subscription.public_id if quote.subscription else None,
        "start_total": quote.start_total,
        "cycle_total": quote.cycle_total,
        "inputs_hash": quote.inputs_hash,
        "terms_hash": quote.terms_hash,
    }


def _invoice(shown: ShownQuote, invoice: str) -> Fields:
    part = shown.start if invoice == START else shown.cycle
    rows = [row for row in shown.quote.lines if row["invoice"] == invoice]
    lines = [
        {
            **row,
            "name": row["label"],
            "service_start": datetime.fromisoformat(row["start"]),
            "service_end": datetime.fromisoformat(row["end"]),
            "sentences": line.sentences,
        }
        for row, line in zip(rows, part.lines, strict=True)
    ]
    return {"total": part.total, "lines": lines}


def _later(shown: ShownQuote) -> list[str]:
    asked = shown.quote.inputs["invoices"].values()
    due = {row[0] for parts in asked for part in parts for row in part["due"]}
    return [charge.code for charge in shown.terms.document.charges if charge.code not in due]


_INVALID = OpenApiExample(
    "two fields",
    value={
        "type": "/api/docs/#problem-quote_invalid",
        "title": "quote invalid",
        "status": 422,
        "detail": "The quote cannot be made: The plan does not offer “sla.platinum”. (problems in all: 2)",
        "code": "quote_invalid",
        "errors": [
            {
                "pointer": "/sla",
                "code": "option_not_offered",
                "detail": "The plan does not offer “sla.platinum”.",
            },
            {
                "pointer": "/usage/mau",
                "code": "bad_quantity",
                "detail": (
                    "“-1” is not a quantity: a plain number from 0, below 10^18, with at most 12 places."
                ),
            },
        ],
    },
)
MAKE: Fields = {
    "operation_id": "make_quote",
    "tags": ["quotes"],
    "description": (
        "A price for expected usage of any plan on sale, or of a bundle of modules. It is rated by the"
        " function that rates invoices: both invoices that would come of it stand in the answer line by line,"
        " with the reasons, and nothing is owed. A quote moves no money, so Idempotency-Key is optional; the"
        " same key, or the same request with the same `at`, answers with the first quote."
    ),
    "parameters": [
        OpenApiParameter(
            "Idempotency-Key",
            OpenApiTypes.STR,
            OpenApiParameter.HEADER,
            description="1 to 80 characters, quoted or bare. Another request under the same key is refused.",
        )
    ],
    "request": {"application/json": REQUEST},
    "examples": [OpenApiExample("A plan", value=ASKED, request_only=True)],
    "responses": {
        201: QuoteWithLinesSerializer,
        **BODY_PROBLEMS,
        (422, "application/problem+json"): problem("Fields that are not right, all of them.", _INVALID),
    },
}
LIST: Fields = {
    "operation_id": "list_quotes",
    "tags": ["quotes"],
    "parameters": PAGE_PARAMETERS,
    "responses": page_schema("Quote", QuoteSerializer),
}
GET: Fields = {"operation_id": "get_quote", "tags": ["quotes"], "responses": QuoteWithLinesSerializer}

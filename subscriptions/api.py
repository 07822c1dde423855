"""Agreements for a customer's programs: their own only, read only."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from plans import clock
from plans.api import TextSerializer
from plans.errors import NotFound
from plans.pages import PAGE_PARAMETERS, page, page_schema
from subscriptions.auth import KeyPrincipal
from subscriptions.models import Subscription
from subscriptions.models.agreements import Collection, Term
from subscriptions.models.keys import Scope
from subscriptions.permissions import HasScope
from subscriptions.selectors import Overview, overview, with_parts


class PlanRefSerializer(serializers.Serializer[Any]):
    """The plan version an agreement is pinned to."""

    code = serializers.CharField(source="plan.code")
    name = TextSerializer(source="plan.name_i18n")
    version = serializers.IntegerField(source="number")


class SpanSerializer(serializers.Serializer[Any]):
    """`[start, end)`."""

    start = serializers.DateTimeField()
    end = serializers.DateTimeField()


class HeldSerializer(serializers.Serializer[Any]):
    """An option held."""

    option = serializers.CharField()
    quantity = serializers.CharField(help_text="A decimal number, as text.")


class SubscriptionSerializer(serializers.Serializer[Any]):
    """An agreement as it is now; of an ended one, as it was at its end."""

    id = serializers.CharField(source="subscription.public_id")
    state = serializers.ChoiceField(choices=["future", "active", "ending", "ended"])
    plan = PlanRefSerializer(source="version")
    app = serializers.CharField(
        source="subscription.app.code", default=None, allow_null=True, help_text="Null: all apps."
    )
    term = serializers.ChoiceField(source="subscription.term", choices=Term.values)
    currency = serializers.CharField(source="subscription.currency")
    collection = serializers.ChoiceField(source="subscription.collection", choices=Collection.values)
    started_at = serializers.DateTimeField(source="subscription.span.lower")
    ends_at = serializers.DateTimeField(source="subscription.span.upper", allow_null=True)
    cancelled_at = serializers.DateTimeField(source="subscription.cancelled_at", allow_null=True)
    current_period = SpanSerializer(source="period")
    seats = serializers.IntegerField()
    options = serializers.SerializerMethodField()

    @extend_schema_field(HeldSerializer(many=True))
    def get_options(self, shown: Overview) -> list[dict[str, str]]:
        """Return what is held beside the plan."""
        return [{"option": option, "quantity": str(held)} for option, held in shown.options.items()]


class SubscriptionsView(APIView):
    """The agreements of the key's customer."""

    permission_classes = (IsAuthenticated, HasScope)
    scope = Scope.BILLING_READ

    @extend_schema(
        operation_id="list_subscriptions",
        tags=["subscriptions"],
        parameters=PAGE_PARAMETERS,
        responses=page_schema("Subscription", SubscriptionSerializer),
    )
    def get(self, request: Request) -> Response:
        """List the agreements, newest first, ended ones included."""
        at = clock.now()
        return page(own(request), request, lambda row: SubscriptionSerializer(overview(row, at)).data)


class SubscriptionView(APIView):
    """One agreement of the key's customer."""

    permission_classes = (IsAuthenticated, HasScope)
    scope = Scope.BILLING_READ

    @extend_schema(operation_id="get_subscription", tags=["subscriptions"], responses=SubscriptionSerializer)
    def get(self, request: Request, public_id: str) -> Response:
        """Return one agreement; another customer's is not there (404)."""
        found = own(request).filter(public_id=public_id).first()
        if found is None:
            raise NotFound
        return Response(SubscriptionSerializer(overview(found, clock.now())).data)


def own(request: Request) -> QuerySet[Subscription]:
    """Return the agreements of the key's customer; a provider key has none."""
    key: KeyPrincipal = request.user  # type: ignore[assignment]  # keys sign in as themselves, not as users
    return with_parts(Subscription.objects.filter(customer_id=key.customer_id or 0))  # 0: nobody

"""The price list for programs: what is on sale now, in both languages, with an ETag."""

import hashlib
from typing import Any

from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from plans import clock
from plans.composition import MODULE, SLA, SUPPORT
from plans.errors import NotFound
from plans.models import FeatureModule, Named, SlaTier, SupportTier
from plans.pages import body, page_schema
from plans.promise_words import in_both, sla_words, support_words
from plans.selectors import Offer, entitlements_of, price_list
from plans.selectors_promises import shown_sla, shown_support
from plans.terms import to_tree

Fields = dict[str, Any]  # what JSON can say

ETAG_HEADER = OpenApiParameter(
    "If-None-Match", OpenApiTypes.STR, OpenApiParameter.HEADER, description="ETag you hold; 304 if unchanged."
)


class TextSerializer(serializers.Serializer[Fields]):
    """One text in both languages."""

    def get_fields(self) -> dict[str, Any]:
        """Name the fields by language tags, one of which Python cannot spell."""
        texts = {tag: serializers.CharField(allow_blank=True) for tag in ("en", "zh-Hans")}
        return {**super().get_fields(), **texts}


class OptionSerializer(serializers.Serializer[Fields]):
    """Something that can be held beside the plan; `option` is its name in `terms`."""

    option = serializers.CharField()
    code = serializers.CharField()
    name = TextSerializer()


class ModuleSerializer(OptionSerializer):
    """A feature module and what it goes with."""

    description = TextSerializer()
    requires = serializers.ListField(child=serializers.CharField())
    excludes = serializers.ListField(child=serializers.CharField())


class SlaTierSerializer(OptionSerializer):
    """An availability promise, in percent of a window."""

    target = serializers.CharField(help_text="Percent, as text.")
    window = serializers.CharField()
    promise = serializers.DictField(help_text="The rest of the promise, as the catalogue spells it.")
    summary = TextSerializer()


class SupportTierSerializer(OptionSerializer):
    """A response promise."""

    channels = serializers.ListField(child=serializers.CharField())
    response_minutes = serializers.DictField(child=serializers.IntegerField())
    hours = serializers.CharField()
    business_hours = serializers.DictField(allow_null=True)
    around_the_clock = serializers.ListField(child=serializers.CharField())
    languages = serializers.ListField(child=serializers.CharField())
    named_manager = serializers.BooleanField()
    review = serializers.CharField(allow_null=True)
    summary = TextSerializer()


class PlanSerializer(serializers.Serializer[Fields]):
    """A plan version on sale. `terms` is the whole price, in the charge grammar."""

    code = serializers.CharField()
    name = TextSerializer()
    description = TextSerializer()
    family = serializers.CharField()
    rank = serializers.IntegerField()
    version = serializers.IntegerField()
    on_sale_from = serializers.DateTimeField()
    currencies = serializers.ListField(child=serializers.CharField())
    modules = ModuleSerializer(many=True)
    sla_tiers = SlaTierSerializer(many=True)
    support_tiers = SupportTierSerializer(many=True)
    entitlements = serializers.DictField()
    terms = serializers.DictField()
    terms_hash = serializers.CharField()


class PriceListView(APIView):
    """The public price list; no key needed."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="list_plans",
        tags=["plans"],
        parameters=[
            OpenApiParameter("currency", OpenApiTypes.STR, description="Only plans sold in it, e.g. CNY."),
            ETAG_HEADER,
        ],
        responses={200: page_schema("Plan", PlanSerializer), 304: None},
    )
    def get(self, request: Request) -> HttpResponseBase:
        """List the plans on sale now, lowest rank first."""
        offers = price_list(clock.now(), currency=request.query_params.get("currency") or None)
        return conditional(request, body([offer_fields(offer) for offer in offers]))


class PlanView(APIView):
    """One plan of the public price list."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="get_plan",
        tags=["plans"],
        parameters=[ETAG_HEADER],
        responses={200: PlanSerializer, 304: None},
    )
    def get(self, request: Request, code: str) -> HttpResponseBase:
        """Return the version of one plan that is on sale now."""
        offers = price_list(clock.now(), code=code)
        if not offers:
            raise NotFound
        return conditional(request, offer_fields(offers[0]))


def conditional(request: Request, content: Fields) -> HttpResponseBase:
    """Answer `content`, or 304 when the caller holds it already; caches must ask each time."""
    etag = f'"{hashlib.sha256(JSONRenderer().render(content)).hexdigest()[:32]}"'
    answer = get_conditional_response(request, etag=etag) or Response(content)
    answer["ETag"] = etag
    answer["Cache-Control"] = "public, no-cache"
    return answer


def offer_fields(offer: Offer) -> Fields:
    """Return one offer as the price list shows it."""
    version, plan = offer.version, offer.version.plan
    shown = {
        "code": plan.code,
        "name": plan.name_i18n,
        "description": {"en": plan.description_en, "zh-Hans": plan.description_zh},
        "family": plan.family,
        "rank": plan.rank,
        "version": version.number,
        "on_sale_from": version.effective_at,
        "currencies": offer.terms.currencies,
        "modules": [_module(one, offer) for one in offer.modules],
        "sla_tiers": [_sla_tier(one, offer) for one in offer.sla_tiers],
        "support_tiers": [_support_tier(one, offer) for one in offer.support_tiers],
        "entitlements": entitlements_of(version),
        "terms": to_tree(offer.terms.document),
        "terms_hash": version.terms_hash,
    }
    return dict(PlanSerializer(shown).data)


def _option(row: Named, prefix: str) -> Fields:
    return {"option": prefix + row.code, "code": row.code, "name": row.name_i18n}


def _module(row: FeatureModule, offer: Offer) -> Fields:
    rules = offer.rules_of(row)
    texts = {"en": row.description_en, "zh-Hans": row.description_zh}
    return {
        **_option(row, MODULE),
        "description": texts,
        "requires": sorted(rules.requires),
        "excludes": sorted(rules.excludes),
    }


def _sla_tier(row: SlaTier, offer: Offer) -> Fields:
    promise = shown_sla(offer.version, row)
    tree = to_tree(promise)
    rest = {name: value for name, value in tree.items() if name not in ("target", "window")}
    return {
        **_option(row, SLA),
        "target": promise.target,
        "window": promise.window,
        "promise": rest,
        "summary": in_both(sla_words, promise),
    }


def _support_tier(row: SupportTier, offer: Offer) -> Fields:
    promise = shown_support(offer.version, row)
    fields = {name: getattr(promise, name) for name in promise.__struct_fields__}
    hours = promise.business_hours
    return {
        **_option(row, SUPPORT),
        **fields,
        "business_hours": None if hours is None else to_tree(hours),
        "summary": in_both(support_words, promise),
    }

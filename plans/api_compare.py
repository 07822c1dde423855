"""Two editions of a plan compared in words, for programs that show or archive price changes."""

from typing import Any

from django.http.response import HttpResponseBase
from django.utils import translation
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView

from plans import clock
from plans.api import ETAG_HEADER, Fields, TextSerializer, conditional
from plans.errors import DomainError, NotFound, _
from plans.models import Plan, PlanVersion
from plans.models.plans import VersionState
from plans.selectors_words import compared, naming

LANGUAGES = {"en": "en", "zh-Hans": "zh-hans"}  # as texts are keyed -> as Django names them


class BadVersionNumber(DomainError):  # noqa: N818
    """A version that is no number."""

    code = "bad_version_number"
    text = _("“%(value)s” is not a version number. Write from=1&to=2.")


class PlaceSerializer(serializers.Serializer[Fields]):
    """One place of the document that says something else."""

    path = serializers.CharField()
    kind = serializers.ChoiceField(choices=["added", "removed", "changed", "moved"])
    old = serializers.CharField(allow_null=True)
    new = serializers.CharField(allow_null=True)


class ChangeSentenceSerializer(serializers.Serializer[Fields]):
    """One change as a sentence, with the places it tells."""

    text = TextSerializer()
    places = PlaceSerializer(many=True)


class ComparisonSerializer(serializers.Serializer[Fields]):
    """What changes from one version of a plan to another."""

    plan = serializers.CharField()
    from_version = serializers.IntegerField()
    to_version = serializers.IntegerField()
    changes = ChangeSentenceSerializer(many=True)


class CompareView(APIView):
    """Versions that are, or were, on the public price list; no key needed."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="compare_versions",
        tags=["plans"],
        parameters=[
            OpenApiParameter(
                "from", OpenApiTypes.INT, required=True, description="Number of the old version."
            ),
            OpenApiParameter("to", OpenApiTypes.INT, required=True, description="Number of the new version."),
            ETAG_HEADER,
        ],
        responses={200: ComparisonSerializer, 304: None},
    )
    def get(self, request: Request, code: str) -> HttpResponseBase:
        """Compare two versions of a plan that have been on sale, in both languages."""
        old, new = (_version(code, request.query_params.get(name, "")) for name in ("from", "to"))
        shown = {
            "plan": code,
            "from_version": old.number,
            "to_version": new.number,
            "changes": _changes(old, new),
        }
        return conditional(request, dict(ComparisonSerializer(shown).data))


def _version(code: str, number: str) -> PlanVersion:
    """Return a public version that has been on sale; a scheduled one is not told before its day."""
    if not (number.isascii() and number.isdecimal() and len(number) < 10):
        raise BadVersionNumber(value=number)
    rows = PlanVersion.objects.exclude(state=VersionState.DRAFT).filter(
        plan__code=code, plan__audience=Plan.Audience.PUBLIC, effective_at__lte=clock.now()
    )
    found = rows.filter(number=int(number)).select_related("plan").first()
    if found is None:
        raise NotFound
    return found


def _changes(old: PlanVersion, new: PlanVersion) -> list[dict[str, Any]]:
    """Return each sentence in both languages; the order of the sentences is the same in both."""
    said = {}
    for tag, language in LANGUAGES.items():
        with translation.override(language):
            said[tag] = compared(old, new, naming(tag))
    return [
        {
            "text": {tag: said[tag][index].text for tag in LANGUAGES},
            "places": [
                {"path": each.path, "kind": each.kind, "old": each.old, "new": each.new}
                for each in one.differences
            ],
        }
        for index, one in enumerate(said["en"])
    ]

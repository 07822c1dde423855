"""What a customer may use, in OpenMeter's words: a balance for what is counted, a config for what is not."""

import json
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from config.compat.entitled import UNLIMITED, Entitled, entitled
from config.compat.openmeter.customers import place_of
from config.compat.openmeter.door import OpenMeterView, told
from config.compat.openmeter.parameters import instant_of
from plans import clock
from plans.errors import NotFound
from plans.models import Feature
from plans.models.features import FeatureType
from subscriptions.models.keys import Scope
from usage.errors import ParameterInvalid

SKEW = timedelta(minutes=5)  # as far as a sender's clock may be off


class AccessView(OpenMeterView):
    """Every feature of a customer."""

    scopes = {"GET": Scope.ENTITLEMENTS_READ}

    def get(self, request: Request, key: str) -> HttpResponse:
        """Return them by code."""
        at = clock.now()
        found = entitled(*place_of(request, key), at)
        return told({"entitlements": {code: _value(one) for code, one in found.items()}})


class ValueView(OpenMeterView):
    """One feature of a customer."""

    scopes = {"GET": Scope.ENTITLEMENTS_READ}

    def get(self, request: Request, key: str, feature: str) -> HttpResponse:
        """Return its value; a known feature that is not granted is no access."""
        at = clock.now()
        _require_now(instant_of(request.query_params, "time"), at)
        place = place_of(request, key)
        if not Feature.objects.filter(code=feature).exists():
            raise NotFound
        found = entitled(*place, at, only=feature).get(feature)
        return told(_value(found) if found else {"hasAccess": False})


def _require_now(asked: datetime | None, at: datetime) -> None:
    """Refuse another instant: kept is what may be used now, and a read must not rebuild it as of then."""
    if asked is not None and abs(asked - at) > SKEW:
        raise ParameterInvalid(name="time", reason=_("access is told as it is now; leave it out"))


def _value(one: Entitled) -> dict[str, Any]:
    body: dict[str, Any] = {"hasAccess": one.has_access}
    if one.kind == FeatureType.ALLOWANCE and one.used is not None:
        body["usage"] = one.used
        if one.limit is not None:
            body["balance"] = max(one.limit - one.used, 0)
            body["overage"] = max(one.used - one.limit, 0)
            body["totalAvailableGrantAmount"] = one.limit
    elif one.kind == FeatureType.NUMBER:
        body["config"] = json.dumps(UNLIMITED) if one.limit is None else one.value
    elif one.kind == FeatureType.TEXT:
        body["config"] = json.dumps(one.value, ensure_ascii=False)
    return body

"""What the plans of the price list grant beside what they charge for."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext as _

from plans.catalogue import Quota
from plans.highlights import highlights
from plans.models import Feature, PlanVersion
from plans.models.features import FeatureType
from plans.right_words import right_text
from plans.selectors import Offer
from plans.selectors_quotas import USUAL, quotas_of
from plans.templatetags.figures import quantity, unit
from usage.entitlement import stops_at

Rights = list[tuple[str, list[str | bool]]]  # a feature's name, then its value on each plan


def rights_of(offers: list[Offer]) -> Rights:
    """Return the features that the plans grant: allowances without a charge first, then the others."""
    features = list(Feature.objects.select_related("meter"))
    allowances = [one for one in features if one.type == FeatureType.ALLOWANCE]
    others = [one for one in features if one.type != FeatureType.ALLOWANCE]
    return [*_allowances(allowances, offers), *_others(others, offers)]


def _others(features: Iterable[Feature], offers: list[Offer]) -> Iterator[tuple[str, list[str | bool]]]:
    for feature in features:
        values = [_given(offer.version).get(feature.code) for offer in offers]
        if any(value is not None for value in values):
            yield feature.name, [_right(value) for value in values]


def _allowances(features: Iterable[Feature], offers: list[Offer]) -> Iterator[tuple[str, list[str | bool]]]:
    """Yield the allowances that some plan grants without a charge on their meter, which would show them."""
    quotas = [quotas_of(offer.version) for offer in offers]
    charged = [{one.meter for one in highlights(offer.terms.document, {})} for offer in offers]
    for feature in features:
        values: list[str | bool] = [
            _allowance(feature, offer.version, quotas[n])
            if feature.meter is not None and feature.meter.code not in charged[n]
            else False
            for n, offer in enumerate(offers)
        ]
        if any(values):
            yield feature.name, values


def _allowance(feature: Feature, version: PlanVersion, quotas: Mapping[str, Quota]) -> str | bool:
    """Return the figure with its unit and what happens at the limit; False where nothing is granted."""
    value = _given(version).get(feature.code)
    try:
        limit = Decimal(value or 0)
    except InvalidOperation:  # unlimited: there is no limit to say more of
        return right_text(str(value))
    if not limit:
        return False
    quota = quotas.get(feature.code, USUAL)
    given = {
        "n": quantity(limit),
        "unit": unit(feature.unit or (feature.meter.unit if feature.meter else "")),
    }
    end = stops_at(limit, quota.at_limit, quota.grace)
    if end is None:
        return _("%(n)s %(unit)s, then a warning; use goes on") % given
    if end == limit:
        return _("%(n)s %(unit)s, then use is refused") % given
    return _("%(n)s %(unit)s, use is refused from %(end)s on") % {**given, "end": quantity(end)}


def told(rights: Rights, at: int, room: int) -> list[tuple[str, str]]:
    """Return as many rights of the plan at one place as its card has room for."""
    own = [(name, values[at]) for name, values in rights if values[at] not in (None, False)]
    return [(name, "" if value is True else str(value)) for name, value in own][: max(room, 0)]


def _given(version: PlanVersion) -> Mapping[str, str]:
    return version.entitlements.get("plan", {})  # type: ignore[no-any-return]


def _right(value: str | None) -> str | bool:
    return value == "true" if value in (None, "true", "false") else right_text(value)

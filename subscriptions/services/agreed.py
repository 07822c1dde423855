"""What is agreed beside plan, term and options: the labels and facts that the terms ask for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from plans.models import PlanVersion
from plans.selectors import terms_of
from plans.terms_asked import Asked, asked_of
from subscriptions.errors_agreed import (
    FactMissing,
    FactOutOfRange,
    LabelMissing,
    LabelUnknownValue,
    NothingAsks,
)
from subscriptions.models import App

REGION = "region"  # the label that an app's own region answers
MOST = Decimal(10) ** 12
PLACES = 12


@dataclass(frozen=True, slots=True)
class Agreed:
    """Choices as a phase stores them: label -> value, fact -> decimal text."""

    labels: dict[str, str] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)


def agreed_for(
    version: PlanVersion,
    *,
    labels: Mapping[str, str] | None = None,
    facts: Mapping[str, Decimal] | None = None,
    app: App | None = None,
) -> Agreed:
    """Return what a phase on this version stores, or refuse what is missing, unknown or out of range.

    A `region` that was not chosen is the app's own, where it is one of the values.
    """
    asked = asked_of(terms_of(version).document)
    given, figures = dict(labels or {}), dict(facts or {})
    _refuse_unasked(asked, [*given, *figures])
    if app is not None and app.region in asked.labels.get(REGION, ()):
        given.setdefault(REGION, app.region)
    return Agreed(
        {label: _chosen(label, given.get(label), values) for label, values in asked.labels.items()},
        {fact: _figure(fact, figures.get(fact), unit) for fact, unit in asked.facts.items()},
    )


def _refuse_unasked(asked: Asked, names: list[str]) -> None:
    known = [*asked.labels, *asked.facts]
    for name in names:
        if name not in known:
            raise NothingAsks(name=name, known=", ".join(known) or "–")


def _chosen(label: str, value: str | None, values: tuple[str, ...]) -> str:
    if not value:
        raise LabelMissing(label=label, values=", ".join(values))
    if value not in values:
        raise LabelUnknownValue(label=label, value=value, values=", ".join(values))
    return value


def _figure(fact: str, value: Decimal | None, unit: str) -> str:
    if value is None:
        raise FactMissing(fact=fact, unit=unit)
    places = value.as_tuple().exponent if value.is_finite() else None
    if not isinstance(places, int) or not 0 <= value < MOST or -places > PLACES:
        raise FactOutOfRange(fact=fact, value=value)
    return format(value.normalize() + Decimal(0), "f")

"""Short builders for rating tests."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from billing.rating import rate
from billing.values import Context, Due, Observation, Rating
from plans.terms import Terms, read_terms
from plans.timespan import Period

D = Decimal
JUNE = Period(datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC))


def terms(*charges: dict[str, Any], **top: Any) -> Terms:
    return read_terms({"currency": "EUR", **top, "charges": list(charges)})


def usage(**meters: Any) -> dict[str, list[Observation]]:
    """Take `messages=71000` or a list of (value, attributes)."""
    return {
        code: [Observation(D(v), attributes=a) for v, a in given]
        if isinstance(given, list)
        else [Observation(D(given))]
        for code, given in meters.items()
    }


def bill(
    document: Terms, used: Mapping[str, Any] | None = None, period: Period = JUNE, **context: Any
) -> Rating:
    """Rate every charge for one period."""
    due = [Due(charge.code, period) for charge in document.document.charges]
    return rate(document, used or {}, due, Context(**context))

"""The blast radius as the review page shows it: whom a draft concerns, and what that would cost them."""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from billing.admin.shown import priced, signed
from billing.blast import Blast, LineMove, Rated, blast_of
from billing.blast_spread import Spread
from billing.models.lines import in_reader_language
from billing.selectors_reach import Reached
from config.admin_base import change_link
from plans.models import PlanVersion
from plans.templatetags.figures import day, quantity, span
from plans.terms import Terms

SHOWN = 100  # rows of the table; the stored review holds all that were rated
ORDERS: dict[str, tuple[Any, Callable[[Rated], Any]]] = {
    "more": (_("biggest rise"), lambda one: (-one.moved.delta, one.reached.subscription.pk)),
    "less": (_("biggest fall"), lambda one: (one.moved.delta, one.reached.subscription.pk)),
    "percent": (
        _("biggest rise in percent"),
        lambda one: (-(one.moved.percent or Decimal(0)), one.reached.subscription.pk),
    ),
    "customer": (
        _("customer"),
        lambda one: (one.reached.subscription.customer.name, one.reached.subscription.pk),
    ),
}


def radius(request: HttpRequest, version: PlanVersion, terms: Terms, *, at: datetime) -> dict[str, Any]:
    """Return what the template of the blast radius shows."""
    blast = blast_of(version, terms, at=at)
    asked = request.GET.get("order", "more")
    order = asked if asked in ORDERS else "more"
    rated = sorted(blast.rated, key=ORDERS[order][1])
    return {
        "radius": {
            "facts": _facts(blast),
            "spreads": [_spread(one) for one in blast.spreads],
            "rows": [_row(one) for one in rated[:SHOWN]],
            "more_rows": len(rated) - SHOWN if len(rated) > SHOWN else 0,
            "orders": [(key, title, key == order) for key, (title, _key) in ORDERS.items()],
            "exempt": [_exempt(one) for one in blast.exempt[:SHOWN]],
            "unrated": [{**_who(one.reached), "reason": str(one.reason)} for one in blast.unrated[:SHOWN]],
            "beyond": _beyond(blast),
        }
    }


def _facts(blast: Blast) -> list[tuple[str, str]]:
    """Return the sentences above the table."""
    exempt, rated = len(blast.exempt), len(blast.rated)
    found = [(gettext("Live on this plan"), _counted(blast.count))]
    if exempt:
        said = ngettext(
            "%(count)s subscription; no new version reaches it before its date",
            "%(count)s subscriptions; no new version reaches them before their dates",
            exempt,
        )
        found.append((gettext("Exempt, price locked"), said % {"count": quantity(exempt)}))
    found.append((gettext("Rated again"), _counted(rated)))
    if blast.unrated:
        found.append((gettext("Without a price under this draft"), _counted(len(blast.unrated))))
    return found


def _counted(count: int) -> str:
    said = ngettext("%(count)s subscription", "%(count)s subscriptions", count)
    return said % {"count": quantity(count)}


def _beyond(blast: Blast) -> str:
    if not blast.beyond:
        return ""
    said = ngettext(
        "%(count)s more subscription was not rated here. manage.py blast_radius rates all.",
        "%(count)s more subscriptions were not rated here. manage.py blast_radius rates all.",
        len(blast.beyond),
    )
    return said % {"count": quantity(len(blast.beyond))}


def _spread(one: Spread) -> dict[str, Any]:
    return {
        "currency": one.currency,
        "old": priced(one.old, one.currency),
        "new": priced(one.new, one.currency),
        "delta": signed(one.delta, one.currency),
        "more": quantity(one.pay_more),
        "less": quantity(one.pay_less),
        "same": quantity(one.same),
        "p50": signed(one.p50, one.currency),
        "p50_percent": per_cent(one.p50_percent),
        "p95": signed(one.p95, one.currency),
        "p95_percent": per_cent(one.p95_percent),
    }


def _who(reached: Reached) -> dict[str, SafeString | str]:
    subscription = reached.subscription
    return {
        "customer": change_link(subscription.customer),
        "subscription": change_link(subscription),
        "app": subscription.app.name if subscription.app else "–",
        "version": str(reached.version),
        "term": subscription.get_term_display(),
    }


def _exempt(reached: Reached) -> dict[str, SafeString | str]:
    zone = reached.subscription.customer.billing_zone
    return {**_who(reached), "until": day(reached.locked_until, zone)}


def _row(one: Rated) -> dict[str, Any]:
    moved, zone = one.moved, one.reached.subscription.customer.billing_zone
    return {
        **_who(one.reached),
        "period": span(one.period, zone),
        "old": priced(moved.old, moved.currency),
        "new": priced(moved.new, moved.currency),
        "delta": signed(moved.delta, moved.currency),
        "percent": per_cent(moved.percent),
        "tone": "more" if moved.delta > 0 else "less" if moved.delta < 0 else "same",
        "lines": _lines(one.lines, moved.currency),
        "lost": list(one.lost),
    }


def _lines(lines: Sequence[LineMove], currency: str) -> list[dict[str, str]]:
    """Return the charges that move, those first that move most."""
    moved = sorted(lines, key=lambda one: -abs(one.new - one.old))
    return [
        {
            "label": in_reader_language(dict(one.label)),
            "old": priced(one.old, currency),
            "new": priced(one.new, currency),
            "delta": signed(one.new - one.old, currency),
        }
        for one in moved
    ]


def per_cent(share: Decimal | None) -> str:
    """Write percent with its sign."""
    if share is None:
        return "–"
    return f"{'+' if share > 0 else ''}{quantity(share)} %"

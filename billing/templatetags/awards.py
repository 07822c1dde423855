"""SLA awards on pages: what a window earned, in its form; the colour of a state."""

from datetime import datetime, timedelta

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.models import SlaAssessment
from plans.templatetags.figures import day, money, quantity

register = template.Library()
TONES = {
    "granted": "green",
    "unclaimed": "blue",
    "pending": "amber",
    "rejected": "red",
    "lapsed": "secondary",
    "nothing": "secondary",
}


@register.filter
def award_tone(state: str) -> str:
    """Return the colour of an award's state."""
    return TONES.get(state, "secondary")


@register.filter
def earned(row: SlaAssessment) -> str:
    """Write what a window earned: money, days, or units of a pool."""
    if row.form == "extra_days":
        days = row.quantity
        return ngettext("%(n)s day", "%(n)s days", int(days)) % {"n": quantity(days)}
    if row.form == "pack":
        form = row.promised.form
        pool = form.pack.pool if not isinstance(form, str) and form.pack is not None else ""
        return _("%(n)s of %(pool)s") % {"n": quantity(row.quantity), "pool": pool}
    return money(row.amount, row.currency)


@register.filter
def last_day(end: datetime, zone: str) -> str:
    """Write the last day before a midnight."""
    return day(end - timedelta(seconds=1), zone)

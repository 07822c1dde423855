"""Amounts as the desk reads them: with their ISO code, as ¥ is both yuan and yen."""

from typing import Any

from babel import numbers
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.admin_base import change_link, display
from plans.models import SlaTier
from plans.money import from_minor
from plans.templatetags.figures import locale, moment, quantity, tongue, unit

PATTERN = "¤¤ #,##0.00;¤¤ -#,##0.00"


def priced(amount: int | None, currency: str) -> str:
    """Return minor units as `USD 1,234.50`, `JPY 1,235`: the code first, the currency's own places."""
    if amount is None:
        return "–"
    return str(numbers.format_currency(from_minor(amount, currency), currency, PATTERN, locale=locale()))


def signed(amount: int, currency: str) -> str:
    """Write a difference with its sign."""
    return f"+{priced(amount, currency)}" if amount > 0 else priced(amount, currency)


def charged(line: Any) -> str:
    """Return the quantity of a line, and what was used where an allowance left less of it."""
    if line.quantity is None:
        return "–"
    text = f"{quantity(line.quantity)} {unit(line.unit)}".strip()
    if line.used is None:
        return text
    return gettext("%(quantity)s (of %(used)s used)") % {"quantity": text, "used": quantity(line.used)}


def tree(lines: list[Any]) -> SafeString:
    """Return explained steps as an indented list; each has a depth, a sentence and a value."""
    items = format_html_join(
        "",
        '<li class="rc-depth-{}"><span>{}</span> <b>{}</b></li>',
        ((min(line.depth, 6), line.text, line.value) for line in lines),
    )
    return format_html('<ol class="rc-why">{}</ol>', items)


class TierColumn:
    """The promised tier by its name; a name that is gone leaves the code."""

    def get_queryset(self, request: HttpRequest) -> Any:
        """Fetch the names with the rows."""
        named = SlaTier.objects.filter(code=OuterRef("sla_code"))
        name = Subquery(named.values("name_zh" if tongue() == "zh" else "name_en")[:1])
        return super().get_queryset(request).annotate(tier_name=name)  # type: ignore[misc]

    @display(description=_("SLA tier"), ordering="sla_code")
    def tier(self, row: Any) -> str:
        """Name and code."""
        return f"{row.tier_name} ({row.sla_code})" if row.tier_name else str(row.sla_code)


class LeaseColumns:
    """The columns of queued work, named for people."""

    @display(description=_("tries"))
    def tries(self, row: Any) -> int:
        """How often a worker took it."""
        return int(row.attempts)

    @display(description=_("fence"))
    def fence_number(self, row: Any) -> int:
        """Rises with each claim; a worker with an old one changes nothing."""
        return int(row.fence)

    @display(description=_("leased until"))
    def leased(self, row: Any) -> str:
        """Until when a worker holds it."""
        return moment(row.leased_until)

    @display(description=_("last error"))
    def error(self, row: Any) -> str:
        """What went wrong the last time."""
        return row.last_error or "–"

    @display(description=_("customer"), ordering="customer__name")
    def customer_link(self, row: Any) -> SafeString | str:
        """The customer's page."""
        return change_link(row.customer)

    @display(description=_("subscription"))
    def subscription_link(self, row: Any) -> SafeString | str:
        """The agreement's page."""
        return change_link(row.subscription)

    @display(description=_("invoice"))
    def invoice_link(self, row: Any) -> SafeString | str:
        """The invoice's page."""
        return change_link(row.invoice)

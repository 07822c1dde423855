"""What a plan grants as people read it: `unlimited`, and the usual values of a text choice, in words."""

from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from plans.templatetags.figures import quantity


def right_text(value: str) -> str:
    """Return an entitlement in the reader's language; a choice of the provider's own as it is."""
    known = {
        "true": _("yes"),
        "false": _("no"),
        "unlimited": _("unlimited"),
        "stop": pgettext("what a plan grants", "stops"),
        "go_on": pgettext("what a plan grants", "goes on"),
        "charge": pgettext("what a plan grants", "is charged"),
        "public": pgettext("what a plan grants", "shared"),
        "private": pgettext("what a plan grants", "private"),
        "dedicated": pgettext("what a plan grants", "dedicated"),
    }
    if value in known:
        return known[value]
    try:
        number = Decimal(value)
    except InvalidOperation:
        return value.replace("_", " ")
    return quantity(number) if number.is_finite() else value

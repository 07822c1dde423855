"""Small pieces of the portal's pages: icons, menu entries, bars, the demo's sign-in buttons."""

import json
from decimal import Decimal
from typing import Any

from django import template
from django.conf import settings
from django.forms import BoundField
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from subscriptions.models.people import Role

register = template.Library()
SEEN = Decimal("0.985")  # of the bar: the most that is drawn as inside when something is over
ROLE_NAMES = {"staff": _("staff"), **dict(Role.choices)}
TONES = {
    "paid": "green",
    "open": "blue",
    "overdue": "red",
    "void": "secondary",
    "draft": "secondary",
    "uncollectible": "red",
}


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """Return one icon of the sprite; without a label it is decoration and hidden from readers."""
    return format_html(
        '<svg class="icon" width="20" height="20" {}><use href="{}#{}"/></svg>',
        format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"'),
        static("vendor/tabler-icons/sprite.svg"),
        name,
    )


@register.inclusion_tag("components/nav_item.html", takes_context=True)
def nav_item(context: template.Context, url_name: str, icon_name: str, text: str) -> dict[str, Any]:
    """One entry of the menu, marked when the page belongs to it."""
    here = getattr(context["request"].resolver_match, "url_name", "") or ""
    family = url_name.removesuffix("_list")
    return {
        "href": reverse(url_name),
        "icon_name": icon_name,
        "text": text,
        "is_here": here == url_name or here.startswith(f"{family}_"),
    }


@register.inclusion_tag("components/bar.html")
def allowance_bar(used: Decimal, included: Decimal | None, label: str) -> dict[str, Any]:
    """A bar of used against included; what is over stands in another tone behind a mark.

    Widths are in hundredths of the bar, as SVG attributes: the content policy allows no inline style.
    """
    whole = max(used, included or Decimal(0)) or Decimal(1)
    inside = min(used, included if included is not None else used)
    if inside < used:  # what is over is always seen, however little
        inside = min(inside, whole * SEEN)
    return {
        "label": label,
        "inside": _hundredths(inside, whole),
        "over": _hundredths(used - inside, whole),
        "is_near": included is not None and included * 4 <= used * 5 and used <= included,
    }


def _hundredths(part: Decimal, whole: Decimal) -> str:
    return str((part * 100 / whole).quantize(Decimal("0.1")))


@register.filter
def styled(field: BoundField) -> SafeString:
    """Render a field of a form that is not ours (allauth's) with our classes and its errors announced."""
    is_box = getattr(field.field.widget, "input_type", "") == "checkbox"
    name = "form-check-input" if is_box else "form-control"
    return field.as_widget(attrs={"class": f"{name} is-invalid" if field.errors else name})


@register.filter
def tone(status: str) -> str:
    """The colour of a status chip."""
    return TONES.get(status, "secondary")


@register.simple_tag
def demo_logins() -> list[dict[str, str]]:
    """The demo world's sign-ins, for one click each; nothing outside a demo on this machine."""
    path = settings.STATE_DIR / "demo.json"
    if not settings.DEBUG or not path.is_file():
        return []
    logins = json.loads(path.read_text(encoding="utf-8")).get("logins", {})
    return [{"name": str(ROLE_NAMES.get(role, role)), **login} for role, login in logins.items() if login]

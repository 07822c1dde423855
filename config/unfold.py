"""How the admin looks and what its menu holds. Lists appear only for staff who may see them."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.functional import lazystr
from django.utils.translation import gettext_lazy as _

OWN_WORDS = (_("Date"),)  # words of the theme that it does not say in every language


def may_view(model: str) -> Callable[[HttpRequest], bool]:
    """Return a check of the right to view `app.model`."""
    app, name = model.split(".")
    return lambda request: request.user.has_perm(f"{app}.view_{name}")


def entry(title: Any, icon: str, model: str, query: str = "") -> dict[str, Any]:
    """Return one line of the menu: the list of `app.model`."""
    link = reverse_lazy(f"admin:{model.replace('.', '_')}_changelist")
    return {
        "title": title,
        "icon": icon,
        "link": lazystr(f"{link}{query}") if query else link,
        "permission": may_view(model),
    }


def own_page(title: Any, icon: str, url_name: str, *models: str) -> dict[str, Any]:
    """Return one line of the menu: a page of our own, for staff who may view all of `models`."""
    rights = [may_view(model) for model in models]
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{url_name}"),
        "permission": lambda request: all(right(request) for right in rights),
    }


def group(title: Any, *items: dict[str, Any]) -> dict[str, Any]:
    """Return one headed part of the menu."""
    return {"title": title, "separator": True, "collapsible": False, "items": list(items)}


def icon(request: HttpRequest) -> str:
    """Return the address of the site's icon."""
    return static("favicon.svg")


def styles(request: HttpRequest) -> str:
    """Return the address of our own style sheet."""
    return static("ratecard/admin.css")


def scripts(request: HttpRequest) -> str:
    """Return the address of our own script."""
    return static("ratecard/admin.js")


def menu(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the side bar; a part with nothing for this person is left out."""
    parts = everything()
    return [part for part in parts if any(one["permission"](request) for one in part["items"])]


def everything() -> list[dict[str, Any]]:
    """Return every part of the side bar."""
    overview = {
        "title": _("Overview"),
        "icon": "monitoring",
        "link": reverse_lazy("admin:index"),
        "permission": lambda request: True,
    }
    return [{"title": None, "items": [overview]}, *selling(), *used(), *running()]


def selling() -> list[dict[str, Any]]:
    """Return the parts about what is sold, and to whom."""
    return [
        group(
            _("Catalogue"),
            entry(_("Plans"), "sell", "plans.plan"),
            entry(_("Plan versions"), "history_edu", "plans.planversion"),
            own_page(
                _("What each plan offers"), "table_chart", "plans_matrix", "plans.plan", "plans.planversion"
            ),
            entry(_("Feature modules"), "extension", "plans.featuremodule"),
            entry(_("Features"), "check_circle", "plans.feature"),
            entry(_("Meters"), "speed", "plans.meter"),
            entry(_("SLA tiers"), "verified", "plans.slatier"),
            entry(_("Support tiers"), "support_agent", "plans.supporttier"),
            own_page(_("Catalogue file"), "file_save", "plans_catalogue", "plans.plan", "plans.planversion"),
            entry(_("Release reviews"), "rate_review", "billing.releasereview"),
            entry(_("Coupons"), "confirmation_number", "plans.coupon"),
        ),
        group(
            _("Customers"),
            entry(_("Customers"), "apartment", "subscriptions.customer"),
            entry(_("Apps"), "apps", "subscriptions.app"),
            entry(_("Subscriptions"), "autorenew", "subscriptions.subscription"),
            entry(_("API keys"), "key", "subscriptions.apikey"),
            entry(_("Users"), "person", "subscriptions.user"),
        ),
    ]


def used() -> list[dict[str, Any]]:
    """Return the part about what happened."""
    return [
        group(
            _("Usage"),
            entry(_("Ingest batches"), "move_to_inbox", "usage.ingestbatch"),
            own_page(_("Raw events"), "database", "usage_raw_events", "usage.ingestbatch"),
            entry(_("Roll-ups"), "stacked_bar_chart", "usage.usagerollup"),
            entry(_("Readings"), "lab_profile", "usage.reading"),
            entry(_("Usage reports"), "summarize", "usage.usagereport"),
            entry(_("Expected reports"), "event_upcoming", "usage.reportexpectation"),
            entry(_("Availability reports"), "network_check", "usage.availabilityreport"),
            entry(_("Excluded windows"), "event_busy", "usage.excludedwindow"),
            entry(_("Quota warnings"), "notifications", "usage.quotawarning"),
            entry(_("Corrections"), "edit_off", "usage.eventvoid"),
            entry(_("Changed cells"), "published_with_changes", "usage.cellchange"),
            own_page(_("Near-duplicates"), "content_copy", "usage_near_duplicates", "usage.eventvoid"),
            entry(_("Quarantine"), "gpp_maybe", "usage.quarantinedevent"),
            entry(_("Conflicts"), "call_split", "usage.eventconflict"),
        ),
    ]


def running() -> list[dict[str, Any]]:
    """Return the parts about what is owed, and the work behind it."""
    return [
        group(
            _("Billing"),
            entry(_("Invoices"), "receipt_long", "billing.invoice"),
            entry(_("Payments"), "payments", "billing.payment"),
            entry(_("SLA assessments"), "fact_check", "billing.slaassessment"),
            entry(_("SLA awards"), "rule", "billing.slaaward"),
            entry(_("SLA credits"), "redeem", "billing.slacredit"),
            entry(_("Packs"), "inventory_2", "billing.packholding"),
            entry(_("SLA days and units"), "more_time", "billing.slagrant"),
            entry(_("SLA conditions"), "checklist", "billing.slacondition"),
            entry(_("Early exits"), "logout", "billing.earlyexit"),
            entry(_("Ledger"), "account_balance", "billing.ledgertransaction"),
        ),
        group(
            _("Operations"),
            entry(_("Runs"), "nightlight", "billing.billingrun"),
            entry(_("Jobs"), "task_alt", "billing.billingjob"),
            entry(_("Parked customers"), "pause_circle", "billing.parkedcustomer"),
            entry(_("Stripe operations"), "sync_alt", "billing.stripeoperation"),
            entry(_("Stripe events"), "notifications", "billing.stripeevent"),
        ),
    ]


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Ratecard",
    "SITE_HEADER": "Ratecard",
    "SITE_SUBHEADER": _("Billing desk"),
    "SITE_SYMBOL": "receipt_long",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": icon}],
    "SITE_URL": "/",
    "ACCOUNT": {
        "navigation": [
            {"title": _("Change password"), "link": reverse_lazy("account_change_password")},
            {"title": _("Second factor"), "link": reverse_lazy("mfa_index")},
        ]
    },
    "SHOW_LANGUAGES": True,
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "DASHBOARD_CALLBACK": "billing.admin.dashboard.overview",
    "STYLES": [styles],
    "SCRIPTS": [scripts],
    "SIDEBAR": {"show_search": True, "show_all_applications": False, "navigation": menu},
    "COLORS": {
        "primary": {
            "50": "oklch(97% .014 254.604)",
            "100": "oklch(93.2% .032 255.585)",
            "200": "oklch(88.2% .059 254.128)",
            "300": "oklch(80.9% .105 251.813)",
            "400": "oklch(70.7% .165 254.624)",
            "500": "oklch(62.3% .214 259.815)",
            "600": "oklch(54.6% .245 262.881)",
            "700": "oklch(48.8% .243 264.376)",
            "800": "oklch(42.4% .199 265.638)",
            "900": "oklch(37.9% .146 265.522)",
            "950": "oklch(28.2% .091 267.935)",
        }
    },
}

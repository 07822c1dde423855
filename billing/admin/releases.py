"""Stored reviews of publications."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from billing.admin.shown import priced, signed
from billing.models import ReleaseReview
from config.admin_base import ReadOnlyAdmin, change_link, display
from plans.admin.people import called, email_of
from plans.templatetags.figures import quantity


@admin.register(ReleaseReview)
class ReleaseReviewAdmin(ReadOnlyAdmin):
    """Who published what, why, and what was known about its reach."""

    list_display = ("__str__", "at", "effective_at", "who", "live", "exempt", "reason")
    list_select_related = ("version__plan",)
    search_fields = ("version__plan__code", "reason")
    ordering = ("-at", "-id")
    fields = (
        "version_link", "at", "effective_at", "who", "reason", "live", "exempt", "moves", "draft_hash",
        "terms_hash",
    )  # fmt: skip
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReleaseReview]:
        """Fetch the reviewers' addresses with the rows."""
        rows: QuerySet[ReleaseReview] = super().get_queryset(request)
        return rows.annotate(email=email_of("reviewer"))

    @display(description=_("plan version"))
    def version_link(self, row: ReleaseReview) -> SafeString | str:
        """The version's page."""
        return change_link(row.version)

    @display(description=_("reviewer"))
    def who(self, row: ReleaseReview) -> str:
        """The person who published it."""
        return called(row, "reviewer", "email")

    @display(description=_("live on the plan"))
    def live(self, row: ReleaseReview) -> Any:
        """How many agreements there were."""
        return quantity(row.reach.get("live", 0))

    @display(description=_("price locked"))
    def exempt(self, row: ReleaseReview) -> Any:
        """How many of them were exempt."""
        return quantity(row.reach.get("exempt", 0))

    @display(description=_("if moved"))
    def moves(self, row: ReleaseReview) -> SafeString | str:
        """Sums by currency, before and after."""
        sums = row.deltas.get("currencies", {})
        items = format_html_join(
            "",
            "<li>{} → {} ({})</li>",
            (
                (priced(one["old"], code), priced(one["new"], code), signed(one["new"] - one["old"], code))
                for code, one in sums.items()
            ),
        )
        return format_html("<ul>{}</ul>", items) if sums else "–"

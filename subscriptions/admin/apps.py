"""The apps of all customers."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.admin_base import BaseAdmin, Confirmation, action, confirmed, labelled
from plans.admin.acting import acting
from plans.errors import DomainError
from subscriptions import services
from subscriptions.models import App


@admin.register(App)
class AppAdmin(BaseAdmin):
    """Apps are made on the customer's page; here they are found, renamed and archived."""

    list_display = ("name", "code", "customer", "region", "state", "created_at")
    list_filter = ("region", ("archived_at", admin.EmptyFieldListFilter))
    list_select_related = ("customer",)
    search_fields = ("name", "code", "customer__name")
    readonly_fields = ("code", "customer", "archived_at", "created_at")
    fieldsets = ((None, {"fields": ("name", "region", "code", "customer", ("archived_at", "created_at"))}),)
    actions_detail = ("archive",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Say no: the customer's page does it."""
        return False

    @labelled(description=_("state"), colours={"live": "success", "archived": "default"})
    def state(self, row: App) -> tuple[str, str]:
        """Live or archived."""
        return ("archived", gettext("archived")) if row.archived_at else ("live", gettext("live"))

    @action(description=_("Archive"), icon="archive", permissions=["change"])
    def archive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take the app out of lists after a confirmation."""
        app = get_object_or_404(App.objects.select_related("customer"), pk=object_id)

        def act(asked: dict[str, Any]) -> str:
            services.archive_app(app, **acting(request))
            return gettext("The app is archived.")

        text = gettext("The app leaves the lists. Its usage and its invoices stay.")
        asks = Confirmation(gettext("Archive the app"), text, gettext("Archive"), danger=True)
        return confirmed(request, app, asks, act, refused=DomainError)

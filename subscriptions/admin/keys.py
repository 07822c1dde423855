"""API keys: provider keys are made here and shown once; every key can be revoked."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.admin_base import (
    Confirmation,
    ReadOnlyAdmin,
    StaffForm,
    action,
    confirmed,
    display,
    labelled,
    page,
    posted,
)
from plans.admin.acting import acting
from plans.admin.people import PeopleColumns, person_column
from plans.clock import now
from plans.errors import DomainError
from subscriptions import services
from subscriptions.models import ApiKey
from subscriptions.models.keys import PROVIDER_SCOPES, Scope

STATE_COLOURS = {"active": "success", "revoked": "danger", "expired": "warning"}


class ProviderKeyForm(StaffForm):
    """What a new provider key is for."""

    name = forms.CharField(
        label=_("name"), max_length=80, help_text=_("Which program will use it, such as im-cluster-3.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("scopes"),
        choices=[(scope.value, scope.label) for scope in PROVIDER_SCOPES],
        initial=[Scope.USAGE_WRITE, Scope.AVAILABILITY_WRITE],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Give only what the program needs. Usage of any age is for backfills."),
    )
    expires_at = forms.DateTimeField(
        label=_("expires at (UTC)"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )


@admin.register(ApiKey)
class ApiKeyAdmin(PeopleColumns, ReadOnlyAdmin):
    """The key desk."""

    people = ("created_by",)
    maker = person_column("created_by", _("created by"))
    list_display = ("name", "shown", "owner", "state", "rights", "last_used_at", "maker", "created_at")
    list_filter = (
        ("customer", admin.RelatedOnlyFieldListFilter),
        ("revoked_at", admin.EmptyFieldListFilter),
    )
    search_fields = ("name", "prefix", "public_id", "customer__name")
    list_select_related = ("customer",)
    actions_detail = ("revoke",)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("name", "shown", "state"),
                    ("owner", "public_id"),
                    "rights",
                    ("maker", "created_at"),
                    ("expires_at", "revoked_at", "last_used_at"),
                )
            },
        ),
    )

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Staff with the right make provider keys; customers make theirs in the portal."""
        return request.user.has_perm("subscriptions.add_apikey")

    @display(description=_("API key"))
    def shown(self, row: ApiKey) -> str:
        """The part that may be shown."""
        return f"rc_live_{row.prefix}…"

    @display(description=_("owner"), ordering="customer__name")
    def owner(self, row: ApiKey) -> str:
        """The customer, or the provider."""
        return row.customer.name if row.customer else gettext("provider (any app)")

    @display(description=_("scopes"))
    def rights(self, row: ApiKey) -> str:
        """The scopes as the API names them."""
        return ", ".join(row.scopes)

    @labelled(description=_("state"), colours=STATE_COLOURS)
    def state(self, row: ApiKey) -> tuple[str, str]:
        """Active, expired or revoked."""
        if row.revoked_at:
            return "revoked", gettext("revoked")
        if row.expires_at and row.expires_at <= now():
            return "expired", gettext("expired")
        return "active", gettext("active")

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Make a provider key and show its text this once; the answer is not to be stored."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = ProviderKeyForm(posted(request))
        if request.method == "POST" and form.is_valid():
            asked = form.cleaned_data
            try:
                key, text = services.create_api_key(customer=None, **asked, **acting(request))
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                self.log_addition(request, key, [{"added": {}}])
                answer = page(
                    request, "admin/key_made.html", str(key), {"key": key, "text": text}, model=ApiKey
                )
                answer["Cache-Control"] = "no-store"
                return answer
        title = gettext("Add a provider key")
        return page(request, "admin/key_add.html", title, {"form": form}, model=ApiKey)

    def has_revoke_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Revoking needs the change right."""
        return request.user.has_perm("subscriptions.change_apikey")

    @action(description=_("Revoke"), icon="key_off", permissions=["revoke"])
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """End the key after a confirmation."""
        key = get_object_or_404(ApiKey.objects.select_related("customer"), pk=object_id)

        def act(asked: dict[str, Any]) -> str:
            services.revoke_api_key(key, **acting(request))
            return gettext("The key is revoked.")

        text = gettext(
            "Programs that use this key are refused within seconds. Usage they have not reported yet waits "
            "until they get a new key. A revoked key cannot be used again."
        )
        facts = [(gettext("API key"), self.shown(key)), (gettext("owner"), self.owner(key))]
        asks = Confirmation(gettext("Revoke the key"), text, gettext("Revoke"), facts=facts, danger=True)
        return confirmed(request, key, asks, act, refused=DomainError)

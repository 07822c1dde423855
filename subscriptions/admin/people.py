"""Users and the groups that staff rights come from."""

from typing import Any, ClassVar

from allauth.account.forms import ResetPasswordForm
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.admin_base import (
    BaseAdmin,
    Confirmation,
    ReadOnlyInline,
    SelectWidget,
    UnchangedRowForm,
    action,
    confirmed,
    display,
    labelled,
)
from plans.errors import DomainError
from subscriptions.models import Membership, User
from subscriptions.models.customers import Language

# The stock pages for these show secrets or belong to the sign-in pages.
for hidden in (EmailAddress, Authenticator, Group):
    if admin.site.is_registered(hidden):
        admin.site.unregister(hidden)


class LanguageField(forms.ChoiceField):
    """One of the site's languages."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=Language.choices, widget=SelectWidget, **kwargs)


class RightsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Rights by table and verb, in the reader's language: Django stores their English names."""

    verbs: ClassVar[dict[str, Any]] = {
        "add": _("may add"),
        "change": _("may change"),
        "delete": _("may delete"),
        "view": _("may view"),
    }

    def label_from_instance(self, obj: Any) -> str:
        """Write `plans | plan version | may view`; other rights by their stored name."""
        verb = self.verbs.get(obj.codename.split("_", 1)[0], obj.name)
        return f"{obj.content_type} | {verb}"


RIGHTS = ("is_staff", "is_superuser", "groups")


class UserForm(UnchangedRowForm):
    """E-mail addresses are kept in small letters; the language is one the pages speak."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "language" in self.fields:
            self.fields["language"] = LanguageField(label=self.fields["language"].label)

    def clean_email(self) -> str:
        """Compare and store in one case."""
        return str(self.cleaned_data["email"]).lower()


class RoleInline(ReadOnlyInline):
    """Customers the person acts for; changed on the customer's page."""

    model = Membership
    fields = ("customer", "role", "created_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        """Fetch the customers with the roles."""
        rows: QuerySet[Membership] = super().get_queryset(request)
        return rows.select_related("customer", "user")


class FactorForm(forms.ModelForm):  # type: ignore[type-arg]
    """Names the columns of allauth's table, which names them in English only."""

    class Meta:
        labels: ClassVar[dict[str, Any]] = {
            "type": _("type"),
            "created_at": _("created at"),
            "last_used_at": _("last used"),
        }


class FactorInline(ReadOnlyInline):
    """Second factors, without their secrets."""

    form = FactorForm
    model = Authenticator
    fields = ("type", "created_at", "last_used_at")
    verbose_name_plural = _("second factors")


@admin.register(User)
class UserAdmin(BaseAdmin):
    """People. Only a superuser hands out staff rights."""

    form = UserForm
    list_display = ("email", "name", "kind", "is_active", "customers", "last_login")
    list_filter = ("is_staff", "is_superuser", "is_active", "language")
    search_fields = ("email", "name", "memberships__customer__name")
    ordering = ("email",)
    filter_horizontal = ("groups",)
    inlines = (RoleInline, FactorInline)
    actions_detail = ("send_link",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Fetch the customers of all rows in one query."""
        rows: QuerySet[User] = super().get_queryset(request)
        return rows.prefetch_related("memberships__customer")

    def get_inlines(self, request: HttpRequest, obj: User | None) -> tuple[type[ReadOnlyInline], ...]:
        """Show roles and factors once there is a person."""
        return self.inlines if obj else ()

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Show rights apart from the person."""
        person = {"fields": ("email", "name", "language", "is_active")}
        rights = {"fields": RIGHTS}
        if obj is None:
            return [(None, person), (_("Staff rights"), rights)]
        times = {"fields": (("last_login", "date_joined"),)}
        return [(None, person), (_("Staff rights"), rights), (_("Times"), times)]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Keep rights from staff who could give them to themselves."""
        fixed = ("last_login", "date_joined")
        if request.user.is_superuser:
            return fixed
        return (*fixed, *RIGHTS, *(("email", "is_active") if obj and obj.is_staff else ()))

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Make new people without a password; they set it through the link."""
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)

    @labelled(description=_("kind"), colours={"staff": "info", "member": "default"})
    def kind(self, row: User) -> tuple[str, str]:
        """Staff or member."""
        return ("staff", gettext("staff")) if row.is_staff else ("member", gettext("member"))

    @display(description=_("customers"))
    def customers(self, row: User) -> str:
        """Whom the person acts for."""
        return ", ".join(m.customer.name for m in row.memberships.all()) or "–"

    @action(description=_("Send a password link"), icon="mail", permissions=["change"])
    def send_link(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Mail a link to set a password, the same that “Forgot your password?” sends."""
        user = get_object_or_404(User, pk=object_id)

        def act(asked: dict[str, Any]) -> str:
            form = ResetPasswordForm(data={"email": user.email})
            if form.is_valid():
                form.save(request)
            return gettext("A link was sent to %(email)s.") % {"email": user.email}

        text = gettext("%(email)s gets a mail with a link to set a password. The old one works until then.")
        asks = Confirmation(
            gettext("Send a password link"), text % {"email": user.email}, gettext("Send the link")
        )
        return confirmed(request, user, asks, act, refused=DomainError)


@admin.register(Group)
class GroupAdmin(BaseAdmin):
    """Sets of rights for staff."""

    list_display = ("name",)
    search_fields = ("name",)
    ordering = ("name",)
    filter_horizontal = ("permissions",)
    deletable = True

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the rights to tables that have a desk, with what their names need."""
        if db_field.name == "permissions":
            desks = ContentType.objects.get_for_models(*self.admin_site._registry).values()
            rights = db_field.remote_field.model.objects.filter(content_type__in=desks)
            kwargs["queryset"] = rights.select_related("content_type")
            kwargs["form_class"] = RightsField
        return super().formfield_for_manytomany(db_field, request, **kwargs)

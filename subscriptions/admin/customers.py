"""Customers: who pays, in which currency and zone, and who may act for them."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import admin
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from config.admin_base import (
    BaseAdmin,
    Confirmation,
    ReadOnlyInline,
    StaffForm,
    UnchangedRowForm,
    action,
    confirmed,
    display,
    labelled,
    list_link,
)
from plans.admin.acting import by
from plans.clock import now
from plans.errors import DomainError
from plans.money import minor_exponent
from plans.templatetags.figures import moment
from subscriptions import services
from subscriptions.models import App, Customer, Membership, Subscription, User
from subscriptions.models.people import Role

STANDING_COLOURS = {"good": "success", "grace": "warning", "suspended": "danger"}


class CustomerForm(UnchangedRowForm):
    """Checks what the columns alone cannot."""

    def clean_currency(self) -> str:
        """Take only currencies whose minor unit is known."""
        code = str(self.cleaned_data["currency"]).upper()
        try:
            minor_exponent(code)
        except DomainError as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
        return code

    def clean_billing_zone(self) -> str:
        """Take only names of the IANA list."""
        zone = str(self.cleaned_data["billing_zone"])
        if zone not in available_timezones():
            raise forms.ValidationError(
                gettext("“%(zone)s” is not a time zone. Use an IANA name such as Asia/Shanghai.")
                % {"zone": zone}
            )
        return zone


class MemberForm(StaffForm):
    """Who, and as what."""

    email = forms.EmailField(label=_("e-mail"))
    name = forms.CharField(label=_("name"), max_length=120, required=False)
    role = forms.ChoiceField(label=_("role"), choices=Role.choices)


class LeavingForm(StaffForm):
    """Whose role ends."""

    email = forms.EmailField(label=_("e-mail"))


class AppForm(StaffForm):
    """A new app of the customer."""

    name = forms.CharField(label=_("name"), max_length=120)
    region = forms.CharField(label=_("region"), max_length=32, required=False)
    code = forms.CharField(
        label=_("code"),
        max_length=64,
        required=False,
        help_text=_("Events name the app by it. Leave it empty and one is made."),
    )


class MemberInline(ReadOnlyInline):
    """People with a role; changed by the actions above, which keep an owner."""

    model = Membership
    fields = ("user", "role", "created_at")
    verbose_name_plural = _("members")
    hide_title = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        """Fetch the people with their roles."""
        rows: QuerySet[Membership] = super().get_queryset(request)
        return rows.select_related("user", "customer").order_by("role", "user__email")


class AppInline(ReadOnlyInline):
    """The customer's apps."""

    model = App
    fields = ("name", "code", "region", "archived_at")
    show_change_link = True


@admin.register(Customer)
class CustomerAdmin(BaseAdmin):
    """The customer desk."""

    form = CustomerForm
    list_display = ("name", "public_id", "standing_label", "currency", "billing_zone", "apps", "agreements")
    list_filter = ("standing", "currency", "language")
    search_fields = ("name", "email", "public_id", "apps__code")
    search_help_text = _("Name, e-mail, customer id or app code")
    inlines = (MemberInline, AppInline)
    actions_detail = (
        "add_app",
        {"title": _("Members"), "icon": "group", "items": ["add_member", "remove_member"]},
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Customer]:
        """Count apps and live agreements in the same query."""
        at = now()
        rows: QuerySet[Customer] = super().get_queryset(request)
        return rows.annotate(
            app_count=Count("apps", distinct=True),
            live_count=Count("subscriptions", filter=Q(subscriptions__span__contains=at), distinct=True),
            agreed=Exists(Subscription.objects.filter(customer=OuterRef("pk"))),
        )

    def get_inlines(self, request: HttpRequest, obj: Customer | None) -> tuple[type[ReadOnlyInline], ...]:
        """Show people and apps once there is a customer."""
        return self.inlines if obj else ()

    def get_readonly_fields(self, request: HttpRequest, obj: Customer | None = None) -> tuple[str, ...]:
        """Fix currency and zone with the first agreement: periods and prices hang on them."""
        if obj is None:
            return ()
        fixed = ("currency", "billing_zone") if obj.agreed else ()  # type: ignore[attr-defined]
        return ("public_id", "standing_label", "registered", "links", *fixed)

    def get_fieldsets(self, request: HttpRequest, obj: Customer | None = None) -> Any:
        """Show what is known of an existing customer above what may be edited."""
        edited = {"fields": ["name", "email", ("currency", "billing_zone"), "language"]}
        if obj is None:
            return [(None, edited)]
        known = {"fields": [("public_id", "standing_label"), ("registered", "links")]}
        return [(None, known), (_("Contact and billing"), edited)]

    @labelled(description=_("standing"), ordering="standing", colours=STANDING_COLOURS)
    def standing_label(self, row: Customer) -> tuple[str, str]:
        """The standing as a coloured label."""
        return row.standing, row.get_standing_display()

    @display(description=_("apps"))
    def apps(self, row: Customer) -> int:
        """How many apps."""
        return row.app_count  # type: ignore[attr-defined,no-any-return]

    @display(description=_("live subscriptions"))
    def agreements(self, row: Customer) -> int:
        """How many agreements are in force."""
        return row.live_count  # type: ignore[attr-defined,no-any-return]

    @display(description=_("customer since"))
    def registered(self, row: Customer) -> str:
        """When the customer was made, in the customer's zone."""
        return moment(row.created_at, row.billing_zone)

    @display(description=_("See also"))
    def links(self, row: Customer) -> SafeString:
        """Lists that are the customer's own."""
        found = [
            list_link("subscriptions_subscription", gettext("Subscriptions"), customer__id__exact=row.pk),
            list_link("billing_invoice", gettext("Invoices"), customer__id__exact=row.pk),
            list_link("subscriptions_apikey", gettext("API keys"), customer__id__exact=row.pk),
        ]
        return SafeString(" · ".join(found))  # each part is escaped already

    @action(description=_("Add an app"), icon="add", permissions=["change"])
    def add_app(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for the new app's name and make it."""
        customer = get_object_or_404(Customer, pk=object_id)

        def act(asked: dict[str, Any]) -> str:
            made = services.create_app(
                customer=customer,
                name=asked["name"],
                region=asked["region"],
                code=asked["code"] or None,
                by=by(request),
            )
            return gettext("The app %(app)s was added.") % {"app": made}

        text = gettext("The app counts for every subscription of this customer that covers all apps.")
        asks = Confirmation(gettext("Add an app"), text, gettext("Add"), AppForm)
        return confirmed(request, customer, asks, act, refused=DomainError)

    @action(description=_("Add or change a member"), icon="person_add", permissions=["change"])
    def add_member(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for a person and a role."""
        customer = get_object_or_404(Customer, pk=object_id)

        def act(asked: dict[str, Any]) -> str:
            user = services.create_user(email=asked["email"], name=asked["name"], by=by(request))
            member = services.add_member(customer=customer, user=user, role=asked["role"], by=by(request))
            return gettext("%(member)s may now act for %(customer)s.") % {
                "member": member,
                "customer": customer.name,
            }

        text = gettext(
            "Usage is visible to every member; money to owners and billing. A person new here sets a "
            "password through “Forgot your password?” on the sign-in page."
        )
        asks = Confirmation(gettext("Add or change a member"), text, gettext("Save"), MemberForm)
        return confirmed(request, customer, asks, act, refused=DomainError)

    @action(description=_("Remove a member"), icon="person_remove", permissions=["change"])
    def remove_member(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask whose role ends."""
        customer = get_object_or_404(Customer, pk=object_id)

        def act(asked: dict[str, Any]) -> str:
            user = User.objects.filter(email__iexact=asked["email"], memberships__customer=customer).first()
            if user is None:
                raise NoSuchMember(email=asked["email"])
            services.remove_member(customer=customer, user=user, by=by(request))
            return gettext("%(member)s no longer acts for %(customer)s.") % {
                "member": user,
                "customer": customer.name,
            }

        members = customer.memberships.select_related("user").order_by("user__email")
        facts = [(member.user.email, member.get_role_display()) for member in members]
        text = gettext("The person loses this customer's pages with the next request. The last owner stays.")
        asks = Confirmation(
            gettext("Remove a member"), text, gettext("Remove"), LeavingForm, facts=facts, danger=True
        )
        return confirmed(request, customer, asks, act, refused=DomainError)


class NoSuchMember(DomainError):  # noqa: N818
    """An e-mail address that is no member's."""

    code = "no_such_member"
    text = gettext_noop("%(email)s is not a member of this customer.")

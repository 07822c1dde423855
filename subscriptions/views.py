"""Portal pages of agreements, apps, keys and the team."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from plans import clock
from plans.errors import DomainError
from plans.ids import new_id
from subscriptions import selectors, services
from subscriptions.forms import AppForm, KeyForm, MemberForm, RoleForm
from subscriptions.models import ApiKey, Membership, Subscription
from subscriptions.models.keys import Scope
from subscriptions.models.people import Role
from subscriptions.overview import agreement_rows
from subscriptions.portal import CHOSEN, KEYS, MONEY, TEAM, MemberRequest, actor_of, member_page

ASKED = "asked_forms"  # session key: tokens of forms already answered, newest last
ROLE_RIGHTS = [
    (Role.OWNER, gettext_lazy("everything, the team included")),
    (Role.BILLING, gettext_lazy("subscriptions, invoices and the payment method; sees usage")),
    (Role.DEVELOPER, gettext_lazy("apps and API keys; sees usage")),
    (Role.VIEWER, gettext_lazy("sees usage and plans")),
]


@require_POST
@member_page()
def customer_switch(request: MemberRequest) -> HttpResponse:
    """Act for another customer of the same person from now on."""
    theirs = selectors.customers_of(request.user)
    request.session[CHOSEN] = get_object_or_404(theirs, public_id=request.POST.get("customer")).public_id
    return redirect("overview")


@member_page(*MONEY)
def subscription_cancel(request: MemberRequest, public_id: str) -> HttpResponse:
    """Say what cancelling means, with its date; do it on POST."""
    at = clock.now()
    agreement = _agreement(request, public_id)
    if request.method == "POST":
        try:
            services.cancel_at_period_end(agreement, at=at, by=actor_of(request))
            messages.success(
                request, _("The subscription ends with its paid term. You can take this back until then.")
            )
        except DomainError as error:
            messages.error(request, str(error))
        return redirect("subscription_list")
    row = agreement_rows(request.visit.customer, at, only=agreement)
    term = selectors.term_period(agreement, at)
    return render(request, "subscriptions/cancel.html", {"row": row[0], "ends_at": term.end})


@require_POST
@member_page(*MONEY)
def subscription_keep(request: MemberRequest, public_id: str) -> HttpResponse:
    """Take a cancellation back."""
    try:
        services.undo_cancel(_agreement(request, public_id), at=clock.now(), by=actor_of(request))
        messages.success(request, _("The subscription goes on as before."))
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("subscription_list")


def _agreement(request: MemberRequest, public_id: str) -> Subscription:
    return get_object_or_404(selectors.subscriptions_of(request.visit.customer), public_id=public_id)


@member_page()
def app_list(request: MemberRequest) -> HttpResponse:
    """List the apps; those who hold keys may add one."""
    visit = request.visit
    form = AppForm(request.POST or None)
    if request.method == "POST":
        if not visit.holds_keys:
            return HttpResponse(status=403)
        if form.is_valid():
            made = services.create_app(customer=visit.customer, by=actor_of(request), **form.cleaned_data)
            messages.success(request, _("The app %(name)s can be reported on now.") % {"name": made.name})
            return redirect("app_list")
    apps = visit.customer.apps.order_by("archived_at", "name")
    return render(request, "subscriptions/app_list.html", {"apps": apps, "form": form})


@member_page(*KEYS)
def key_list(request: MemberRequest) -> HttpResponse:
    """List the keys; POST makes one and shows its secret once."""
    form = KeyForm(request.POST or None, initial={"scopes": [Scope.USAGE_READ]})
    if request.method == "POST" and form.is_valid():
        return _key_made(request, form)
    keys = request.visit.customer.api_keys.all()
    page = {"keys": keys, "form": form, "token": new_id("form"), "now": clock.now()}
    return render(request, "subscriptions/key_list.html", page)


def _key_made(request: MemberRequest, form: KeyForm) -> HttpResponse:
    """Make the key and answer with its text: no redirect, as the text is stored nowhere.

    The form's token makes a reload of this page harmless.
    """
    if not _first_answer(request, request.POST.get("token", "")):
        messages.info(
            request,
            _("That key was made already. Its secret is shown once only; make another if it is lost."),
        )
        return redirect("key_list")
    at = clock.now()
    key, text = services.create_api_key(
        customer=request.visit.customer,
        name=form.cleaned_data["name"],
        scopes=form.cleaned_data["scopes"],
        expires_at=form.expires_at(at),
        at=at,
        by=actor_of(request),
    )
    page = {"key": key, "text": text, "address": request.build_absolute_uri("/api/v1/usage")}
    response = render(request, "subscriptions/key_made.html", page)
    response["Cache-Control"] = "no-store"
    return response


def _first_answer(request: MemberRequest, token: str) -> bool:
    asked: list[str] = request.session.get(ASKED, [])
    if not token or token in asked:
        return False
    request.session[ASKED] = [*asked[-9:], token]
    return True


@member_page(*KEYS)
def key_revoke(request: MemberRequest, public_id: str) -> HttpResponse:
    """Say what revoking means; do it on POST."""
    key = get_object_or_404(ApiKey, customer=request.visit.customer, public_id=public_id)
    if request.method == "POST":
        services.revoke_api_key(key, at=clock.now(), by=actor_of(request))
        messages.success(request, _("The key %(name)s no longer works.") % {"name": key.name})
        return redirect("key_list")
    return render(request, "subscriptions/key_revoke.html", {"key": key})


@member_page(*TEAM)
def team(request: MemberRequest) -> HttpResponse:
    """List the members with their roles; POST adds a person."""
    form = MemberForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        return _member_added(request, form)
    members = _members(request)
    page = {"members": members, "form": form, "roles": Role.choices, "rights": _rights()}
    return render(request, "subscriptions/team.html", page)


def _members(request: MemberRequest) -> list[Membership]:
    return list(request.visit.customer.memberships.select_related("user").order_by("user__email"))


def _rights() -> list[tuple[str, str]]:
    return [(str(role.label), str(text)) for role, text in ROLE_RIGHTS]


def _member_added(request: MemberRequest, form: MemberForm) -> HttpResponse:
    given, by = form.cleaned_data, actor_of(request)
    user = services.create_user(email=given["email"], name=given["name"], by=by)
    try:
        services.add_member(customer=request.visit.customer, user=user, role=given["role"], by=by)
        note = _("%(email)s is on the team. A new person sets a password by “Forgot your password?”.")
        messages.success(request, note % {"email": user.email})
    except DomainError as error:
        messages.error(request, str(error))
    return redirect("team")


@require_POST
@member_page(*TEAM)
def member_change(request: MemberRequest, pk: int) -> HttpResponse:
    """Give a member another role, or take them off the team."""
    member = get_object_or_404(request.visit.customer.memberships.select_related("user"), pk=pk)
    customer, by = request.visit.customer, actor_of(request)
    try:
        if "remove" in request.POST:
            services.remove_member(customer=customer, user=member.user, by=by)
            messages.success(request, _("%(email)s is off the team.") % {"email": member.user.email})
        elif (form := RoleForm(request.POST)).is_valid():
            services.add_member(customer=customer, user=member.user, role=form.cleaned_data["role"], by=by)
            messages.success(request, _("%(email)s has the new role.") % {"email": member.user.email})
    except DomainError as error:
        messages.error(request, str(error))
    return HttpResponseRedirect(
        "/" if member.user_id == request.user.pk else request.path_info.rsplit("/", 2)[0] + "/"
    )

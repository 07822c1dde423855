"""Who visits a portal page: the signed-in member, the customer they act for, and what the role allows."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.defaults import page_not_found

from plans.actor import Actor
from subscriptions.models import Customer, Membership, User
from subscriptions.models.people import Role

CHOSEN = "customer"  # session key: public id of the customer acted for
MONEY = (Role.OWNER, Role.BILLING)
KEYS = (Role.OWNER, Role.DEVELOPER)
TEAM = (Role.OWNER,)
P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Visit:
    """One member on one page. `others` are the same person's memberships at other customers."""

    membership: Membership
    others: tuple[Membership, ...]

    @property
    def customer(self) -> Customer:
        """The customer acted for."""
        return self.membership.customer

    @property
    def zone(self) -> str:
        """The zone that dates are shown in."""
        return self.customer.billing_zone

    def may(self, roles: tuple[Role, ...]) -> bool:
        """Whether the member's role is among `roles`."""
        return self.membership.role in roles

    @property
    def sees_money(self) -> bool:
        """Invoices, subscribing, cards."""
        return self.may(MONEY)

    @property
    def holds_keys(self) -> bool:
        """API keys."""
        return self.may(KEYS)

    @property
    def runs_team(self) -> bool:
        """Members and roles."""
        return self.may(TEAM)


class MemberRequest(HttpRequest):
    """A request that `member_page` let through."""

    visit: Visit
    user: User


View = Callable[Concatenate[MemberRequest, P], HttpResponse]


def visit_of(user: User, chosen: str | None) -> Visit | None:
    """Return the visit of a user, at the chosen customer if that is theirs; one query."""
    found = list(
        Membership.objects.filter(user=user).select_related("customer").order_by("customer__name", "pk")
    )
    if not found:
        return None
    mine = next((m for m in found if m.customer.public_id == chosen), found[0])
    return Visit(mine, tuple(m for m in found if m.pk != mine.pk))


def member_page(*roles: Role) -> Callable[[View[P]], Callable[Concatenate[HttpRequest, P], HttpResponse]]:
    """Ask for sign-in and a membership; with roles named, for one of them (403 says whom to ask)."""

    def guard(view: View[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
        @login_required
        @wraps(view)
        def page(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            member = cast("MemberRequest", request)
            visit = visit_of(member.user, member.session.get(CHOSEN))
            if visit is None:
                return render(request, "subscriptions/no_customer.html")
            member.visit = visit
            if roles and not visit.may(roles):
                return role_missing(member, roles)
            return personal(view(member, *args, **kwargs))

        return page

    return guard


def personal(response: HttpResponse) -> HttpResponse:
    """Keep a member's page out of shared caches, and htmx's part of it apart from the whole."""
    response.setdefault("Cache-Control", "private, no-cache")
    patch_vary_headers(response, ["HX-Request", "Cookie"])
    return response


def role_missing(request: MemberRequest, roles: tuple[Role, ...]) -> HttpResponse:
    """Render the 403 page that names the roles needed and the owners to ask."""
    owners = User.objects.filter(memberships__customer=request.visit.customer, memberships__role=Role.OWNER)
    asked = {"roles": [Role(r).label for r in roles], "owners": list(owners.order_by("email"))}
    return render(request, "403.html", asked, status=403)


def actor_of(request: MemberRequest) -> Actor:
    """The author of what this member changes."""
    return Actor(f"user:{request.user.pk}")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an address that names nothing: inside the portal for its members, plainly for everybody else."""
    user = getattr(request, "user", None)
    own = not request.path.startswith(("/admin/", "/api/"))
    visit = visit_of(user, request.session.get(CHOSEN)) if own and user and user.is_authenticated else None
    if visit is None:
        return page_not_found(request, exception)
    member = cast("MemberRequest", request)
    member.visit = visit
    return personal(render(request, "subscriptions/not_found.html", status=404))

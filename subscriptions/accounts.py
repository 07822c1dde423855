"""How allauth treats our users: no open sign-up, home page by kind of person."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """People are invited by a customer's owner or made by staff; nobody signs up alone."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Say no: see the class."""
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Send staff without a membership to the admin, everybody else to the portal."""
        user = request.user
        if user.is_authenticated and user.is_staff and not user.memberships.exists():
            return "/admin/"
        return "/"

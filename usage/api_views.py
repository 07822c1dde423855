"""What the usage doors share: keys, scopes, and a database that is away."""

import logging
from typing import Any

from django.db import IntegrityError, InterfaceError, OperationalError
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import APIException, PermissionDenied
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from subscriptions.auth import KeyPrincipal
from subscriptions.permissions import HasScope

log = logging.getLogger(__name__)


class StoreAway(APIException):
    """The database did not take the request; nothing was acknowledged."""

    status_code = 503
    default_code = "unavailable"
    default_detail = _("The store does not answer just now. Nothing was acknowledged: send it again.")
    wait = 1  # seconds, becomes Retry-After


class UsageView(APIView):
    """A door for programs: a key with the method's scope, problem+json for every refusal."""

    permission_classes = [IsAuthenticated, HasScope]

    def handle_exception(self, exc: Exception) -> Response:
        """Answer 503 when the database is away or busy, so that the sender tries again."""
        if isinstance(exc, OperationalError | InterfaceError | IntegrityError):
            log.warning("%s %s not taken: %s", self.request.method, self.request.path, exc)
            exc = StoreAway()
        return super().handle_exception(exc)


class ProviderView(UsageView):
    """A door that only provider keys may use: a customer can neither report nor withhold usage."""

    def check_permissions(self, request: Request) -> None:
        """Refuse customer keys whatever their scopes say."""
        super().check_permissions(request)
        self.refuse_customers(request)

    @staticmethod
    def refuse_customers(request: Request) -> None:
        """Refuse a customer's key."""
        only_for_providers(principal(request))


def only_for_providers(key: KeyPrincipal) -> None:
    """Refuse a customer's key."""
    if key.customer_id is not None:
        raise PermissionDenied(_("Only the provider's own keys may report usage."))


def principal(request: Request) -> Any:
    """Return the key behind a request (a KeyPrincipal; DRF types it as a user)."""
    return request.user

"""What all façade doors share: no fault leaves them as a page of HTML."""

import logging
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from plans.errors import NotFound
from subscriptions.models import App
from usage.api_views import UsageView, principal

log = logging.getLogger(__name__)


class Fault(APIException):
    """Our own defect, said in JSON: these clients take a page of HTML for a broken server."""

    status_code = 500
    default_code = "fault"

    def __init__(self) -> None:
        super().__init__(_("Something is wrong on this side; it was noted. Send the request again later."))


class FacadeView(UsageView):
    """A door in another product's words; it is no part of our own API's description."""

    schema: Any = None

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """Take any Accept header: a door answers in the forms its product has."""
        return super().perform_content_negotiation(request, force=True)

    def handle_exception(self, exc: Exception) -> Response:
        """Answer every exception in the product's own form."""
        try:
            answer = super().handle_exception(exc)
        except Exception:
            log.exception("%s %s failed", self.request.method, self.request.path)
            answer = super().handle_exception(Fault())
        return self.retold(answer)

    def retold(self, answer: Response) -> Response:
        """Return our problem document in the product's form."""
        return answer


def apps_of(request: Request) -> list[int] | None:
    """Return the apps that a key may see, None for all."""
    customer = principal(request).customer_id
    return (
        None if customer is None else list(App.objects.filter(customer=customer).values_list("pk", flat=True))
    )


def iso(instant: datetime) -> str:
    """Return an instant as RFC 3339 in UTC."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


class Nothing(FacadeView):
    """Any other address below a façade."""

    authentication_classes: Any = []
    permission_classes: Any = []

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Say that nothing is here, whatever the method."""
        raise NotFound

"""What a key may do: one scope per view and method; and how the API document names keys."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView


class HasScope(BasePermission):
    """Grant when the key holds the view's `scope` (or `scopes` by method)."""

    message = _("This API key lacks the scope that the request needs.")

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Look the needed scope up on the view."""
        by_method: dict[str, str] = getattr(view, "scopes", {})
        needed = by_method.get(request.method or "") or getattr(view, "scope", None)
        return needed is None or needed in getattr(request.user, "scopes", ())


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI document names our keys."""

    target_class = "subscriptions.auth.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """A bearer token."""
        return {"type": "http", "scheme": "bearer", "bearerFormat": "rc_live_…"}

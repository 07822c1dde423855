"""Request id, language, content policy per area, second factor for staff."""

import re
import secrets
from collections.abc import Callable
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    HttpResponseRedirect,
    JsonResponse,
)
from django.template.response import SimpleTemplateResponse
from django.urls import Resolver404, ResolverMatch, resolve, reverse
from django.utils import translation
from django.utils.translation import gettext as _
from pghistory.middleware import HistoryMiddleware

from plans.errors import PROBLEM, problem_document

Handler = Callable[[HttpRequest], HttpResponse]
FORMS = {"application/x-www-form-urlencoded", "multipart/form-data"}
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")

PORTAL_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self' {pay}; frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
)
# unfold's Alpine build evaluates expressions; Swagger UI writes style attributes.
ADMIN_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-eval' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
)


def api_problem(request: HttpRequest, code: str, detail: str, status: int) -> JsonResponse:
    """Return a refusal of a program's request that no view answers, in the words of its area."""
    said = problem_document(code, detail, status)
    if request.path_info.startswith("/compat/lago/"):
        said |= {"error": HTTPStatus(status).phrase, "error_details": {}}
    return JsonResponse(said, status=status, content_type=PROBLEM)


class RequestIdMiddleware:
    """Take the caller's X-Request-Id or make one; answer with it."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-Id", "")
        request.request_id = given if REQUEST_ID.fullmatch(given) else f"req_{secrets.token_hex(12)}"  # type: ignore[attr-defined]
        response = self.get_response(request)
        response["X-Request-Id"] = request.request_id  # type: ignore[attr-defined]
        return response


class StorableTextMiddleware:
    """Refuse NUL in an address or a form: no column can hold it, so every lookup by it would fail."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request) if self._storable(request) else self._refusal(request)

    def _refusal(self, request: HttpRequest) -> HttpResponse:
        said = _("The request holds a NUL character, which no text may.")
        if not request.path_info.startswith(("/api/", "/compat/")):
            return HttpResponseBadRequest(said, content_type="text/plain")
        return api_problem(request, "nul_character", said, 400)

    def _storable(self, request: HttpRequest) -> bool:
        if "\0" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            return False
        api = request.path_info.startswith(("/api/", "/compat/"))  # reads its own bodies
        if api or request.method != "POST" or request.content_type not in FORMS:
            return True
        return not any("\0" in value for values in request.POST.lists() for value in values[1])


class AreaPolicyMiddleware:
    """The portal's content policy is strict; the admin and API docs need one of their own."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        loose = request.path.startswith(("/admin/", "/api/docs"))
        pay = settings.STRIPE_API_BASE or "https://checkout.stripe.com"
        policy = ADMIN_POLICY if loose else PORTAL_POLICY.format(pay=pay)
        response.setdefault("Content-Security-Policy", policy)
        response.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        return response


class LanguageMiddleware:
    """Language of the cookie, else of the browser; the switch on every page sets the cookie."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        language = translation.get_language_from_request(request)
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
        response.setdefault("Content-Language", language)
        return response


_recent = lru_cache(maxsize=256)(resolve)
SHORT = 200


def _resolved(path: str) -> ResolverMatch:
    """Return what answers at an address; programs ask the same few again and again."""
    return _recent(path) if len(path) <= SHORT else resolve(path)


class ProgramMiddleware:
    """Take a program's request straight to its view: it has no session, cookie, form, message or page.

    What a view needs of the layers it passes by is done here.
    """

    AREAS = ("/api/v1/", "/compat/")

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        self.view = HistoryMiddleware(self._view)  # type: ignore[no-untyped-call]

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(self.AREAS):
            return self.get_response(request)
        try:
            request.get_host()
            request.resolver_match = _resolved(request.path_info)
        except DisallowedHost:
            said = _("The request names a host that is not this one: %(host)s.")
            return api_problem(
                request, "unknown_host", said % {"host": request.META.get("HTTP_HOST", "")[:200]}, 400
            )
        except Resolver404:
            said = _("The API has no such address: %(path)s. They are listed in /api/docs/.")
            return api_problem(request, "not_found", said % {"path": request.path_info[:200]}, 404)
        response: HttpResponse = self.view(request)
        if not response.streaming and "Content-Length" not in response:
            response["Content-Length"] = str(len(response.content))
        response.setdefault("X-Frame-Options", "DENY")
        return response

    def _view(self, request: HttpRequest) -> HttpResponse:
        match: Any = request.resolver_match  # found above
        response: HttpResponse = match.func(request, *match.args, **match.kwargs)
        return response.render() if isinstance(response, SimpleTemplateResponse) else response


class StaffMfaMiddleware:
    """No admin page for staff without a second factor, where the setting asks for one."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if (
            settings.STAFF_MFA
            and request.path.startswith("/admin/")
            and user.is_authenticated
            and user.is_staff
        ):
            from allauth.mfa.utils import is_mfa_enabled

            if not is_mfa_enabled(user):
                return HttpResponseRedirect(reverse("mfa_index"))
        return self.get_response(request)

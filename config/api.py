"""DRF defaults: a domain error or a refusal becomes RFC 9457 problem+json with a code."""

from typing import Any

from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from plans.errors import PROBLEM, DomainError, problem_document


def problem(
    code: str, detail: str, http_status: int, *, errors: list[dict[str, Any]] | None = None
) -> Response:
    """Build one problem document."""
    body = problem_document(code, detail, http_status)
    if errors:
        body["errors"] = errors
    return Response(body, status=http_status, content_type=PROBLEM)


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """Answer any exception a view may raise; None lets Django report a true bug as 500."""
    if isinstance(error, DomainError):
        return problem(error.code, str(error), error.http_status, errors=getattr(error, "errors", None))
    answer = exception_handler(error, context)
    if answer is None:
        return None
    made = problem(_code_of(error), _detail_of(error), answer.status_code, errors=_fields_of(error))
    for name in ("WWW-Authenticate", "Retry-After"):
        if name in answer.headers:
            made[name] = answer.headers[name]
    return made


def _code_of(error: Exception) -> str:
    if isinstance(error, Http404):
        return "not_found"
    if isinstance(error, exceptions.ValidationError):
        return "invalid"
    code = getattr(error, "default_code", None)
    detail = getattr(error, "detail", None)
    return str(getattr(detail, "code", None) or code or "error")


def _detail_of(error: Exception) -> str:
    if isinstance(error, exceptions.ValidationError):
        return _("Some fields are not right; see errors.")
    if isinstance(error, Http404):
        return _("There is no such object, or it is not yours.")
    return str(getattr(error, "detail", error))


def _fields_of(error: Exception) -> list[dict[str, Any]] | None:
    if not isinstance(error, exceptions.ValidationError):
        return None
    found: list[dict[str, Any]] = []
    _walk(error.detail, "", found)
    return found


def _walk(detail: Any, pointer: str, found: list[dict[str, Any]]) -> None:
    """Flatten DRF's nested error detail to (pointer, code, detail)."""
    if isinstance(detail, dict):
        for key, inner in detail.items():
            _walk(inner, f"{pointer}/{key}", found)
    elif isinstance(detail, list):
        for inner in detail:
            _walk(inner, pointer, found)
    else:
        found.append(
            {"pointer": pointer or "/", "code": getattr(detail, "code", "invalid"), "detail": str(detail)}
        )

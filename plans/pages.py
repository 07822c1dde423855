"""Pages of API lists: `{data, next_cursor, has_more}`, newest first.

A cursor names the last row seen, not a position, so rows added meanwhile neither repeat nor hide others.
"""

import base64
import binascii
from collections.abc import Callable
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from plans.errors import DomainError, _

LIMIT, MOST = 50, 200
Row = TypeVar("Row", bound=Model)

PAGE_PARAMETERS = [
    OpenApiParameter("limit", OpenApiTypes.INT, description=f"Rows per page, 1 to {MOST}; default {LIMIT}."),
    OpenApiParameter("cursor", OpenApiTypes.STR, description="`next_cursor` of the page before."),
]


class BadCursor(DomainError):  # noqa: N818
    """A cursor that no list handed out."""

    code = "bad_cursor"
    http_status = 400
    text = _("This cursor is not one of this list. Start without a cursor.")


class BadLimit(DomainError):  # noqa: N818
    """A page size outside the bounds."""

    code = "bad_limit"
    http_status = 400
    text = _("limit is a whole number from 1 to %(most)s.")


def page(rows: QuerySet[Row], request: Request, shape: Callable[[Row], Any]) -> Response:
    """Answer one page of `rows`, newest first, each as `shape` makes it."""
    limit, after = _limit(request), _after(request)
    found = rows.order_by("-pk") if after is None else rows.order_by("-pk").filter(pk__lt=after)
    taken = list(found[: limit + 1])
    shown = taken[:limit]
    last = shown[-1] if len(taken) > limit else None
    return Response(body([shape(one) for one in shown], last=last))


def body(data: Any, *, last: Model | None = None) -> dict[str, Any]:
    """Return the three fields of a page; `last` is its last row when more follow."""
    return {"data": data, "next_cursor": last and _cursor(last.pk), "has_more": last is not None}


def page_schema(name: str, row: type[serializers.Serializer[Any]]) -> Any:
    """Describe one page of `row` for the API document (drf-spectacular's own type is untyped)."""
    fields = {
        "data": row(many=True),
        "next_cursor": serializers.CharField(allow_null=True),
        "has_more": serializers.BooleanField(),
    }
    return inline_serializer(f"{name}Page", fields)


def _cursor(pk: int) -> str:
    return base64.urlsafe_b64encode(str(pk).encode()).decode().rstrip("=")


def _after(request: Request) -> int | None:
    text = request.query_params.get("cursor")
    if text is None:
        return None
    try:
        plain = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (ValueError, binascii.Error):  # not base64, or not ASCII inside or outside
        raise BadCursor from None
    if not plain.isdigit() or len(plain) > 18:
        raise BadCursor
    return int(plain)


def _limit(request: Request) -> int:
    text = request.query_params.get("limit", str(LIMIT))
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= MOST):
        raise BadLimit(most=MOST)
    return int(text)

"""The audit kit of an invoice, for programs."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from billing.api import OwnView
from billing.audit.pack import kit_name, kit_zip
from billing.selectors import invoice_of


class AuditKitView(OwnView):
    """Everything with which a customer recomputes an invoice without trusting us."""

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """A caller that accepts only a zip still gets problems as JSON."""
        return super().perform_content_negotiation(request, force=True)

    @extend_schema(
        operation_id="get_audit_kit",
        tags=["invoices"],
        responses={(200, "application/zip"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, public_id: str) -> HttpResponse:
        """Answer a zip: terms, readings, cells, events while kept, hashes, and verify.py."""
        return zipped(invoice_of(self.customer(), public_id))


def zipped(invoice: Any) -> HttpResponse:
    """Return the kit as a download."""
    answer = HttpResponse(kit_zip(invoice), content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="{kit_name(invoice)}"'
    return answer

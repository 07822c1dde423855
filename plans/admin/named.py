"""What the pages of catalogue rows share: a code that never changes, names in both languages."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from config.admin_base import BaseAdmin, display
from plans.models import Named


class NamedAdmin(BaseAdmin):
    """Rows with a code. Files, events and invoices refer to the code, so it is set once."""

    search_fields: tuple[str, ...] = ("code", "name_en", "name_zh")
    ordering: tuple[str, ...] = ("code",)

    @display(description=_("name"))
    def shown_name(self, row: Named) -> str:
        """The name in the reader's language."""
        return row.name

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[Any, ...]:
        """Fix the code after the first save."""
        fixed = tuple(super().get_readonly_fields(request, obj))
        return fixed if obj is None else ("code", *fixed)

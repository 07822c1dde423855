"""Small pieces of admin pages: coloured words and links. Knows no app and no theme."""

from typing import Any

from django.db.models import Model
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString


def chip(colour: str, text: str) -> SafeString:
    """Return a coloured word; colours are success, info, warning, danger and default."""
    return format_html('<span class="rc-chip rc-chip-{}">{}</span>', colour, text)


def change_url(row: Model) -> str:
    """Return the address of a row's admin page."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def change_link(row: Model | None, text: str | None = None) -> SafeString | str:
    """Return a link to a row's admin page."""
    if row is None:
        return "-"
    return format_html('<a class="text-link" href="{}">{}</a>', change_url(row), text or str(row))


def list_link(url_name: str, text: str, **query: Any) -> SafeString:
    """Return a link to a filtered list, named by its URL so that an app need not know the other."""
    address = reverse(f"admin:{url_name}_changelist", query=query)
    return format_html('<a class="text-link" href="{}">{}</a>', address, text)

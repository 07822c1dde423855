"""Why a rated line has its amount, for templates that show lines before there is an invoice."""

from zoneinfo import ZoneInfo

from django import template

from billing.derivation import from_tree
from billing.explain import Explained, sentences_of
from billing.models import InvoiceLine, LineKind
from billing.previews import PreviewLine
from billing.wording_estimates import estimated_said, holds_estimates

register = template.Library()


@register.filter
def reasons(line: PreviewLine) -> list[Explained]:
    """Return the sentences of a line's derivation, each with what the step came to."""
    return sentences_of(line.derivation, line.currency, line.names)


@register.filter
def is_estimated(line: PreviewLine) -> bool:
    """Return whether a line shown before its invoice rests on estimates of missing reports."""
    return holds_estimates(line.derivation)


@register.filter
def estimated(line: InvoiceLine, zone: str) -> str:
    """Return what was estimated because no report came, empty where nothing was."""
    if line.kind != LineKind.CHARGE:  # a difference holds the tree it corrects
        return ""
    return estimated_said(from_tree(line.derivation), ZoneInfo(str(zone)))

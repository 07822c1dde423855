"""Why a rated line has its amount, for templates that show lines before there is an invoice."""

from django import template

from billing.explain import Explained, sentences_of
from billing.previews import PreviewLine

register = template.Library()


@register.filter
def reasons(line: PreviewLine) -> list[Explained]:
    """Return the sentences of a line's derivation, each with what the step came to."""
    return sentences_of(line.derivation, line.currency, line.names)

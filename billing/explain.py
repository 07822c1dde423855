"""Why an invoice line costs what it costs: its tree in sentences, and for a credit its month's judgement."""

from django.utils.translation import gettext as _

from billing.derivation import from_tree
from billing.explain_sla import assessment_sentences
from billing.explain_tree import Explained, Names, sentences_of
from billing.models import CreditDraw, Invoice, InvoiceLine, LineKind
from plans.models import Meter
from plans.money import from_minor
from plans.templatetags.figures import money

__all__ = ["Explained", "assessment_sentences", "names_for", "sentences", "sentences_of"]


def sentences(line: InvoiceLine, names: Names | None = None) -> list[Explained]:
    """Return how the amount of an invoice line came about; a credit tells of its month's availability.

    A page of many lines looks the invoice's `names` up once and passes them.
    """
    currency = line.invoice.currency
    if line.kind == LineKind.SLA_CREDIT:
        return _credit_sentences(line, currency)
    found = sentences_of(from_tree(line.derivation), currency, names or names_for(line.invoice))
    exact_amount = line.exact_amount
    if from_minor(line.amount, currency) != exact_amount:
        text = _("Rounded with the whole invoice")
        found.append(Explained(0, text, money(line.amount, currency)))
    return found


def names_for(invoice: Invoice) -> Names:
    """Return the names that the trees of an invoice refer to: its lines and the meters."""
    lines = dict(invoice.lines.values_list("line_key", "label"))
    return lines | {meter.code: meter.name_i18n for meter in Meter.objects.all()}


def _credit_sentences(line: InvoiceLine, currency: str) -> list[Explained]:
    draw = CreditDraw.objects.select_related("credit__assessment__customer").filter(line=line).first()
    if draw is None:
        return []
    found = assessment_sentences(draw.credit.assessment)
    text = _("Credit drawn on this invoice")
    return [*found, Explained(0, text, money(-draw.amount, currency))]

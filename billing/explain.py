"""Why an invoice line costs what it costs: one sentence of arithmetic, the steps below it, its readings.

Three levels lie under an amount. Level 1 is the derivation: the line's tree, told here. Level 2 are the
readings and the roll-ups they were copied from, level 3 the raw events behind a roll-up while they are kept
(`usage.selectors_raw`).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from billing.derivation import from_tree
from billing.explain_headline import headline
from billing.explain_headline_price import fixed_price
from billing.explain_sla import assessment_sentences
from billing.explain_tree import Explained, Names, sentences_of
from billing.explain_words import terms_names
from billing.models import CreditDraw, Invoice, InvoiceLine, LineKind
from plans.models import Meter, PlanVersion
from plans.money import from_minor
from plans.selectors import terms_of
from plans.templatetags.figures import money
from usage.models import Reading

__all__ = [
    "Explained",
    "Explanation",
    "assessment_sentences",
    "explained",
    "names_for",
    "sentences",
    "sentences_of",
]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything a person or a program is told about one line."""

    line: InvoiceLine
    headline: str
    sentences: list[Explained]
    readings: list[Reading]

    @property
    def whole(self) -> str:
        """The headline with the amount it comes to."""
        written = money(self.line.amount, self.line.invoice.currency)
        is_said = self.line.kind == LineKind.SLA_CREDIT or self.headline == fixed_price(written)
        is_said = is_said or self.headline.endswith(
            _("%(before)s, rounded to %(to)s") % {"before": "", "to": written}
        )
        return self.headline if is_said else f"{self.headline} = {written}"


def explained(line: InvoiceLine, names: Names | None = None) -> Explanation:
    """Return the explanation of one line in the reader's language; the portal and the API show this one."""
    known = names or names_for(line.invoice)
    return Explanation(line, headline_of(line, known), sentences(line, known), list(readings_of(line)))


def headline_of(line: InvoiceLine, names: Names) -> str:
    """Return the line's amount as one sentence; a credit says which month missed what was promised."""
    if line.kind == LineKind.SLA_CREDIT:
        return line.description_text
    return headline(from_tree(line.derivation), line.invoice.currency, names).text


def readings_of(line: InvoiceLine) -> Iterable[Reading]:
    """Return the readings a line was rated from, with meter and app."""
    rows = Reading.objects.filter(pk__in=line.reading_ids, customer=line.customer_id)
    return rows.select_related("meter", "app").order_by("meter__code", "app__code", "region", "revision")


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
    """Return the names that the trees of an invoice refer to: its lines, the meters, what the terms name."""
    rows = list(invoice.lines.values_list("line_key", "label", "terms_hash"))
    found = {key: label for key, label, _hash in rows} | _of_terms(
        {terms_hash for *_rest, terms_hash in rows}
    )
    return found | {meter.code: meter.name_i18n for meter in Meter.objects.all()}


def _of_terms(hashes: set[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    seen: set[str] = set()
    for version in PlanVersion.objects.filter(terms_hash__in=hashes).order_by("pk"):
        if version.terms_hash not in seen:
            seen.add(version.terms_hash)
            found |= terms_names(terms_of(version).document)
    return found


def _credit_sentences(line: InvoiceLine, currency: str) -> list[Explained]:
    draw = CreditDraw.objects.select_related("credit__assessment__customer").filter(line=line).first()
    if draw is None:
        return []
    found = assessment_sentences(draw.credit.assessment)
    text = _("Credit drawn on this invoice")
    return [*found, Explained(0, text, money(-draw.amount, currency))]

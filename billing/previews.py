"""A rating as people see it before there is an invoice: lines in minor units, with their reasons."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from billing.derivation import Node
from billing.errors import AmountTooLarge
from billing.explain_headline import headline
from billing.explain_tree import Names, sentences_of
from billing.explain_used import used
from billing.models.lines import in_reader_language
from billing.values import Rating
from billing.wording import label_of, with_place
from plans.money import exact, minor_exponent, share_multiples, to_minor

LARGEST = Decimal(
    10**12
)  # major units; a bigint of minor units holds a thousand times more, even of three places


@dataclass(frozen=True, slots=True)
class PreviewLine:
    """One line as it would stand on an invoice."""

    key: str
    charge: str
    label: dict[str, str]
    amount: int
    is_credit: bool
    quantity: Decimal | None
    unit: str
    currency: str
    derivation: Node
    names: Names

    @property
    def label_text(self) -> str:
        """What it is, in the reader's language."""
        return in_reader_language(self.label)

    @property
    def used(self) -> Decimal | None:
        """What was assumed to be used, where an allowance left less of it in `quantity`."""
        return used(self.derivation, self.quantity)

    @property
    def headline(self) -> str:
        """How the amount comes about in one sentence, in the reader's language."""
        return headline(self.derivation, self.currency, self.names).text

    @property
    def sentences(self) -> list[str]:
        """Why the amount is what it is, in the reader's language."""
        return [one.whole for one in sentences_of(self.derivation, self.currency, self.names)]


@dataclass(frozen=True, slots=True)
class PreviewPart:
    """The lines of one invoice, or of one month's usage."""

    period_months: int
    lines: tuple[PreviewLine, ...]

    @property
    def total(self) -> int:
        """Minor units."""
        return sum(line.amount for line in self.lines)


def in_minor(values: Sequence[Decimal], total: Decimal, currency: str) -> list[int]:
    """Return the lines in minor units; together they make the total, rounded once (largest remainder)."""
    if not values:
        return []
    if largest := next((value for value in (*values, total) if value.copy_abs() >= LARGEST), None):
        raise AmountTooLarge(amount=f"{largest:.0f}", currency=currency)
    with exact():
        factor = Decimal(10) ** minor_exponent(currency)
        whole = Decimal(to_minor(total, currency))
        return [
            int(part) for part in share_multiples([value * factor for value in values], whole, Decimal(1))
        ]


def preview_lines(rating: Rating, meters: Names) -> tuple[PreviewLine, ...]:
    """Return the lines of a rating in minor units, rounded as an invoice would; `meters` names them."""
    names = {**meters, **{line.key: label_of(line.label, line.charge) for line in rating.lines}}
    amounts = in_minor([line.amount for line in rating.lines], rating.total, rating.currency)
    return tuple(
        PreviewLine(
            key=line.key,
            charge=line.charge,
            label=with_place(label_of(line.label, line.charge), line.app, line.region),
            amount=amount,
            is_credit=line.credit,
            quantity=line.quantity,
            unit=line.unit,
            currency=rating.currency,
            derivation=line.derivation,
            names=names,
        )
        for line, amount in zip(rating.lines, amounts, strict=True)
    )

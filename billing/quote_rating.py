"""Rate a basket, and lay the answer out as the two invoices it would bring: minor units, with reasons."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from billing.baskets import CYCLE, START, Basket, Question, later, questions, rated
from billing.derivation import from_tree, to_tree
from billing.explain_tree import Names
from billing.inputs import inputs_json
from billing.previews import PreviewLine, PreviewPart, preview_lines
from billing.values import Rating
from plans.ratio import decimal_text
from plans.terms import Terms, canonical_json

Fields = dict[str, Any]  # what JSON says


@dataclass(frozen=True, slots=True)
class Rated:
    """Both invoices; `later` are the charges that stand on neither."""

    currency: str
    start: PreviewPart
    cycle: PreviewPart
    lines: list[Fields]  # as a quote stores them
    later: list[str]
    engine: str

    @property
    def monthly(self) -> int:
        """Return what a month comes to, in minor units: of an annual term, a twelfth of the start."""
        return self.cycle.total + (twelfth(self.start.total) if self.start.period_months == 12 else 0)


def twelfth(amount: int) -> int:
    """Return a month's share of a yearly price, to the nearest minor unit: shown, never billed."""
    return (2 * amount + 12) // 24


def rate_basket(terms: Terms, basket: Basket, names: Names) -> Rated:
    """Rate the first two invoices of a basket; raises what rating refuses. `names` are the meters'."""
    asked = questions(terms, basket)
    found = {invoice: rated(terms, asked[invoice]) for invoice in (START, CYCLE)}
    months = 12 if basket.calendar.term == "annual" else 1
    parts = {
        invoice: PreviewPart(months if invoice == START else 1, _shown(ratings, names))
        for invoice, ratings in found.items()
    }
    stored = [row for invoice in found for row in _stored(invoice, found[invoice], parts[invoice].lines)]
    engine = next((rating.engine for ratings in found.values() for rating in ratings), "")
    return Rated(basket.currency, parts[START], parts[CYCLE], stored, later(terms, asked), engine)


def _shown(ratings: Sequence[Rating], names: Names) -> tuple[PreviewLine, ...]:
    return tuple(line for rating in ratings for line in preview_lines(rating, names))


def _stored(invoice: str, ratings: Sequence[Rating], shown: Sequence[PreviewLine]) -> list[Fields]:
    """Return the lines of one invoice as JSON: amounts in minor units, exact amounts as text."""
    lines = [line for rating in ratings for line in rating.lines]
    return [
        {
            "invoice": invoice,
            "key": line.key,
            "charge": line.charge,
            "label": as_shown.label,
            "tags": list(line.tags),
            "is_credit": line.credit,
            "app": line.app,
            "region": line.region,
            "start": line.period.start.isoformat(),
            "end": line.period.end.isoformat(),
            "quantity": None if line.quantity is None else decimal_text(line.quantity),
            "unit": line.unit,
            "exact_amount": decimal_text(line.amount),
            "amount": as_shown.amount,
            "derivation": to_tree(line.derivation),
        }
        for line, as_shown in zip(lines, shown, strict=True)
    ]


def inputs_of(terms: Terms, basket: Basket, at: str) -> Fields:
    """Return what the basket's ratings are made from, for a JSON column."""
    return {
        "at": at,
        "invoices": {
            invoice: [_tree(terms, one) for one in asked]
            for invoice, asked in questions(terms, basket).items()
        },
    }


def _tree(terms: Terms, one: Question) -> Fields:
    found: Fields = json.loads(inputs_json(terms, one.quantities, one.due, one.context))
    return found


def hash_of(inputs: Fields) -> str:
    """Return the SHA-256 of stored inputs."""
    return hashlib.sha256(canonical_json(inputs)).hexdigest()


def stored_lines(rows: Sequence[Fields], currency: str, names: Names) -> dict[str, list[PreviewLine]]:
    """Return stored lines by invoice as pages show them; `names` are the meters'."""
    found: dict[str, list[PreviewLine]] = {START: [], CYCLE: []}
    for row in rows:
        own = {**names, **{one["key"]: one["label"] for one in rows if one["invoice"] == row["invoice"]}}
        found[row["invoice"]].append(_line(row, currency, own))
    return found


def _line(row: Fields, currency: str, names: Names) -> PreviewLine:
    return PreviewLine(
        key=row["key"],
        charge=row["charge"],
        label=row["label"],
        amount=row["amount"],
        is_credit=row["is_credit"],
        quantity=None if row["quantity"] is None else Decimal(row["quantity"]),
        unit=row["unit"],
        currency=currency,
        derivation=from_tree(row["derivation"]),
        names=names,
    )

"""Derive a quote again from what is stored: trees, inputs, terms, sums."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from billing.baskets import CYCLE, START
from billing.derivation import DerivationMismatch, from_tree, reevaluate, to_tree
from billing.inputs_read import read_inputs
from billing.models import Quote
from billing.previews import in_minor
from billing.quote_rating import hash_of
from billing.rating import rate
from billing.values import Line
from plans.errors import DomainError
from plans.models import PlanVersion
from plans.ratio import decimal_text
from plans.selectors import terms_of
from plans.terms import Terms

COMPARED = ("key", "charge", "quantity", "unit", "exact_amount", "amount", "derivation")


def quote_faults(quote: Quote) -> list[str]:
    """Return what does not fit, in words for staff; empty when the quote proves itself to the last unit."""
    found = [fault for row in quote.lines for fault in _tree_faults(row)]
    if hash_of(quote.inputs) != quote.inputs_hash:
        found.append("the inputs hash does not match")
    sums = {START: quote.start_total, CYCLE: quote.cycle_total}
    for invoice, total in sums.items():
        if sum(row["amount"] for row in quote.lines if row["invoice"] == invoice) != total:
            found.append(f"{invoice}: the lines do not add up to the total")
    version = PlanVersion.objects.filter(terms_hash=quote.terms_hash).order_by("pk").first()
    if version is None:
        return [*found, f"no plan version has the terms {quote.terms_hash}"]
    return [*found, *_rating_faults(quote, terms_of(version))]


def _tree_faults(row: Mapping[str, Any]) -> Iterator[str]:
    try:
        value = reevaluate(from_tree(row["derivation"]))
    except DerivationMismatch as error:
        yield f"{row['invoice']} {row['key']}: {error}"
        return
    found, stated = decimal_text(value), row["exact_amount"]
    if found != stated:
        yield f"{row['invoice']} {row['key']}: its tree gives {found}, not {stated}"


def _rating_faults(quote: Quote, terms: Terms) -> list[str]:
    """Rate the stored inputs again and compare every line, its tree included."""
    try:
        again = [row for invoice in (START, CYCLE) for row in _rated(quote, invoice, terms)]
    except (DomainError, LookupError) as error:
        return [f"it cannot be rated again: {error}"]
    if len(again) != len(quote.lines):
        return [f"rated again it has {len(again)} lines, not {len(quote.lines)}"]
    return [
        f"{stored['invoice']} {stored['key']}: rated again its {name} is {fresh[name]}, not {stored[name]}"
        for fresh, stored in zip(again, quote.lines, strict=True)
        for name in COMPARED
        if fresh[name] != stored[name]
    ]


def _rated(quote: Quote, invoice: str, terms: Terms) -> Iterator[dict[str, Any]]:
    """Rate one invoice's stored questions in turn, each seeing the lines before it."""
    seen: list[Line] = []
    for tree in quote.inputs["invoices"][invoice]:
        inputs = read_inputs(tree)
        if inputs.terms_hash != terms.hash:
            raise LookupError(f"{invoice} was rated by the terms {inputs.terms_hash}")
        rating = rate(terms, inputs.quantities, inputs.due, replace(inputs.context, spent=tuple(seen)))
        seen += rating.lines
        amounts = in_minor([line.amount for line in rating.lines], rating.total, rating.currency)
        yield from (_compared(line, amount) for line, amount in zip(rating.lines, amounts, strict=True))


def _compared(line: Line, amount: int) -> dict[str, Any]:
    return {
        "key": line.key,
        "charge": line.charge,
        "quantity": None if line.quantity is None else decimal_text(line.quantity),
        "unit": line.unit,
        "exact_amount": decimal_text(line.amount),
        "amount": amount,
        "derivation": to_tree(line.derivation),
    }

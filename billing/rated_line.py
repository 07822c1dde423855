"""What a rated line says beside its amount: its name, what went into the price, how it moved. PURE."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from billing.derivation import Node
from billing.meters import BAND
from billing.values import Line
from plans.ratio import plain
from plans.terms import Charge

ZERO = Decimal(0)


def label_of(
    charge: Charge, scope: Mapping[str, str], band_names: Mapping[str, Mapping[str, str]]
) -> Mapping[str, str]:
    """Return the charge's name; of a split by time band or another dimension, with the value's name."""
    name: Mapping[str, str] = charge.name
    values = [(key, value) for key, value in scope.items() if key not in ("app", "region")]
    if not values:
        return name
    dimension, value = values[0]
    called = band_names.get(value, {}) if dimension == BAND else {}
    locales = dict.fromkeys([*name, *called]) or {"en": None}
    return {
        key: f"{name.get(key) or name.get('en') or charge.code} · {called.get(key, value)}" for key in locales
    }


def priced_quantity(tree: Node) -> Decimal | None:
    """Return what went into the price: of an accumulating charge, what this bill added."""
    if tree.word == "since":
        now, before = (priced_quantity(child) for child in tree.children)
        return now if before is None or now is None else now - before
    if tree.word == "added":
        return sum((priced_quantity(child) or ZERO for child in tree.children), ZERO)
    for node in (tree, *tree.children):
        if node.word == "price":
            return node.input
        if node.word in ("since", "added"):
            return priced_quantity(node)
    return None


def moved(line: Line, amount: Decimal) -> Line:
    """Return the line at its share of the rounded total, with a step that says by how much it moved."""
    if amount == line.amount:
        return line
    step = Node("share", amount, line.amount, {"moved": plain(amount - line.amount)})
    return replace(line, amount=amount, derivation=Node("chain", amount, children=(line.derivation, step)))

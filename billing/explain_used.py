"""What a line measured before an allowance or a pack was taken off; its quantity is what is charged."""

from decimal import Decimal

from billing.derivation import Node

BEFORE = frozenset({"included", "draw", "minus", "at_least", "at_most", "round"})  # they keep the unit
PRICED = frozenset({"price", "table"})
INWARD = frozenset({"negative", "number", "group", "pick"})


def used(node: Node, charged: Decimal | None) -> Decimal | None:
    """Return what was used where that is not what is charged; None where there is nothing to tell apart."""
    while node.word in INWARD and node.children:
        node = node.children[0]
    if node.word != "chain" or charged is None:
        return None
    first, *steps = node.children
    before = [step.word for step in steps]
    end = next((index for index, word in enumerate(before) if word in PRICED), None)
    if end is None or before[end] != "price" or not BEFORE.issuperset(before[:end]):
        return None
    found = _measured(first)
    return None if found == charged else found


def _measured(node: Node) -> Decimal | None:
    """Return a meter's value or the seats; a formula of several is no usage of one thing."""
    while node.word in INWARD and node.children:
        node = node.children[0]
    is_seats = node.word == "fact" and node.argument.get("name") == "seats"
    return node.output if node.word == "meter" or is_seats else None

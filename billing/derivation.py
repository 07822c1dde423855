"""The tree that shows how an amount came about, and the evaluator that checks it. PURE.

The evaluator knows node words only, not terms and not the rater, so an invoice stays
verifiable after pricing code moves on. A node says its word, argument, input and output;
its children are operands, bands, stages or, in a chain, the steps in order.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from plans.errors import DomainError, _
from plans.money import exact, to_multiple
from plans.ratio import plain, quotient, read
from plans.terms import canonical_json

ZERO = Decimal(0)


class DerivationMismatch(DomainError):  # noqa: N818
    """A node states an output that does not follow from its parts: the document was altered."""

    code = "derivation_mismatch"
    text = _("The step “%(word)s” states %(stated)s, but its parts give %(found)s.")


@dataclass(frozen=True, slots=True)
class Node:
    """One step taken."""

    word: str
    output: Decimal
    input: Decimal | None = None
    argument: Mapping[str, str] = field(default_factory=dict)
    children: tuple["Node", ...] = ()


def to_tree(node: Node) -> dict[str, Any]:
    """Return the node for a JSON column; empty parts are left out."""
    tree: dict[str, Any] = {"word": node.word, "output": plain(node.output)}
    if node.input is not None:
        tree["input"] = plain(node.input)
    if node.argument:
        tree["argument"] = dict(node.argument)
    if node.children:
        tree["children"] = [to_tree(child) for child in node.children]
    return tree


def from_tree(tree: Mapping[str, Any]) -> Node:
    """Return the node of a stored tree."""
    given = tree.get("input")
    return Node(
        word=tree["word"],
        output=read(tree["output"]),
        input=None if given is None else read(given),
        argument=tree.get("argument", {}),
        children=tuple(from_tree(child) for child in tree.get("children", [])),
    )


def to_json(node: Node) -> bytes:
    """Return the canonical bytes of a tree."""
    return canonical_json(to_tree(node))


def from_json(text: bytes | str) -> Node:
    """Return the node of canonical bytes."""
    return from_tree(json.loads(text))


def reevaluate(node: Node) -> Decimal:
    """Return the root's value computed again from the leaves; raises DerivationMismatch."""
    with exact():
        return _check(node)


def _check(node: Node) -> Decimal:
    parts = [_check(child) for child in node.children]
    found = _RULES[node.word](node, parts) if node.word in _RULES else node.output
    if node.word not in _RULES and node.word not in LEAVES:
        raise DerivationMismatch(word=node.word, stated=node.output, found="an unknown word")
    if found != node.output:
        raise DerivationMismatch(word=node.word, stated=node.output, found=found)
    return found


LEAVES = frozenset({"literal", "fact", "option", "reading", "line"})


def _input(node: Node) -> Decimal:
    if node.input is None:
        raise DerivationMismatch(word=node.word, stated=node.output, found="no input")
    return node.input


def _chain(node: Node, parts: Sequence[Decimal]) -> Decimal:
    """Each step starts from what the one before it gave."""
    for child, before in zip(node.children[1:], parts, strict=False):
        if child.input != before:
            raise DerivationMismatch(word=child.word, stated=child.input, found=before)
    return parts[-1]


def _only(_node: Node, parts: Sequence[Decimal]) -> Decimal:
    (value,) = parts
    return value


def _sum(_node: Node, parts: Sequence[Decimal]) -> Decimal:
    return sum(parts, ZERO)


def _negative(_node: Node, parts: Sequence[Decimal]) -> Decimal:
    return -parts[0]


def _round(node: Node, _parts: Sequence[Decimal]) -> Decimal:
    return to_multiple(_input(node), read(node.argument["to"]), node.argument["mode"])  # type: ignore[arg-type]


def _times_factor(node: Node, _parts: Sequence[Decimal]) -> Decimal:
    return _input(node) * read(node.argument["times"])


def _share(node: Node, _parts: Sequence[Decimal]) -> Decimal:
    return _input(node) + read(node.argument["moved"])


def _draw(node: Node, _parts: Sequence[Decimal]) -> Decimal:
    return _input(node) - quotient(read(node.argument["taken"]), read(node.argument["weight"]))


def _prorate(node: Node, _parts: Sequence[Decimal]) -> Decimal:
    parts = [read(text) for text in node.argument["fractions"].split(" + ")]
    if "to" in node.argument:
        step, mode = read(node.argument["to"]), node.argument["mode"]
        parts = [to_multiple(part, step, mode) for part in parts]  # type: ignore[arg-type]
    return _input(node) * sum(parts, ZERO)


def _band(node: Node, _parts: Sequence[Decimal]) -> Decimal:
    said = {key: read(text) for key, text in node.argument.items() if key in ("each", "per", "times", "flat")}
    part, per = _input(node), said.get("per", Decimal(1))
    counted = to_multiple(part, per, node.argument["partial"]) if "partial" in node.argument else part  # type: ignore[arg-type]
    money = quotient(counted * said.get("each", ZERO) * said.get("times", Decimal(1)), per)
    return money + said.get("flat", ZERO)


def _tariff(node: Node, parts: Sequence[Decimal]) -> Decimal:
    """Graduated bands share the whole quantity among them; then money adds up."""
    if node.argument.get("mode") == "graduated":
        seen = sum((_input(child) for child in node.children), ZERO)
        if node.children and seen != _input(node):
            raise DerivationMismatch(word=node.word, stated=node.input, found=seen)
    return sum(parts, ZERO)


def _over(node: Node, parts: Sequence[Decimal]) -> Decimal:
    return quotient(_input(node), parts[0])


def _rank(node: Node, parts: Sequence[Decimal]) -> Decimal:
    order = sorted(parts, reverse=True)
    rank = int(node.argument["n"])
    return order[rank - 1] if rank <= len(order) else ZERO


def _mean_of_highest(node: Node, parts: Sequence[Decimal]) -> Decimal:
    top = sorted(parts, reverse=True)[: int(node.argument["n"])]
    return quotient(sum(top, ZERO), len(top)) if top else ZERO


def _percentile(node: Node, parts: Sequence[Decimal]) -> Decimal:
    """Nearest rank: the smallest value with at least n percent of the values at or below it."""
    if not parts:
        return ZERO
    rank = to_multiple(Decimal(node.argument["n"]) * len(parts) / 100, Decimal(1), "ceil")
    return sorted(parts)[max(int(rank), 1) - 1]


def _time_average(node: Node, parts: Sequence[Decimal]) -> Decimal:
    weights = [read(child.argument.get("lasting", "1")) for child in node.children]
    held = sum((value * weight for value, weight in zip(parts, weights, strict=True)), ZERO)
    return quotient(held, read(node.argument["n"]))


def _distinct(node: Node, _parts: Sequence[Decimal]) -> Decimal:
    """Count what was named; a figure that names nothing is a count already."""
    named = {child.argument["counted"] for child in node.children if "counted" in child.argument}
    counts = (child.output for child in node.children if "counted" not in child.argument)
    return Decimal(len(named)) + sum(counts, ZERO)


TAKES: dict[str, Callable[[Node, Sequence[Decimal]], Decimal]] = {
    "sum": _sum,
    "count": lambda _node, parts: Decimal(len(parts)),
    "distinct": _distinct,
    "min": lambda _node, parts: min(parts, default=ZERO),
    "max": lambda _node, parts: max(parts, default=ZERO),
    "latest": lambda _node, parts: parts[-1] if parts else ZERO,
    "mean": lambda _node, parts: quotient(sum(parts, ZERO), len(parts)) if parts else ZERO,
    "nth_highest": _rank,
    "mean_of_highest": _mean_of_highest,
    "percentile": _percentile,
    "time_average": _time_average,
}

_RULES: dict[str, Callable[[Node, Sequence[Decimal]], Decimal]] = {
    "chain": _chain,
    "number": _only,
    "meter": _only,
    "group": _only,
    "pick": _only,
    "spend": _sum,
    "added": _sum,
    "since": lambda _node, parts: parts[0] - parts[1],
    "negative": _negative,
    "adjusted": lambda _node, parts: parts[0] - sum(parts[1:], ZERO),
    "plus": lambda node, parts: _input(node) + parts[0],
    "minus": lambda node, parts: _input(node) - parts[0],
    "times": lambda node, parts: _input(node) * parts[0],
    "over": _over,
    "at_least": lambda node, parts: max(_input(node), parts[0]),
    "at_most": lambda node, parts: min(_input(node), parts[0]),
    "included": lambda node, parts: max(ZERO, _input(node) - parts[0]),
    "round": _round,
    "share": _share,
    "every": _times_factor,
    "draw": _draw,
    "prorate": _prorate,
    "band": _band,
    "price": _tariff,
    "table": _tariff,
    "take": lambda node, parts: TAKES[node.argument["take"]](node, parts),
}

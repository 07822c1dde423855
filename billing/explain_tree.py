"""A derivation tree as sentences in the reader's language, one for each step a person can check.

Names come with the call, so nothing here asks the database.
"""

from collections.abc import Iterator

from django.utils.translation import gettext as _

from billing.derivation import Node
from billing.explain_meters import meter_sentences
from billing.explain_steps import step_sentence
from billing.explain_tariffs import tariff_sentences
from billing.explain_words import Explained, Names, Reader

__all__ = ["Explained", "Names", "Reader", "sentences_of", "told"]

SILENT = frozenset({"literal", "pick", "number", "group"})  # they show up in what they are part of


def sentences_of(node: Node, currency: str, names: Names) -> list[Explained]:
    """Return the sentences of one tree; asks no database, so a template may call it."""
    return list(told(node, Reader(currency, names), 0))


def told(node: Node, reader: Reader, depth: int) -> Iterator[Explained]:
    """Yield the sentences of a node and what is behind it."""
    if node.word == "chain":
        yield from told(node.children[0], reader, depth)
        yield from _steps(node, reader, depth)
    elif node.word in _OWN:
        yield from _OWN[node.word](node, reader, depth)
    elif node.word in SILENT:
        for child in node.children:
            yield from told(child, reader, depth)
    elif node.word == "meter":
        yield from meter_sentences(node, reader, depth, lambda chain, at: _steps(chain, reader, at))
    else:
        yield from _step(node, reader, depth, money_so_far=reader.is_money(node))


def _steps(chain: Node, reader: Reader, depth: int) -> Iterator[Explained]:
    """Yield the steps of a chain, without the number it starts from."""
    for index, step in enumerate(chain.children[1:], start=1):
        yield from _step(step, reader, depth, money_so_far=reader.money_before(chain, index))


def _negative(node: Node, reader: Reader, depth: int) -> Iterator[Explained]:
    yield from told(node.children[0], reader, depth)
    yield Explained(depth, _("Subtracted as a credit"), reader.written(node.output, is_money=True))


def _adjusted(node: Node, reader: Reader, depth: int) -> Iterator[Explained]:
    """How the charge comes out with the late usage, less what was billed for it."""
    fresh, before = node.children
    yield from told(fresh, reader, depth)
    words = {"invoice": node.argument["invoice"]}
    billed = reader.written(before.output, is_money=True)
    yield Explained(depth, _("Billed before, starting with invoice %(invoice)s") % words, billed)
    difference = reader.written(node.output, is_money=True)
    yield Explained(depth, _("Difference because of late usage"), difference)


def _since(node: Node, reader: Reader, depth: int) -> Iterator[Explained]:
    """What the month or year comes to so far, less what it came to before this period."""
    now, before = node.children
    year = node.argument.get("resets") == "year"
    so_far = _("The year so far") if year else _("The month so far")
    yield Explained(depth, so_far, reader.written(now.output, is_money=True))
    yield from told(now, reader, depth + 1)
    if before.word != "literal":
        yield Explained(depth, _("Before this period"), reader.written(before.output, is_money=True))
        yield from told(before, reader, depth + 1)
    yield Explained(depth, _("Added in this period"), reader.written(node.output, is_money=True))


def _spend(node: Node, reader: Reader, depth: int) -> Iterator[Explained]:
    text = _("Sum of these lines of the invoice")
    yield Explained(depth, text, reader.written(node.output, is_money=True))
    for leaf in node.children:
        name = reader.named(leaf.argument["key"])
        yield Explained(depth + 1, name, reader.written(leaf.output, is_money=True))


def _added(node: Node, reader: Reader, depth: int) -> Iterator[Explained]:
    """A bill that reaches over a month's or year's edge: the parts of both."""
    for part in node.children:
        yield from told(part, reader, depth)
    yield Explained(depth, _("Both parts together"), reader.written(node.output, is_money=True))


_OWN = {"added": _added, "negative": _negative, "adjusted": _adjusted, "since": _since, "spend": _spend}


def _step(node: Node, reader: Reader, depth: int, *, money_so_far: bool) -> Iterator[Explained]:
    if node.word in {"price", "table"}:
        yield from tariff_sentences(node, reader, depth, money_so_far=money_so_far)
        return
    if node.word in {"round", "share"} and node.output == node.input:
        return
    text = step_sentence(node, reader, money_so_far=money_so_far)
    if text is not None:
        result = money_so_far or (node.word == "times" and reader.is_money(node.children[0]))
        yield Explained(depth, text, reader.written(node.output, is_money=result))
    for child in node.children:
        if child.word not in SILENT or child.children:
            yield from told(child, reader, depth + 1)

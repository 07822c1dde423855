"""A price list as sentences: one for one band, one each below their sum for several."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.derivation import Node
from billing.explain_words import ONE, ZERO, Explained, Reader, number_text
from plans.money import exact
from plans.ratio import quotient, read
from plans.templatetags.figures import exact_money

_NUMBERS = frozenset({"each", "per", "times", "flat", "above", "upto", "below"})


def said_of(band: Node) -> dict[str, Decimal]:
    """Return the numbers of a band: its price and edges."""
    return {name: read(text) for name, text in band.argument.items() if name in _NUMBERS}


def price_each(said: Mapping[str, Decimal]) -> Decimal:
    """Return the price of one, any factor on it included."""
    with exact():
        return said.get("each", ZERO) * said.get("times", ONE)


def blocks_of(band: Node, said: Mapping[str, Decimal]) -> Decimal:
    """Return how many blocks a band counted."""
    price = price_each(said)
    with exact():
        return quotient(band.output - said.get("flat", ZERO), price) if price else ZERO


def blocks_text(band: Node, blocks: Decimal, per: Decimal) -> str:
    """Return the blocks in words: 2 started blocks of 10,000."""
    words = {"blocks": number_text(blocks), "per": number_text(per)}
    if band.argument["partial"] == "ceil":
        return (
            ngettext(
                "%(blocks)s started block of %(per)s", "%(blocks)s started blocks of %(per)s", int(blocks)
            )
            % words
        )
    if band.argument["partial"] in ("floor", "truncate"):
        return (
            ngettext("%(blocks)s full block of %(per)s", "%(blocks)s full blocks of %(per)s", int(blocks))
            % words
        )
    return (
        ngettext("%(blocks)s block of %(per)s, rounded", "%(blocks)s blocks of %(per)s, rounded", int(blocks))
        % words
    )


def tariff_sentences(node: Node, reader: Reader, depth: int, *, money_so_far: bool) -> Iterator[Explained]:
    """Yield a price of one band as one sentence; several bands are one each below their sum."""
    shown = node.word == "price" or money_so_far
    if not node.input and not node.output:
        yield Explained(depth, _("Nothing is left to price"), reader.written(ZERO, is_money=shown))
        return
    if _changes_nothing(node):
        return
    if len(node.children) == 1:
        text = _band(node.children[0], reader, priced=node.word == "price", money_so_far=money_so_far)
        yield Explained(depth, _chosen(node, text), reader.written(node.output, is_money=shown))
        return
    number = reader.written(node.input or ZERO, is_money=money_so_far)
    text = _("%(number)s priced in steps") % {"number": number}
    yield Explained(depth, text, reader.written(node.output, is_money=shown))
    for band in node.children:
        said = _band(band, reader, priced=node.word == "price", money_so_far=money_so_far)
        yield Explained(depth + 1, said, reader.written(band.output, is_money=shown))


def _chosen(node: Node, text: str) -> str:
    """Add by which other number the band was chosen."""
    if "by" not in node.argument:
        return text
    return _("%(text)s, chosen by %(by)s") % {"text": text, "by": number_text(read(node.argument["by"]))}


def _changes_nothing(node: Node) -> bool:
    """Return whether a table of one band hands its number on as it is: 30 × 1 = 30 says nothing."""
    return node.word == "table" and len(node.children) == 1 and node.input == node.output


def _band(node: Node, reader: Reader, *, priced: bool, money_so_far: bool) -> str:
    said = said_of(node)
    number = reader.written(node.input or ZERO, is_money=money_so_far)
    parts = []
    if said.get("each"):
        parts.append(_each(node, said, number, reader, priced=priced))
    if said.get("flat") and not parts and priced:
        price = exact_money(said["flat"], reader.currency)
        return _where(said, _("Fixed price of %(flat)s") % {"flat": price})
    if said.get("flat"):
        flat = reader.written(said["flat"], is_money=priced or money_so_far)
        parts.append(_("a fixed %(flat)s") % {"flat": flat})
    if not parts:
        parts.append(_("%(number)s at no charge") % {"number": number} if priced else f"{number} × 0")
    return _where(said, " + ".join(parts))


def _each(node: Node, said: Mapping[str, Decimal], number: str, reader: Reader, *, priced: bool) -> str:
    price = price_each(said)
    words = {"number": number, "price": reader.written(price, is_money=priced)}
    per = said.get("per", ONE)
    if "partial" in node.argument and (per != ONE or blocks_of(node, said) != node.input):
        words["blocks"] = blocks_text(node, blocks_of(node, said), per)
        return _("%(number)s: %(blocks)s × %(price)s") % words
    if per == ONE:
        return _("%(number)s × %(price)s") % words
    words["per"] = number_text(per)
    return _("%(number)s × %(price)s per %(per)s") % words


def _where(said: Mapping[str, Decimal], text: str) -> str:
    """Add which step of the price list a band is, where there are several."""
    words = {
        "text": text,
        **{name: number_text(said[name]) for name in ("above", "upto", "below") if name in said},
    }
    if "upto" in said:
        return _("%(text)s (over %(above)s, up to %(upto)s)") % words
    if "below" in said:
        return _("%(text)s (from %(above)s, below %(below)s)") % words
    if said.get("above"):
        return _("%(text)s (over %(above)s)") % words
    return text

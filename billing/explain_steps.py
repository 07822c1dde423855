"""Each step word as a sentence that a person can check."""

from collections.abc import Callable
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.derivation import Node
from billing.explain_words import ZERO, Reader, fact_name, number_text, quoted
from plans.ratio import quotient, read

Writer = Callable[[Decimal], str]
MICROSECONDS = Decimal(1_000_000)


def step_sentence(node: Node, reader: Reader, *, money_so_far: bool) -> str | None:
    """Return what one step did; None for a word that says nothing by itself."""
    say = _SENTENCES.get(node.word)
    return say(node, reader, money_so_far) if say else None


def _both(node: Node, reader: Reader, is_money: bool) -> dict[str, str]:
    other = node.children[0] if node.children else Node("literal", ZERO)
    plain_other = node.word in ("times", "over")
    return {
        "number": reader.written(node.input or ZERO, is_money=is_money),
        "other": reader.written(
            other.output, is_money=reader.is_money(other) or (is_money and not plain_other)
        ),
    }


def months(times: str) -> str:
    """Return how many quoted periods one bill holds; only months, quarters and days divide this way."""
    count = int(times)
    if count in (3, 6, 12):
        return ngettext("%(count)s month", "%(count)s months", count) % {"count": count}
    if count == 4:
        return _("%(count)s quarters") % {"count": count}
    if count == 7:
        return _("%(count)s days") % {"count": count}
    return _("%(count)s periods") % {"count": count}


def covered(node: Node) -> str:
    """Return the covered part of a period in words: 12 of 30 days."""
    share = node.argument["fractions"]
    if " + " in share:
        return _("the covered part of each month (%(share)s)") % {"share": _readable(share, node)}
    part, whole = (number_text(_counted(text, node)) for text in share.split("/"))
    words = {"covered": part, "whole": whole}
    if node.argument["by"] == "day":
        return _("%(covered)s of %(whole)s days") % words
    if node.argument["by"] == "month":
        return _("%(covered)s of %(whole)s months") % words
    return _("%(covered)s of %(whole)s seconds") % words


def _counted(text: str, node: Node) -> Decimal:
    """Return days and months as they are, microseconds as seconds."""
    return quotient(read(text), MICROSECONDS) if node.argument["by"] == "second" else read(text)


def _readable(share: str, node: Node) -> str:
    pairs = (text.split("/") for text in share.split(" + "))
    return " + ".join("/".join(number_text(_counted(one, node)) for one in pair) for pair in pairs)


def _prorated(node: Node, reader: Reader, is_money: bool) -> str:
    words = {"number": reader.written(node.input or ZERO, is_money=is_money), "part": covered(node)}
    return _("%(number)s for %(part)s") % words


def _drawn(node: Node, reader: Reader, is_money: bool) -> str:
    words = {
        "taken": number_text(read(node.argument["taken"])),
        "pool": _drawn_from(node, reader),
        "left": reader.written(node.output, is_money=is_money),
        "weight": number_text(read(node.argument["weight"])),
    }
    if node.argument["weight"] == "1":
        return _("%(taken)s taken from %(pool)s, %(left)s left to price") % words
    text = _("%(taken)s taken from %(pool)s at %(weight)s units each, %(left)s left to price")
    return text % words


def _drawn_from(node: Node, reader: Reader) -> str:
    """Return whose units were taken; both with their parts where the allowance and packs gave some."""
    parts, units = reader.drawn_from(node), node.argument
    if len(parts) < 2:
        return parts[0][0] if parts else reader.pool(units["pool"])
    own = read(units["from_allowance"])
    words = {"allowance": number_text(own), "packs": number_text(read(units["taken"]) - own)}
    return _("the shared allowance (%(allowance)s) and your pack (%(packs)s)") % words


_SENTENCES: dict[str, Callable[[Node, Reader, bool], str]] = {
    "included": lambda n, r, m: _("%(number)s − %(other)s included") % _both(n, r, m),
    "plus": lambda n, r, m: _("%(number)s + %(other)s") % _both(n, r, m),
    "minus": lambda n, r, m: _("%(number)s − %(other)s") % _both(n, r, m),
    "times": lambda n, r, m: _("%(number)s × %(other)s") % _both(n, r, m),
    "over": lambda n, r, m: _("%(number)s ÷ %(other)s") % _both(n, r, m),
    "at_least": lambda n, r, m: _("%(number)s, but at least %(other)s") % _both(n, r, m),
    "at_most": lambda n, r, m: _("%(number)s, but at most %(other)s") % _both(n, r, m),
    "round": lambda n, r, m: _("%(number)s rounded to %(step)s") % {
        **_both(n, r, m), "step": number_text(read(n.argument["to"])),
    },
    "share": lambda n, r, m: _("%(number)s, with its share of the invoice's rounding") % _both(n, r, m),
    "every": lambda n, r, m: _("%(number)s × %(periods)s") % {
        **_both(n, r, m), "periods": months(n.argument["times"]),
    },
    "prorate": _prorated,
    "draw": _drawn,
    "fact": lambda n, r, m: fact_name(n.argument["name"]),
    "option": lambda n, r, m: _("Held: %(name)s") % {"name": quoted(n.argument["name"])},
    "line": lambda n, r, m: _("Line %(name)s") % {"name": r.named(n.argument["key"])},
}  # fmt: skip

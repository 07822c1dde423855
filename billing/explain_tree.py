"""A derivation tree as sentences in the reader's language, one for each step a person can check.

Names come with the call, so nothing here asks the database.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.derivation import Node
from billing.models.lines import in_reader_language
from plans.money import EXACT
from plans.templatetags.figures import exact_money, quantity, unit

ZERO, ONE = Decimal(0), Decimal(1)
SILENT = frozenset({"literal", "pick", "number"})  # they show up in what they are part of
MONEY_FACTS = frozenset({"fee", "paid", "monthly"})
ONE_PRICE = frozenset({"flat", "volume"})


@dataclass(frozen=True, slots=True)
class Explained:
    """One sentence; `depth` indents it, `value` is what the step came to."""

    depth: int
    text: str
    value: str

    @property
    def whole(self) -> str:
        """The sentence with what it comes to."""
        return self.text if self.text.endswith(self.value) else f"{self.text} = {self.value}"


Names = Mapping[str, Mapping[str, str]]  # line key or meter code -> name in both languages


@dataclass(frozen=True, slots=True)
class Reader:
    """How numbers and names of one tree are written: money after a price, quantities otherwise."""

    currency: str
    names: Names

    def named(self, key: str) -> str:
        return in_reader_language(dict(self.names.get(key, {}))) or key.split("/", 1)[0]

    def written(self, value: Decimal, *, is_money: bool) -> str:
        return exact_money(value, self.currency) if is_money else quantity(value)


def sentences_of(node: Node, currency: str, names: Names) -> list[Explained]:
    """Return the sentences of one tree; asks no database, so a template may call it."""
    return list(told(node, Reader(currency, names), 0))


def is_money(node: Node) -> bool:
    """Return whether a node's output is money: after a price, or made of amounts."""
    if node.word in {"price", "spend", "line"}:
        return True
    if node.word == "fact":
        return node.argument.get("name") in MONEY_FACTS
    if node.word == "chain":
        return any(child.word == "price" for child in node.children) or is_money(node.children[0])
    if node.word in {"negative", "number", "pick", "adjusted"}:
        return is_money(node.children[0])
    return False


def told(node: Node, reader: Reader, depth: int) -> Iterator[Explained]:
    """Yield the sentences of a node and what is behind it."""
    if node.word == "chain":
        yield from _chain(node, reader, depth)
    elif node.word == "negative":
        yield from told(node.children[0], reader, depth)
        yield Explained(depth, _("Subtracted as a credit"), reader.written(node.output, is_money=True))
    elif node.word == "adjusted":
        yield from _adjusted(node, reader, depth)
    elif node.word in SILENT:
        for child in node.children:
            yield from told(child, reader, depth)
    elif node.word == "meter":
        yield from _meter(node, reader, depth)
    elif node.word == "spend":
        yield from _spend(node, reader, depth)
    else:
        yield from _step(node, reader, depth, money_so_far=is_money(node))


def _chain(node: Node, reader: Reader, depth: int) -> Iterator[Explained]:
    first, *steps = node.children
    so_far = is_money(first)
    yield from told(first, reader, depth)
    for step in steps:
        yield from _step(step, reader, depth, money_so_far=so_far)
        so_far = so_far or step.word == "price"


def _adjusted(node: Node, reader: Reader, depth: int) -> Iterator[Explained]:
    """How the charge comes out with the late usage, less what was billed for it."""
    fresh, before = node.children
    yield from told(fresh, reader, depth)
    words = {"invoice": node.argument["invoice"]}
    billed = reader.written(before.output, is_money=True)
    yield Explained(depth, _("Billed before, starting with invoice %(invoice)s") % words, billed)
    difference = reader.written(node.output, is_money=True)
    yield Explained(depth, _("Difference because of late usage"), difference)


def _meter(node: Node, reader: Reader, depth: int) -> Iterator[Explained]:
    """One sentence for the meter, one for each app and region behind it."""
    amount = f"{quantity(node.output)} {unit(node.argument.get('unit', ''))}".strip()
    yield Explained(depth, _("Measured: %(meter)s") % {"meter": reader.named(node.argument["code"])}, amount)
    places: dict[tuple[str, str], list[Decimal]] = {}
    for leaf in _measured(node):
        key = (leaf.argument.get("app", ""), leaf.argument.get("region", ""))
        places.setdefault(key, []).append(leaf.output)
    for (app, region), values in sorted(places.items()):
        place = ", ".join(part for part in (app, region) if part) or _("all")
        count = len(values)
        text = ngettext("%(place)s, %(count)s reading", "%(place)s, %(count)s readings", count) % {
            "place": place,
            "count": quantity(count),
        }
        yield Explained(depth + 1, text, quantity(sum(values, ZERO)))


def _measured(node: Node) -> Iterator[Node]:
    """Yield the readings behind a meter; a guess has nothing behind it."""
    if node.word == "reading" and node.argument.get("from") != "assumed":
        yield node
    for child in node.children:
        yield from _measured(child)


def _spend(node: Node, reader: Reader, depth: int) -> Iterator[Explained]:
    text = _("Sum of these lines of the invoice")
    yield Explained(depth, text, reader.written(node.output, is_money=True))
    for leaf in node.children:
        name = reader.named(leaf.argument["key"])
        yield Explained(depth + 1, name, reader.written(leaf.output, is_money=True))


def _step(node: Node, reader: Reader, depth: int, *, money_so_far: bool) -> Iterator[Explained]:
    if node.word in {"price", "table"}:
        yield from _tariff(node, reader, depth, money_so_far=money_so_far)
        return
    if node.word in {"round", "share"} and node.output == node.input:
        return
    say = _SENTENCES.get(node.word)
    if say is not None:
        text = say(node, lambda value: reader.written(value, is_money=money_so_far))
        yield Explained(depth, text, reader.written(node.output, is_money=money_so_far))
    for child in node.children:
        if child.word not in SILENT:
            yield from told(child, reader, depth + 1)


Writer = Callable[[Decimal], str]


def _both(node: Node, write: Writer, *, plain_other: bool = False) -> dict[str, str]:
    other = node.children[0].output if node.children else ZERO
    return {
        "number": write(node.input or ZERO),
        "other": quantity(other) if plain_other else write(other),
    }


def _fact(name: str) -> str:
    known = {"seats": _("Seats"), "fee": _("Paid for this time"), "availability": _("Availability in %")}
    known |= {
        "paid": _("Paid for the term"),
        "monthly": _("Price of one month on the monthly term"),
        "months_used": _("Months used, a started one counts"),
        "months_paid": _("Months paid"),
        "days_used": _("Days used"),
        "days_paid": _("Days paid"),
        "period_number": _("Number of the month since the start"),
    }
    return known.get(name) or _("Given: %(name)s") % {"name": name}


def _prorated(node: Node, write: Writer) -> str:
    share = node.argument["fractions"]
    covered, whole = share.split("/", 1) if " + " not in share else (share, "")
    if not whole:
        return _("%(number)s for the covered part: %(share)s") % {
            "number": write(node.input or ZERO), "share": share,
        }  # fmt: skip
    words = {"number": write(node.input or ZERO), "covered": covered, "whole": whole}
    if node.argument["by"] == "day":
        return _("%(number)s for %(covered)s of %(whole)s days") % words
    return _("%(number)s for %(covered)s of %(whole)s parts of the period") % words


_SENTENCES: dict[str, Callable[[Node, Writer], str]] = {
    "included": lambda n, w: _("%(number)s − %(other)s included") % _both(n, w),
    "plus": lambda n, w: _("%(number)s + %(other)s") % _both(n, w),
    "minus": lambda n, w: _("%(number)s − %(other)s") % _both(n, w),
    "times": lambda n, w: _("%(number)s × %(other)s") % _both(n, w, plain_other=True),
    "over": lambda n, w: _("%(number)s ÷ %(other)s") % _both(n, w, plain_other=True),
    "at_least": lambda n, w: _("%(number)s, but at least %(other)s") % _both(n, w),
    "at_most": lambda n, w: _("%(number)s, but at most %(other)s") % _both(n, w),
    "round": lambda n, w: _("%(number)s rounded to %(step)s") % {
        "number": w(n.input or ZERO), "step": n.argument["to"],
    },
    "share": lambda n, w: _("%(number)s, with its share of the invoice's rounding") % _both(n, w),
    "every": lambda n, w: _("%(number)s × %(times)s months") % {
        "number": w(n.input or ZERO), "times": n.argument["times"],
    },
    "prorate": _prorated,
    "draw": lambda n, w: _("%(taken)s taken from the pack “%(pool)s”, %(left)s left to price") % {
        "taken": quantity(Decimal(n.argument["taken"])), "pool": n.argument["pool"], "left": w(n.output),
    },
    "fact": lambda n, w: _fact(n.argument["name"]),
    "option": lambda n, w: _("Held: %(name)s") % {"name": n.argument["name"]},
    "line": lambda n, w: _("Line %(name)s") % {"name": n.argument["key"]},
}  # fmt: skip


def _tariff(node: Node, reader: Reader, depth: int, *, money_so_far: bool) -> Iterator[Explained]:
    """A price of one band is one sentence; several bands are one each below their sum."""
    shown = node.word == "price" or money_so_far
    if not node.input and not node.output:
        yield Explained(depth, _("Nothing is left to price"), reader.written(ZERO, is_money=shown))
        return
    if len(node.children) == 1:
        band = node.children[0]
        text = _band(band, reader, priced=node.word == "price", money_so_far=money_so_far)
        yield Explained(depth, text, reader.written(node.output, is_money=shown))
        return
    text = _("%(number)s priced in steps") % {
        "number": reader.written(node.input or ZERO, is_money=money_so_far)
    }
    yield Explained(depth, text, reader.written(node.output, is_money=shown))
    for band in node.children:
        said = _band(band, reader, priced=node.word == "price", money_so_far=money_so_far)
        yield Explained(depth + 1, said, reader.written(band.output, is_money=shown))


def _band(node: Node, reader: Reader, *, priced: bool, money_so_far: bool) -> str:
    said = {
        name: Decimal(text)
        for name, text in node.argument.items()
        if name in {"each", "per", "times", "flat", "above", "upto", "below"}
    }
    number = reader.written(node.input or ZERO, is_money=money_so_far)
    parts = []
    if said.get("each"):
        parts.append(_each(node, said, number, reader, priced=priced))
    if said.get("flat") and not parts and priced:
        return _where(
            said, _("Fixed price of %(flat)s") % {"flat": exact_money(said["flat"], reader.currency)}
        )
    if said.get("flat"):
        parts.append(_("a fixed %(flat)s") % {"flat": reader.written(said["flat"], is_money=priced)})
    if not parts:
        parts.append(_("%(number)s at no charge") % {"number": number} if priced else number)
    return _where(said, " + ".join(parts))


def _each(node: Node, said: Mapping[str, Decimal], number: str, reader: Reader, *, priced: bool) -> str:
    price = EXACT.multiply(said["each"], said.get("times", ONE))
    words = {"number": number, "price": reader.written(price, is_money=priced)}
    per = said.get("per", ONE)
    if per == ONE:
        return _("%(number)s × %(price)s") % words
    words["per"] = quantity(per)
    if "partial" not in node.argument:
        return _("%(number)s × %(price)s per %(per)s") % words
    blocks = EXACT.divide((node.output - said.get("flat", ZERO)), price) if price else ZERO
    words["blocks"] = quantity(blocks)
    if node.argument["partial"] == "ceil":
        return _("%(number)s: %(blocks)s started blocks of %(per)s × %(price)s") % words
    return _("%(number)s: %(blocks)s full blocks of %(per)s × %(price)s") % words


def _where(said: Mapping[str, Decimal], text: str) -> str:
    """Add which step of the price list a band is, where there are several."""
    if "upto" in said:
        words = {"text": text, "above": quantity(said["above"]), "upto": quantity(said["upto"])}
        return _("%(text)s (over %(above)s, up to %(upto)s)") % words
    if "below" in said:
        words = {"text": text, "above": quantity(said["above"]), "below": quantity(said["below"])}
        return _("%(text)s (from %(above)s, below %(below)s)") % words
    if said.get("above"):
        return _("%(text)s (over %(above)s)") % {"text": text, "above": quantity(said["above"])}
    return text

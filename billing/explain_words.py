"""How numbers and names of a derivation are written for a reader, and which of them are money."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _

from billing.derivation import Node
from billing.models.lines import in_reader_language
from plans.money import EXACT, exact, to_multiple
from plans.ratio import quotient, read
from plans.templatetags.figures import exact_money, quantity
from plans.terms import Document, Fact

ZERO, ONE = Decimal(0), Decimal(1)
PLACES, CUT = 12, Decimal("0.000001")  # decimal places written out at most; what is shown of more

# Line key or meter code -> name in both languages. What the terms themselves name stands beside them
# under two words: "band peak", "pool prepaid", "fact fee" (a code has no space, so none can collide).
Names = Mapping[str, Mapping[str, str]]


MONEY_FACTS = frozenset({"fee", "paid", "monthly"})  # in money, whoever asks


def number_text(value: Decimal | int, currency: str = "") -> str:
    """Return a number of an explanation; what divides for ever is rounded, and says so: ≈ 0.333333.

    Every number of a sentence is written here.
    """
    value = Decimal(value)
    exponent = value.normalize(EXACT).as_tuple().exponent
    if isinstance(exponent, int) and exponent < -PLACES:
        rounded = to_multiple(value, CUT)
        return f"≈\N{NO-BREAK SPACE}{number_text(rounded, currency)}"
    return exact_money(value, currency) if currency else quantity(value)


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


@dataclass(frozen=True, slots=True)
class Reader:
    """How numbers and names of one tree are written: money after a price, quantities otherwise."""

    currency: str
    names: Names = field(default_factory=dict)

    def named(self, key: str) -> str:
        """Return the name of a line or meter, its code in quotes where it has none."""
        return in_reader_language(dict(self.names.get(key, {}))) or quoted(key.split("/", 1)[0])

    def written(self, value: Decimal, *, is_money: bool) -> str:
        """Return a value as money or as a quantity."""
        return number_text(value, self.currency if is_money else "")

    def band(self, code: str) -> str:
        """Return the name of a time band."""
        return in_reader_language(dict(self.names.get(f"band {code}", {}))) or quoted(code)

    def pool(self, code: str) -> str:
        """Return whose units a pool holds: an allowance, or what the customer bought."""
        kind = self.names.get(f"pool {code}", {}).get("kind")
        known = {"allowance": _("the shared allowance"), "packs": _("your pack")}
        return known.get(kind or "") or _("your prepaid units")

    def drawn_from(self, node: Node) -> list[tuple[str, Decimal]]:
        """Return whose units a draw took, and how many numbers each covered; the allowance comes first."""
        pool, covered = node.argument["pool"], (node.input or ZERO) - node.output
        if not covered or "from_allowance" not in node.argument:
            return [(self.pool(pool), covered)] if covered else []
        with exact():
            own = quotient(read(node.argument["from_allowance"]), read(node.argument["weight"]))
            parts = [(_("the shared allowance"), own), (_("your pack"), covered - own)]
        return [(words, part) for words, part in parts if part]

    def unit(self, fact: str) -> str:
        """Return the unit of a fact, empty where the terms are not at hand."""
        return self.names.get(f"fact {fact}", {}).get("unit", "money" if fact in MONEY_FACTS else "")

    def is_money(self, node: Node) -> bool:
        """Return whether a node's output is money: after a price, or made of amounts."""
        if node.word in {"price", "spend", "line", "share"}:
            return True
        if node.word == "fact":
            return self.unit(node.argument.get("name", "")) == "money"
        if node.word == "chain":
            return self._money_at(node, len(node.children))
        if node.word in {"negative", "number", "pick", "adjusted", "since", "added"}:
            return any(self.is_money(child) for child in node.children)
        return False

    def money_before(self, chain: Node, index: int) -> bool:
        """Return whether the number that goes into a step of a chain is money (1: the first step)."""
        return self._money_at(chain, index)

    def _money_at(self, chain: Node, index: int) -> bool:
        first, *steps = chain.children
        found = self.is_money(first) or (first.word == "literal" and self._meets_money(steps))
        for step in steps[: index - 1]:
            other = bool(step.children) and self.is_money(step.children[0])
            if step.word == "over" and found and other:
                found = False
            elif step.word in ("price", "share") or (step.word == "times" and other):
                found = True
        return found

    def _meets_money(self, steps: list[Node]) -> bool:
        """A literal takes the unit it meets."""
        alike = {"plus", "minus", "at_least", "at_most", "included"}
        return any(step.word in alike and self.is_money(step.children[0]) for step in steps[:1])


def quoted(code: str) -> str:
    """Return a code as a quotation: it is the provider's word, not ours."""
    return f"“{code}”"


def terms_names(document: Document) -> dict[str, dict[str, str]]:
    """Return what a document names itself: its time bands, pools and facts."""
    found: dict[str, dict[str, str]] = {}
    for schedule in document.schedules.values():
        found |= {f"band {band.code}": dict(band.name) for band in schedule.bands}
    for code, pool in document.pools.items():
        found[f"pool {code}"] = {"kind": "packs" if pool.size is None else "allowance"}
    for name, fact in document.facts.items():
        found[f"fact {name}"] = {"unit": fact.unit if isinstance(fact, Fact) else fact}
    return found


def fact_name(name: str) -> str:
    """Return what a fact is called in a sentence."""
    known = {
        "seats": _("Seats"),
        "fee": _("Paid for this time"),
        "availability": _("Availability in %"),
        "failed_minutes": _("Minutes that failed"),
        "period_minutes": _("Minutes of the window"),
        "excluded_minutes": _("Minutes left out"),
        "longest_outage": _("Minutes of the longest outage"),
        "outages": _("Outages"),
        "period_days": _("Days of the window"),
        "paid": _("Paid for the term"),
        "monthly": _("Price of one month on the monthly term"),
        "months_used": _("Months used, a started one counts"),
        "months_paid": _("Months paid"),
        "days_used": _("Days used"),
        "days_paid": _("Days paid"),
        "period_number": _("Number of the month since the start"),
    }
    return known.get(name) or _("Given: %(name)s") % {"name": quoted(name)}


def attribute(name: str) -> str:
    """Return what a meter may be grouped by."""
    known = {
        "app": _("app"),
        "region": _("region"),
        "band": _("time band"),
        "day": _("day"),
        "hour": _("hour"),
        "month": _("month"),
        "user": _("user"),
        "report": _("revision of the report"),
        "evidence": _("evidence (SHA-256)"),
        "estimate": _("estimate by"),
    }
    return known.get(name) or quoted(name)

"""Terms: what one plan version charges, as one document of the charge grammar. PURE.

The structs below are the schema: what they do not name is refused with its path. Literals stay
text ("0.05") until the compiler makes Decimals of them, so no float can come between.
`str | Formula` is a number: a literal, a name, or a formula.
"""

import hashlib
import json
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal

import msgspec

from plans.money import Mode
from plans.problems import Problem, TermsInvalid
from plans.problems_follow import with_meaning
from plans.shape import Strict, Tree, build, mended
from plans.terms_schedule import Expiry, Schedule

Every = Literal["term", "day", "week", "month", "quarter", "half_year", "year"]
Take = Literal[
    "sum", "count", "distinct", "min", "max", "latest", "mean",
    "nth_highest", "mean_of_highest", "percentile", "time_average",
]  # fmt: skip


class Rounding(Strict):
    """To a multiple of `to` (a literal, or `minor`: the currency's smallest unit)."""

    to: str
    mode: Mode = "half_up"


class Prorate(Strict):
    """× the covered part of the period."""

    by: Literal["day", "second", "month"]
    span: Literal["active", "used", "left"] = "active"
    of: Literal["period", "month"] = "period"
    round: "str | Rounding | None" = None


class Drawing(Strict):
    """Take number × weight from a shared pool; what is not covered goes on."""

    pool: str
    weight: "str | Formula" = "1"


class Band(Strict):
    """Quantities up to (`upto`) or under (`below`) an edge; the last band has none."""

    upto: "str | Formula | None" = None
    below: "str | Formula | None" = None
    ask: bool = False
    each: "str | Formula | None" = None
    per: "str | Formula | None" = None
    partial: Mode | None = None
    flat: "str | Formula | None" = None
    times: "str | Formula | None" = None


class Tariff(Strict):
    """Quantity to money. Fields beside `bands` are every band's default."""

    mode: Literal["graduated", "volume", "bracket"] | None = None
    bands: list[Band] | None = None
    by: "str | Formula | None" = None
    each: "str | Formula | None" = None
    per: "str | Formula | None" = None
    partial: Mode | None = None
    flat: "str | Formula | None" = None
    times: "str | Formula | None" = None
    pick: str | None = None
    cases: "dict[str, Tariff] | None" = None
    otherwise: "Tariff | None" = msgspec.field(default=None, name="else")


class Step(Strict):
    """One word and its argument; exactly one field is set."""

    plus: "str | Formula | None" = None
    minus: "str | Formula | None" = None
    times: "str | Formula | None" = None
    over: "str | Formula | None" = None
    at_least: "str | Formula | None" = None
    at_most: "str | Formula | None" = None
    included: "str | Formula | None" = None
    draw: Drawing | None = None
    round: "str | Rounding | None" = None
    price: Tariff | None = None
    table: Tariff | None = None
    prorate: Prorate | None = None


class Formula(Strict):
    """A number that is not a bare literal or name; one of four forms."""

    of: "str | Formula | None" = None
    steps: list[Step] | None = None
    plus: "list[str | Formula] | None" = None
    minus: "list[str | Formula] | None" = None
    times: "list[str | Formula] | None" = None
    over: "list[str | Formula] | None" = None
    at_least: "list[str | Formula] | None" = None
    at_most: "list[str | Formula] | None" = None
    included: "list[str | Formula] | None" = None
    pick: str | None = None
    cases: "dict[str, str | Formula] | None" = None
    otherwise: "str | Formula | None" = msgspec.field(default=None, name="else")
    spend: list[str] | None = None


class Stage(Strict):
    """One reduction, fine to coarse. `of` names the attribute that `distinct` counts."""

    take: Take
    per: list[str] | None = None
    n: str | None = None
    of: str = "user"
    steps: list[Step] = []


class Meter(Strict):
    """From events or cells to one number: where, each, reduce, steps.

    `schedule` gives every event the attribute `band`: the time band its instant lies in.
    """

    unit: str
    schedule: str | None = None
    where: "dict[str, str | list[str]]" = {}
    each: "str | Formula | None" = None
    reduce: list[Stage] = []
    steps: list[Step] = []


class Fact(Strict):
    """A number the caller supplies; the unit `money` makes it an amount."""

    unit: str


class Pool(Strict):
    """What several charges draw from, in document order.

    A bought pack covers usage from `covers_from` on: its purchase, the start of that day, month, or of the
    month before; without it, all of the period. It ends by `expires` unless it names its own end.
    """

    size: "str | Formula | None" = None
    order: Literal["first_expiring", "first_bought"] = "first_expiring"
    expires: Expiry | None = None
    covers_from: Literal["purchase", "day", "month", "last_month"] | None = None


class RoundPlan(Strict):
    """Where the document rounds: every line, and the sum shared back to the lines."""

    line: "str | Rounding | None" = None
    total: "str | Rounding | None" = None


class Figure(Strict):
    """A number rated on request and not summed: SLA credit, refund, quota."""

    code: str
    name: dict[str, str] = {}
    of: "str | Formula" = "1"
    steps: list[Step] = []
    held: list[str] = []


class Charge(Figure):
    """A number that ends in money and makes a line."""

    tags: list[str] = []
    credit: bool = False
    split: str | None = None
    every: Every | None = None
    resets: Literal["month", "year"] | None = None
    quoted: Literal["day", "week", "month", "quarter", "half_year", "year"] | None = None
    when: Literal["advance", "arrears", "any"] | None = None
    anchor: Literal["calendar", "anniversary"] | None = None
    on_change: Literal["split", "carry"] | None = None


class Document(Strict):
    """The whole of what a version charges."""

    name: str | None = None
    currency: "str | list[str] | None" = None
    round: Literal["none"] | RoundPlan = "none"
    facts: "dict[str, str | Fact]" = {}
    labels: dict[str, list[str]] = {}
    options: list[str] = []
    wording: dict[str, dict[str, str]] = {}  # label, label.value or fact -> language -> text
    tags: list[str] = []
    schedules: dict[str, Schedule] = {}
    meters: dict[str, Meter] = {}
    numbers: "dict[str, str | Formula]" = {}
    pools: dict[str, Pool] = {}
    charges: list[Charge] = []
    figures: list[Figure] = []


@dataclass(frozen=True)
class Terms:
    """A checked document with its canonical bytes; equal hash means equal prices."""

    document: Document
    canonical: bytes

    @cached_property
    def hash(self) -> str:
        """Return the SHA-256 of the canonical bytes, in hexadecimal."""
        return hashlib.sha256(self.canonical).hexdigest()

    @property
    def currencies(self) -> list[str]:
        """Return the currencies the document sells in; may be empty for a document of figures."""
        given = self.document.currency
        return [given] if isinstance(given, str) else list(given or [])


def canonical_json(value: object) -> bytes:
    """Return the one way to write a plain value: sorted keys, no spaces, UTF-8."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def read_document(source: bytes) -> tuple[Document | None, list[Problem]]:
    """Return the typed document of stored bytes, or the faults of its shape."""
    found: list[Problem] = []
    return build(json.loads(source, parse_float=Decimal), Document, "", found), found


def read_terms(source: Tree | bytes | str) -> Terms:
    """Return checked terms; raises TermsInvalid with every problem. Takes a plain tree or JSON text."""
    from plans.terms_check import problems

    try:
        tree = json.loads(source, parse_float=Decimal) if isinstance(source, (bytes, str)) else source
    except (ValueError, RecursionError) as error:
        raise TermsInvalid([Problem("", "not_json", {"reason": str(error).splitlines()[0]})]) from None
    found: list[Problem] = []
    document: Document = mended(tree, Document, "", found)
    if wrong := with_meaning(found, tree, problems(document)):
        raise TermsInvalid(wrong)
    return Terms(document, canonical_json(to_tree(document)))


def to_tree(value: object) -> Tree:
    """Return a struct as a plain tree: mappings, lists, text, yes or no."""
    return msgspec.to_builtins(value)


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a terms document."""
    return msgspec.json.schema(Document)

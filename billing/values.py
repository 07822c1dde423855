"""What `rate()` takes and gives: plain frozen values, no models. PURE."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal

from billing.derivation import Node
from plans.timespan import Period


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a quantity comes from: a frozen reading, a slider, a trend."""

    kind: Literal["measured", "assumed", "projected"]
    source: str = ""
    revision: int = 0
    hash: str = ""


ASSUMED = Provenance("assumed")


@dataclass(frozen=True, slots=True)
class Observation:
    """One value of a meter: a cell, a reading, an event or a guess.

    `at` is the start of its cell; without it the value belongs to every period asked for.
    `lasting` is how long the value held, in the unit of a time average (hours, days). `period`, where
    given, is the one service period the value counts for: a meter may be billed by month and by quarter.
    """

    value: Decimal
    at: datetime | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    lasting: Decimal | None = None
    provenance: Provenance = ASSUMED
    period: Period | None = None


Quantities = Mapping[str, Sequence[Observation]]


@dataclass(frozen=True, slots=True)
class Due:
    """A charge and the service period to rate it for.

    `spans` are the active parts of the period (empty: all of it); `at` is the instant of a
    change, for `span: used | left`. `part` tells two dues of one charge apart in the line key.
    """

    charge: str
    period: Period
    spans: tuple[Period, ...] = ()
    at: datetime | None = None
    part: str = ""

    @property
    def covered(self) -> Period:
        """The service period as a person reads it: from the first to the last active instant."""
        inside = [part for span in self.spans if (part := span.overlap(self.period)) is not None]
        if not inside:
            return self.period
        return Period(min(one.start for one in inside), max(one.end for one in inside))


@dataclass(frozen=True, slots=True)
class Pack:
    """Prepaid units the customer holds."""

    holding: str
    left: Decimal
    expires: datetime | None = None
    bought: datetime | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One rated line; `amount` is signed, credits are negative."""

    key: str  # charge/app/region/band/part
    charge: str
    label: Mapping[str, str]  # locale -> text; empty where the terms name nothing
    tags: tuple[str, ...]
    credit: bool
    app: str
    region: str
    period: Period
    quantity: Decimal | None  # what went into the price
    unit: str
    amount: Decimal
    derivation: Node


@dataclass(frozen=True, slots=True)
class Context:
    """Everything about the customer that a price may ask for."""

    zone: str = "UTC"
    facts: Mapping[str, Decimal] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Decimal] = field(default_factory=dict)
    # dimension -> value -> its own facts (Decimal) and labels (str)
    split: Mapping[str, Mapping[str, Mapping[str, Decimal | str]]] = field(default_factory=dict)
    packs: Mapping[str, Sequence[Pack]] = field(default_factory=dict)
    anchor: datetime | None = None  # of the agreement; `period_number` is counted from it
    spent: Sequence[Line] = ()  # lines of the same invoice, rated elsewhere, that `spend` may see


@dataclass(frozen=True, slots=True)
class Draw:
    """Units taken from a pool for one charge; the caller persists or drops it.

    `holding` is empty for the pool's own allowance; `line` is the key of the line it was taken for.
    """

    pool: str
    holding: str
    charge: str
    quantity: Decimal
    line: str = ""


@dataclass(frozen=True, slots=True)
class Rating:
    """The answer of `rate()`."""

    lines: tuple[Line, ...]
    draws: tuple[Draw, ...]
    total: Decimal
    currency: str
    notes: tuple[str, ...]
    inputs_hash: str
    engine: str


@dataclass(frozen=True, slots=True)
class RatedFigure:
    """One figure, rated on request."""

    code: str
    amount: Decimal
    unit: str
    derivation: Node

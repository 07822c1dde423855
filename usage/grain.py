"""How finely a meter is read where its day cells do not say enough: slices of time, attributes. PURE.

Usage knows no price and no schedule: who rates asks for the slices and attributes that its terms tell apart.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

Attributes = tuple[tuple[str, str], ...]  # (name, value), in the order of names
Worth = Callable[[Decimal, Mapping[str, str]], Decimal]  # value and attributes of one event -> what it counts
REGION = "region"  # kept by every cell; distinct users are told apart by it only where asked for


@dataclass(frozen=True, slots=True)
class Slice:
    """A stretch of time from `start` up to the next slice.

    Slices of equal `attributes` (a time band, a day) are one stretch where distinct users are counted.
    """

    start: datetime
    attributes: Attributes = ()


@dataclass(frozen=True, slots=True)
class Grain:
    """What one meter is told apart by over one period; its first slice starts with the period."""

    slices: Sequence[Slice]
    by: Sequence[str] = ()  # attributes of the event
    cuts_days: bool = False
    worth: Worth | None = None  # of sums, counts and peaks: counts in place of the event's value
    asked: Sequence[str] = ()  # the attributes that `worth` asks for
    rule: str = ""  # where `worth` can be found again, as who asks names it

    @property
    def needs_events(self) -> bool:
        """True where the day cells of sums, counts and peaks do not say enough."""
        return self.cuts_days or self.worth is not None or any(name != REGION for name in self.by)

    @property
    def parts_users(self) -> bool:
        """True where distinct users are counted for each stretch or attribute, not once for the period."""
        return bool(self.by) or any(one.attributes for one in self.slices)


Grains = Mapping[str, Grain]  # meter code -> its grain; a meter without one is read by day

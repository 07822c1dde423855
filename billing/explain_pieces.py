"""One piece of a headline: what it shows, and what it does to the number so far. PURE."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from plans.money import exact
from plans.ratio import quotient

ZERO = Decimal(0)

_DOES: dict[str, Callable[[Decimal, Decimal], Decimal]] = {
    "start": lambda _number, other: other,
    "becomes": lambda _number, other: other,  # a rounding, blocks counted: shown as what it came to
    "plus": lambda number, other: number + other,
    "minus": lambda number, other: number - other,
    "included": lambda number, other: max(ZERO, number - other),
    "times": lambda number, other: number * other,
    "over": quotient,
    "at_least": max,
    "at_most": min,
    "negate": lambda number, _other: -number,
}


@dataclass(frozen=True, slots=True)
class Piece:
    """One word of a headline's arithmetic; a `sum` adds up `parts`, each worked out by itself."""

    op: str
    number: Decimal
    text: str
    parts: tuple[tuple["Piece", ...], ...] = ()

    def after(self, value: Decimal) -> Decimal:
        """Return the number once this piece is applied to it."""
        with exact():
            if self.op == "sum":
                return sum((worked_out(part) for part in self.parts), ZERO)
            return _DOES[self.op](value, self.number)


def worked_out(pieces: tuple[Piece, ...]) -> Decimal:
    """Return what pieces come to, one after the other."""
    value = ZERO
    for piece in pieces:
        value = piece.after(value)
    return value

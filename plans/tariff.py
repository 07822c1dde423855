"""A tariff: from a quantity to an amount by bands, as a fast sum and as parts to show. PURE.

Both ways run inside `plans.money.exact()`; a test proves them equal. Nothing is rounded here
but a part of a block, where the tariff says how.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from plans.errors import DomainError, _
from plans.money import Mode, to_multiple
from plans.ratio import Ratio, quotient

ZERO = Decimal(0)
ONE = Decimal(1)


class UnpriceableQuantity(DomainError):  # noqa: N818
    """The quantity lies where the tariff names no price (`ask: true`)."""

    code = "unpriceable_quantity"
    text = _("There is no list price for %(quantity)s. Ask for an offer.")


@dataclass(frozen=True, slots=True)
class Band:
    """Quantities above the previous edge, up to `edge`; `closed` says whether the edge itself belongs."""

    edge: Decimal | None = None  # None: no upper edge, the last band
    closed: bool = True
    each: Decimal = ZERO  # money for every `per` units
    per: Decimal = ONE
    partial: Mode | None = None  # how a part of `per` counts; None: exactly
    flat: Decimal = ZERO  # money once the band is reached
    times: Decimal = ONE  # factor on `each`
    ask: bool = False

    def amount(self, part: Decimal) -> Decimal:
        """Return the money for the part of the quantity that this band sees."""
        counted = part if self.partial is None else to_multiple(part, self.per, self.partial)
        return quotient(counted * self.each * self.times, self.per) + self.flat

    @property
    def rate(self) -> Decimal | None:
        """Money for one unit, where no block rounding and no unending division gets in the way."""
        if self.partial is not None:
            return None
        found = quotient(self.each * self.times, self.per)
        return None if isinstance(found, Ratio) else found


@dataclass(frozen=True, slots=True)
class BandPart:
    """One band used: what it saw and what it cost."""

    index: int
    above: Decimal
    band: Band
    part: Decimal
    amount: Decimal


class Tariff:
    """Bands with running sums; `mode` is flat (one band, no edges), graduated, volume or bracket."""

    __slots__ = ("_edges", "_full", "_lows", "_open", "_rates", "bands", "mode")

    def __init__(self, bands: Sequence[Band], mode: str = "flat") -> None:
        self.bands = tuple(bands)
        self.mode = mode
        self._edges = [band.edge for band in self.bands if band.edge is not None]
        self._open = any(not band.closed for band in self.bands)
        self._lows = [ZERO, *self._edges]
        self._rates = [band.rate for band in self.bands]
        self._full = self._running_sums() if mode == "graduated" else []

    def _running_sums(self) -> list[Decimal]:
        """Return for each band the money of all bands below it, each filled to its edge."""
        sums = [ZERO]
        for band, low in zip(self.bands, self._lows, strict=False):
            if band.edge is not None and not band.ask:
                sums.append(sums[-1] + band.amount(band.edge - low))
        return sums

    def reached(self, quantity: Decimal) -> int:
        """Return the index of the band the quantity lies in; refuses a quantity without a price."""
        edges = self._edges
        index = bisect_left(edges, quantity)
        if self._open:
            while index < len(edges) and edges[index] == quantity and not self.bands[index].closed:
                index += 1
        if index >= len(self.bands) or self.bands[index].ask:
            raise UnpriceableQuantity(quantity=quantity)
        return index

    def amount(self, quantity: Decimal, by: Decimal | None = None) -> Decimal:
        """Return the exact money; `by` selects the band where it is not the quantity itself."""
        index = self.reached(quantity if by is None else by)
        if self.mode == "graduated":
            return self._graduated(quantity, index)
        part = quantity - self._lows[index] if self.mode == "bracket" and by is None else quantity
        rate = self._rates[index]
        band = self.bands[index]
        return band.amount(part) if rate is None else part * rate + band.flat

    def _graduated(self, quantity: Decimal, index: int) -> Decimal:
        if index == 0 and not quantity:
            return ZERO
        part = quantity - self._lows[index]
        rate = self._rates[index]
        band = self.bands[index]
        top = band.amount(part) if rate is None else part * rate + band.flat
        return self._full[index] + top

    def parts(self, quantity: Decimal, by: Decimal | None = None) -> list[BandPart]:
        """Return the bands used, lowest first; their amounts add up to `amount(quantity, by)`."""
        index = self.reached(quantity if by is None else by)
        if self.mode == "graduated":
            if index == 0 and not quantity:
                return []
            return [self._part(i, self._width(i, quantity, index)) for i in range(index + 1)]
        return [
            self._part(
                index, quantity - self._lows[index] if self.mode == "bracket" and by is None else quantity
            )
        ]

    def _width(self, index: int, quantity: Decimal, last: int) -> Decimal:
        top = quantity if index == last else self._edges[index]
        return top - self._lows[index]

    def _part(self, index: int, part: Decimal) -> BandPart:
        band = self.bands[index]
        return BandPart(index, self._lows[index], band, part, band.amount(part))

"""A tariff: bands with edges, a price for each, and three ways to go through them."""

from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

from billing.audit.kit.amounts import ONE, ZERO, CannotRate, Tree, add, multiple, plain

Valued = Callable[[Tree], Fraction]  # a number of the terms -> what it is for this customer


class Band(NamedTuple):
    """One band with its price; `edge` is None for the last."""

    edge: Fraction | None
    closed: bool
    ask: bool
    each: Fraction
    per: Fraction
    flat: Fraction
    times: Fraction
    partial: str | None

    def amount(self, part: Fraction) -> Fraction:
        """Return the money for the part of the quantity that lies here."""
        counted = multiple(part, self.per, self.partial) if self.partial else part
        return counted * self.each * self.times / self.per + self.flat


def tariff_amount(tariff: Tree, quantity: Fraction, value: Valued) -> Fraction:
    """Return what a tariff makes of a quantity; `tariff` is chosen already where there is a choice."""
    bands = [_band(one, tariff, value) for one in tariff.get("bands") or [{}]]
    edges = [band.edge for band in bands if band.edge is not None]
    if edges != sorted(edges):
        raise CannotRate("the edges of the bands do not rise")
    chosen_by = value(tariff["by"]) if "by" in tariff else None
    index = _reached(bands, quantity if chosen_by is None else chosen_by)
    lows = [ZERO, *edges]
    mode = tariff.get("mode")
    if mode == "graduated":
        return _graduated(bands, lows, quantity, index)
    below = lows[index] if mode == "bracket" and chosen_by is None else ZERO
    return bands[index].amount(quantity - below)


def _graduated(bands: list[Band], lows: list[Fraction], quantity: Fraction, index: int) -> Fraction:
    """Every band on the part inside it; nothing at all is nothing."""
    if not quantity and not index:
        return ZERO
    tops = [*lows[1 : index + 1], quantity]
    return add(bands[n].amount(tops[n] - lows[n]) for n in range(index + 1))


def _reached(bands: list[Band], number: Fraction) -> int:
    for index, band in enumerate(bands):
        if band.edge is None or number < band.edge or (band.closed and number == band.edge):
            if band.ask:
                break
            return index
    raise CannotRate(f"there is no list price for {plain(number)}")


def _band(band: Tree, tariff: Tree, value: Valued) -> Band:
    """Return a band with the tariff's fields where it has none of its own."""

    def field(name: str, usual: Fraction) -> Fraction:
        given = band.get(name) or tariff.get(name)
        return usual if given is None else value(given)

    edge = band.get("upto") or band.get("below")
    return Band(
        None if edge is None else value(edge),
        "below" not in band,
        bool(band.get("ask")),
        field("each", ZERO),
        field("per", ONE),
        field("flat", ZERO),
        field("times", ONE),
        band.get("partial") or tariff.get("partial"),
    )

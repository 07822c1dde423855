"""What is left of a customer's packs while one rating follows another. PURE."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from billing.packs import covered
from billing.values import Draw, Pack
from plans.money import exact
from plans.terms import Document, Drawing
from plans.terms_timing import timings
from plans.terms_walk import reachable_names, walk

Packs = Mapping[str, Sequence[Pack]]  # pool -> packs


def packs_after(packs: Packs, draws: Iterable[Draw]) -> dict[str, list[Pack]]:
    """Return the packs less what was drawn from them; empty ones are left out."""
    taken = drawn(draws)
    with exact():
        found = {
            pool: [replace(one, left=one.left - taken.get(one.holding, Decimal(0))) for one in held]
            for pool, held in packs.items()
        }
    return {pool: [one for one in held if one.left > 0] for pool, held in found.items()}


def drawn(draws: Iterable[Draw]) -> dict[str, Decimal]:
    """Return the units taken from each holding; those of a pool's own allowance are no holding's."""
    found: dict[str, Decimal] = {}
    with exact():
        for draw in draws:
            if draw.holding:
                found[draw.holding] = found.get(draw.holding, Decimal(0)) + draw.quantity
    return found


def cover_edges(document: Document, packs: Packs, zone: ZoneInfo) -> list[datetime]:
    """Return the instants at which one of the packs begins or ceases to cover usage."""
    return [
        edge
        for pool, held in packs.items()
        if pool in document.pools
        for pack in held
        for edge in covered(pack, document.pools[pool], pool=pool, zone=zone)
    ]


def drawing_meters(document: Document, pools: Collection[str]) -> set[str]:
    """Return the meters of the charges that draw from one of the pools."""
    rules = timings(document)
    found: set[str] = set()
    for charge in document.charges:
        numbers = [
            document.numbers[name] for name in reachable_names(document, charge) if name in document.numbers
        ]
        if any(
            isinstance(part, Drawing) and part.pool in pools
            for value in (charge, *numbers)
            for _path, part in walk(value, "")
        ):
            found |= rules[charge.code].meters
    return found

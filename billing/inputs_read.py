"""The canonical form of a rating's inputs, read back into what `rate()` takes. PURE.

`inputs_json` is complete but for lines of the same invoice rated elsewhere: of those it keeps key and amount
alone, so they are rated again before it (see `billing.baskets.rated`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from billing.values import Context, Due, Observation, Pack, Provenance, Quantities
from plans.ratio import read
from plans.timespan import Period

Tree = Mapping[str, Any]  # what JSON says


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything a rating was made from; the terms by their hash."""

    terms_hash: str
    quantities: Quantities
    due: tuple[Due, ...]
    context: Context


def read_inputs(tree: Tree) -> Inputs:
    """Return the inputs of a stored tree; LookupError where lines rated elsewhere belong to them."""
    if tree["context"]["spent"]:
        raise LookupError("these inputs see lines of another rating, which they do not hold")
    return Inputs(
        tree["terms"],
        {code: [_observation(row) for row in rows] for code, rows in tree["quantities"].items()},
        tuple(_due(row) for row in tree["due"]),
        _context(tree["context"]),
    )


def _instant(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _period(pair: Sequence[str]) -> Period:
    return Period(datetime.fromisoformat(pair[0]), datetime.fromisoformat(pair[1]))


def _observation(row: Sequence[Any]) -> Observation:
    value, at, attributes, lasting, source, *period = row
    return Observation(
        read(value),
        _instant(at),
        attributes,
        read(lasting) if lasting else None,
        Provenance(*source),
        _period(period[0]) if period else None,
    )


def _due(row: Sequence[Any]) -> Due:
    charge, period, spans, at, part = row
    return Due(charge, _period(period), tuple(_period(span) for span in spans), _instant(at), part)


def _pack(row: Sequence[str]) -> Pack:
    holding, left, expires, bought = row
    return Pack(holding, read(left), _instant(expires), _instant(bought))


def _value(text: str) -> Decimal | str:
    """Return a number, or the label that quotation marks tell from one."""
    return text[1:-1] if text.startswith("“") else read(text)


def _numbers(values: Mapping[str, str]) -> dict[str, Decimal]:
    return {name: read(text) for name, text in values.items()}


def _context(tree: Tree) -> Context:
    return Context(
        zone=tree["zone"],
        facts=_numbers(tree["facts"]),
        labels=tree["labels"],
        options=_numbers(tree["options"]),
        split={
            dimension: {
                value: {name: _value(text) for name, text in own.items()} for value, own in values.items()
            }
            for dimension, values in tree["split"].items()
        },
        packs={pool: [_pack(row) for row in rows] for pool, rows in tree["packs"].items()},
        anchor=_instant(tree.get("anchor", "")),
    )

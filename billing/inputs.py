"""Everything a rating was made from, in one canonical form, whatever order it came in. PURE."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from billing.derivation import plain
from billing.values import Context, Due, Observation, Pack, Quantities
from plans.terms import Terms, canonical_json
from plans.timespan import Period


def inputs_json(terms: Terms, quantities: Quantities, due: Sequence[Due], context: Context) -> bytes:
    """Return canonical bytes: equal for equal inputs, different as soon as one value differs."""
    return canonical_json(
        {
            "terms": terms.hash,
            "quantities": {
                code: _sorted(map(_observation, rows)) for code, rows in quantities.items() if rows
            },
            "due": _sorted(map(_due, due)),
            "context": _context(context, counts_periods(terms)),
        }
    )


def counts_periods(terms: Terms) -> bool:
    """Return whether the terms ask for `period_number`, so that the anchor is an input."""
    return b'"period_number"' in terms.canonical


def _sorted(rows: Any) -> list[Any]:
    return sorted(rows, key=canonical_json)


def _instant(value: datetime | None) -> str:
    return "" if value is None else value.isoformat()


def _period(period: Period) -> list[str]:
    return [_instant(period.start), _instant(period.end)]


def _observation(one: Observation) -> list[Any]:
    source = one.provenance
    return [
        plain(one.value),
        _instant(one.at),
        dict(one.attributes),
        "" if one.lasting is None else plain(one.lasting),
        [source.kind, source.source, source.revision, source.hash],
        *([] if one.period is None else [_period(one.period)]),
    ]


def _due(one: Due) -> list[Any]:
    return [
        one.charge,
        _period(one.period),
        [_period(span) for span in sorted(one.spans)],
        _instant(one.at),
        one.part,
    ]


def _pack(pack: Pack) -> list[str]:
    return [pack.holding, plain(pack.left), _instant(pack.expires), _instant(pack.bought)]


def _values(values: Mapping[str, Decimal | str]) -> dict[str, str]:
    return {
        name: plain(value) if isinstance(value, Decimal) else f"“{value}”" for name, value in values.items()
    }


def _context(context: Context, counted: bool) -> dict[str, Any]:
    return {
        "zone": context.zone,
        "facts": _values(context.facts),
        "labels": dict(context.labels),
        "options": _values(context.options),
        "split": {
            dimension: {value: _values(own) for value, own in values.items()}
            for dimension, values in context.split.items()
        },
        "packs": {pool: _sorted(map(_pack, packs)) for pool, packs in context.packs.items()},
        "spent": _sorted([line.key, plain(line.amount)] for line in context.spent),
        **({"anchor": _instant(context.anchor)} if counted else {}),
    }

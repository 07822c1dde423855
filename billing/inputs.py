"""Everything a rating was made from, in one canonical form, whatever order it came in. PURE."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from billing.values import Context, Due, Observation, Pack, Quantities
from plans.ratio import plain
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


GIVEN = frozenset({"reading", "fact", "option", "line"})  # leaves that bring a number from outside
CHOSEN = frozenset({"pick", "prorate", "draw", "price", "table"})  # what decided the way of a step


def line_inputs_hash(terms_hash: str, key: str, period: Period, tree: Mapping[str, Any]) -> str:
    """Return the SHA-256 of what one line was made from, read off its stored derivation.

    It covers the terms, the line's key and period, every reading (with its own hash), fact, option and
    line it uses, and the cases, tariffs, shares and packs that were chosen.
    """
    used = {canonical_json(one): one for one in _used(tree)}
    said = [terms_hash, key, *_period(period), [used[one] for one in sorted(used)]]
    return hashlib.sha256(canonical_json(said)).hexdigest()


def _used(tree: Mapping[str, Any]) -> Iterator[list[Any]]:
    word, argument = tree["word"], tree.get("argument", {})
    if word in GIVEN:
        yield [word, argument, tree["output"]]
    elif word in CHOSEN:
        yield [word, argument]
    for child in tree.get("children", []):
        yield from _used(child)


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

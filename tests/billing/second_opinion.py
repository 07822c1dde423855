"""Hands the rater's inputs to the customer's own verifier, so that both can be compared."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from zoneinfo import ZoneInfo

from billing.audit.kit.bills import Bill, Customer, amount_of, bill, figure
from billing.audit.kit.bills import Due as KitDue
from billing.audit.kit.grammar import Spent
from billing.audit.kit.meters import Seen
from billing.audit.kit.pools import Pack
from billing.values import Context, Due, Observation
from plans.ratio import fraction
from plans.terms import Terms


def second_bill(terms: Terms, used: Mapping, dues: Sequence[Due], context: Context) -> Bill:
    """Rate with the verifier what `billing.rating.rate` was given."""
    return bill(
        _document(terms), _customer(context), _seen(used), [_due(due) for due in dues], _spent(context)
    )


def second_figure(terms: Terms, code: str, used: Mapping, due: Due, context: Context):
    return figure(_document(terms), code, _customer(context), _seen(used), _due(due), _spent(context))


def second_number(terms: Terms, name: str, used: Mapping, due: Due, context: Context):
    return amount_of(_document(terms), name, _customer(context), _seen(used), _due(due), _spent(context))


def _spent(context: Context) -> list[Spent]:
    return [
        Spent(line.key, line.charge, line.tags, _scope(line.app, line.region), fraction(line.amount))
        for line in context.spent
    ]


def _document(terms: Terms):
    return json.loads(terms.canonical)


def _customer(context: Context) -> Customer:
    packs = {
        pool: [Pack(one.holding, fraction(one.left), one.expires, one.bought) for one in rows]
        for pool, rows in context.packs.items()
    }
    return Customer(
        ZoneInfo(context.zone),
        _numbers(context.facts),
        context.labels,
        _numbers(context.options),
        {name: {key: _numbers(own) for key, own in values.items()} for name, values in context.split.items()},
        packs,
    )


def _numbers(given: Mapping):
    return {name: fraction(value) if isinstance(value, Decimal) else value for name, value in given.items()}


def _seen(used: Mapping[str, Sequence[Observation]]) -> dict[str, list[Seen]]:
    return {code: [_one(row) for row in rows] for code, rows in used.items()}


def _one(row: Observation) -> Seen:
    only = None if row.period is None else (row.period.start, row.period.end)
    source = (row.provenance.source, row.provenance.revision)
    lasting = None if row.lasting is None else fraction(row.lasting)
    return Seen(fraction(row.value), row.at, row.attributes, lasting, only, source)


def _due(due: Due) -> KitDue:
    spans = tuple((span.start, span.end) for span in due.spans)
    return KitDue(due.charge, (due.period.start, due.period.end), spans, due.at, due.part)


def _scope(app: str, region: str) -> dict[str, str]:
    return {name: value for name, value in (("app", app), ("region", region)) if value}

"""One rating function, many doors: same terms, quantities and instant are the same bytes through each.

Random documents, forty random situations for each of 250: ten thousand cases. Each situation is written
down three times from the same numbers: as values for `rate()`, as a situation document, and as stored inputs.
"""

import json
import random
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal, localcontext
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from billing.baskets import Question, rated
from billing.calculation import NotCalculable
from billing.derivation import to_tree
from billing.inputs import inputs_json
from billing.inputs_read import read_inputs
from billing.previews import LARGEST, preview_lines
from billing.rating import rate
from billing.selectors_gather import Standpoint
from billing.services.drafting import Part as InvoicePart
from billing.services.drafting import lines_of
from billing.situation import Situation
from billing.situation_run import answer
from billing.values import Context, Due, Observation, Pack, Rating
from plans.catalogue_yaml import read_yaml
from plans.ratio import plain
from plans.shape import build
from plans.terms import Terms, canonical_json, read_terms
from plans.timespan import Period, local_midnight, shift_months
from tests.billing.documents import documents

DOCUMENTS, EACH = 250, 40
ZONES = [ZoneInfo(name) for name in ("UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York")]
STARTS = [date(2026, month, 1) for month in (2, 3, 6, 10, 11)]  # short, and with a clock change


@dataclass(frozen=True)
class Case:
    """One situation as values, and as the document that says the same."""

    terms: Terms
    quantities: dict[str, list[Observation]]
    due: list[Due]
    context: Context
    document: dict[str, Any]


def made(terms: Terms, chance: random.Random) -> Case:
    """Return a random situation of a month in some zone."""
    zone = chance.choice(ZONES)
    first = chance.choice(STARTS)
    period = Period(local_midnight(first, zone), local_midnight(shift_months(first, 1), zone))
    usage = {meter: _values(chance, period) for meter in ("m", "peak")}
    spans = _spans(chance, period)
    at = period.start + (period.end - period.start) * chance.randrange(100) / 100
    seats, held, left = chance.randrange(50), chance.randrange(3), chance.randrange(200)
    term = chance.choice(["monthly", "annual"])
    expires = period.start + timedelta(days=chance.randrange(1, 60))
    context = Context(
        zone=zone.key,
        facts={"seats": Decimal(seats), "period_number": Decimal(1)},
        labels={"term": term, "first_purchase": "no"},
        options={"opt": Decimal(held)},
        packs={"p": [Pack("pck_1", Decimal(left), expires), Pack("pck_2", Decimal(7))]},
    )
    document = {
        "zone": zone.key,
        "period": _written(period),
        "at": at.isoformat(),
        "spans": [_written(span) for span in spans],
        "facts": {"seats": str(seats), "period_number": "1", "term": term, "first_purchase": "no"},
        "options": {"opt": str(held)},
        "packs": {
            "p": [
                {"code": "pck_1", "left": str(left), "expires": expires.isoformat()},
                {"code": "pck_2", "left": "7"},
            ]
        },
        "usage": {meter: [_row(one) for one in rows] for meter, rows in usage.items()},
    }
    due = [Due(charge.code, period, spans, at) for charge in terms.document.charges]
    return Case(terms, usage, due, context, document)


def _values(chance: random.Random, period: Period) -> list[Observation]:
    """Return a few values; some are the one before again, held for another time."""
    found = [_value(chance, period) for _ in range(chance.randrange(4))]
    twins = [replace(one, lasting=Decimal(3)) for one in found if chance.random() < 0.1]
    return [*twins, *found]


def _value(chance: random.Random, period: Period) -> Observation:
    at = period.start + timedelta(hours=chance.randrange(-50, 32 * 24)) if chance.random() < 0.8 else None
    place = {"app": chance.choice("ab"), "region": chance.choice(["cn", "eu"])}
    if at is not None:
        place["day"] = at.date().isoformat()
    return Observation(
        Decimal(chance.randrange(40000)) / 100, at, place, Decimal(chance.choice([1, 1, 2, "0.5"]))
    )


def _row(one: Observation) -> dict[str, str]:
    dated = {"at": one.at.isoformat()} if one.at else {}
    return {"value": plain(one.value), "for": plain(one.lasting or Decimal(1)), **dated, **one.attributes}


def _spans(chance: random.Random, period: Period) -> tuple[Period, ...]:
    if chance.random() < 0.6:
        return ()
    edges = sorted(chance.sample(range(1, 27), 4))
    days = [period.start + timedelta(days=edge) for edge in edges]
    return (Period(days[0], days[1]), Period(days[2], days[3]))


def _written(period: Period) -> dict[str, str]:
    return {"from": period.start.isoformat(), "to": period.end.isoformat()}


def bytes_of(ratings: list[Rating]) -> bytes:
    """Return everything a rating says: each line whole, draws, total, notes, hash of the inputs."""
    return canonical_json(
        [
            [
                one.inputs_hash, one.engine, one.currency, plain(one.total), list(one.notes),
                [[d.pool, d.holding, d.charge, plain(d.quantity)] for d in one.draws],
                [
                    [
                        line.key, line.charge, dict(line.label), list(line.tags), line.credit, line.app,
                        line.region, line.period.start.isoformat(), line.period.end.isoformat(),
                        None if line.quantity is None else plain(line.quantity), line.unit,
                        plain(line.amount), to_tree(line.derivation),
                    ]
                    for line in one.lines
                ],
            ]
            for one in ratings
        ]
    )  # fmt: skip


def direct(case: Case) -> list[Rating]:
    return [rate(case.terms, case.quantities, case.due, case.context)]


def shuffled(case: Case, chance: random.Random) -> list[Rating]:
    """Rate the same in any other order, under a hostile decimal context."""
    rows = {
        meter: chance.sample(given, len(given)) for meter, given in reversed(list(case.quantities.items()))
    }
    packs = {pool: chance.sample(list(held), len(held)) for pool, held in case.context.packs.items()}
    with localcontext() as hostile:
        hostile.prec = 6
        context = replace(case.context, packs=packs)
        return [rate(case.terms, rows, chance.sample(case.due, len(case.due)), context)]


def quoted(case: Case, chance: random.Random) -> list[Rating]:
    """Rate as a quote is verified: from the inputs that a column holds, whatever their order."""
    kept = read_inputs(json.loads(inputs_json(case.terms, case.quantities, case.due, case.context)))
    due = chance.sample(kept.due, len(kept.due))
    return rated(case.terms, [Question(kept.quantities, tuple(due), kept.context)])


def situation(case: Case, *, as_text: bool) -> list[Rating]:
    """Rate the document, as `manage.py rate` reads it."""
    problems: list[Any] = []
    if as_text:
        found, problems, _marks = read_yaml(json.dumps(case.document), Situation)  # JSON is YAML
    else:
        found = build(case.document, Situation, "", problems)
    assert problems == []
    return list(answer(case.terms, found).ratings)


def on_paper(case: Case) -> tuple[Any, Any]:
    """Return the lines of an invoice, and those of the upcoming bill and the calculator."""
    rating = rate(case.terms, case.quantities, case.due, case.context)
    if any(abs(value) >= LARGEST for value in (rating.total, *(line.amount for line in rating.lines))):
        return [], []  # beyond any invoice: refused on paper
    part = InvoicePart(Standpoint(case.terms, case.context), case.due)
    invoice = lines_of([part], case.quantities, (), ZoneInfo(case.context.zone), [])
    shown = preview_lines(rating, {})
    return (
        [
            (row.key, row.label, row.quantity, row.unit, row.credit, row.amount, row.derivation)
            for row in invoice
        ],
        [
            (row.key, row.label, row.quantity, row.unit, row.is_credit, row.amount, to_tree(row.derivation))
            for row in shown
        ],
    )


@pytest.mark.slow
@settings(
    max_examples=DOCUMENTS, deadline=None, phases=[Phase.explicit, Phase.generate]
)  # a seed says enough
@given(documents(), st.integers(0, 2**64))
def test_ten_thousand_cases_are_the_same_bytes_through_every_door(tree: Any, seed: int) -> None:
    terms, chance = read_terms(tree), random.Random(seed)
    for number in range(EACH):
        case = made(terms, chance)
        try:
            expected = direct(case)
        except NotCalculable:  # more than fifty digits: refused through every door alike, no bytes to compare
            continue
        doors = [quoted(case, chance), situation(case, as_text=number == 0)]
        doors += [shuffled(case, chance)] if number < 10 else []
        assert all(found == expected for found in doors)  # every value of every line, its tree included
        if number < 2:
            assert {bytes_of(found) for found in doors} == {bytes_of(expected)}  # so the bytes are, too
        if number == 1:
            invoice, shown = on_paper(case)
            assert invoice == shown

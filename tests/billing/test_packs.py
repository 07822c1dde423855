"""From when until when a pack covers, by the rules of its pool."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from billing.packs import ALWAYS, NEVER, PackWithoutPurchase, covered, expiry
from billing.situation import PackGiven, Part, Situation, Span
from billing.situation_run import answer
from billing.values import Observation, Pack
from plans.terms import Pool
from plans.terms_schedule import Expiry
from tests.billing.build import D, bill, terms

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
M = {"m": {"unit": "minutes"}}
USE = {"code": "m", "of": "m", "steps": [{"draw": {"pool": "p"}}, {"price": {"each": "1"}}]}


def at(text):
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("bought", "rule", "zone", "end"),
    [
        ("2026-06-10T09:30+08:00", Expiry(months=12), SHANGHAI, "2027-06-10T09:30+08:00"),
        ("2026-06-10T09:30+08:00", Expiry(days=30), SHANGHAI, "2026-07-10T09:30+08:00"),
        ("2026-06-10T09:30+08:00", Expiry(days=30, end="day"), SHANGHAI, "2026-07-11T00:00+08:00"),
        # the last day of the same month next year
        ("2026-06-10T09:30+08:00", Expiry(months=12, end="month"), SHANGHAI, "2027-07-01T00:00+08:00"),
        ("2026-12-31T23:59+08:00", Expiry(end="month"), SHANGHAI, "2027-01-01T00:00+08:00"),
        # bought on the 1st in Shanghai, still the 31st in UTC
        ("2026-05-31T16:00Z", Expiry(end="month"), SHANGHAI, "2026-07-01T00:00+08:00"),
        ("2026-01-31T12:00+08:00", Expiry(months=1), SHANGHAI, "2026-02-28T12:00+08:00"),
        ("2024-02-29T12:00+08:00", Expiry(months=12), SHANGHAI, "2025-02-28T12:00+08:00"),
        ("2026-01-31T12:00+08:00", Expiry(months=1, days=1), SHANGHAI, "2026-03-01T12:00+08:00"),
        # the wall clock of the purchase, though the offset has changed
        ("2026-03-28T12:00+01:00", Expiry(days=1), BERLIN, "2026-03-29T12:00+02:00"),
    ],
)
def test_a_pack_lasts_as_its_pool_says(bought, rule, zone, end):
    assert expiry(at(bought), rule, zone) == at(end)


@pytest.mark.parametrize(
    ("rule", "start"),
    [
        ("purchase", "2026-06-10T09:30+08:00"),
        ("day", "2026-06-10T00:00+08:00"),
        ("month", "2026-06-01T00:00+08:00"),
        ("last_month", "2026-05-01T00:00+08:00"),
    ],
)
def test_a_pack_covers_from_where_its_pool_says(rule, start):
    pack = Pack("a", D(1), bought=at("2026-06-10T09:30+08:00"))

    assert covered(pack, Pool(covers_from=rule), pool="p", zone=SHANGHAI) == (at(start), NEVER)


def test_a_pack_with_an_end_of_its_own_keeps_it():
    pack = Pack("a", D(1), expires=at("2026-07-01T00:00+08:00"), bought=at("2026-06-10T09:30+08:00"))

    assert covered(pack, Pool(expires=Expiry(days=1)), pool="p", zone=SHANGHAI) == (ALWAYS, pack.expires)


@pytest.mark.parametrize("rule", [Pool(covers_from="day"), Pool(expires=Expiry(days=1))])
def test_a_rule_that_counts_from_the_purchase_needs_it(rule):
    with pytest.raises(PackWithoutPurchase, match="bought"):
        covered(Pack("a", D(1)), rule, pool="p", zone=SHANGHAI)


def test_an_end_of_its_own_needs_no_purchase():
    pack = Pack("a", D(1), expires=at("2026-07-01T00:00+08:00"))

    assert covered(pack, Pool(expires=Expiry(days=1)), pool="p", zone=SHANGHAI) == (ALWAYS, pack.expires)


USED = [
    ("2026-06-05T12:00Z", 4),
    ("2026-06-10T06:00Z", 2),
    ("2026-06-10T18:00Z", 8),
    ("2026-06-20T12:00Z", 16),
]
BOUGHT = "2026-06-10T12:00Z"


@pytest.mark.parametrize(
    ("rules", "left", "total"),
    [
        ({}, 100, 0),
        ({"covers_from": "purchase"}, 100, 6),
        ({"covers_from": "purchase"}, 24, 6),
        ({"covers_from": "purchase"}, 23, 7),
        ({"covers_from": "day"}, 100, 4),
        ({"covers_from": "month"}, 100, 0),
        ({"covers_from": "last_month"}, 100, 0),
        ({"covers_from": "purchase", "expires": {"days": "5"}}, 100, 22),
        ({"covers_from": "purchase", "expires": {"days": "10"}}, 100, 22),  # ends at that instant
        ({"covers_from": "purchase", "expires": {"days": "11"}}, 100, 6),
        ({"covers_from": "day", "expires": {"end": "day"}}, 100, 20),
        ({"expires": {"days": "5"}}, 100, 16),
    ],
)
def test_cover_is_judged_at_the_instant_of_the_usage(rules, left, total):
    document = terms(USE, meters=M, pools={"p": rules})
    rows = {"m": [Observation(D(n), at(when)) for when, n in USED]}

    rating = bill(document, rows, packs={"p": [Pack("a", D(left), bought=at(BOUGHT))]})

    assert rating.total == total
    assert sum(draw.quantity for draw in rating.draws) == 30 - total


def test_a_pack_that_covers_little_leaves_the_rest_to_the_next():
    """The earlier end burns first, on the days it covers; the later pack takes what is left."""
    document = terms(USE, meters=M, pools={"p": {"covers_from": "purchase"}})
    rows = {"m": [Observation(D(n), at(when)) for when, n in USED]}
    packs = [
        Pack("old", D(100), expires=at("2026-06-10T12:00Z"), bought=at("2026-06-06T00:00Z")),
        Pack("new", D(20), expires=at("2026-07-01T00:00Z"), bought=at("2026-06-10T00:00Z")),
    ]

    rating = bill(document, rows, packs={"p": packs})

    assert [(draw.holding, draw.quantity) for draw in rating.draws] == [("old", 2), ("new", 20)]
    assert rating.total == 4 + 4  # before both, and beyond the second


def test_an_allowance_in_front_is_used_up_first_in_time():
    """50 are free; by the purchase 40 were used, so the pack covers what follows the last 10 free ones."""
    step = {"included": "50"}
    charge = {"code": "m", "of": "m", "steps": [step, {"draw": {"pool": "p"}}, {"price": {"each": "1"}}]}
    document = terms(charge, meters=M, pools={"p": {"covers_from": "purchase"}})
    rows = {"m": [Observation(D(40), at("2026-06-05T12:00Z")), Observation(D(40), at("2026-06-15T12:00Z"))]}

    rating = bill(document, rows, packs={"p": [Pack("a", D(25), bought=at(BOUGHT))]})

    assert rating.total == 5
    assert rating.draws[0].quantity == 25


def test_what_earlier_bills_drew_is_gone_and_the_end_stands():
    """Bought on 10 June for a month: June draws 30, July 40 before its end, and the rest is paid."""
    pool = {"expires": {"months": "1"}, "covers_from": "day"}
    document = terms(USE, meters=M, pools={"p": pool})
    june = Part(
        period="2026-06",
        usage={"m": [{"value": "5", "at": "2026-06-09"}, {"value": "30", "at": "2026-06-10"}]},
    )
    july = Part(
        period=Span(start="2026-07-01", end="2026-08-01"),
        usage={"m": [{"value": "40", "at": "2026-07-09"}, {"value": "7", "at": "2026-07-11"}]},
    )
    packs = {"p": [PackGiven(left="100", bought="2026-06-10T15:00:00")]}

    found = answer(document, Situation(zone="Asia/Shanghai", packs=packs, bills=[june, july]))

    assert [rating.total for rating in found.ratings] == [5, 7]
    assert [[draw.quantity for draw in rating.draws] for rating in found.ratings] == [[30], [40]]


def test_a_pack_that_is_not_bought_yet_covers_nothing():
    document = terms(USE, meters=M, pools={"p": {"covers_from": "purchase"}})
    rows = {"m": [Observation(D(5), at("2026-06-20T12:00Z"))]}

    rating = bill(document, rows, packs={"p": [Pack("a", D(9), bought=datetime(2026, 7, 1, tzinfo=UTC))]})

    assert (rating.total, rating.draws) == (5, ())

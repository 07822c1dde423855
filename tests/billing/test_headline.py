"""The one sentence of a line, word by word; the first is the one that was asked for."""

from decimal import Decimal

import pytest
from django.utils.translation import override

from billing.derivation import reevaluate
from billing.explain_headline import headline
from billing.explain_pieces import worked_out
from billing.explain_tree import sentences_of
from billing.explain_words import terms_names
from billing.rating import rate
from billing.values import Context, Due, Pack
from plans.terms import read_terms
from plans.timespan import Period
from tests.billing.build import JUNE, usage

BANDS = [{"upto": "100", "each": "0"}, {"upto": "500", "each": "0.2"}, {"each": "0.1"}]
BLOCKS = {"each": "3", "per": "10000", "partial": "ceil"}
PLAN = {
    "code": "base",
    "name": {"en": "Base", "zh-Hans": "基础"},
    "tags": ["plan"],
    "steps": [{"price": {"flat": "40"}}],
}
HALF = Period(JUNE.start, JUNE.start + (JUNE.end - JUNE.start) / 2)


def said(charge: dict, *above: dict, spans=(), language: str = "en") -> str:
    terms = read_terms(
        {
            "currency": "EUR",
            "facts": {"seats": {"unit": "seats"}, "paid": {"unit": "money"}},
            "options": ["addon"],
            "pools": {"prepaid": {}, "shared": {"size": "15000"}},
            "numbers": {"limit": {"times": ["seats", "1000"]}},
            "meters": {"messages": {"unit": "messages"}, "peak": {"unit": "connections"}},
            "charges": [*above, {"code": "one", **charge}],
        }
    )
    context = Context(
        facts={"seats": Decimal(6), "paid": Decimal(90)},
        options={"addon": Decimal(2)},
        labels={"term": "monthly"},
        packs={"prepaid": [Pack("pck_1", Decimal(10000))]},
    )
    due = [Due(one.code, JUNE, tuple(spans)) for one in terms.document.charges]
    rating = rate(terms, usage(messages=71000, peak=620), due, context)
    line = next(line for line in rating.lines if line.charge == "one")
    names = terms_names(terms.document) | {line.key: dict(line.label) for line in rating.lines}
    with override(language):
        made = headline(line.derivation, "EUR", names)
    assert made.value == worked_out(made.pieces) == line.amount
    return made.text


@pytest.mark.parametrize(
    ("charge", "text"),
    [
        (
            {
                "of": "messages",
                "steps": [{"included": "50000"}, {"draw": {"pool": "prepaid"}}, {"price": BLOCKS}],
            },
            "71,000 messages − 50,000 included − 10,000 from your pack = 11,000; "
            "2 started blocks of 10,000 × €3.00",
        ),
        (
            {
                "of": "messages",
                "steps": [{"draw": {"pool": "shared", "weight": "0.5"}}, {"price": {"each": "0.001"}}],
            },
            "71,000 messages − 30,000 from the shared allowance = 41,000; 41,000 × €0.001",
        ),
        (
            {"of": "peak", "steps": [{"price": {"mode": "graduated", "bands": BANDS}}]},
            "620 connections; 100 free + 400 × €0.20 + 120 × €0.10",
        ),
        (
            {"of": "seats", "steps": [{"at_least": "10"}, {"price": {"each": "22"}}]},
            "6 seats, at least 10 = 10; 10 × €22.00",
        ),
        ({"of": "addon", "steps": [{"price": {"each": "5"}}]}, "2 × “addon” held × €5.00"),
        (
            {"of": "limit", "steps": [{"price": {"each": "7", "per": "1000"}}]},
            "6 seats × 1,000 = 6,000; 6,000 × €7.00 per 1,000",
        ),
        (
            {"of": "paid", "steps": [{"minus": "15"}, {"times": "2"}]},
            "€90.00 (“paid”) − €15.00 = €75.00; €75.00 × 2",
        ),
        ({"steps": [{"price": {"flat": "9.999"}}, {"round": "0.01"}]}, "€9.999 fixed, rounded to €10.00"),
        (
            {"steps": [{"price": {"flat": "40"}}], "every": "year", "quoted": "month"},
            "€40.00 fixed × 12 months",
        ),
        (
            {"of": "messages", "steps": [{"included": "80000"}, {"price": {"each": "1"}}]},
            "71,000 messages − 80,000 included = 0; 0 × €1.00",
        ),
    ],
)
def test_each_word_reads_as_arithmetic(charge, text):
    assert said(charge) == text


def test_a_share_of_other_lines_is_a_percentage():
    support = {"of": {"spend": ["plan"]}, "steps": [{"times": "0.05"}, {"at_least": "15"}]}
    discount = {"of": {"spend": ["plan"]}, "credit": "true", "steps": [{"times": "0.2"}]}

    assert said(support, PLAN) == "5 % of €40.00 (Base), at least €15.00"
    assert said(discount, PLAN) == "20 % of €40.00 (Base), subtracted"
    assert said(discount, PLAN, language="zh-hans") == "€40.00（基础）的 20%，予以扣减"


def test_a_part_of_a_period_is_said_in_days():
    prorated = {"steps": [{"price": {"flat": "30"}}, {"prorate": {"by": "day"}}]}

    assert said(prorated, spans=[HALF]) == "€30.00 fixed for 15 of 30 days"
    assert said(prorated) == "€30.00 fixed"


def test_a_month_that_accumulates_says_what_came_before():
    terms = read_terms(
        {
            "currency": "EUR",
            "meters": {"m": {"unit": "minutes"}},
            "charges": [{"code": "one", "of": "m", "resets": "month", "steps": [{"price": {"each": "2"}}]}],
        }
    )
    second = Period(JUNE.start + (JUNE.end - JUNE.start) / 2, JUNE.end)
    used = usage(m=30)
    (line,) = rate(terms, used, [Due("one", second)], Context()).lines

    made = headline(line.derivation, "EUR", {})

    assert made.text == "€60.00 so far − €60.00 before this period"
    assert made.value == worked_out(made.pieces) == 0


@pytest.mark.parametrize(
    ("size", "weight", "text", "sentence"),
    [
        ("20000", "1", "− 20,000 from the shared allowance − 10,000 from your pack = 41,000;",
         "30,000 taken from the shared allowance (20,000) and your pack (10,000), 41,000 left to price"),
        ("0", "1", "71,000 messages − 10,000 from your pack = 61,000;",
         "10,000 taken from your pack, 61,000 left to price"),
        ("80000", "1", "71,000 messages − 71,000 from the shared allowance = 0;",
         "71,000 taken from the shared allowance, 0 left to price"),
        ("20000", "2", "− 10,000 from the shared allowance − 5,000 from your pack = 56,000;",
         "30,000 taken from the shared allowance (20,000) and your pack (10,000) at 2 units each,"
         " 56,000 left to price"),
    ],
)  # fmt: skip
def test_a_pool_with_an_allowance_and_packs_names_what_each_covered(size, weight, text, sentence):
    steps = [{"draw": {"pool": "both", "weight": weight}}, {"price": {"each": "1"}}]
    document = read_terms(
        {
            "currency": "EUR",
            "pools": {"both": {"size": size}},
            "meters": {"messages": {"unit": "messages"}},
            "charges": [{"code": "one", "of": "messages", "steps": steps}],
        }
    )
    packs = {"both": [Pack("pk_1", Decimal(10000))]}
    rating = rate(document, usage(messages=71000), [Due("one", JUNE)], Context(packs=packs))
    (line,) = rating.lines
    names = terms_names(document.document)

    with override("en"):
        made = headline(line.derivation, "EUR", names)
        sentences = [one.whole for one in sentences_of(line.derivation, "EUR", names)]
    with override("zh-hans"):
        chinese = headline(line.derivation, "EUR", names).text

    assert text in made.text
    assert made.value == worked_out(made.pieces) == line.amount == reevaluate(line.derivation)
    assert any(sentence in one for one in sentences), sentences
    assert ("共享额度抵扣" in chinese) == ("shared allowance" in text)
    assert ("资源包抵扣" in chinese) == ("your pack" in text)

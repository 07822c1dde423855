"""Money, quantities and dates as each language writes them."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.utils.translation import override

from plans.templatetags import figures
from plans.timespan import Period

NOVEMBER = Period(datetime(2026, 10, 31, 16, tzinfo=UTC), datetime(2026, 11, 30, 16, tzinfo=UTC))
ZONE = "Asia/Shanghai"


@pytest.mark.parametrize(
    ("amount", "currency", "english", "chinese"),
    [
        (1234560, "CNY", "CN¥12,345.60", "¥12,345.60"),
        (0, "CNY", "CN¥0.00", "¥0.00"),
        (-500, "USD", "-$5.00", "-US$5.00"),
        (500, "JPY", "¥500", "JP¥500"),
        (1234, "KWD", "KWD1.234", "KWD1.234"),
    ],
)
def test_money_is_written_from_minor_units(amount: int, currency: str, english: str, chinese: str) -> None:
    with override("en"):
        assert figures.money(amount, currency) == english
    with override("zh-hans"):
        assert figures.money(amount, currency) == chinese


@pytest.mark.parametrize(
    ("price", "written"),
    [
        ("0.0015", "CN¥0.0015"),
        ("40", "CN¥40.00"),
        ("0.1", "CN¥0.10"),
        ("1E+3", "CN¥1,000.00"),
        ("0", "CN¥0.00"),
    ],
)
def test_a_unit_price_is_never_rounded(price: str, written: str) -> None:
    with override("en"):
        assert figures.exact_money(Decimal(price), "CNY") == written


def test_a_headline_drops_cents_only_where_there_are_none() -> None:
    with override("en"):
        assert figures.round_money(70000, "CNY") == "CN¥700"
        assert figures.round_money(70050, "CNY") == "CN¥700.50"


def test_quantities_keep_all_their_places() -> None:
    with override("en"):
        assert figures.quantity(Decimal("1234567.500000000000")) == "1,234,567.5"
        assert figures.quantity(Decimal("123456789012345678901234567890.000000000001")).endswith(
            ".000000000001"
        )
        assert figures.short_quantity(1_200_000) == "1.2M"
        assert figures.short_quantity(9_999) == "9,999"
    with override("zh-hans"):
        assert figures.short_quantity(1_200_000) == "120万"


def test_dates_are_those_of_the_billing_zone() -> None:
    with override("en"):
        assert figures.day(NOVEMBER.start, ZONE) == "Nov 1, 2026"
        assert figures.span(NOVEMBER, ZONE) == "Nov 1\u2009–\u200930, 2026"
        assert figures.moment(NOVEMBER.start, ZONE) == "Nov 1, 2026, 00:00 GMT+8"
        assert figures.moment(NOVEMBER.start, "America/New_York") == "Oct 31, 2026, 12:00 GMT−4"
        assert figures.moment(NOVEMBER.start) == "Oct 31, 2026, 16:00 UTC"
        assert figures.moment(NOVEMBER.start, "Asia/Kolkata") == "Oct 31, 2026, 21:30 GMT+05:30"
    with override("zh-hans"):
        assert figures.day(date(2026, 11, 22)) == "2026年11月22日"
        assert figures.span(NOVEMBER, ZONE) == "2026年11月1日至30日"
        assert figures.moment(NOVEMBER.start, ZONE) == "2026年11月1日 00:00 GMT+8"


def test_what_is_missing_is_a_dash() -> None:
    assert {figures.money(None, "CNY"), figures.day(None), figures.moment(None), figures.span(None)} == {"–"}

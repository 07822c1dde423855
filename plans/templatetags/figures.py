"""Money, numbers and dates as the reader's language writes them. All through Babel.

Amounts come in minor units with their currency; unit prices come as Decimal and are never rounded.
Dates are shown in the zone that is passed (the customer's billing zone), never in the server's.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal, localcontext
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale, dates, numbers
from django import template
from django.utils.translation import get_language, pgettext_lazy

from plans.money import from_minor, minor_exponent, to_multiple

register = template.Library()
INSTANT = timedelta(microseconds=1)
MIDNIGHT = time()
ROUND_OFFSET = re.compile(r"GMT([+-])0?(\d{1,2}):00")  # GMT+08:00 reads better as GMT+8
LOCALES = {"zh": Locale("zh", "CN", script="Hans"), "en": Locale("en", "US")}
PATTERNS = {
    "zh": {"day": "y年M月d日", "short": "M月d日", "moment": "y年M月d日 HH:mm ZZZZ"},
    "en": {"day": "MMM d, y", "short": "MMM d", "moment": "MMM d, y, HH:mm ZZZZ"},
}
UNITS = {
    "users": pgettext_lazy("unit", "users"),
    "messages": pgettext_lazy("unit", "messages"),
    "requests": pgettext_lazy("unit", "requests"),
    "seats": pgettext_lazy("unit", "seats"),
    "minutes": pgettext_lazy("unit", "minutes"),
    "connections": pgettext_lazy("unit", "connections"),
    "months": pgettext_lazy("unit", "months"),
}
ONE = {
    "users": pgettext_lazy("one", "user"),
    "messages": pgettext_lazy("one", "message"),
    "requests": pgettext_lazy("one", "request"),
    "seats": pgettext_lazy("one", "seat"),
    "minutes": pgettext_lazy("one", "minute"),
    "connections": pgettext_lazy("one", "connection"),
}


def tongue() -> str:
    """The reader's language, as the tables above spell it."""
    return "zh" if (get_language() or "").startswith("zh") else "en"


def language_tag() -> str:
    """The reader's language, as names and texts of documents are keyed."""
    return "zh-Hans" if tongue() == "zh" else "en"


def locale() -> Locale:
    """The Babel locale of the reader."""
    return LOCALES[tongue()]


@contextmanager
def exact(value: Decimal | int = 0) -> Iterator[None]:
    """Let no formatting step round by Decimal's default 28 digits, however large the value."""
    with localcontext() as context:
        context.prec = 60 + max(Decimal(value).adjusted(), 0)
        yield


@register.filter
def money(amount: int | None, currency: str) -> str:
    """Write minor units as money: `CN¥12,345.60` in English, `¥12,345.60` in Chinese."""
    if amount is None:
        return "–"
    return str(numbers.format_currency(from_minor(amount, currency), currency, locale=locale()))


@register.filter
def round_money(amount: int, currency: str) -> str:
    """Write minor units without `.00` where they are whole: for headlines, not for documents."""
    value = from_minor(amount, currency)
    if value != value.to_integral_value():
        return money(amount, currency)
    return str(numbers.format_currency(value, currency, "¤#,##0", locale=locale(), currency_digits=False))


@register.filter
def exact_money(value: Decimal | None, currency: str) -> str:
    """Write an exact amount or unit price without rounding it: `¥0.0015`, `$40.00`."""
    if value is None:
        return "–"
    with exact(value):
        value = Decimal(value).normalize()
        exponent = int(value.as_tuple().exponent)  # finite: amounts are checked where they enter
        places = max(minor_exponent(currency), -exponent)
        pattern = f"¤#,##0.{'0' * places}" if places else "¤#,##0"
        return str(
            numbers.format_currency(
                value, currency, pattern, locale=locale(), currency_digits=False, decimal_quantization=False
            )
        )


@register.filter
def quantity(value: Decimal | int | None) -> str:
    """Write a quantity with thousands separators and all its places."""
    if value is None:
        return "–"
    with exact(value):
        return str(
            numbers.format_decimal(Decimal(value), "#,##0.############", locale(), decimal_quantization=False)
        )


@register.filter
def short_quantity(value: Decimal | int | None) -> str:
    """Write a big quantity short: `1.2M` in English, `120万` in Chinese; exact below ten thousand."""
    if value is None:
        return "–"
    value = Decimal(value)
    if value.copy_abs() < 10_000:
        return quantity(to_multiple(value, Decimal("0.1")))
    return str(numbers.format_compact_decimal(value, fraction_digits=1, locale=locale()))


@register.filter
def percent(share: Decimal | None) -> str:
    """Write 0.1667 as `16.7%`."""
    return "–" if share is None else str(numbers.format_percent(share, "#,##0.#%", locale=locale()))


@register.filter
def unit(code: str) -> str:
    """The unit's name in the reader's language; unknown units as they are."""
    return str(UNITS.get(code, code))


@register.filter
def unit_one(code: str) -> str:
    """The name of one unit, as in a price for each: `user`, `GB`."""
    return str(ONE.get(code, code))


@register.filter
def day(at: datetime | date | None, zone: str = "UTC") -> str:
    """Write an instant as a day of `zone`: `Nov 22, 2026`, `2026年11月22日`."""
    return _date(at, zone, "day")


@register.filter
def short_day(at: datetime | date | None, zone: str = "UTC") -> str:
    """Write an instant as a day of `zone` without the year."""
    return _date(at, zone, "short")


@register.filter
def moment(at: datetime | None, zone: str = "UTC") -> str:
    """Write an instant to the minute with the offset of `zone`."""
    if at is None:
        return "–"
    text = dates.format_datetime(at, PATTERNS[tongue()]["moment"], tzinfo=ZoneInfo(zone), locale=locale())
    short = ROUND_OFFSET.sub(r"GMT\1\2", text.replace("GMT+00:00", "UTC"))
    return short.replace("GMT-", "GMT\N{MINUS SIGN}")  # no line breaks after it, unlike a hyphen


@register.filter
def span(period: Any, zone: str = "UTC") -> str:
    """Write a half-open span as the days it covers: `Nov 1 – 30, 2026`."""
    if period is None:
        return "–"
    start, end = (period.start, period.end) if hasattr(period, "start") else (period.lower, period.upper)
    first, last = start.astimezone(ZoneInfo(zone)).date(), None
    if end is not None:
        last = max(first, (end - INSTANT).astimezone(ZoneInfo(zone)).date())
    if last is None or last == first:
        return _date(first, zone, "day")
    return str(dates.format_interval(first, last, "yMMMd", locale=locale()))


@register.filter
def stretch(period: Any, zone: str = "UTC") -> str:
    """Write a span that may be a part of a day: `Mar 10, 2026, 06:00 – 17:00`; whole days as `span` does."""
    local = ZoneInfo(zone)
    start, end = period.start.astimezone(local), period.end.astimezone(local)
    if start.time() == end.time() == MIDNIGHT:
        return span(period, zone)
    if start.date() != (end - INSTANT).date():
        return f"{moment(start, zone)} – {moment(end, zone)}"
    day, until = _date(start, zone, "day"), "24:00" if end.time() == MIDNIGHT else f"{end:%H:%M}"
    between = " " if tongue() == "zh" else ", "
    return f"{day}{between}{start:%H:%M} – {until}"


def _date(at: datetime | date | None, zone: str, kind: str) -> str:
    if at is None:
        return "–"
    local = at.astimezone(ZoneInfo(zone)).date() if isinstance(at, datetime) else at
    return str(dates.format_date(local, PATTERNS[tongue()][kind], locale=locale()))

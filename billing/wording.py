"""The words printed on a line, in both languages at once: documents outlive the reader's session."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_interval, format_skeleton
from django.utils.translation import gettext, override

from plans.timespan import MICROSECOND, Period, local_date

LANGUAGES = {"en": ("en", "en_US"), "zh-Hans": ("zh-hans", "zh_Hans_CN")}  # key -> Django's, Babel's


def label_of(name: Mapping[str, str], code: str) -> dict[str, str]:
    """Return a charge's name in both languages, its code where the terms name nothing."""
    english = name.get("en") or code
    chinese = name.get("zh-Hans") or name.get("zh_Hans") or name.get("zh") or english
    return {"en": english, "zh-Hans": chinese}


def with_place(label: Mapping[str, str], app: str, region: str) -> dict[str, str]:
    """Return the label with the app and region that the line is for."""
    place = ", ".join(part for part in (app, region) if part)
    if not place:
        return dict(label)
    found = {}
    for key, (language, _locale) in LANGUAGES.items():
        with override(language):
            found[key] = gettext("%(label)s (%(place)s)") % {"label": label[key], "place": place}
    return found


def described(label: Mapping[str, str], period: Period, zone: ZoneInfo) -> dict[str, str]:
    """Return "what, from day to day" with the last day that is covered, as people read it."""
    found = {}
    for key, (language, locale) in LANGUAGES.items():
        with override(language):
            found[key] = gettext("%(label)s, %(first)s to %(last)s") % {
                "label": label[key],
                "first": _day(period, zone, locale, last=False),
                "last": _day(period, zone, locale, last=True),
            }
    return found


def late_label(label: Mapping[str, str]) -> dict[str, str]:
    """Return the name of what late usage changes about a charge."""
    found = {}
    for key, (language, _locale) in LANGUAGES.items():
        with override(language):
            found[key] = gettext("Late usage: %(label)s") % {"label": label[key]}
    return found


def credit_label() -> dict[str, str]:
    """Return the name of a drawn SLA credit."""
    found = {}
    for key, (language, _locale) in LANGUAGES.items():
        with override(language):
            found[key] = gettext("SLA credit")
    return found


def voucher_label() -> dict[str, str]:
    """Return the name of a drawn SLA voucher."""
    found = {}
    for key, (language, _locale) in LANGUAGES.items():
        with override(language):
            found[key] = gettext("SLA voucher")
    return found


def credit_described(
    window: Period, zone: ZoneInfo, *, availability: str, target: str, whole_month: bool = True
) -> dict[str, str]:
    """Return the sentence of a drawn SLA credit: which window, what was measured and promised."""
    found = {}
    for key, (language, locale) in LANGUAGES.items():
        with override(language):
            found[key] = gettext(
                "SLA credit for %(month)s: availability %(availability)s %%, promised %(target)s %%"
            ) % {
                "month": _window_name(window, zone, locale, whole_month=whole_month),
                "availability": availability,
                "target": target,
            }
    return found


def _window_name(window: Period, zone: ZoneInfo, locale: str, *, whole_month: bool) -> str:
    """Return a calendar month by its name, another window by its days."""
    if whole_month:
        return str(format_skeleton("yMMMM", window.start.astimezone(zone), locale=locale))
    first, last = local_date(window.start, zone), local_date(window.end - MICROSECOND, zone)
    return str(format_interval(first, last, "yMMMd", locale=locale))


def _day(period: Period, zone: ZoneInfo, locale: str, *, last: bool) -> str:
    instant = period.end - MICROSECOND if last else period.start
    return format_date(local_date(instant, zone), format="medium", locale=locale)

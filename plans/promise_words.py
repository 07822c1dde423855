"""Promises as people read them: what is answered when, in which languages; what is given for an outage."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from babel import Locale, UnknownLocaleError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override, pgettext

from plans.sla_terms import Exclusion, SlaPromise
from plans.support_terms import AROUND_THE_CLOCK, SupportPromise
from plans.templatetags.figures import quantity

LANGUAGES = {"en": "en", "zh-Hans": "zh-hans"}  # key of a text -> Django's name of the language
HOUR = 60
Words = Callable[[Any], Sequence[str]]


def _listed() -> str:
    return pgettext("between items of a list", ", ")


def in_both(words: Words, promise: Any) -> dict[str, str]:
    """Return the words of a promise as one text in each language, as the API gives them."""
    found = {}
    for key, language in LANGUAGES.items():
        with override(language):
            found[key] = joined(words(promise))
    return found


def joined(words: Sequence[str]) -> str:
    """Return the parts of a promise as one text."""
    return pgettext("between parts of a promise", "; ").join(words)


def support_words(promise: SupportPromise) -> list[str]:
    """Return a support promise in short parts: first answers, languages, channels, people."""
    found = [_answers(promise)] if promise.response_minutes else []
    if promise.languages:
        found.append(_listed().join(language_name(tag) for tag in promise.languages))
    if promise.channels:
        found.append(_listed().join(channel_name(one) for one in promise.channels))
    if promise.named_manager:
        found.append(_("a named manager"))
    if promise.review is not None:
        found.append(review_name(promise.review))
    return found


def _answers(promise: SupportPromise) -> str:
    fastest = sorted(promise.response_minutes.items(), key=lambda one: one[1])  # a JSON column keeps no order
    answers = [_answer(priority, minutes, promise) for priority, minutes in fastest]
    return _listed().join([*answers, hours_name(promise)])


def _answer(priority: str, minutes: int, promise: SupportPromise) -> str:
    words = {"priority": priority_name(priority), "time": duration(minutes)}
    if promise.hours != AROUND_THE_CLOCK and priority in promise.around_the_clock:
        return _("%(priority)s within %(time)s around the clock") % words
    return _("%(priority)s within %(time)s") % words


def hours_name(promise: SupportPromise) -> str:
    """Return the hours as printed, with the zone where one is stated."""
    printed = promise.hours.replace("x", "×") if promise.hours[:1].isdigit() else promise.hours
    if promise.hours != AROUND_THE_CLOCK and promise.business_hours is not None:
        return _("%(hours)s (%(zone)s)") % {"hours": printed, "zone": promise.business_hours.zone}
    return printed


def duration(minutes: int) -> str:
    """Return minutes as people say them: whole hours where they are."""
    if minutes % HOUR:
        return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": quantity(minutes)}
    hours = minutes // HOUR
    return ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": quantity(hours)}


def language_name(tag: str) -> str:
    """Return a language as its speakers call it; an unknown tag as it is."""
    try:
        locale = Locale.parse(tag.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return tag
    return str(locale.language_name or tag)


def channel_name(code: str) -> str:
    """Return a channel in the reader's language; one of the provider's own as it is."""
    known = {
        "ticket": pgettext("channel", "ticket"),
        "mail": pgettext("channel", "mail"),
        "email": pgettext("channel", "mail"),
        "chat": pgettext("channel", "chat"),
        "phone": pgettext("channel", "phone"),
        "forum": pgettext("channel", "forum"),
    }
    return known.get(code, code)


def priority_name(code: str) -> str:
    """Return a priority in the reader's language; P1 to P4 and the provider's own as they are."""
    known = {
        "urgent": pgettext("priority", "urgent"),
        "high": pgettext("priority", "high"),
        "normal": pgettext("priority", "normal"),
        "low": pgettext("priority", "low"),
    }
    return known.get(code, code)


def review_name(cadence: str) -> str:
    """Return how often the service is reviewed together."""
    known = {
        "weekly": _("a review every week"),
        "monthly": _("a review every month"),
        "quarterly": _("a review every quarter"),
        "half_yearly": _("a review every half year"),
        "yearly": _("a review every year"),
    }
    return known[cadence]


def sla_words(promise: SlaPromise) -> list[str]:
    """Return an availability promise in short parts: target and window, form, claim, exclusions."""
    target = {"target": quantity(Decimal(promise.target)), "window": window_name(promise.window)}
    found = [_("%(target)s %% in each %(window)s") % target, form_name(promise)]
    if promise.claim_days is not None:
        days = promise.claim_days
        found.append(
            ngettext("to be claimed within %(n)s day", "to be claimed within %(n)s days", days) % {"n": days}
        )
    if promise.exclusions:
        kinds = _listed().join(exclusion_words(rule) for rule in promise.exclusions)
        found.append(_("without %(kinds)s") % {"kinds": kinds})
    return found


def window_name(kind: str) -> str:
    """Return the time a promise is judged over."""
    known = {
        "calendar_month": _("calendar month"),
        "anniversary_month": _("month of the agreement"),
        "calendar_quarter": _("calendar quarter"),
        "anniversary_quarter": _("quarter of the agreement"),
    }
    return known.get(kind, kind)


def form_name(promise: SlaPromise) -> str:
    """Return what a missed promise gives."""
    form = None if isinstance(promise.form, str) else promise.form
    if form is not None and form.voucher is not None:
        days = form.voucher.valid_days
        return ngettext("voucher for %(n)s day", "voucher for %(n)s days", days) % {"n": days}
    if form is not None and form.extra_days is not None:
        return _("extra days")
    if form is not None and form.pack is not None:
        return _("prepaid units")
    return _("credit on the next invoice")


def exclusion_words(rule: Exclusion) -> str:
    """Return a kind of excluded time with its condition."""
    name = exclusion_name(rule.kind)
    if rule.notice_hours:
        words = {"name": name, "hours": duration(rule.notice_hours * HOUR)}
        return _("%(name)s announced %(hours)s ahead") % words
    if rule.above is not None:
        return _("%(name)s above %(share)s %% of the usual peak") % {"name": name, "share": rule.above}
    return name


def exclusion_name(kind: str) -> str:
    """Return a kind of excluded time in the reader's language."""
    known = {
        "maintenance": _("maintenance"),
        "force_majeure": _("force majeure"),
        "third_party": _("third parties"),
        "customer": _("causes at the customer"),
        "surge": _("surges"),
    }
    return known.get(kind, kind)

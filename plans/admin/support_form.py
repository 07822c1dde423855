"""The form of a support tier: first answers, hours, languages, people; its charges as catalogue text."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from plans.admin.promise_fields import DatesField, ResponseField, WindowsField, WordsField, dress, refused
from plans.admin.source import PartDocument, PartForm
from plans.models import SupportTier
from plans.shape import Tree, build
from plans.support_terms import OWN_FIELDS, SupportPromise, support_problems

REVIEWS = [
    ("", _("none")),
    ("weekly", _("every week")),
    ("monthly", _("every month")),
    ("quarterly", _("every quarter")),
    ("half_yearly", _("every half year")),
    ("yearly", _("every year")),
]
PLACES = {
    "response_minutes": "answers",
    "around_the_clock": "answers",
    "business_hours.zone": "zone",
    "business_hours.holidays": "holidays",
    "business_hours": "windows",
    "languages": "languages",
}


class SupportForm(PartForm):
    """The promise in fields; the tier's charges as text."""

    texts = {"document": PartDocument}
    channel_words = WordsField(label=_("channels"), help_text=_("For instance: ticket, mail, chat, phone."))
    answers = ResponseField(
        label=_("first answers"),
        help_text=_("Priority and minutes, such as “P1 60”; add 24x7 where the minutes run day and night."),
    )
    zone = forms.CharField(
        label=_("zone of the hours"), required=False, help_text=_("Such as Asia/Shanghai.")
    )
    windows = WindowsField(
        label=_("open"), help_text=_("Days and times, such as “mon tue wed thu fri 09:00-18:00”.")
    )
    holidays = DatesField(label=_("holidays"), help_text=_("One date a line, such as 2026-10-01."))
    languages = WordsField(label=_("languages"), help_text=_("Language tags, such as en, zh-Hans."))
    named_manager = forms.BooleanField(label=_("named manager"), required=False)
    review = forms.ChoiceField(label=_("review together"), choices=REVIEWS, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        row: SupportTier | None = kwargs.get("instance")
        stored = dict(row.document) if row is not None else {}
        rest = {name: value for name, value in stored.items() if name not in OWN_FIELDS}
        given = {"document": rest, **_initial(row, stored), **(kwargs.pop("initial", None) or {})}
        super().__init__(*args, initial=given, **kwargs)
        dress(self, [name for name in self.declared_fields if name in self.fields])

    def clean(self) -> dict[str, Any] | None:
        """Compose the promise and check it as a catalogue file is checked."""
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        own = _tree(cleaned)
        self.instance.channels = cleaned["channel_words"]
        self.instance.response_minutes = {name: minutes for name, minutes, _clock in cleaned["answers"]}
        head = {
            "channels": self.instance.channels,
            "response_minutes": self.instance.response_minutes,
            "hours": cleaned["hours"],
        }
        found: list[Any] = []
        promise = build({**head, **own}, SupportPromise, "", found)
        if promise is not None:
            found += support_problems(promise, "")
        refused(self, found, PLACES)
        cleaned["document"] = {**(cleaned.get("document") or {}), **own}
        return cleaned


def _initial(row: SupportTier | None, stored: Tree) -> dict[str, Any]:
    hours, clock = stored.get("business_hours", {}), stored.get("around_the_clock", [])
    answers = row.response_minutes.items() if row is not None else ()
    return {
        "channel_words": list(row.channels) if row is not None else [],
        "answers": [(priority, minutes, priority in clock) for priority, minutes in answers],
        "zone": hours.get("zone", ""),
        "windows": hours.get("windows", []),
        "holidays": hours.get("holidays", []),
        "languages": stored.get("languages", []),
        "named_manager": stored.get("named_manager", False),
        "review": stored.get("review", ""),
    }


def _tree(given: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if given["zone"] or given["windows"]:
        holidays = {"holidays": given["holidays"]} if given["holidays"] else {}
        found["business_hours"] = {"zone": given["zone"], "windows": given["windows"], **holidays}
    if clock := [name for name, _minutes, clock in given["answers"] if clock]:
        found["around_the_clock"] = clock
    for name in ("languages", "named_manager", "review"):
        if given[name]:
            found[name] = given[name]
    return found

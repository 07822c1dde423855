"""Lago's codes to ours: a subscription's to an app, a billable metric's to an event type.

`external_subscription_id` is the code of an app, or the id of a subscription (sub_…) that covers exactly one.
`code` is an event type, or the code of a meter, which then stands for the type that feeds it. What is not
known passes as it is: the event is held until the app or meter exists.
"""

import time
from collections.abc import Collection
from dataclasses import dataclass, field

from plans.models import Meter
from plans.models.meters import MeterSource
from subscriptions.selectors_codes import app_codes
from usage.directory import look_up
from usage.parsing_values import Refused

CACHE_SECONDS = 5


@dataclass(slots=True)
class _Known:
    expires: float = 0.0
    types: dict[str, str] = field(default_factory=dict)  # of meters, by their code
    apps: dict[str, list[str]] = field(default_factory=dict)  # of subscriptions, by their id


_known = _Known()


@dataclass(frozen=True, slots=True)
class Places:
    """Where the codes of one request lead."""

    types: dict[str, str]
    apps: dict[str, list[str]]

    def type_of(self, code: str) -> str:
        """Return the event type of a billable metric's code."""
        return self.types.get(code, code)

    def app_of(self, subscription: str) -> str:
        """Return the app's code; Refused where the subscription covers several."""
        apps = self.apps.get(subscription, [subscription])
        if len(apps) != 1:
            raise Refused("several_apps", "external_subscription_id")
        return apps[0]


def places(subscriptions: Collection[str], codes: Collection[str]) -> Places:
    """Return where these codes lead; what is found is remembered for seconds."""
    global _known
    if _known.expires < time.monotonic():
        _known = _Known(expires=time.monotonic() + CACHE_SECONDS)
    strange = {one for one in subscriptions if one.startswith("sub_")} - _known.apps.keys()
    unread = set(codes) - _known.types.keys()
    directory = look_up(strange, unread)
    if strange := strange - directory.apps.keys():
        _known.apps |= app_codes(strange)
    if unread := unread - directory.types.keys():
        rows = Meter.objects.filter(code__in=list(unread), source=MeterSource.EVENTS)
        _known.types |= dict(rows.values_list("code", "event_type"))
    return Places(_known.types, _known.apps)


def forget_places() -> None:
    """Empty the process's memory (tests)."""
    global _known
    _known = _Known()

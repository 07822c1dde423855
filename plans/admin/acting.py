"""Who acts in the admin, and when: read once per request and passed down."""

from datetime import datetime
from typing import TypedDict

from django.http import HttpRequest

from plans.actor import Actor
from plans.clock import now


class Acting(TypedDict):
    """The two arguments every service takes."""

    at: datetime
    by: Actor


def by(request: HttpRequest) -> Actor:
    """Return the staff member as an actor."""
    return Actor(f"user:{request.user.pk}")


def acting(request: HttpRequest) -> Acting:
    """Return `at=` and `by=` of this request."""
    return {"at": now(), "by": by(request)}

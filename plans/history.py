"""One transaction whose history rows name the actor, so no writer can forget either."""

from collections.abc import Iterator
from contextlib import contextmanager

import pghistory
from django.db import transaction

from plans.actor import Actor


@contextmanager
def changes(by: Actor, *, reason: str = "") -> Iterator[None]:
    """Open the transaction of one service call; what it changes is recorded as done by `by`, and why."""
    why = {"reason": reason} if reason else {}
    with transaction.atomic(), pghistory.context(actor=by.id, **why):
        yield

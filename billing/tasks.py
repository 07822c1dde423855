"""Doorbells of billing: ids in, one service each. Lost, late or doubled, they do no harm."""

import time
from collections.abc import Callable

from celery import shared_task

from billing import outbox
from billing.selectors_retention import needs
from billing.services import events, runs
from plans import clock
from usage.services import retain

# Seconds after which a task begins no further batch: the next ring goes on. The last batch has to
# fit between this and the soft limit, even where each of its calls to Stripe runs into its timeout.
LONGEST = 120
CALLS = 15


def in_batches(work: Callable[[], int]) -> None:
    """Do `work` until nothing is left or the time is up."""
    ends = time.monotonic() + LONGEST
    while work() and time.monotonic() < ends:
        pass


@shared_task(name="billing.tick")
def tick() -> None:
    """Turn what has fallen due into jobs."""
    runs.tick(clock.now())


@shared_task(name="billing.run_jobs")
def run_jobs() -> None:
    """Carry out due jobs."""
    in_batches(lambda: runs.run_jobs(clock.now()))


@shared_task(name="billing.deliver_operations")
def deliver_operations() -> None:
    """Send what is planned to Stripe."""
    in_batches(lambda: outbox.deliver_ready(limit=CALLS))


@shared_task(name="billing.retain_usage")
def retain_usage() -> None:
    """Let raw usage go that is old, and billed to the end."""
    retain(at=clock.now(), needs=needs)


@shared_task(name="billing.process_webhooks")
def process_webhooks() -> None:
    """Judge the messages that have come in."""
    in_batches(lambda: events.process_events(clock.now(), limit=CALLS))

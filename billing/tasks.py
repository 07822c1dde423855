"""Doorbells of billing: ids in, one service each. Lost, late or doubled, they do no harm."""

from celery import shared_task

from billing import outbox
from billing.services import events, runs
from plans import clock


@shared_task(name="billing.tick")
def tick() -> None:
    """Turn what has fallen due into jobs."""
    runs.tick(clock.now())


@shared_task(name="billing.run_jobs")
def run_jobs() -> None:
    """Carry out due jobs until none is left."""
    while runs.run_jobs(clock.now()):
        pass


@shared_task(name="billing.deliver_operations")
def deliver_operations() -> None:
    """Send what is planned to Stripe."""
    while outbox.deliver_ready():
        pass


@shared_task(name="billing.process_webhooks")
def process_webhooks() -> None:
    """Judge the messages that have come in."""
    while events.process_events(clock.now()):
        pass

"""What the schedule rings. A ring may be lost, doubled or late: the pending rows are the work."""

from celery import shared_task

from plans import clock
from usage import services


@shared_task(name="usage.roll_up")
def roll_up() -> None:
    """Fold what is pending."""
    services.roll_up_in_turn()


@shared_task(name="usage.make_partitions")
def make_partitions() -> None:
    """Keep partitions ready for the days ahead."""
    services.make_partitions(at=clock.now())


@shared_task(name="usage.watch_quotas")
def watch_quotas() -> None:
    """Warn of allowances that were reached by what was folded just now."""
    services.watch_quotas(at=clock.now())

"""Ring a queue by task name. Lost rings are harmless: the rows are swept by the schedule."""

import logging
from functools import partial
from typing import Any

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)


def ring(task: str, *args: Any) -> None:
    """Ask a worker to look now. A broker that is down costs latency, never work."""
    try:
        current_app.send_task(task, args=args, ignore_result=True, retry=False)
    except (OperationalError, OSError) as error:
        log.warning("doorbell %s not heard: %s", task, error)


def ring_after_commit(task: str, *args: Any) -> None:
    """Ring once the surrounding transaction has committed; never before the rows exist."""
    transaction.on_commit(partial(ring, task, *args))

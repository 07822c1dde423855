"""The Celery app: queues and the only cadence. Every entry rings for rows that already exist."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("ratecard")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.task_routes = {
    "usage.*": {"queue": "ingest"},
    "billing.process_webhooks": {"queue": "webhook"},
    "billing.*": {"queue": "billing"},
    "subscriptions.*": {"queue": "delivery"},
}
CADENCE = {
    "usage.roll_up": 0.5,  # a quarter of what figures may be behind
    "usage.watch_quotas": 30.0,
    "usage.make_partitions": 3600.0,
    "billing.retain_usage": 3600.0,
    "billing.tick": 120.0,
    "billing.run_jobs": 30.0,
    "billing.deliver_operations": 10.0,
    "billing.process_webhooks": 5.0,
}
# A ring nobody has heard by the next one is dropped: rings do not pile up while workers are away.
app.conf.beat_schedule = {
    task: {"task": task, "schedule": seconds, "options": {"expires": seconds}}
    for task, seconds in CADENCE.items()
}

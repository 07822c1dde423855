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
app.conf.beat_schedule = {
    "roll-up": {"task": "usage.roll_up", "schedule": 2.0},
    "partitions": {"task": "usage.make_partitions", "schedule": 3600.0},
    "tick": {"task": "billing.tick", "schedule": 120.0},
    "jobs": {"task": "billing.run_jobs", "schedule": 30.0},
    "outbox": {"task": "billing.deliver_operations", "schedule": 10.0},
    "webhooks": {"task": "billing.process_webhooks", "schedule": 5.0},
}

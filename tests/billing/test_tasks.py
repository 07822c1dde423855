"""The doorbells: rings expire, and no task outlives its time however much there is to do."""

from django.conf import settings

from billing import tasks
from config.celery import app


def test_a_ring_nobody_hears_is_gone_by_the_next() -> None:
    for entry in app.conf.beat_schedule.values():
        assert entry["options"]["expires"] == entry["schedule"]


def test_a_task_ends_though_work_keeps_coming(monkeypatch) -> None:
    clock = iter(range(0, 10_000, 50))
    monkeypatch.setattr(tasks.time, "monotonic", lambda: next(clock))
    done: list[int] = []

    tasks.in_batches(lambda: done.append(1) or 1)

    assert len(done) == 3


def test_the_last_batch_fits_before_the_soft_limit() -> None:
    calls = tasks.CALLS * settings.STRIPE_TIMEOUT_SECONDS

    assert tasks.LONGEST + calls <= settings.CELERY_TASK_SOFT_TIME_LIMIT

"""Retention by hand, by schedule, and as staff see it."""

import io
from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from billing.tasks import retain_usage
from config.celery import CADENCE
from tests.billing.test_retention import DAY, FREE, billed, is_there
from tests.factories import make_user
from tests.usage.old_days import no_days as no_days
from usage.models import DroppedDay, KeptDay

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_days")]
NEXT = DAY + timedelta(days=20)  # of the second period: 10 October


def at_free() -> datetime:
    return FREE + timedelta(days=3)


@pytest.fixture(autouse=True)
def _clock(settings) -> None:
    settings.RATECARD_CLOCK = "tests.billing.test_retention_desk.at_free"


def two_days() -> str:
    """Have usage in two billed periods; return the agreement."""
    return billed((0, "60000"), (20, "60000")).public_id


def told(*options: str) -> list[str]:
    out = io.StringIO()
    call_command("retain_usage", *options, stdout=out)
    return out.getvalue().splitlines()


def test_a_dry_run_prints_each_day_with_its_reason_and_changes_nothing() -> None:
    agreement = two_days()

    head, first, second, last = told("--dry-run")

    assert head.split() == ["day", "(UTC)", "rows", "bytes", "verdict", "because"]
    assert first.split()[:2] == [DAY.isoformat(), "3"]
    assert first.endswith("may go   old, and billed to the end")
    assert second.startswith(NEXT.isoformat())
    assert second.endswith(
        f"late usage may still change a bill: agreement {agreement} from 2026-10-09 on (apps: 1)"
    )
    assert last.startswith("Nothing was changed. 1 days may go, ")
    assert is_there()
    assert not KeptDay.objects.exists()


def test_the_command_drops_what_may_go_and_says_so() -> None:
    two_days()

    _head, first, _second, last = told()

    assert "dropped  old" in first
    assert last == "1 days dropped; 3 keys, 0 names and 0 expired events of the quarantine deleted."
    assert (is_there(), is_there(NEXT)) == (False, True)
    assert told()[-1].startswith("0 days dropped; 0 keys")


def test_the_schedule_rings_for_it_every_hour() -> None:
    two_days()
    assert CADENCE["billing.retain_usage"] == 3600

    retain_usage()

    assert list(DroppedDay.objects.values_list("day", flat=True)) == [DAY]
    assert list(KeptDay.objects.values_list("day", flat=True)) == [NEXT]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["Raw events", "late usage may still change a bill", "Dropped lately"]),
        ("zh-hans", ["原始事件", "最近删除"]),
    ],
)
def test_staff_see_what_is_kept_and_what_keeps_it(client: Client, language: str, said: list[str]) -> None:
    agreement = two_days()
    retain_usage()
    client.force_login(make_user("desk@example.com", is_staff=True))
    client.cookies["django_language"] = language

    page = client.get(reverse("admin:usage_raw_events")).content.decode()

    for text in [*said, DAY.isoformat(), NEXT.isoformat(), agreement]:
        assert text in page


def test_the_page_asks_as_often_for_one_day_as_for_forty(
    client: Client, django_assert_max_num_queries
) -> None:
    two_days()
    retain_usage()
    client.force_login(make_user("desk@example.com", is_staff=True))
    KeptDay.objects.bulk_create(
        KeptDay(
            day=NEXT + timedelta(days=n), rows=1, bytes=1, blocks=[["pending", {"count": n}]], judged_at=FREE
        )
        for n in range(1, 41)
    )
    client.get(reverse("admin:usage_raw_events"))

    with django_assert_max_num_queries(12):
        page = client.get(reverse("admin:usage_raw_events")).content.decode()
    assert "not folded yet: 40" in page


def test_the_page_needs_the_right_to_see_batches(client: Client) -> None:
    person = make_user("narrow@example.com", is_staff=True)
    person.is_superuser = False
    person.save()
    client.force_login(person)
    assert client.get(reverse("admin:usage_raw_events")).status_code == 403

    person.user_permissions.add(Permission.objects.get(codename="view_ingestbatch"))
    assert client.get(reverse("admin:usage_raw_events")).status_code == 200

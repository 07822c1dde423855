"""A sender that makes up a new id for each retry: reported, and void only where a person says so."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from subscriptions.models import App
from tests.factories import NOW, make_user
from tests.usage.world import an_app, event, make_meter, send
from usage import services
from usage.models import EventVoid, UsageRollup
from usage.selectors_duplicates import MOST_KEYS, near_duplicates

pytestmark = pytest.mark.django_db
DAY = NOW.date()


def retried(app: App) -> None:
    """Send one fact under three ids, and facts that differ in something."""
    make_meter("mau", "unique")
    make_meter()
    said = {"user": "u1", "value": "5"}
    send(
        event(app, **said),
        event(app, **said),
        event(app, **said),
        event(app, user="u2", value="5"),
        event(app, user="u1", value="6"),
        event(app, user="u1", value="5", region="eu"),
        event(app, user="u1", value="5", at=NOW - timedelta(seconds=1)),
    )
    services.roll_up_all()


def test_A05_a_retry_under_new_ids_is_reported_and_can_be_void(client: Client):
    app = an_app()
    retried(app)
    client.force_login(make_user("staff@example.com", is_staff=True))

    found = near_duplicates(None, DAY, DAY)
    assert [(one.said, one.times) for one in found] == [("mau 1, messages 5", 3)]
    assert UsageRollup.objects.get(meter__code="messages", region="").sum == 31  # nothing is dropped

    keys = " ".join(str(key) for key in found[-1].keys)
    page = reverse("admin:usage_near_duplicates")
    assert client.get(page, {"first": DAY.isoformat(), "app": app.code}).status_code == 200
    answer = client.post(page, {"app": app.code, "keys": keys, "reason": "the gateway retried"})
    assert answer.status_code == 302
    services.roll_up_all()

    assert EventVoid.objects.count() == 2
    assert UsageRollup.objects.get(meter__code="messages", region="").sum == 21
    assert near_duplicates(None, DAY, DAY) == []


def test_a_group_too_large_for_one_click_says_how_many_go(client: Client):
    app = an_app()
    make_meter()
    send(*[event(app) for _n in range(MOST_KEYS + 5)])
    client.force_login(make_user("staff@example.com", is_staff=True))
    out = StringIO()

    page = client.get(reverse("admin:usage_near_duplicates"), {"first": DAY.isoformat(), "app": app.code})
    call_command("near_duplicates", DAY.isoformat(), DAY.isoformat(), stdout=out)

    assert f"Void {MOST_KEYS - 1} of them, not the first" in page.content.decode()
    assert f"x{MOST_KEYS + 5}: " in out.getvalue()
    assert "…" in out.getvalue()


def test_the_command_lists_each_group():
    app = an_app()
    retried(app)
    out = StringIO()

    call_command("near_duplicates", DAY.isoformat(), DAY.isoformat(), "--app", app.code, stdout=out)

    assert f"{app.code} - mau 1, messages 5 x3: " in out.getvalue()

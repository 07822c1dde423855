"""Cells counted again on demand, and compared with their events; staff pages of corrections."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from tests.factories import NOW, TESTER, make_user
from tests.usage.reports_world import daily, day_report, report
from tests.usage.test_corrections import correct, event, void
from tests.usage.world import an_app, make_meter, rows, send
from usage import services
from usage.admin import recounting
from usage.errors_corrections import DaysDropped, TooManyCells
from usage.models import CellChange, DirtyCell, DroppedDay, EventVoid, IngestBatch, UsageRollup

pytestmark = pytest.mark.django_db
DAY = NOW.date()


def told(name: str, *args: str) -> str:
    out = StringIO()
    call_command(name, DAY.isoformat(), DAY.isoformat(), *args, stdout=out)
    return out.getvalue()


def test_a_spoilt_cell_is_found_and_counted_again():
    make_meter()
    app = an_app()
    sent = [event(app), event(app, value="2")]
    send(*sent)
    services.roll_up_all()
    correct(void(sent[0]))
    services.roll_up_all()
    assert "Every cell" in told("check_cells")
    UsageRollup.objects.update(sum=99)

    with pytest.raises(CommandError, match="1 cells differ"):
        told("check_cells")
    assert "1 cells counted again" in told("recount_usage", "--app", app.code, "--reason", "a bad deploy")

    assert "Every cell" in told("check_cells")
    change = CellChange.objects.first()
    assert (change.before["sum"], change.after["sum"], change.reason) == ("99", "2", "a bad deploy")


def test_what_cannot_be_counted_again_says_why():
    make_meter()
    app = an_app()
    send(event(app))
    services.roll_up_all()
    with pytest.raises(TooManyCells):
        services.reprocess([app], None, DAY - timedelta(days=6000), DAY, reason="all", at=NOW, by=TESTER)
    DroppedDay.objects.create(day=DAY - timedelta(days=900), rows=1, bytes=1)
    with pytest.raises(DaysDropped):
        services.reprocess(
            [app], None, DAY - timedelta(days=901), DAY - timedelta(days=899), reason="x", at=NOW, by=TESTER
        )


def test_staff_void_an_event_of_a_batch_and_read_what_it_did(client: Client):
    make_meter()
    app = an_app()
    send(event(app), event(app, value="2"))
    services.roll_up_all()
    client.force_login(make_user("staff@example.com", is_staff=True))
    ((key,),) = rows("SELECT event_key FROM usage_usageevent WHERE value = 2")
    batch = IngestBatch.objects.get()
    page = client.get(reverse("admin:usage_ingestbatch_change", args=[batch.pk]))
    assert str(key) in page.content.decode()

    url = reverse("admin:usage_ingestbatch_void", args=[batch.pk])
    assert client.post(url, {"key": str(key), "reason": ""}).status_code == 200
    assert not EventVoid.objects.exists()
    client.post(url, {"key": str(key), "reason": "a test machine"})
    services.roll_up_all()

    row = EventVoid.objects.get()
    shown = client.get(reverse("admin:usage_eventvoid_change", args=[row.pk])).content.decode()
    assert "a test machine" in shown
    assert "sum 3 of 2 events" in shown
    assert "sum 1 of 1 events" in shown
    for name in ("eventvoid", "cellchange"):
        assert client.get(reverse(f"admin:usage_{name}_changelist")).status_code == 200
    change = CellChange.objects.get()
    assert client.get(reverse("admin:usage_cellchange_change", args=[change.pk])).status_code == 200


PAGE = "/admin/usage/recount/"


def test_staff_have_chosen_cells_counted_again(client: Client):
    make_meter()
    app = an_app()
    send(event(app, value="2"), event(app, value="3"))
    services.roll_up_all()
    UsageRollup.objects.update(sum=99)
    cell = UsageRollup.objects.get()
    client.force_login(make_user("staff@example.com", is_staff=True))

    asked = client.post(
        reverse("admin:usage_usagerollup_changelist"), {"action": "recount", "_selected_action": [cell.pk]}
    )
    assert asked["Location"] == f"{PAGE}?cells={cell.pk}"
    assert "Count again from events" in client.get(asked["Location"]).content.decode()
    assert client.post(asked["Location"], {"reason": ""}).status_code == 200  # a reason is asked for
    assert not DirtyCell.objects.exists()
    done = client.post(asked["Location"], {"reason": "a bad deploy"}, follow=True)
    assert "1 cell is counted again within seconds." in done.content.decode()
    services.roll_up_all()

    assert UsageRollup.objects.get().sum == 5
    change = CellChange.objects.get()
    assert (change.reason, change.before["sum"], change.after["sum"]) == ("a bad deploy", "99", "5")


def test_the_page_speaks_chinese(client: Client):
    make_meter()
    app = an_app()
    send(event(app))
    services.roll_up_all()
    client.force_login(make_user("staff@example.com", is_staff=True))
    client.cookies["django_language"] = "zh-hans"
    url = f"{PAGE}?cells={UsageRollup.objects.get().pk}"

    assert "按事件重新计数" in client.get(url).content.decode()
    assert (
        "1 个单元将在数秒内重新计数。" in client.post(url, {"reason": "测试"}, follow=True).content.decode()
    )


def test_cells_whose_events_are_dropped_are_refused_together(client: Client):
    make_meter()
    app = an_app()
    send(event(app), event(app, time=(NOW - timedelta(days=2)).isoformat()))
    services.roll_up_all()
    DroppedDay.objects.create(day=DAY - timedelta(days=2), rows=1, bytes=1)
    client.force_login(make_user("staff@example.com", is_staff=True))
    cells = ",".join(str(pk) for pk in UsageRollup.objects.values_list("pk", flat=True))

    page = client.post(f"{PAGE}?cells={cells}", {"reason": "a bad deploy"})

    assert page.status_code == 200
    assert "no longer kept" in page.content.decode()
    assert not DirtyCell.objects.exists()


def test_what_is_no_cell_of_events_is_not_offered(client: Client):
    daily()
    app = an_app()
    report(day_report(app, "2026-11-18", "5"))
    client.force_login(make_user("staff@example.com", is_staff=True))
    cell = UsageRollup.objects.get()

    for asked in (f"?cells={cell.pk}", "?cells=", "?cells=x,-1,99999999999999999999", ""):
        page = client.post(PAGE + asked, {"reason": "why"})
        assert "made of events" in page.content.decode()
    assert not DirtyCell.objects.exists()


def test_more_than_a_page_can_name_is_told(client: Client, monkeypatch: pytest.MonkeyPatch):
    make_meter()
    app = an_app()
    send(event(app), event(app, time=(NOW - timedelta(days=2)).isoformat()))
    services.roll_up_all()
    monkeypatch.setattr(recounting, "MOST", 1)
    client.force_login(make_user("staff@example.com", is_staff=True))
    cells = list(UsageRollup.objects.values_list("pk", flat=True))

    page = client.post(
        reverse("admin:usage_usagerollup_changelist"),
        {"action": "recount", "_selected_action": cells},
        follow=True,
    )
    assert "At most 1 cells at once" in page.content.decode()


def test_staff_without_the_right_are_not_offered_it(client: Client):
    person = make_user("reader@example.com")
    person.is_staff = True
    person.save()
    client.force_login(person)
    assert client.get(PAGE).status_code == 403

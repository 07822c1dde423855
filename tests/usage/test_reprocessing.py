"""Cells counted again on demand, and compared with their events; staff pages of corrections."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from tests.factories import NOW, TESTER, make_user
from tests.usage.test_corrections import correct, event, void
from tests.usage.world import an_app, make_meter, rows, send
from usage import services
from usage.errors_corrections import DaysDropped, TooManyCells
from usage.models import CellChange, DroppedDay, EventVoid, IngestBatch, UsageRollup

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

"""Excluded windows over HTTP: added, repeated, corrected, withdrawn, refused."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from plans.timespan import Period
from tests.admin.conftest import *  # noqa: F403 — the signed-in staff client
from tests.factories import make_app
from tests.usage.world import Door, an_app
from usage.models import ExcludedWindow
from usage.selectors_exclusions import exclusions

pytestmark = pytest.mark.django_db
NOVEMBER = Period(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))


def statement(**fields: Any) -> dict[str, Any]:
    return {
        "reference": "CHG-118",
        "start": "2026-11-18T18:00:00Z",
        "end": "2026-11-18T19:30:00Z",
        "kind": "maintenance",
        "notice_at": "2026-11-16T08:00:00+08:00",
        "reason": "Database upgrade",
        **fields,
    }


def post(body: Any, door: Door | None = None) -> Any:
    path = "/api/v1/availability/exclusions"
    return (door or Door()).post(body, path=path, media="application/json")


def seen(app: Any) -> list[tuple[str, int]]:
    return [(row.reference, row.revision) for row in exclusions([app.pk], app.customer_id, NOVEMBER)]


def test_a_statement_is_stored_and_its_repeat_is_a_duplicate() -> None:
    first, again = post(statement()), post(statement(start="2026-11-19T02:00:00+08:00", revision=1))

    accepted = {"status": "accepted", "reference": "CHG-118", "revision": 1}
    assert (first.status_code, first.json()) == (201, accepted)
    assert (again.status_code, again.json()) == (200, {**accepted, "status": "duplicate"})
    assert ExcludedWindow.objects.get().notice_at == datetime(2026, 11, 16, tzinfo=UTC)


def test_it_is_about_an_app_a_customer_or_everybody() -> None:
    app, stranger = an_app(), an_app()
    sister = make_app(app.customer)

    post(statement(reference="all"))
    post(statement(reference="ours", customer=app.customer.public_id))
    post(statement(reference="one", app=app.code, region="eu"))

    assert {name for name, _ in seen(app)} == {"all", "ours", "one"}
    assert {name for name, _ in seen(sister)} == {"all", "ours"}
    assert {name for name, _ in seen(stranger)} == {"all"}


def test_a_correction_is_the_next_revision_and_a_withdrawn_one_says_nothing() -> None:
    app = an_app()
    post(statement())

    conflict = post(statement(reason="Another"))
    moved = post(statement(start="2026-11-18T17:00:00Z", revision=2))

    assert (conflict.status_code, conflict.json()["code"]) == (409, "conflict")
    assert (moved.status_code, seen(app)) == (201, [("CHG-118", 2)])
    post(statement(withdrawn=True, revision=3))
    assert seen(app) == []
    assert ExcludedWindow.objects.count() == 3


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"kind": "weather"}, "unknown_kind", "kind"),
        ({"kind": None}, "unknown_kind", "kind"),
        ({"reference": None}, "required", "reference"),
        ({"reference": "x" * 65}, "too_long", "reference"),
        ({"reason": ""}, "required", "reason"),
        ({"end": "2026-11-18T18:00:00Z"}, "not_a_span", "end"),
        ({"start": "2026-11-18T18:00:00"}, "offset_required", "start"),
        ({"notice_at": "2026-12-18T18:00:00Z"}, "in_future", "notice_at"),
        ({"end": "2028-11-18T18:00:00Z"}, "in_future", "end"),
        ({"app": "app_nobody"}, "no_such_app", "app"),
        ({"customer": "cus_nobody"}, "no_such_customer", "customer"),
        ({"app": "a", "customer": "b"}, "one_scope", "customer"),
        ({"peak_share": -1}, "negative", "peak_share"),
        ({"peak_share": "1e3"}, "not_a_number", "peak_share"),
        ({"withdrawn": "no"}, "wrong_type", "withdrawn"),
        ({"revision": 0}, "not_positive", "revision"),
        ({"colour": "red"}, "unknown_field", "colour"),
    ],
)
def test_a_wrong_field_is_422_by_name(fields: dict[str, Any], code: str, field: str) -> None:
    answer = post(statement(**fields))

    told = answer.json()
    assert (answer.status_code, told["code"], told["errors"][0]["field"]) == (422, code, field)
    assert told["detail"]
    assert not ExcludedWindow.objects.exists()


def test_the_scope_is_its_own_and_rows_are_insert_only() -> None:
    assert post(statement(), Door(["usage:write"])).status_code == 403
    post(statement())

    for sql in ("UPDATE usage_excludedwindow SET kind = 'surge'", "DELETE FROM usage_excludedwindow"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)


def test_staff_state_and_withdraw_by_the_same_service(staff: Client) -> None:
    app = an_app()
    given = {
        "reference": "INC-7", "kind": "third_party", "app": app.pk, "region": "", "reason": "Carrier down",
        "starts": "2026-11-10 10:00", "ends": "2026-11-10 11:00", "evidence": "",
    }  # fmt: skip

    backwards = staff.post(reverse("admin:usage_excludedwindow_add"), {**given, "ends": "2026-11-10 09:00"})
    answer = staff.post(reverse("admin:usage_excludedwindow_add"), given)

    assert backwards.status_code == 200
    assert answer.status_code == 302
    row = ExcludedWindow.objects.get()
    assert (row.by.split(":")[0], seen(app)) == ("user", [("INC-7", 1)])
    assert staff.get(reverse("admin:usage_excludedwindow_change", args=[row.pk])).status_code == 200
    staff.post(reverse("admin:usage_excludedwindow_withdraw", args=[row.pk]), {"reason": "a mistake"})
    assert seen(app) == []

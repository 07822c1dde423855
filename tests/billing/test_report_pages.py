"""What people see of reports: the explanation, the reading, the invoice, and the desks of staff."""

from datetime import date

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from billing.models import BillingJob
from billing.services.nightly import run_night
from plans.models import Meter
from tests.admin.conftest import *  # noqa: F403 — the signed-in staff client
from tests.admin.conftest import opened, shown
from tests.billing.test_report_bills import DAYS, FIRST, agreement, cycle
from tests.billing.test_report_gate import GAP, expect, fill
from tests.billing.world import EDGE
from tests.factories import make_user
from tests.usage.reports_world import EVIDENCE, day_report, period_report, report
from tests.usage.world import make_meter
from usage.models import MissingPolicy, Reading, ReportExpectation

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _the_night(settings) -> None:
    settings.RATECARD_CLOCK = "tests.billing.test_report_pages.night"


def night():
    """The instant at which people look."""
    return FIRST


def billed():
    """Bill a month of which a day is estimated and the users are reported with evidence."""
    _subscription, app = agreement()
    fill(app, "5000")
    report(period_report(app, "2026-09-10", "5"), at=EDGE)
    expect(MissingPolicy.LAST_VALUE)
    run_night(FIRST)
    return cycle(EDGE)


SAID = {
    "en": ("Estimated: 1 value", "Reported, revision 1", "estimated, as no report came in time: Oct 6, 2026"),
    "zh-Hans": ("估算值：1 个", "后端上报，修订版 1", "未按时收到上报，为估算值：2026年10月6日"),
}


@pytest.mark.parametrize("language", SAID)
def test_the_portal_tells_reports_and_estimates(language):
    invoice = billed()
    member = make_user(customer=invoice.customer)
    member.language = language.lower()
    member.save()
    client = Client(headers={"accept-language": language})
    client.force_login(member)
    days, users = (Reading.objects.get(meter__code=code) for code in ("messages", "mau"))
    estimate, reported, on_invoice = SAID[language]

    of_users = client.get(f"/invoices/{invoice.public_id}/readings/{users.public_id}/").content.decode()
    of_days = client.get(f"/invoices/{invoice.public_id}/readings/{days.public_id}/").content.decode()

    assert EVIDENCE["evidence_hash"] in of_users
    assert EVIDENCE["evidence"] in of_users
    assert of_days.count("chip-amber") == 1
    assert "/cells/" not in of_users + of_days
    assert client.get(f"/invoices/{invoice.public_id}/readings/{days.public_id}/cells/1/").status_code == 404
    page = client.get(f"/invoices/{invoice.public_id}/").content.decode()
    assert on_invoice in page
    whys = [
        client.get(reverse("line_why", args=[invoice.public_id, line.pk])).content.decode()
        for line in invoice.lines.filter(charge__in=["messages", "users"])
    ]
    assert any(estimate in page for page in whys)
    assert any(reported in page for page in whys)


def test_staff_see_what_is_missing_and_what_it_holds(staff: Client) -> None:
    assert "Missing reports" not in shown(staff, reverse("admin:index")).split("<main")[-1]
    _subscription, app = agreement()
    fill(app)
    expect()
    run_night(FIRST)

    first = shown(staff, reverse("admin:index"))
    page = shown(staff, reverse("admin:usage_missing_reports"))
    job = shown(staff, reverse("admin:billing_billingjob_change", args=[BillingJob.objects.get().pk]))

    assert "1 invoice is held" in first
    assert GAP in page
    assert app.code in page
    assert "expected usage reports" in job
    assert f"messages of {app.code} for {GAP}" in job


def test_the_page_of_missing_reports_needs_its_right(client: Client) -> None:
    person = make_user("narrow@example.com", is_staff=True)
    person.is_superuser = False
    person.save()
    client.force_login(person)
    assert client.get(reverse("admin:usage_missing_reports")).status_code == 403

    person.user_permissions.add(Permission.objects.get(codename="view_reportexpectation"))
    assert client.get(reverse("admin:usage_missing_reports")).status_code == 200


def test_staff_set_change_and_remove_an_expectation(staff: Client) -> None:
    _subscription, app = agreement()
    meter = Meter.objects.get(code="messages")
    add = reverse("admin:usage_reportexpectation_add")
    said = {
        "meter": meter.pk,
        "app": app.pk,
        "region": "",
        "since": "2026-09-01",
        "due_hours": "24",
        "policy": "hold",
    }

    staff.post(add, said)
    row = ReportExpectation.objects.get()
    assert (row.app, row.since, row.policy) == (app, date(2026, 9, 1), "hold")

    url = reverse("admin:usage_reportexpectation_change", args=[row.pk])
    staff.post(url, {**opened(staff, url), **said, "policy": "mean_7"})
    row.refresh_from_db()
    assert row.policy == "mean_7"
    staff.post(reverse("admin:usage_reportexpectation_delete", args=[row.pk]), {"post": "yes"})
    assert not ReportExpectation.objects.exists()


WRONG = [
    ({"meter": "calls"}, "Events feed this meter"),
    ({"meter": "mau", "region": "cn"}, "has no region"),
    ({"meter": "mau", "policy": "mean_7"}, "There is no mean of days"),
]


@pytest.mark.parametrize(("changed", "said"), WRONG)
def test_what_no_report_could_satisfy_is_refused(staff: Client, changed: dict[str, str], said: str) -> None:
    agreement()
    make_meter("calls")
    given = {"meter": "messages", "since": "2026-09-01", "due_hours": "24", "policy": "hold", **changed}
    given["meter"] = str(Meter.objects.get(code=given["meter"]).pk)

    answer = staff.post(reverse("admin:usage_reportexpectation_add"), given)

    assert said in answer.content.decode()
    assert not ReportExpectation.objects.exists()


def test_a_meter_with_figures_keeps_its_source_in_the_admin(staff: Client) -> None:
    _subscription, app = agreement()
    report(day_report(app, DAYS[0], "1", "messages"), at=EDGE)
    url = reverse("admin:plans_meter_change", args=[Meter.objects.get(code="messages").pk])

    staff.post(
        url, {**opened(staff, url), "code": "messages", "name_en": "M", "name_zh": "量", "source": "events"}
    )

    assert Meter.objects.get(code="messages").source == "daily_reports"

"""Invoices of reported usage: from the report to the line, restated after issue, and down to its evidence."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from billing.books import offences
from billing.models import Invoice
from billing.services.nightly import run_night
from billing.verifying import proof_of
from plans.models import Meter
from subscriptions.models import App, Subscription
from tests.billing import audit_world
from tests.billing.world import EDGE, begin, make_plan
from tests.usage.reports_world import EVIDENCE, by_period, daily, day_report, period_report, report
from usage.models import Reading

pytestmark = pytest.mark.django_db
GRACE = timedelta(hours=24)
EDGES = [EDGE, datetime(2026, 11, 9, 16, tzinfo=UTC), datetime(2026, 12, 9, 16, tzinfo=UTC)]
FIRST, SECOND, THIRD = (edge + GRACE for edge in EDGES)
DAYS = [f"2026-09-{n:02}" for n in range(10, 31)] + [f"2026-10-{n:02}" for n in range(1, 10)]


def agreement() -> tuple[Subscription, App]:
    """Begin an agreement of 10 September (Shanghai) whose messages and users are reported."""
    if not Meter.objects.filter(code="messages").exists():
        daily("messages", "sum")
        by_period("mau")
    subscription, _start = begin(version=make_plan())
    return subscription, subscription.customer.apps.get()


def say(app: App, value: str, *, day: str = "2026-10-06", **more: Any) -> None:
    (verdict,) = report(day_report(app, day, value, "messages", **more), at=EDGE)
    assert verdict.status == "accepted"


def cycle(edge: datetime) -> Invoice:
    return Invoice.objects.get(kind="cycle", period_start=edge)


def late_lines(invoice: Invoice) -> dict[str, int]:
    return dict(invoice.lines.filter(kind="adjustment").values_list("charge", "amount"))


def sound() -> bool:
    return all(proof_of(row).faults == () for row in Invoice.objects.all()) and offences() == []


def test_reported_days_and_periods_are_billed() -> None:
    _subscription, app = agreement()
    for day in DAYS:
        say(app, "5000", day=day)
    report(period_report(app, "2026-09-10", "5"), at=EDGE)

    run_night(FIRST)

    lines = {line.charge: line for line in cycle(EDGE).lines.all()}
    assert (lines["messages"].quantity, lines["messages"].amount) == (100000, 3000)
    assert lines["users"].amount == 251  # two above the three included, 1.255 each
    proof = proof_of(cycle(EDGE))
    assert (proof.faults, proof.reported, proof.recounted) == ((), 31, 0)
    assert "the raw side of 31 cells is their report" in proof.said


def test_the_first_and_last_day_of_a_period_are_billed_in_it_and_in_no_other() -> None:
    _subscription, app = agreement()
    say(app, "60000", day="2026-09-10")
    say(app, "1000000", day="2026-10-10")  # the day of the edge: next period
    say(app, "60000", day="2026-10-09")

    run_night(FIRST)
    run_night(SECOND)

    assert [cycle(edge).lines.get(charge="messages").quantity for edge in EDGES[:2]] == [70000, 950000]
    assert late_lines(cycle(EDGES[1])) == {}
    assert sound()


def test_a_report_restated_after_issue_is_a_delta_line_of_the_next_invoice() -> None:
    _subscription, app = agreement()
    say(app, "60000")
    report(period_report(app, "2026-09-10", "5"), at=EDGE)
    run_night(FIRST)
    first = cycle(EDGE)
    before = (first.total, first.content_hash)
    say(app, "100000", revision=2)
    report(period_report(app, "2026-09-10", "7", revision=2), at=EDGE)

    run_night(SECOND)
    run_night(THIRD)

    assert late_lines(cycle(EDGES[1])) == {"messages": 1500 - 300, "users": 251}
    assert late_lines(cycle(EDGES[2])) == {}
    first.refresh_from_db()
    assert (first.total, first.content_hash) == before
    revised = Reading.objects.get(meter__code="messages", period__startswith=first.span.lower, revision=2)
    assert [one["revision"] for one in revised.manifest["reports"]] == [2]
    assert sound()


def test_a_report_that_comes_first_after_issue_and_one_taken_down_to_zero() -> None:
    _subscription, app = agreement()
    say(app, "1050000", day="2026-10-05")
    run_night(FIRST)
    say(app, "0", day="2026-10-05", revision=2)
    say(app, "70000", day="2026-10-06")

    run_night(SECOND)

    assert late_lines(cycle(EDGES[1])) == {}  # 294 back: more than the invoice, so it waits
    say(app, "1060000", day="2026-10-06", revision=2)
    run_night(THIRD)
    assert late_lines(cycle(EDGES[2])) == {"messages": 300}
    assert sound()


def test_the_same_figure_with_new_evidence_changes_no_money() -> None:
    _subscription, app = agreement()
    say(app, "60000")
    run_night(FIRST)
    say(app, "60000", revision=2, **EVIDENCE)

    run_night(SECOND)

    assert late_lines(cycle(EDGES[1])) == {}
    assert sound()


def test_derivation_and_reading_name_revision_and_evidence() -> None:
    _subscription, app = agreement()
    say(app, "60000", **EVIDENCE, revision=3)

    run_night(FIRST)

    line = cycle(EDGE).lines.get(charge="messages")
    leaf = _leaf(line.derivation)
    assert (leaf["report"], leaf["evidence"]) == ("3", EVIDENCE["evidence_hash"])
    (reading,) = Reading.objects.filter(pk__in=line.reading_ids)
    assert reading.manifest["batches"] == "{}"
    assert reading.manifest["reports"][0] == {
        "report": reading.manifest["reports"][0]["report"], "revision": 3, "label": "2026-10-06", **EVIDENCE,
    }  # fmt: skip


def _leaf(tree: dict[str, Any]) -> dict[str, Any]:
    while tree["word"] != "reading":
        tree = next(child for child in tree["children"])
    return dict(tree["argument"])


def test_the_audit_kit_names_the_report_in_place_of_events(tmp_path: Any) -> None:
    _subscription, app = agreement()
    say(app, "60000", **EVIDENCE)
    report(period_report(app, "2026-09-10", "5"), at=EDGE)
    run_night(FIRST)

    files = audit_world.files_of(cycle(EDGE))
    code, said = audit_world.verify(files, tmp_path)

    assert code == 0, said
    assert "FAIL" not in said
    cells = files["rollups.csv"].decode()
    assert f"report,revision 1,{EVIDENCE['evidence']},{EVIDENCE['evidence_hash']}" in cells


ALTERED = [  # what is altered behind the application's back -> the level that is named
    ("ALTER TABLE usage_usagereport DISABLE TRIGGER USER; UPDATE usage_usagereport SET value = value + 1"
     " WHERE kind = 'day'", "raw events"),
    ("ALTER TABLE usage_usagereport DISABLE TRIGGER USER; UPDATE usage_usagereport SET evidence_hash ="
     " repeat('0', 64) WHERE kind = 'day'", "raw events"),
    ("UPDATE usage_usagerollup SET sum = sum + 1, max = max + 1 WHERE grain = 'day'", "roll-ups"),
    ("ALTER TABLE usage_reading DISABLE TRIGGER USER; UPDATE usage_reading SET manifest = jsonb_set(manifest,"
     " '{reports,0,revision}', '9') WHERE manifest ? 'reports' AND value > 10", "readings"),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "level"), ALTERED)
def test_what_is_altered_is_named_at_its_level(sql: str, level: str) -> None:
    _subscription, app = agreement()
    say(app, "60000", **EVIDENCE)
    report(period_report(app, "2026-09-10", "5"), at=EDGE)
    run_night(FIRST)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(sql)

    faults = proof_of(cycle(EDGE)).faults

    assert {fault.level for fault in faults} == {level}

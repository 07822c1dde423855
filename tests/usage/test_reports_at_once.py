"""Reports of one cell from many connections: one order, nothing lost, the highest revision counts."""

import json
from collections import Counter

import pytest

from tests.usage.reports_world import daily, day_report, put, report, statuses
from tests.usage.test_at_once import at_once
from tests.usage.world import Door, an_app, count
from usage.models import UsageReport, UsageRollup

pytestmark = pytest.mark.django_db(transaction=True)


def test_concurrent_puts_of_one_cell_end_with_the_highest_revision() -> None:
    daily()
    app, door = an_app(), Door()
    path = f"{app.code}/dau/-/2026-11-18"
    work = [
        lambda revision=n % 8 + 1: put(door, path, {"value": str(revision), "revision": revision})
        for n in range(32)
    ]

    answers = [json.loads(answer.content)["status"] for answer in at_once(*work)]

    told = Counter(answers)
    assert told["duplicate"] == 24
    assert told["accepted"] + told["outdated"] == 8
    assert count("usage_usagereport") == 8
    row = UsageRollup.objects.get()
    assert (row.max, row.report.revision) == (8, 8)
    assert row.revision == told["accepted"]  # one for each replacement, none lost


def test_concurrent_bodies_for_one_revision_keep_one_and_tell_the_others() -> None:
    daily()
    app = an_app()
    day = "2026-11-18"

    told = at_once(*[lambda v=n: statuses(report(day_report(app, day, str(v))))[0] for n in range(8)])

    assert Counter(told) == {"accepted": 1, "report_conflict": 7}
    assert UsageRollup.objects.get().max == UsageReport.objects.get().value


def test_overlapping_bulks_in_opposite_orders_do_not_deadlock() -> None:
    daily()
    apps = [an_app() for _ in range(12)]
    said = [day_report(app, f"2026-11-{day}", "3") for app in apps for day in range(10, 18)]

    told = at_once(*[lambda r=n % 2: report(*(said[::-1] if r else said)) for n in range(8)])

    counted = Counter(status for verdicts in told for status in statuses(verdicts))
    assert counted == {"accepted": len(said), "duplicate": 7 * len(said)}

"""Availability reports: added, never replaced; the highest revision of a window is current."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from plans.actor import Actor
from subscriptions.models import App
from usage.errors import ReportConflict, WindowOverlaps
from usage.locks import lock_reports
from usage.models import AvailabilityReport
from usage.parsing_reports import Availability
from usage.parsing_values import Refused


@transaction.atomic
def report_availability(report: Availability, *, at: datetime, by: Actor) -> tuple[AvailabilityReport, bool]:
    """Store a report and return it with True; a repeat of the same returns the stored one with False.

    Raises Refused, ReportConflict (same revision, other figures) or WindowOverlaps.
    """
    newest = at + timedelta(minutes=settings.USAGE_WINDOW_AHEAD_MINUTES)
    if report.window.end > newest:
        raise Refused("in_future", "end", newest.isoformat())
    app = App.objects.filter(code=report.app).first()
    if app is None:
        raise Refused("no_such_app", "app")
    lock_reports(app.pk)
    window = (report.window.start, report.window.end)
    known = AvailabilityReport.objects.filter(app=app, region=report.region, window__overlap=window)
    if other := known.exclude(window=window).first():
        raise WindowOverlaps(other=f"{other.window.lower.isoformat()} – {other.window.upper.isoformat()}")
    if same := known.filter(revision=report.revision).first():
        if same.content_hash != report.content_hash:
            raise ReportConflict(revision=report.revision)
        return same, False
    return _store(app, report, at=at, by=by), True


def _store(app: App, report: Availability, *, at: datetime, by: Actor) -> AvailabilityReport:
    return AvailabilityReport.objects.create(
        app=app,
        region=report.region,
        window=(report.window.start, report.window.end),
        unit=report.unit,
        good=report.good,
        total=report.total,
        failed=report.failed_texts,
        revision=report.revision,
        content_hash=report.content_hash,
        reported_at=at,
        by=by.id,
    )

"""What is kept as raw events: how much, since when, and what keeps the days that are old."""

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext

from config.admin_base import page, site_page
from usage.models import DroppedDay, IngestBatch, KeptDay
from usage.retention import Block
from usage.selectors_retention import partitions

SHOWN = 60


@site_page("usage/raw-events/", "usage_raw_events")
def raw_events(request: HttpRequest) -> HttpResponse:
    """Show the totals, the old days with what kept them at the last run, and what was dropped lately."""
    if not request.user.has_perm("usage.view_ingestbatch"):
        raise PermissionDenied
    kept, old = partitions(), list(KeptDay.objects.all())
    context = {
        "keep_days": settings.USAGE_KEEP_DAYS,
        "days": len(kept),
        "rows": sum(max(one.rows, 0) for one in kept),
        "bytes": sum(one.bytes for one in kept),
        "first": kept[0].day if kept else None,
        "old": [(one, [str(Block(code, params)) for code, params in one.blocks]) for one in old[:SHOWN]],
        "old_bytes": sum(one.bytes for one in old),
        "old_days": len(old),
        "judged_at": old[0].judged_at if old else None,
        "more": len(old) > SHOWN,
        "shown": SHOWN,
        "dropped": DroppedDay.objects.all()[:SHOWN],
    }
    return page(request, "admin/raw_events.html", gettext("Raw events"), context, model=IngestBatch)

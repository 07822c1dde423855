"""Up to when the usage was complete that an invoice was rated from."""

from collections.abc import Iterable
from datetime import UTC, datetime

from django.db.models import Min
from django.db.models.fields.json import KT

from billing.models import InvoiceLine
from usage.models import Reading


def complete_through(lines: Iterable[InvoiceLine]) -> datetime | None:
    """Return the earliest instant of the readings behind these lines; None where no usage was rated.

    Every event answered before it is counted. A reading says it in its manifest, in UTC, so texts sort as
    instants do; days that were missing are told by the line itself, as estimates.
    """
    ids = {pk for line in lines for pk in line.reading_ids}
    if not ids:
        return None
    found = Reading.objects.filter(pk__in=ids).aggregate(least=Min(KT("manifest__complete_through")))["least"]
    return datetime.fromisoformat(found).astimezone(UTC) if found else None

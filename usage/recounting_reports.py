"""Readings of reported meters compared again with the reports they name, and with today's roll-ups."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from usage.models import Reading, UsageReport, UsageRollup
from usage.selectors_raw import ReadingCell, cells_of


@dataclass(frozen=True, slots=True)
class ReportCheck:
    """A cell, the report it names (None: there is none such), and the roll-up if it is not its report's."""

    cell: ReadingCell
    report: UsageReport | None
    odd_rollup: tuple[datetime, Decimal, Decimal] | None = None  # start, what it says, what its report says

    @property
    def fits(self) -> bool:
        """Return whether the report is about this cell and says what it says, evidence included."""
        one, behind = self.report, self.cell.behind or {}
        return (
            one is not None
            and one.value == self.cell.value
            and one.revision == behind.get("revision")
            and one.evidence == behind.get("evidence")
            and one.evidence_hash == behind.get("evidence_hash")
        )


def report_checks(reading: Reading) -> Iterator[ReportCheck]:
    """Yield the cells that name a report; estimates stand by themselves, as nothing was reported."""
    cells = [cell for cell in cells_of(reading) if not cell.is_estimate]
    ids = {cell.behind["report"] for cell in cells if cell.behind}
    reports = {
        row.pk: row
        for row in UsageReport.objects.filter(pk__in=ids, app=reading.app_id, meter=reading.meter_id)
        if row.region == reading.region
    }
    odd = _odd_rollups(reading, cells)
    for cell in cells:
        found = reports.get(cell.behind["report"]) if cell.behind else None
        yield ReportCheck(cell, found, odd.get(cell.rollup[0]) if cell.rollup else None)


def _odd_rollups(reading: Reading, cells: list[ReadingCell]) -> dict[int, tuple[datetime, Decimal, Decimal]]:
    """Return the roll-ups behind the cells that do not say what their own report says by now."""
    rows = UsageRollup.objects.filter(pk__in=[cell.rollup[0] for cell in cells if cell.rollup])
    found = {}
    for row in rows.select_related("report"):
        says = _figure(reading.meter.kind, row)
        if row.report is not None and row.report.value != says:
            found[row.pk] = (row.cell_start, says, Decimal(row.report.value))
    return found


def _figure(kind: str, row: UsageRollup) -> Decimal:
    figures = {"sum": row.sum, "gauge": row.max}
    return Decimal(figures.get(kind, row.count))

"""The verbs of usage."""

from usage.services.availability import report_availability
from usage.services.corrections import CorrectionVerdict, correct
from usage.services.entitlements import rebuild as rebuild_entitlements
from usage.services.entitlements import rebuild_due
from usage.services.exclusions import next_revision, state_exclusion
from usage.services.freezing import changed_meters, freeze, revise
from usage.services.ingest import Outcome, ingest, ingest_body
from usage.services.naming import ingest_named
from usage.services.partitions import make_partitions
from usage.services.quarantine import replay
from usage.services.quotas import watch_all_quotas, watch_quotas
from usage.services.reports import ReportVerdict, report_usage
from usage.services.reprocessing import recount, reprocess
from usage.services.retention import Retained, drop_day, retain
from usage.services.rollup import (
    fold_corrections,
    mark_dirty,
    rebuild_cell,
    rebuild_dirty,
    roll_up,
    roll_up_all,
    roll_up_in_turn,
)

__all__ = [
    "CorrectionVerdict",
    "Outcome",
    "ReportVerdict",
    "Retained",
    "changed_meters",
    "correct",
    "drop_day",
    "fold_corrections",
    "freeze",
    "ingest",
    "ingest_body",
    "ingest_named",
    "make_partitions",
    "mark_dirty",
    "next_revision",
    "rebuild_cell",
    "rebuild_dirty",
    "rebuild_due",
    "rebuild_entitlements",
    "recount",
    "replay",
    "report_availability",
    "report_usage",
    "reprocess",
    "retain",
    "revise",
    "roll_up",
    "roll_up_all",
    "roll_up_in_turn",
    "state_exclusion",
    "watch_all_quotas",
    "watch_quotas",
]

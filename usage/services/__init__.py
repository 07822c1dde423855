"""The verbs of usage."""

from usage.services.availability import report_availability
from usage.services.exclusions import next_revision, state_exclusion
from usage.services.freezing import changed_meters, freeze, revise
from usage.services.ingest import Outcome, ingest
from usage.services.naming import ingest_named
from usage.services.partitions import make_partitions
from usage.services.quarantine import replay
from usage.services.rollup import mark_dirty, rebuild_cell, rebuild_dirty, roll_up, roll_up_all

__all__ = [
    "Outcome",
    "changed_meters",
    "freeze",
    "ingest",
    "ingest_named",
    "make_partitions",
    "mark_dirty",
    "next_revision",
    "rebuild_cell",
    "rebuild_dirty",
    "replay",
    "report_availability",
    "revise",
    "roll_up",
    "roll_up_all",
    "state_exclusion",
]

"""The verbs of usage."""

from usage.services.availability import report_availability
from usage.services.freezing import freeze
from usage.services.ingest import Outcome, ingest
from usage.services.partitions import make_partitions
from usage.services.quarantine import replay
from usage.services.rollup import mark_dirty, rebuild_cell, rebuild_dirty, roll_up, roll_up_all

__all__ = [
    "Outcome",
    "freeze",
    "ingest",
    "make_partitions",
    "mark_dirty",
    "rebuild_cell",
    "rebuild_dirty",
    "replay",
    "report_availability",
    "roll_up",
    "roll_up_all",
]

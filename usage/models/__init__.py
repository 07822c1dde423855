"""What happened: events, batches, cells, readings and availability."""

from usage.models.availability import AvailabilityReport, AvailabilityUnit
from usage.models.cells import DirtyCell, DistinctUser, Grain, UsageRollup
from usage.models.events import BatchState, IngestBatch, UsageEvent, UsageEventKey
from usage.models.exclusions import ExcludedWindow, ExclusionKind
from usage.models.names import EventName
from usage.models.readings import Reading
from usage.models.refused import EventConflict, QuarantinedEvent, QuarantineReason

__all__ = [
    "AvailabilityReport",
    "AvailabilityUnit",
    "BatchState",
    "DirtyCell",
    "DistinctUser",
    "EventConflict",
    "EventName",
    "ExcludedWindow",
    "ExclusionKind",
    "Grain",
    "IngestBatch",
    "QuarantineReason",
    "QuarantinedEvent",
    "Reading",
    "UsageEvent",
    "UsageEventKey",
    "UsageRollup",
]

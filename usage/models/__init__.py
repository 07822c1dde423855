"""What happened: events, batches, cells, readings and availability."""

from usage.models.availability import AvailabilityReport, AvailabilityUnit
from usage.models.cells import DirtyCell, DistinctUser, Grain, UsageRollup
from usage.models.corrections import CellChange, EventVoid
from usage.models.entitlements import Entitlement, EntitlementState, QuotaWarning
from usage.models.events import BatchState, IngestBatch, UsageEvent, UsageEventKey
from usage.models.exclusions import ExcludedWindow, ExclusionKind
from usage.models.expectations import MissingPolicy, ReportExpectation
from usage.models.names import EventName
from usage.models.readings import Reading
from usage.models.refused import EventConflict, QuarantinedEvent, QuarantineReason
from usage.models.reports import ReportKind, UsageReport
from usage.models.retention import DroppedDay, KeptDay

__all__ = [
    "AvailabilityReport",
    "AvailabilityUnit",
    "BatchState",
    "CellChange",
    "DirtyCell",
    "DistinctUser",
    "DroppedDay",
    "Entitlement",
    "EntitlementState",
    "EventConflict",
    "EventName",
    "EventVoid",
    "ExcludedWindow",
    "ExclusionKind",
    "Grain",
    "IngestBatch",
    "KeptDay",
    "MissingPolicy",
    "QuarantineReason",
    "QuarantinedEvent",
    "QuotaWarning",
    "Reading",
    "ReportExpectation",
    "ReportKind",
    "UsageEvent",
    "UsageEventKey",
    "UsageReport",
    "UsageRollup",
]

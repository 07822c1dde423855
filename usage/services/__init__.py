"""The verbs of usage."""

from usage.services.ingest import Outcome, ingest

__all__ = ["Outcome", "ingest"]

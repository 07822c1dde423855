"""What was reported and counted, to read."""

from usage.admin import availability, batches, exclusions, refused, reports, rollups

__all__ = ["availability", "batches", "exclusions", "refused", "reports", "rollups"]

"""What was reported and counted, to read."""

from usage.admin import availability, batches, corrections, exclusions, quotas, refused, reports, rollups

__all__ = ["availability", "batches", "corrections", "exclusions", "quotas", "refused", "reports", "rollups"]

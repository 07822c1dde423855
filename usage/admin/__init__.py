"""What was reported and counted, to read."""

from usage.admin import availability, batches, refused, rollups

__all__ = ["availability", "batches", "refused", "rollups"]

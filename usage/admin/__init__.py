"""What was reported and counted, to read."""

from usage.admin import availability, batches, exclusions, refused, rollups

__all__ = ["availability", "batches", "exclusions", "refused", "rollups"]

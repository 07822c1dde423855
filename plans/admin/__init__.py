"""The catalogue desk."""

from plans.admin import features, meters, plans, tiers, versions

__all__ = ["features", "meters", "plans", "tiers", "versions"]

"""The catalogue desk."""

from plans.admin import coupons, features, meters, plans, tiers, versions

__all__ = ["coupons", "features", "meters", "plans", "tiers", "versions"]

"""The catalogue desk."""

from plans.admin import editor_text, features, meters, plans, tiers, versions

__all__ = ["editor_text", "features", "meters", "plans", "tiers", "versions"]

"""The catalogue desk."""

from plans.admin import compare, features, files, history, matrix, meters, plans, tiers, versions

__all__ = ["compare", "features", "files", "history", "matrix", "meters", "plans", "tiers", "versions"]

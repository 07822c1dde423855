"""The catalogue desk."""

from plans.admin import (
    compare,
    coupons,
    editor_text,
    features,
    files,
    history,
    matrix,
    meters,
    plans,
    tiers,
    versions,
)

__all__ = [
    "compare",
    "coupons",
    "editor_text",
    "features",
    "files",
    "history",
    "matrix",
    "meters",
    "plans",
    "tiers",
    "versions",
]

"""The catalogue desk."""

from plans.admin import (
    compare,
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

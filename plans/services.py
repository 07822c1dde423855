"""Writes of the catalogue: versions one by one, or a whole file."""

from plans.services_catalogue import Change, apply_catalogue
from plans.services_versions import archive_version, new_draft, publish_version, save_source

__all__ = [
    "Change",
    "apply_catalogue",
    "archive_version",
    "new_draft",
    "publish_version",
    "save_source",
]

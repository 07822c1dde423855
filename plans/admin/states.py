"""What state a version is in, as people say it."""

from datetime import datetime

from django.utils.translation import gettext

from plans.clock import now
from plans.models import PlanVersion
from plans.models.plans import VersionState

STATE_COLOURS = {
    "draft": "info",
    "scheduled": "warning",
    "published": "success",
    "archived": "default",
}


def stated(version: PlanVersion, at: datetime | None = None) -> tuple[str, str]:
    """Return the colour and the word for a version's state; a future date makes it scheduled."""
    begins = version.effective_at
    if version.state == VersionState.PUBLISHED and begins is not None and begins > (at or now()):
        return "scheduled", gettext("scheduled")
    return version.state, version.get_state_display()

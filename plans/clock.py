"""The only place that reads the time of day. Skins call `now()` once and pass `at=` down."""

from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.utils.module_loading import import_string


def now() -> datetime:
    """Return the current instant by the clock that settings name."""
    read = import_string(settings.RATECARD_CLOCK)
    instant: datetime = read()
    return instant


def system_now() -> datetime:
    """Return the machine's time, aware, in UTC."""
    return datetime.now(UTC)


def file_now() -> datetime:
    """Return the instant written in RATECARD_CLOCK_FILE (ISO 8601 with offset), else the machine's."""
    path = Path(settings.RATECARD_CLOCK_FILE)
    text = path.read_text().strip() if path.is_file() else ""
    return datetime.fromisoformat(text).astimezone(UTC) if text else system_now()

"""The instant the fault tests live at: that of the usage tests."""

from typing import Any

import pytest


@pytest.fixture(autouse=True)
def _fixed_clock(settings: Any) -> None:
    settings.RATECARD_CLOCK = "tests.usage.world.fixed_now"

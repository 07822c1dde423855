"""How long to leave work alone that failed: longer with each try, and spread."""

import random
from datetime import timedelta

FIRST = 2  # seconds, doubled with each try up to the longest
LONGEST = 600
_jitter = random.Random()  # noqa: S311 — spreads retries, guards nothing


def pause_after(tries: int) -> timedelta:
    """Return the pause after the n-th try, between half and all of it."""
    seconds = min(FIRST * 2 ** min(max(tries, 1) - 1, 10), LONGEST)
    return timedelta(milliseconds=_jitter.randrange(seconds * 500, seconds * 1000))

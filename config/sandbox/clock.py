"""Virtual time: what objects carry as dates. Webhook signatures keep real time."""

import time

from config.sandbox.errors import Json

HOUR = 3600
DAY = 24 * HOUR


def real_now() -> float:
    """Return the machine's clock, for signatures, retries and timeouts."""
    return time.time()


def now(setting: Json | None) -> int:
    """Return the virtual instant, in whole seconds.

    `setting` is None (virtual = real) or what `set_to` returned; the clock runs on from
    the instant it was set to, unless it was frozen there.
    """
    if setting is None:
        return int(real_now())
    elapsed = 0.0 if setting["frozen"] else real_now() - setting["real"]
    return int(setting["virtual"] + elapsed)


def set_to(instant: int, *, frozen: bool) -> Json:
    """Return the setting that makes `instant` the virtual now."""
    return {"virtual": instant, "real": real_now(), "frozen": frozen}

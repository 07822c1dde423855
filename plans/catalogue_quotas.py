"""What quotas may say: of which features, within which percents. PURE."""

from collections.abc import Iterator

from plans.catalogue import Catalogue, Quota, Version
from plans.problems import Problem, join

MOST_PERCENT = 1000
MOST_THRESHOLDS = 10


def quota_problems(catalogue: Catalogue, version: Version, path: str) -> Iterator[Problem]:
    """Yield the problems of a version's quotas: only allowances have a limit that usage can reach."""
    features = {feature.code: feature for feature in catalogue.features}
    for code, quota in version.quotas.items():
        here = join(f"{path}.quotas", code)
        if code not in features:
            yield Problem(here, "unknown_reference", {"section": "features", "code": code})
        elif features[code].type != "allowance":
            yield Problem(here, "quota_of_no_allowance", {"feature": code, "type": features[code].type})
        yield from _numbers(quota, here)


def _numbers(quota: Quota, path: str) -> Iterator[Problem]:
    if quota.grace and quota.at_limit != "stop":
        yield Problem(join(path, "grace"), "grace_without_stop")
    yield from _within(quota.grace, 0, join(path, "grace"))
    if len(quota.warn_at) > MOST_THRESHOLDS:
        params = {"value": str(len(quota.warn_at)), "low": "0", "high": str(MOST_THRESHOLDS)}
        yield Problem(join(path, "warn_at"), "out_of_range", params)
    for index, percent in enumerate(quota.warn_at):
        here = join(f"{path}.warn_at", index)
        yield from _within(percent, 1, here)
        if index and percent <= quota.warn_at[index - 1]:
            params = {"edge": str(percent), "before": str(quota.warn_at[index - 1])}
            yield Problem(here, "band_edge_falling", params)


def _within(value: int, low: int, path: str) -> Iterator[Problem]:
    if not low <= value <= MOST_PERCENT:
        params = {"value": str(value), "low": str(low), "high": str(MOST_PERCENT)}
        yield Problem(path, "out_of_range", params)

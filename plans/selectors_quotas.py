"""What a version says about the limits of its allowances."""

from plans.catalogue import Quota
from plans.models import PlanVersion
from plans.problems import Problem
from plans.shape import build

USUAL = Quota()


def quotas_of(version: PlanVersion) -> dict[str, Quota]:
    """Return the quotas a version names, by feature; a feature it does not name has the usual one."""
    found: list[Problem] = []
    named = version.source.get("quotas", {})
    typed = {code: build(tree, Quota, "", found) for code, tree in named.items()}
    return {code: quota for code, quota in typed.items() if quota is not None}

"""One plan of a catalogue as a file of its own, with everything it refers to. PURE."""

import msgspec

from plans.catalogue import Catalogue, Module, Plan


def part_with(catalogue: Catalogue, code: str) -> Catalogue | None:
    """Return the plan with what its versions offer, and the meters and features; None if it is unknown.

    Modules that those require or exclude come along, so that the file stands alone.
    """
    plan = next((one for one in catalogue.plans if one.code == code), None)
    if plan is None:
        return None
    modules = _closed(catalogue.modules, _offered(plan, "modules"))
    return msgspec.structs.replace(
        catalogue,
        modules=[one for one in catalogue.modules if one.code in modules],
        sla_tiers=[one for one in catalogue.sla_tiers if one.code in _offered(plan, "sla_tiers")],
        support_tiers=[one for one in catalogue.support_tiers if one.code in _offered(plan, "support_tiers")],
        coupons=[one for one in catalogue.coupons if one.code in _offered(plan, "coupons")],
        plans=[plan],
    )


def _offered(plan: Plan, section: str) -> set[str]:
    return {code for version in plan.versions for code in getattr(version, section)}


def _closed(modules: list[Module], wanted: set[str]) -> set[str]:
    """Return the wanted codes with all that they refer to, however far."""
    found: set[str] = set()
    while wanted - found:
        found |= wanted
        wanted = {
            code for one in modules if one.code in found for code in (*one.requires, *one.excludes)
        } | found
    return found

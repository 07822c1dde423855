"""Offer a module or tier with a plan, or take it out: always in the plan's draft, made if there is none."""

from datetime import datetime
from typing import Any

from plans.actor import Actor
from plans.errors import DomainError, _
from plans.history import changes
from plans.models import FeatureModule, Named, Plan, PlanVersion, SlaTier, SupportTier
from plans.models.plans import VersionState
from plans.selectors import on_sale
from plans.services_versions import new_draft, save_source

SECTIONS: dict[str, type[Named]] = {
    "modules": FeatureModule,
    "sla_tiers": SlaTier,
    "support_tiers": SupportTier,
}


class NoSuchPart(DomainError):  # noqa: N818
    """A module or tier that the catalogue does not have."""

    code = "no_such_part"
    http_status = 404
    text = _("There is no “%(code)s” among the %(section)s of the catalogue.")


def offer_part(plan: Plan, *, section: str, code: str, at: datetime, by: Actor) -> PlanVersion:
    """Offer a module or tier in the plan's draft. A repeat changes nothing."""
    _known(section, code)
    with changes(by):
        draft = _draft(plan, at=at, by=by)
        offered = list(draft.source.get(section, []))
        if code in offered:
            return draft
        return _saved(draft, section, _put_back(offered, code, _order(plan, section, at)), by)


def withdraw_part(plan: Plan, *, section: str, code: str, at: datetime, by: Actor) -> PlanVersion:
    """Take a module or tier out of the plan's draft. A repeat changes nothing."""
    _known(section, code)
    with changes(by):
        draft = _draft(plan, at=at, by=by)
        offered = list(draft.source.get(section, []))
        rest = [one for one in offered if one != code]
        return draft if rest == offered else _saved(draft, section, rest, by)


def _known(section: str, code: str) -> None:
    model = SECTIONS.get(section)
    if model is None or not model._default_manager.filter(code=code).exists():
        raise NoSuchPart(section=section, code=code)


def _draft(plan: Plan, *, at: datetime, by: Actor) -> PlanVersion:
    """Return the plan's newest draft, locked; where there is none, one made from the version on sale."""
    Plan.objects.select_for_update(no_key=True).get(pk=plan.pk)  # two ticks at once make one draft
    drafts = plan.versions.filter(state=VersionState.DRAFT).order_by("-number")
    found = drafts.select_for_update().first()
    if found is not None:
        return found
    sold = on_sale(at, audience=None).filter(plan=plan).first()
    latest = sold or plan.versions.order_by("-number").first()
    return new_draft(plan, clone=latest, by=by)


def _order(plan: Plan, section: str, at: datetime) -> list[str]:
    """Return the order in which the version on sale offers things."""
    sold = on_sale(at, audience=None).filter(plan=plan).first()
    return list(sold.source.get(section, [])) if sold else []


def _put_back(offered: list[str], code: str, order: list[str]) -> list[str]:
    """Put a code before those that follow it in the version on sale, else at the end: order is price."""
    later = order[order.index(code) + 1 :] if code in order else []
    place = next((index for index, other in enumerate(offered) if other in later), len(offered))
    return [*offered[:place], code, *offered[place:]]


def _saved(draft: PlanVersion, section: str, codes: list[str], by: Actor) -> PlanVersion:
    source: dict[str, Any] = {**draft.source, section: codes}
    return save_source(draft, source=source, by=by)

"""The life of a plan version: draft, publish (composed and frozen), take off sale."""

from datetime import datetime

from django.db.models import Max

from plans.actor import Actor
from plans.catalogue import Version
from plans.errors import DomainError, _
from plans.history import changes
from plans.models import FeatureModule, Plan, PlanVersion, SlaTier, SupportTier
from plans.models.plans import MovesExisting, VersionState
from plans.problems import Problem, TermsInvalid
from plans.selectors_catalogue import (
    SOURCE_FIELDS,
    draft_entitlements,
    draft_hash,
    draft_of,
    draft_promises,
    draft_terms,
)
from plans.shape import Tree, build
from plans.terms import to_tree


class DraftOnly(DomainError):  # noqa: N818
    """Editing a version that is published."""

    code = "draft_only"
    http_status = 409
    text = _("%(version)s is published and cannot change. Make a new version.")


class DraftChanged(DomainError):  # noqa: N818
    """Publishing something else than what was reviewed."""

    code = "draft_changed"
    http_status = 409
    text = _("%(version)s changed since it was reviewed. Look at it again.")


class AlreadyPublished(DomainError):  # noqa: N818
    """Publishing again with another date."""

    code = "already_published"
    http_status = 409
    text = _("%(version)s is published already, on sale from %(effective_at)s.")


class DatesNotRising(DomainError):  # noqa: N818
    """A later version number that would be on sale before an earlier one."""

    code = "dates_not_rising"
    http_status = 409
    text = _("%(version)s cannot be on sale from that date: numbers and dates of versions rise together.")


class NeverPublished(DomainError):  # noqa: N818
    """Archiving a draft."""

    code = "never_published"
    http_status = 409
    text = _("%(version)s is a draft and was never on sale.")


def new_draft(plan: Plan, *, clone: PlanVersion | None = None, by: Actor) -> PlanVersion:
    """Make the next version of a plan, empty or with the source of an earlier one.

    That an earlier one moved its subscribers is not taken over: each move is asked for anew.
    """
    with changes(by):
        _lock_plan(plan.pk)
        last = PlanVersion.objects.filter(plan=plan).aggregate(last=Max("number"))["last"] or 0
        made = PlanVersion.objects.create(plan=plan, number=last + 1)
        source = {key: said for key, said in clone.source.items() if key != "moves_existing"} if clone else {}
        return save_source(made, source={"terms": {}, **source}, by=by)


def save_source(version: PlanVersion, *, source: Tree, comment: str | None = None, by: Actor) -> PlanVersion:
    """Store what a draft says. A fault of shape is refused; a fault of meaning waits for publish."""
    found: list[Problem] = []
    typed: Version | None = build({**source, "number": str(version.number)}, Version, "", found)
    if typed is None or found:
        raise TermsInvalid(found)
    with changes(by):
        row = _lock_version(version.pk)
        if row.state != VersionState.DRAFT:
            raise DraftOnly(version=str(row))
        tree = to_tree(typed)
        row.source = {field: tree[field] for field in SOURCE_FIELDS if field in tree}
        row.moves_existing = typed.moves_existing
        row.comment = row.comment if comment is None else comment
        row.save(update_fields=["source", "moves_existing", "comment"])
        _mirror(row, typed)
    return row


def publish_version(
    version: PlanVersion,
    *,
    effective_at: datetime,
    expected_hash: str | None = None,
    reason: str = "",
    moves_existing: str | None = None,
    at: datetime,
    by: Actor,
) -> PlanVersion:
    """Compose and freeze a draft; on sale from `effective_at`. A repeat changes nothing.

    `moves_existing` (nobody, at_renewal) replaces what the source says; None keeps it.
    Raises TermsInvalid with every problem, DraftChanged if `expected_hash` is not `draft_hash`.
    """
    with changes(by, reason=reason):
        _lock_plan(version.plan_id)
        row = _lock_version(version.pk)
        if row.state != VersionState.DRAFT:
            return _same_publication(row, effective_at)
        draft = draft_of(row)  # under the locks, and once: to read and check a catalogue takes long
        terms = draft_terms(row, draft)
        if expected_hash is not None and expected_hash != draft_hash(row, draft):
            raise DraftChanged(version=str(row))
        _check_dates(row, effective_at)
        if moves_existing is not None:
            row.moves_existing = MovesExisting(moves_existing)
            row.source = {**row.source, "moves_existing": moves_existing}
        row.terms, row.terms_hash = to_tree(terms.document), terms.hash
        row.entitlements = draft_entitlements(row)
        row.promises = draft_promises(row, draft)
        row.state, row.effective_at = VersionState.PUBLISHED, effective_at
        row.published_at, row.published_by = at, by.id
        row.save()
    return row


def archive_version(version: PlanVersion, *, at: datetime, by: Actor) -> PlanVersion:
    """Take a version off sale from `at`; who has it keeps it. A repeat keeps the first date.

    One that is only scheduled is withdrawn: it will never have been on sale.
    """
    with changes(by):
        row = _lock_version(version.pk)
        if row.effective_at is None or row.state == VersionState.DRAFT:
            raise NeverPublished(version=str(row))
        if row.state == VersionState.PUBLISHED:
            row.state, row.archived_at = VersionState.ARCHIVED, max(at, row.effective_at)
            row.save(update_fields=["state", "archived_at"])
    return row


def _lock_plan(plan_id: int) -> None:
    """Let two writers of one plan's versions queue, so numbers and dates stay in order."""
    Plan.objects.select_for_update(no_key=True).get(pk=plan_id)


def _lock_version(pk: int) -> PlanVersion:
    return PlanVersion.objects.select_for_update(of=("self",)).select_related("plan").get(pk=pk)


def _same_publication(row: PlanVersion, effective_at: datetime) -> PlanVersion:
    if row.effective_at != effective_at:
        raise AlreadyPublished(version=str(row), effective_at=row.effective_at)
    return row


def _check_dates(row: PlanVersion, effective_at: datetime) -> None:
    others = PlanVersion.objects.filter(plan=row.plan_id).exclude(state=VersionState.DRAFT)
    too_late = others.filter(number__lt=row.number, effective_at__gte=effective_at)
    too_early = others.filter(number__gt=row.number, effective_at__lte=effective_at)
    if too_late.exists() or too_early.exists():
        raise DatesNotRising(version=str(row))


def _mirror(row: PlanVersion, source: Version) -> None:
    """Keep the relations that lists and the price list read in step with the source."""
    row.modules.set(FeatureModule.objects.filter(code__in=source.modules))
    row.sla_tiers.set(SlaTier.objects.filter(code__in=source.sla_tiers))
    row.support_tiers.set(SupportTier.objects.filter(code__in=source.support_tiers))

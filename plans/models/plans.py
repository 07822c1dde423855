"""A product, and its published, unchanging editions."""

import pghistory
import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from plans.models.named import Named


@pghistory.track()
class Plan(Named):
    """A product. `rank` orders upgrades; one subscription per `family` and scope is live at a time."""

    class Audience(models.TextChoices):
        """Who may see it on the price list."""

        PUBLIC = "public", _("public")
        PRIVATE = "private", _("private")

    description_en = models.TextField(_("description (English)"), blank=True)
    description_zh = models.TextField(_("description (Chinese)"), blank=True)
    audience = models.CharField(
        _("audience"), max_length=8, choices=Audience.choices, default=Audience.PUBLIC
    )
    family = models.CharField(_("family"), max_length=64, default="im")
    rank = models.PositiveIntegerField(_("rank"), default=0)

    class Meta(Named.Meta):
        ordering = ["rank", "code"]
        verbose_name = _("plan")
        verbose_name_plural = _("plans")


class VersionState(models.TextChoices):
    """Stored states. *Scheduled* and *on sale* are read from dates (selectors)."""

    DRAFT = "draft", _("draft")
    PUBLISHED = "published", _("published")
    ARCHIVED = "archived", _("archived")


class MovesExisting(models.TextChoices):
    """Who of the earlier versions' subscribers comes to a version, and when."""

    NOBODY = "nobody", _("nobody")
    AT_RENEWAL = "at_renewal", _("at their next renewal")


@pghistory.track()
class PlanVersion(models.Model):
    """One edition of a plan. Its `terms` are frozen by trigger once published.

    `source` is what staff edit (catalogue shape: terms, closing, modules, tiers, entitlements);
    `terms` is the composed charge document that invoices are rated by, with its SHA-256.
    """

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="versions", verbose_name=_("plan"))
    number = models.PositiveIntegerField(_("number"))
    state = models.CharField(
        _("state"), max_length=10, choices=VersionState.choices, default=VersionState.DRAFT
    )
    source = models.JSONField(_("source"), default=dict)
    terms = models.JSONField(_("terms"), null=True, editable=False)
    terms_hash = models.CharField(_("terms hash"), max_length=64, blank=True, editable=False)
    entitlements = models.JSONField(_("entitlements"), default=dict, editable=False)
    # option -> what its SLA or support tier promised when the version was published (plans/promises.py)
    promises = models.JSONField(_("promises"), default=dict, editable=False)
    modules = models.ManyToManyField(
        "plans.FeatureModule", blank=True, related_name="versions", verbose_name=_("modules")
    )
    sla_tiers = models.ManyToManyField(
        "plans.SlaTier", blank=True, related_name="versions", verbose_name=_("SLA tiers")
    )
    support_tiers = models.ManyToManyField(
        "plans.SupportTier", blank=True, related_name="versions", verbose_name=_("support tiers")
    )
    # Mirrors the source; the nightly run asks for it at every renewal.
    moves_existing = models.CharField(
        _("existing subscriptions move to it"),
        max_length=10,
        choices=MovesExisting.choices,
        default=MovesExisting.NOBODY,
        editable=False,
    )
    effective_at = models.DateTimeField(_("on sale from"), null=True, blank=True)
    archived_at = models.DateTimeField(_("archived at"), null=True, blank=True, editable=False)
    published_at = models.DateTimeField(_("published at"), null=True, editable=False)
    published_by = models.CharField(_("published by"), max_length=64, blank=True, editable=False)
    comment = models.TextField(_("comment"), blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        ordering = ["plan", "-number"]
        verbose_name = _("plan version")
        verbose_name_plural = _("plan versions")
        constraints = [
            models.UniqueConstraint(fields=["plan", "number"], name="plan_version_number_once"),
            models.UniqueConstraint(
                fields=["plan", "effective_at"],
                condition=Q(state="published"),
                name="plan_version_one_per_instant",
            ),
            models.CheckConstraint(
                condition=Q(state__in=VersionState.values), name="plan_version_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state="draft")
                | Q(
                    terms__isnull=False,
                    terms_hash__regex=r"^[0-9a-f]{64}$",
                    effective_at__isnull=False,
                    published_at__isnull=False,
                ),
                name="plan_version_published_is_whole",
            ),
            models.CheckConstraint(
                condition=Q(moves_existing__in=MovesExisting.values), name="plan_version_moves_known"
            ),
            models.CheckConstraint(
                condition=Q(archived_at__isnull=True) | Q(archived_at__gte=F("effective_at")),
                name="plan_version_archived_after_sale",
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="keep_published", operation=pgtrigger.Delete, condition=~pgtrigger.Q(old__state="draft")
            ),
            pgtrigger.Protect(
                name="freeze_published",
                operation=pgtrigger.Update,
                condition=~pgtrigger.Q(old__state="draft")
                & (
                    pgtrigger.Q(new__terms__df=pgtrigger.F("old__terms"))
                    | pgtrigger.Q(new__terms_hash__df=pgtrigger.F("old__terms_hash"))
                    | pgtrigger.Q(new__source__df=pgtrigger.F("old__source"))
                    | pgtrigger.Q(new__entitlements__df=pgtrigger.F("old__entitlements"))
                    | pgtrigger.Q(new__promises__df=pgtrigger.F("old__promises"))
                    | pgtrigger.Q(new__plan_id__df=pgtrigger.F("old__plan_id"))
                    | pgtrigger.Q(new__number__df=pgtrigger.F("old__number"))
                    | pgtrigger.Q(new__effective_at__df=pgtrigger.F("old__effective_at"))
                    | pgtrigger.Q(new__moves_existing__df=pgtrigger.F("old__moves_existing"))
                    | pgtrigger.Q(new__state="draft")
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan.code} v{self.number}"

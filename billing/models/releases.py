"""What was known about a version's reach when somebody published it."""

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class ReleaseReview(models.Model):
    """One publication as its reviewer saw it: whom it concerns, and what the last period would have cost.

    Amounts in `deltas` are minor units of the currency they stand under. Never edited.
    """

    version = models.OneToOneField(
        "plans.PlanVersion", models.PROTECT, related_name="review", verbose_name=_("plan version")
    )
    draft_hash = models.CharField(_("draft hash"), max_length=64)  # what the reviewer signed
    terms_hash = models.CharField(_("terms hash"), max_length=64)
    effective_at = models.DateTimeField(_("on sale from"))
    # live, exempt, rated, unrated, beyond: numbers of agreements; by_version: number by pinned version
    reach = models.JSONField(_("reach"), default=dict)
    deltas = models.JSONField(_("deltas"), default=dict)  # currencies: spreads; rows: one per agreement
    reviewer = models.CharField(_("reviewer"), max_length=64)
    at = models.DateTimeField(_("at"))  # business time of the publication
    reason = models.TextField(_("reason"))

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name = _("release review")
        verbose_name_plural = _("release reviews")
        constraints = [
            models.CheckConstraint(
                condition=Q(draft_hash__regex=r"^[0-9a-f]{64}$", terms_hash__regex=r"^[0-9a-f]{64}$"),
                name="release_review_hashes",
            ),
        ]
        triggers = [pgtrigger.Protect(name="insert_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return str(self.version)

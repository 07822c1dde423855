"""What becomes of a judgement: claimed, approved, given or not; days and units given; conditions met."""

import pghistory
import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from billing.models.sla import INSERT_ONLY, SlaAssessment, SlaForm


class AwardState(models.TextChoices):
    """Where it stands. Only what is granted is given; the others wait or are over."""

    NOTHING = "nothing", _("nothing to give")
    UNCLAIMED = "unclaimed", _("can be claimed")
    PENDING = "pending", _("waits for approval")
    GRANTED = "granted", _("given")
    REJECTED = "rejected", _("rejected")
    LAPSED = "lapsed", _("not claimed in time")


@pghistory.track()
class SlaAward(models.Model):
    """One window of one promise, once: what its latest judgement earns, and whether that is given.

    Judgements add revisions; the award is the one row they move. History rows keep every step.
    """

    customer = models.ForeignKey(
        "subscriptions.Customer", models.PROTECT, related_name="sla_awards", verbose_name=_("customer")
    )
    subscription = models.ForeignKey(
        "subscriptions.Subscription", models.PROTECT, related_name="sla_awards",
        verbose_name=_("subscription"),
    )  # fmt: skip
    sla_code = models.CharField(_("SLA tier"), max_length=64)
    starts_at = models.DateTimeField(_("window from"))
    ends_at = models.DateTimeField(_("window to"))
    assessment = models.ForeignKey(
        SlaAssessment, models.PROTECT, related_name="awards", verbose_name=_("latest assessment")
    )
    form = models.CharField(_("given as"), max_length=10, choices=SlaForm.choices)
    amount = models.BigIntegerField(_("amount"), default=0)  # minor units, of credits and vouchers
    quantity = models.DecimalField(_("quantity"), max_digits=24, decimal_places=6, default=0)  # days, units
    currency = models.CharField(_("currency"), max_length=3)
    state = models.CharField(_("state"), max_length=9, choices=AwardState.choices)
    claim_by = models.DateTimeField(_("claim by"), null=True, blank=True)  # null: it needs no claim
    claimed_at = models.DateTimeField(_("claimed at"), null=True, blank=True)
    claimed_by = models.CharField(_("claimed by"), max_length=64, blank=True)
    approved = models.BigIntegerField(_("approved up to"), default=0)  # minor units
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    decided_by = models.CharField(_("decided by"), max_length=64, blank=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)

    class Meta:
        ordering = ["-starts_at", "-id"]
        verbose_name = _("SLA award")
        verbose_name_plural = _("SLA awards")
        constraints = [
            models.UniqueConstraint(fields=["subscription", "sla_code", "starts_at"], name="sla_award_once"),
            models.CheckConstraint(condition=Q(state__in=AwardState.values), name="sla_award_state_known"),
            models.CheckConstraint(condition=Q(form__in=SlaForm.values), name="sla_award_form_known"),
            models.CheckConstraint(
                condition=Q(amount__gte=0, quantity__gte=0, quantity__lt=10**17),
                name="sla_award_not_negative",
            ),
            models.CheckConstraint(
                condition=~Q(state="unclaimed") | Q(claim_by__isnull=False), name="sla_award_claim_has_end"
            ),
            models.CheckConstraint(
                condition=~Q(state="rejected") | ~Q(reason=""), name="sla_award_rejected_says_why"
            ),
        ]
        indexes = [
            models.Index(fields=["claim_by"], condition=Q(state="unclaimed"), name="sla_award_unclaimed")
        ]

    def __str__(self) -> str:
        return f"{self.sla_code} {self.starts_at:%Y-%m-%d}"


class SlaGrant(models.Model):
    """Days or units that a judgement adds to (or takes back from) what was given for its window."""

    class State(models.TextChoices):
        """Whether it has reached the customer."""

        DUE = "due", _("due")
        APPLIED = "applied", _("applied")

    assessment = models.OneToOneField(SlaAssessment, models.PROTECT, related_name="grant")
    customer = models.ForeignKey(
        "subscriptions.Customer", models.PROTECT, related_name="sla_grants", verbose_name=_("customer")
    )
    subscription = models.ForeignKey(
        "subscriptions.Subscription", models.PROTECT, related_name="sla_grants",
        verbose_name=_("subscription"),
    )  # fmt: skip
    sla_code = models.CharField(_("SLA tier"), max_length=64)
    starts_at = models.DateTimeField(_("window from"))
    form = models.CharField(_("given as"), max_length=10, choices=SlaForm.choices)
    pool = models.CharField(_("pool"), max_length=64, blank=True)  # of units
    quantity = models.DecimalField(_("difference"), max_digits=24, decimal_places=6)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=7, choices=State.choices, default=State.DUE)
    given_at = models.DateTimeField(_("given at"))  # business time

    class Meta:
        ordering = ["-given_at", "-id"]
        verbose_name = _("SLA days and units")
        verbose_name_plural = _("SLA days and units")
        constraints = [
            models.CheckConstraint(condition=Q(form__in=["extra_days", "pack"]), name="sla_grant_form_known"),
            models.CheckConstraint(
                condition=~Q(quantity=0) & Q(quantity__gt=-(10**17), quantity__lt=10**17),
                name="sla_grant_not_zero",
            ),
            models.CheckConstraint(condition=~Q(form="pack") | ~Q(pool=""), name="sla_grant_pack_has_pool"),
        ]
        triggers = [
            pgtrigger.Protect(name="keep", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="only_state_moves",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(new__quantity__df=pgtrigger.F("old__quantity"))
                | pgtrigger.Q(new__pool__df=pgtrigger.F("old__pool"))
                | pgtrigger.Q(new__expires_at__df=pgtrigger.F("old__expires_at"))
                | pgtrigger.Q(new__assessment_id__df=pgtrigger.F("old__assessment_id"))
                | pgtrigger.Q(new__subscription_id__df=pgtrigger.F("old__subscription_id")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity.normalize():+f} {self.pool or 'days'}"


class SlaCondition(models.Model):
    """A label that holds for an agreement for some time: “review: done”. Figures pick by it."""

    subscription = models.ForeignKey(
        "subscriptions.Subscription", models.PROTECT, related_name="sla_conditions",
        verbose_name=_("subscription"),
    )  # fmt: skip
    label = models.CharField(_("label"), max_length=64)
    value = models.CharField(_("value"), max_length=64)
    since = models.DateTimeField(_("since"))
    until = models.DateTimeField(_("until"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=500)
    by = models.CharField(_("by"), max_length=64)

    class Meta:
        ordering = ["-since", "-id"]
        verbose_name = _("SLA condition")
        verbose_name_plural = _("SLA conditions")
        constraints = [
            models.UniqueConstraint(fields=["subscription", "label", "since"], name="sla_condition_once"),
            models.CheckConstraint(
                condition=Q(until__isnull=True) | Q(until__gt=models.F("since")), name="sla_condition_forward"
            ),
        ]
        triggers = [INSERT_ONLY]

    def __str__(self) -> str:
        return f"{self.label}: {self.value}"

"""One night's work (run) and one subscription's step of it (job)."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from subscriptions.leases import LeasedRow


class BillingRun(models.Model):
    """What fell due on one day, or one night carried out in the foreground (`night`)."""

    class Kind(models.TextChoices):
        """What the run is about."""

        CYCLE = "cycle", _("period invoices")
        SLA = "sla", _("SLA windows")
        NIGHT = "night", _("nightly run")

    kind = models.CharField(_("kind"), max_length=6, choices=Kind.choices)
    due_at = models.DateTimeField(_("due at"))  # business time; for a night, its instant
    finished_at = models.DateTimeField(_("finished at"), null=True)  # database time
    report = models.JSONField(_("report"), default=dict)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        ordering = ["-due_at", "-id"]
        verbose_name = _("billing run")
        verbose_name_plural = _("billing runs")
        constraints = [models.UniqueConstraint(fields=["kind", "due_at"], name="billing_run_once")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.due_at:%Y-%m-%d %H:%M}"


class BillingJob(LeasedRow):
    """One subscription's step. Done, parked, or waiting for a worker."""

    class Step(models.TextChoices):
        """The steps there are."""

        CYCLE = "cycle", _("invoice a period")
        SLA = "sla", _("assess a window")

    class State(models.TextChoices):
        """Where it stands."""

        WAITING = "waiting", _("waiting")
        DONE = "done", _("done")
        PARKED = "parked", _("parked")

    run = models.ForeignKey(BillingRun, models.PROTECT, related_name="jobs", verbose_name=_("run"))
    customer = models.ForeignKey("subscriptions.Customer", models.PROTECT, related_name="billing_jobs")
    subscription = models.ForeignKey(
        "subscriptions.Subscription", models.PROTECT, related_name="billing_jobs"
    )
    step = models.CharField(_("step"), max_length=6, choices=Step.choices)
    period_start = models.DateTimeField(_("key instant"))  # the edge (cycle) or the window's start (SLA)
    period_end = models.DateTimeField(_("window end"), null=True)  # of an SLA window
    due_at = models.DateTimeField(_("due at"))  # business time, grace included
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.WAITING)
    retry_at = models.DateTimeField(_("not before"), null=True)  # database time: the pause after a failure
    held_until = models.DateTimeField(_("waits until"), null=True)  # business time: reports are missing
    # What a window was last looked at with, so that only news opens it again.
    seen_reports = models.PositiveIntegerField(default=0, editable=False)  # how many lie over it
    seen_fee = models.BigIntegerField(default=0, editable=False)  # the sum of its base lines' keys
    parked_reason = models.CharField(_("parked because"), max_length=64, blank=True)
    invoice = models.ForeignKey("billing.Invoice", models.PROTECT, null=True, blank=True, related_name="jobs")
    finished_at = models.DateTimeField(_("finished at"), null=True)  # database time

    class Meta:
        ordering = ["due_at", "id"]
        verbose_name = _("billing job")
        verbose_name_plural = _("billing jobs")
        constraints = [
            models.UniqueConstraint(fields=["subscription", "step", "period_start"], name="billing_job_once"),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "done", "parked"]), name="billing_job_state_known"
            ),
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(state="waiting"), name="billing_job_waiting")]

    def __str__(self) -> str:
        return f"{self.get_step_display()} {self.subscription_id} {self.period_start:%Y-%m-%d}"

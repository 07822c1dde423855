"""The agreement: a subscription, its phases pinned to plan versions, add-ons and seats."""

from functools import partial

import pghistory
import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from plans.ids import new_id

NOTHING = models.Value({}, models.JSONField())


class Term(models.TextChoices):
    """How long the base fee is agreed and paid for."""

    MONTHLY = "monthly", _("monthly")
    ANNUAL = "annual", _("annual")


class Collection(models.TextChoices):
    """How invoices are paid. Offline ones never reach Stripe."""

    STRIPE_CHARGE = "stripe_charge", _("card, charged automatically")
    STRIPE_SEND = "stripe_send", _("payment link sent by Stripe")
    OFFLINE = "offline", _("bank transfer")


@pghistory.track()
class Subscription(models.Model):
    """One customer's agreement on one plan family, for one app or for all of them.

    `anchor` is the local midnight of the start day in the billing zone; the k-th period starts k
    months after it. `span` is open-ended until the subscription is cancelled.
    """

    public_id = models.CharField(
        _("id"), max_length=24, unique=True, default=partial(new_id, "sub"), editable=False
    )
    customer = models.ForeignKey(
        "subscriptions.Customer", models.PROTECT, related_name="subscriptions", verbose_name=_("customer")
    )
    app = models.ForeignKey(
        "subscriptions.App",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="subscriptions",
        verbose_name=_("app"),
    )
    family = models.CharField(_("plan family"), max_length=64)
    term = models.CharField(_("term"), max_length=8, choices=Term.choices, default=Term.MONTHLY)
    currency = models.CharField(_("currency"), max_length=3)
    collection = models.CharField(
        _("collection"), max_length=16, choices=Collection.choices, default=Collection.STRIPE_CHARGE
    )
    anchor = models.DateTimeField(_("anchor"))
    span = DateTimeRangeField(_("span"))
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, blank=True)
    # Set at the start, never later: the customer had no agreement of this plan family before.
    is_first_purchase = models.BooleanField(
        _("first of its kind"), default=False, db_default=False, editable=False
    )
    # An early exit was settled in money, so the cancellation cannot be taken back.
    left_early = models.BooleanField(_("left early"), default=False, db_default=False, editable=False)
    # The request that started it; makes a repeated request one agreement. Blank: none was given.
    key = models.CharField(_("request key"), max_length=80, blank=True, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    span__isempty=False, span__lower_inc=True, span__upper_inc=False, span__lower_inf=False
                ),
                name="subscription_span_half_open",
            ),
            models.CheckConstraint(condition=Q(term__in=Term.values), name="subscription_term_known"),
            models.CheckConstraint(
                condition=Q(collection__in=Collection.values), name="subscription_collection_known"
            ),
            models.UniqueConstraint(
                fields=["id", "customer", "currency"], name="subscription_id_customer_currency"
            ),
            models.UniqueConstraint(
                fields=["customer", "key"], condition=~Q(key=""), name="subscription_key_once"
            ),
            ExclusionConstraint(
                name="subscription_one_live_per_scope",
                expressions=[
                    (F("customer"), RangeOperators.EQUAL),
                    (Coalesce(F("app"), models.Value(0)), RangeOperators.EQUAL),
                    (F("family"), RangeOperators.EQUAL),
                    (F("span"), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return self.public_id


@pghistory.track()
class SubscriptionPhase(models.Model):
    """A stretch of a subscription pinned to one plan version. Phases never overlap."""

    subscription = models.ForeignKey(
        Subscription, models.PROTECT, related_name="phases", verbose_name=_("subscription")
    )
    span = DateTimeRangeField(_("span"))
    plan_version = models.ForeignKey(
        "plans.PlanVersion", models.PROTECT, related_name="phases", verbose_name=_("plan version")
    )
    price_lock_until = models.DateTimeField(_("price locked until"), null=True, blank=True)
    # What was agreed where the terms ask: label -> value, fact -> decimal text. Frozen with the phase.
    labels = models.JSONField(_("labels agreed"), default=dict, db_default=NOTHING, blank=True)
    facts = models.JSONField(_("figures agreed"), default=dict, db_default=NOTHING, blank=True)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        ordering = ["subscription", "span"]
        verbose_name = _("phase")
        verbose_name_plural = _("phases")
        constraints = [
            models.CheckConstraint(
                condition=Q(span__isempty=False, span__lower_inc=True, span__upper_inc=False),
                name="phase_span_half_open",
            ),
            ExclusionConstraint(
                name="phase_no_overlap",
                expressions=[(F("subscription"), RangeOperators.EQUAL), (F("span"), RangeOperators.OVERLAPS)],
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="keep_version",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(new__plan_version_id__df=pgtrigger.F("old__plan_version_id"))
                | pgtrigger.Q(new__subscription_id__df=pgtrigger.F("old__subscription_id"))
                | pgtrigger.Q(new__labels__df=pgtrigger.F("old__labels"))
                | pgtrigger.Q(new__facts__df=pgtrigger.F("old__facts")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subscription} · {self.plan_version}"


@pghistory.track()
class AddOn(models.Model):
    """An option held over a span: `module.<code>`, `sla.<code>`, `support.<code>` or `coupon.<code>`."""

    subscription = models.ForeignKey(
        Subscription, models.PROTECT, related_name="add_ons", verbose_name=_("subscription")
    )
    option = models.CharField(_("option"), max_length=80)
    quantity = models.DecimalField(_("quantity"), max_digits=20, decimal_places=6, default=1)
    span = DateTimeRangeField(_("span"))

    class Meta:
        ordering = ["subscription", "option"]
        verbose_name = _("add-on")
        verbose_name_plural = _("add-ons")
        constraints = [
            models.CheckConstraint(
                condition=Q(quantity__gt=0, quantity__lt=10**12), name="add_on_quantity_bounded"
            ),
            models.CheckConstraint(
                condition=Q(span__isempty=False, span__lower_inc=True, span__upper_inc=False),
                name="add_on_span_half_open",
            ),
            ExclusionConstraint(
                name="add_on_no_overlap",
                expressions=[
                    (F("subscription"), RangeOperators.EQUAL),
                    (F("option"), RangeOperators.EQUAL),
                    (F("span"), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return self.option


class SeatChange(models.Model):
    """A signed movement of seats; the seats held at t are the sum up to t."""

    subscription = models.ForeignKey(
        Subscription, models.PROTECT, related_name="seat_changes", verbose_name=_("subscription")
    )
    delta = models.IntegerField(_("seats"))
    at = models.DateTimeField(_("at"))
    by = models.CharField(_("by"), max_length=64)
    key = models.CharField(_("request key"), max_length=80)  # makes a repeated request one movement

    class Meta:
        ordering = ["subscription", "at"]
        verbose_name = _("seat change")
        verbose_name_plural = _("seat changes")
        constraints = [
            models.UniqueConstraint(fields=["subscription", "key"], name="seat_change_once"),
            models.CheckConstraint(condition=~Q(delta=0), name="seat_change_not_zero"),
        ]
        triggers = [pgtrigger.Protect(name="insert_only", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.delta:+d}"

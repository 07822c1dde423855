"""What we intend at Stripe, what exists there, and what it told us."""

from functools import partial

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from plans.ids import new_id
from subscriptions.leases import LeasedRow


class StripeLink(LeasedRow):
    """Our row and its counterpart. The lease orders fetches of one object, so an old one cannot land last."""

    class Kind(models.TextChoices):
        """What has a counterpart."""

        CUSTOMER = "customer", _("customer")
        INVOICE = "invoice", _("invoice")

    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    local_id = models.BigIntegerField(_("our id"))
    stripe_id = models.CharField(_("Stripe id"), max_length=64, unique=True)
    url = models.TextField(_("hosted page"), blank=True)
    livemode = models.BooleanField(_("live"), default=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("Stripe link")
        verbose_name_plural = _("Stripe links")
        constraints = [models.UniqueConstraint(fields=["kind", "local_id"], name="stripe_link_once")]

    def __str__(self) -> str:
        return self.stripe_id


class OperationState(models.TextChoices):
    """Unknown = sent, and no answer that can be trusted: read back before anything else."""

    PLANNED = "planned", _("planned")
    SENT = "sent", _("sent")
    CONFIRMED = "confirmed", _("confirmed")
    UNKNOWN = "unknown", _("unknown")
    REFUSED = "refused", _("refused")


class OperationKind(models.TextChoices):
    """The writes we make at Stripe."""

    CREATE_CUSTOMER = "customer.create", _("create customer")
    SET_CARD = "customer.set_card", _("set default card")
    CREATE_CHECKOUT = "checkout.create", _("open add-a-card page")
    CREATE_INVOICE = "invoice.create", _("create invoice")
    ADD_LINES = "invoice.add_lines", _("add lines")
    FINALIZE = "invoice.finalize", _("finalise invoice")
    PAY = "invoice.pay", _("pay invoice")


class StripeOperation(LeasedRow):
    """One intended change. Its id, parameters and generation make the idempotency key, committed first.

    `generation` rises only after a read-back has proved that Stripe holds nothing of the last one.
    """

    public_id = models.CharField(max_length=24, unique=True, default=partial(new_id, "op"), editable=False)
    kind = models.CharField(_("kind"), max_length=24, choices=OperationKind.choices)
    business_key = models.CharField(_("key"), max_length=120)
    customer = models.ForeignKey("subscriptions.Customer", models.PROTECT, related_name="stripe_operations")
    invoice = models.ForeignKey(
        "billing.Invoice", models.PROTECT, null=True, blank=True, related_name="operations"
    )
    after = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="followers")
    generation = models.PositiveIntegerField(_("generation"), default=0)
    params = models.JSONField(_("parameters"))
    params_hash = models.CharField(_("parameters hash"), max_length=64)
    sent_hash = models.CharField(_("hash as sent"), max_length=64, blank=True)  # with ids of Stripe filled in
    state = models.CharField(
        _("state"), max_length=10, choices=OperationState.choices, default=OperationState.PLANNED
    )
    renew_key = models.BooleanField(default=False)  # Stripe stored a failure under the key
    sent_at = models.DateTimeField(_("sent at"), null=True)  # database time
    retry_at = models.DateTimeField(_("not before"), null=True)  # database time
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True)
    stripe_id = models.CharField(_("Stripe id"), max_length=80, blank=True)
    result = models.JSONField(_("result"), default=dict)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("Stripe operation")
        verbose_name_plural = _("Stripe operations")
        constraints = [
            models.UniqueConstraint(fields=["kind", "business_key"], name="stripe_operation_once"),
            models.CheckConstraint(
                condition=Q(state__in=OperationState.values), name="stripe_operation_state_known"
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"], condition=Q(state__in=["planned", "sent", "unknown"]), name="stripe_op_pending"
            )
        ]
        triggers = [
            pgtrigger.Protect(
                name="keep_parameters",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(new__params__df=pgtrigger.F("old__params"))
                | pgtrigger.Q(new__business_key__df=pgtrigger.F("old__business_key"))
                | pgtrigger.Q(new__public_id__df=pgtrigger.F("old__public_id")),
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.business_key}"

    @property
    def idempotency_key(self) -> str:
        """The key Stripe gets: the same for every try of one generation, never a counter of tries."""
        return f"{self.public_id}-{self.generation}"


class StripeEvent(LeasedRow):
    """A signed message, kept as it came. Its content is never applied; the object is fetched again."""

    class State(models.TextChoices):
        """What became of it."""

        RECEIVED = "received", _("received")
        PROCESSED = "processed", _("processed")
        IGNORED = "ignored", _("ignored")
        PARKED = "parked", _("parked")

    event_id = models.CharField(_("event"), max_length=80, unique=True)
    type = models.CharField(_("type"), max_length=80)
    object_id = models.CharField(_("object"), max_length=80, blank=True)
    livemode = models.BooleanField(_("live"))
    api_version = models.CharField(_("API version"), max_length=40, blank=True)
    created = models.DateTimeField(_("created at Stripe"))
    body = models.TextField(_("body"))  # raw
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.RECEIVED)
    faults = models.PositiveIntegerField(
        _("faults"), default=0
    )  # tries that ended in neither answer nor pause
    retry_at = models.DateTimeField(_("not before"), null=True)  # database time
    received_at = models.DateTimeField(_("received at"), auto_now_add=True)
    replayed_at = models.DateTimeField(_("replayed at"), null=True)  # staff asked for another try
    processed_at = models.DateTimeField(_("processed at"), null=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("Stripe event")
        verbose_name_plural = _("Stripe events")
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["received", "processed", "ignored", "parked"]),
                name="stripe_event_state_known",
            )
        ]
        indexes = [models.Index(fields=["id"], condition=Q(state="received"), name="stripe_event_waiting")]

    def __str__(self) -> str:
        return f"{self.type} {self.object_id}"

"""API keys: the secret is shown once, only its digest is kept."""

from functools import partial

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from plans.ids import new_id


class Scope(models.TextChoices):
    """What a key may do. The write scopes are for provider keys alone."""

    USAGE_WRITE = "usage:write", _("report usage")
    USAGE_BACKFILL = "usage:backfill", _("report usage of any age")
    USAGE_CORRECT = "usage:correct", _("correct usage")
    AVAILABILITY_WRITE = "availability:write", _("report availability")
    USAGE_READ = "usage:read", _("read usage")
    ENTITLEMENTS_READ = "entitlements:read", _("read entitlements")
    BILLING_READ = "billing:read", _("read invoices and subscriptions")
    QUOTES_READ = "quotes:read", _("calculate quotes and read them")  # moves no money, reports nothing


PROVIDER_SCOPES = [
    Scope.USAGE_WRITE,
    Scope.USAGE_BACKFILL,
    Scope.USAGE_CORRECT,
    Scope.AVAILABILITY_WRITE,
    Scope.USAGE_READ,
    Scope.ENTITLEMENTS_READ,
    Scope.QUOTES_READ,
]
CUSTOMER_SCOPES = [Scope.USAGE_READ, Scope.ENTITLEMENTS_READ, Scope.BILLING_READ, Scope.QUOTES_READ]


@pghistory.track(exclude=["last_used_at", "digest"])
class ApiKey(models.Model):
    """A key for a program. No customer = a provider key (any app), made by staff.

    The text is `rc_live_<prefix>_<secret>`; `digest` is the SHA-512 of the secret.
    """

    public_id = models.CharField(
        _("id"), max_length=24, unique=True, default=partial(new_id, "key"), editable=False
    )
    customer = models.ForeignKey(
        "subscriptions.Customer",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="api_keys",
        verbose_name=_("customer"),
    )
    name = models.CharField(_("name"), max_length=80)
    prefix = models.CharField(_("prefix"), max_length=16, unique=True, editable=False)
    digest = models.CharField(max_length=128, editable=False)
    scopes = ArrayField(models.CharField(max_length=32, choices=Scope.choices), verbose_name=_("scopes"))
    created_by = models.CharField(_("created by"), max_length=64, editable=False)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    expires_at = models.DateTimeField(_("expires at"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)
    last_used_at = models.DateTimeField(
        _("last used"), null=True, blank=True, editable=False
    )  # to the minute

    class Meta:
        ordering = ["-created_at"]
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(customer__isnull=True)
                | models.Q(scopes__contained_by=[s.value for s in CUSTOMER_SCOPES]),
                name="api_key_customer_scopes_only_read",
            ),
            models.CheckConstraint(
                condition=models.Q(digest__regex=r"^[0-9a-f]{128}$"), name="api_key_digest_is_sha512"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} (rc_live_{self.prefix}…)"

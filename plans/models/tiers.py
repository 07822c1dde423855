"""Availability promised (SLA tier) and response promised (support tier), as priced things."""

import pghistory
from django.db import models
from django.utils.translation import gettext_lazy as _

from plans.models.named import Named


@pghistory.track()
class SlaTier(Named):
    """An availability promise: target, window, and the formula of the credit.

    `document` holds the grammar figure, the cap and the tier's own charges; it is composed into a
    plan version at publish, so a promise already sold does not move when the tier is edited.
    """

    target = models.DecimalField(_("target %"), max_digits=7, decimal_places=4)
    window = models.CharField(_("window"), max_length=20, default="calendar_month")
    document = models.JSONField(_("document"), default=dict, blank=True)

    class Meta(Named.Meta):
        verbose_name = _("SLA tier")
        verbose_name_plural = _("SLA tiers")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(target__gt=0, target__lte=100), name="sla_target_is_a_percentage"
            ),
        ]


@pghistory.track()
class SupportTier(Named):
    """A response promise: channels, minutes to first response per priority, hours, languages."""

    channels = models.JSONField(_("channels"), default=list, blank=True)
    response_minutes = models.JSONField(
        _("response minutes"), default=dict, blank=True, help_text=_("Priority to minutes.")
    )
    hours = models.CharField(_("hours"), max_length=40, default="5x8")
    document = models.JSONField(_("document"), default=dict, blank=True)

    class Meta(Named.Meta):
        verbose_name = _("support tier")
        verbose_name_plural = _("support tiers")

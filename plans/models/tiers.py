"""Availability promised (SLA tier) and response promised (support tier), as priced things."""

import pghistory
from django.db import models
from django.utils.translation import gettext_lazy as _

from plans.models.named import Named


class WindowKind(models.TextChoices):
    """The time over which a promise is judged; the words of `plans.sla_terms.WindowKind`."""

    CALENDAR_MONTH = "calendar_month", _("calendar month")
    ANNIVERSARY_MONTH = "anniversary_month", _("month of the agreement")
    CALENDAR_QUARTER = "calendar_quarter", _("calendar quarter")
    ANNIVERSARY_QUARTER = "anniversary_quarter", _("quarter of the agreement")


@pghistory.track()
class SlaTier(Named):
    """An availability promise: target, window, and the formula of the credit.

    `document` holds the grammar figure, the cap, the tier's own charges and the rest of the promise
    (`plans.sla_terms`); all of it is frozen with a plan version at publish, so a promise already sold does
    not move when the tier is edited.
    """

    target = models.DecimalField(_("target %"), max_digits=7, decimal_places=4)
    window = models.CharField(
        _("window"), max_length=20, choices=WindowKind.choices, default=WindowKind.CALENDAR_MONTH
    )
    document = models.JSONField(_("document"), default=dict, blank=True)

    class Meta(Named.Meta):
        verbose_name = _("SLA tier")
        verbose_name_plural = _("SLA tiers")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(target__gt=0, target__lte=100), name="sla_target_is_a_percentage"
            ),
            models.CheckConstraint(
                condition=models.Q(window__in=WindowKind.values), name="sla_window_kind_known"
            ),
        ]


@pghistory.track()
class SupportTier(Named):
    """A response promise: channels, minutes to first response per priority, hours, languages.

    `document` holds the tier's charges and the rest of the promise (`plans.support_terms`).
    """

    channels = models.JSONField(_("channels"), default=list, blank=True)
    response_minutes = models.JSONField(
        _("response minutes"), default=dict, blank=True, help_text=_("Priority to minutes.")
    )
    hours = models.CharField(_("hours"), max_length=40, default="5x8")
    document = models.JSONField(_("document"), default=dict, blank=True)

    class Meta(Named.Meta):
        verbose_name = _("support tier")
        verbose_name_plural = _("support tiers")

"""What is counted, how, and from which events."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from plans.models.named import Named


class MeterKind(models.TextChoices):
    """How the events of a meter become a figure. Distinct counts and peaks never add up."""

    COUNT = "count", _("number of events")
    SUM = "sum", _("sum of values")
    UNIQUE = "unique", _("distinct users")
    GAUGE = "gauge", _("peak of values")


class MeterSource(models.TextChoices):
    """A meter is fed by events or by one kind of absolute report, never two at once."""

    EVENTS = "events", _("usage events")
    DAILY_REPORTS = "daily_reports", _("daily reports")
    PERIOD_REPORTS = "period_reports", _("period reports")


class Meter(Named):
    """One thing counted. `event_type` names the events that feed it; one type may feed several meters."""

    kind = models.CharField(_("kind"), max_length=8, choices=MeterKind.choices)
    source = models.CharField(
        _("source"), max_length=16, choices=MeterSource.choices, default=MeterSource.EVENTS
    )
    event_type = models.CharField(
        _("event type"), max_length=64, db_index=True, help_text=_("CloudEvents type that feeds this meter.")
    )
    value_property = models.CharField(
        _("value property"),
        max_length=64,
        default="value",
        blank=True,
        help_text=_("Property of data holding the value; a counting meter needs none."),
    )
    unique_property = models.CharField(_("user property"), max_length=64, default="user", blank=True)
    dimensions = models.JSONField(
        _("dimensions"),
        default=list,
        blank=True,
        help_text=_("Further properties of data that are kept, as a list of names."),
    )
    unit = models.CharField(_("unit"), max_length=32)

    class Meta(Named.Meta):
        verbose_name = _("meter")
        verbose_name_plural = _("meters")
        constraints = [
            models.CheckConstraint(condition=models.Q(kind__in=MeterKind.values), name="meter_kind_known"),
            models.CheckConstraint(
                condition=models.Q(source__in=MeterSource.values), name="meter_source_known"
            ),
        ]

    @property
    def is_counted(self) -> bool:
        """Whether figures of it are there: then what it counts, and what feeds it, stays as it is."""
        related = {"rollups", "usage_reports"}  # kept by apps to the right of this one
        found = (one for one in self._meta.related_objects if one.get_accessor_name() in related)
        return any(one.related_model._default_manager.filter(meter=self.pk).exists() for one in found)

"""Days whose raw events are no longer kept."""

import pgtrigger
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class DroppedDay(models.Model):
    """A UTC day whose partition retention dropped; written by the transaction that dropped it.

    Nothing is taken for such a day any more: its keys go after it, so a copy could not be told from a new
    event. What was counted of it stays in the cells.
    """

    day = models.DateField(_("UTC day"), primary_key=True)
    rows = models.BigIntegerField(_("event rows"))
    bytes = models.BigIntegerField(_("bytes"))
    dropped_at = models.DateTimeField(_("dropped at"), db_default=Now())  # database time, as folds have it
    keys_gone_at = models.DateTimeField(_("keys deleted at"), null=True)

    class Meta:
        ordering = ["-day"]
        verbose_name = _("dropped day")
        verbose_name_plural = _("dropped days")
        triggers = [pgtrigger.Protect(name="keep", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.day}"


class KeptDay(models.Model):
    """A day that is old enough to go and was kept by the last run, and why: what staff see."""

    day = models.DateField(_("UTC day"), primary_key=True)
    rows = models.BigIntegerField(_("event rows"))  # an estimate
    bytes = models.BigIntegerField(_("bytes"))
    blocks = models.JSONField(_("what keeps it"), default=list)  # [code, parameters]; none: it was in use
    judged_at = models.DateTimeField(_("judged at"))

    class Meta:
        ordering = ["day"]
        verbose_name = _("kept day")
        verbose_name_plural = _("kept days")

    def __str__(self) -> str:
        return f"{self.day}"

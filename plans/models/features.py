"""One thing granted (feature), and a saleable group of them (module)."""

import pghistory
from django.db import models
from django.utils.translation import gettext_lazy as _

from plans.models.named import Named


class FeatureType(models.TextChoices):
    """What kind of value an entitlement to the feature has."""

    SWITCH = "switch", _("on or off")
    NUMBER = "number", _("number")
    TEXT = "text", _("text choice")
    ALLOWANCE = "allowance", _("metered allowance")


class Feature(Named):
    """One thing a plan or module can grant."""

    type = models.CharField(_("type"), max_length=10, choices=FeatureType.choices)
    meter = models.ForeignKey(
        "plans.Meter",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="features",
        verbose_name=_("meter"),
        help_text=_("The meter an allowance is measured by."),
    )
    unit = models.CharField(_("unit"), max_length=32, blank=True)
    choices = models.JSONField(
        _("choices"), default=list, blank=True, help_text=_("The values a text choice may have.")
    )

    class Meta(Named.Meta):
        verbose_name = _("feature")
        verbose_name_plural = _("features")
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(type="allowance") | models.Q(meter__isnull=False),
                name="feature_allowance_has_meter",
            ),
        ]


@pghistory.track()
class FeatureModule(Named):
    """Features sold together, with a small charge document of their own.

    `charges` is composed into a plan version when that is published; later edits here touch drafts only.
    """

    description_en = models.TextField(_("description (English)"), blank=True)
    description_zh = models.TextField(_("description (Chinese)"), blank=True)
    charges = models.JSONField(_("charges"), default=dict, blank=True)
    grants = models.JSONField(
        _("entitlements"), default=dict, blank=True, help_text=_("Feature code to value.")
    )

    class Meta(Named.Meta):
        verbose_name = _("feature module")
        verbose_name_plural = _("feature modules")


class ModuleRule(models.Model):
    """`module` requires or excludes `other`."""

    class Kind(models.TextChoices):
        """The two rules there are."""

        REQUIRES = "requires", _("requires")
        EXCLUDES = "excludes", _("excludes")

    module = models.ForeignKey(FeatureModule, models.CASCADE, related_name="rules", verbose_name=_("module"))
    kind = models.CharField(_("rule"), max_length=8, choices=Kind.choices)
    other = models.ForeignKey(FeatureModule, models.PROTECT, related_name="+", verbose_name=_("other module"))

    class Meta:
        verbose_name = _("module rule")
        verbose_name_plural = _("module rules")
        constraints = [
            models.UniqueConstraint(fields=["module", "other"], name="module_rule_once"),
            models.CheckConstraint(
                condition=~models.Q(module=models.F("other")), name="module_rule_not_itself"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.module.code} {self.get_kind_display()} {self.other.code}"

"""What every catalogue row has: a code that never changes and a name in both languages."""

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

CODE = RegexValidator(r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$", _("Use letters, digits and . _ : - only."))


class Named(models.Model):
    """A catalogue row. `code` is what files, events and invoices refer to."""

    code = models.CharField(_("code"), max_length=64, unique=True, validators=[CODE])
    name_en = models.CharField(_("name (English)"), max_length=120)
    name_zh = models.CharField(_("name (Chinese)"), max_length=120)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        abstract = True
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The name in the reader's language."""
        return self.name_zh if (get_language() or "").startswith("zh") else self.name_en

    @property
    def name_i18n(self) -> dict[str, str]:
        """Both names, as the API gives them."""
        return {"en": self.name_en, "zh-Hans": self.name_zh}

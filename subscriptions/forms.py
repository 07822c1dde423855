"""Forms of the portal's team, key and app pages."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from subscriptions.models.keys import CUSTOMER_SCOPES
from subscriptions.models.people import Role

LIFETIMES = [
    ("", pgettext_lazy("expiry", "never")),
    ("30", _("after 30 days")),
    ("90", _("after 90 days")),
    ("365", _("after a year")),
]


class PortalForm(forms.Form):
    """A form whose widgets carry the page's classes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            kind = "form-select" if isinstance(field.widget, forms.Select) else "form-control"
            if not isinstance(field.widget, forms.CheckboxSelectMultiple | forms.RadioSelect):
                field.widget.attrs.setdefault("class", kind)


class KeyForm(PortalForm):
    """A new API key of a customer: read scopes alone, as a customer cannot report its own usage."""

    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("Where the key will be used, such as “reporting server”.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"),
        choices=[(scope.value, scope.label) for scope in CUSTOMER_SCOPES],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one.")},
    )
    lifetime = forms.ChoiceField(label=_("Expires"), choices=LIFETIMES, required=False)

    def expires_at(self, at: datetime) -> datetime | None:
        """The chosen end of the key's life, counted from `at`."""
        days = self.cleaned_data["lifetime"]
        return at + timedelta(days=int(days)) if days else None


class MemberForm(PortalForm):
    """A person to add to the team."""

    email = forms.EmailField(label=_("E-mail"), max_length=254)
    name = forms.CharField(label=pgettext_lazy("person", "Name"), max_length=120, required=False)
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.VIEWER)


class RoleForm(PortalForm):
    """Another role for a member."""

    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)


class AppForm(PortalForm):
    """A new app."""

    name = forms.CharField(label=_("Name"), max_length=120)
    region = forms.CharField(
        label=_("Region"),
        max_length=32,
        required=False,
        help_text=_("Where its servers run, such as cn-north."),
    )

"""The seam over django-unfold: the only module that knows it. It imports no app.

Every `admin/` takes its base classes, actions and display helpers from here, so another admin theme
means another version of this file. Rules kept here for all pages: nothing is deleted in bulk, a row
that somebody else changed meanwhile is not overwritten, and every act with an effect is a POST from a
page that says what will happen.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from allauth.account.decorators import secure_admin_login
from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin, StackedInline, TabularInline
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.paginator import InfinitePaginator
from unfold.widgets import (
    CHECKBOX_CLASSES,
    INPUT_CLASSES,
    SELECT_CLASSES,
    TEXTAREA_CLASSES,
    UnfoldAdminTextareaWidget,
)

__all__ = [
    "ActionVariant",
    "BaseAdmin",
    "CheapPaginator",
    "Confirmation",
    "ReadOnlyAdmin",
    "ReadOnlyInline",
    "ReadOnlyStackedInline",
    "SourceWidget",
    "StackedInline",
    "StaffForm",
    "TabularInline",
    "action",
    "change_link",
    "change_url",
    "confirmed",
    "display",
    "list_link",
    "page",
]

ROW_STATE = "row_state"

# Staff come in by the same door as everybody else: one sign-in form, one set of limits, one second factor.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


def fingerprint(row: Model) -> str:
    """Return a digest of a row's columns, to notice that somebody else saved it meanwhile."""
    columns = {f.attname: f.value_from_object(row) for f in row._meta.concrete_fields}
    text = json.dumps(columns, cls=DjangoJSONEncoder, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


class UnchangedRowForm(forms.ModelForm):  # type: ignore[type-arg]
    """Refuses to save over a change made since the form was opened."""

    stale = False

    def clean(self) -> dict[str, Any] | None:
        """Say so instead of overwriting."""
        cleaned = super().clean()
        if self.stale:
            raise forms.ValidationError(
                _("Somebody else changed this row after you opened it. Open it again, then change it."),
                code="stale",
            )
        return cleaned


class BaseAdmin(ModelAdmin):  # type: ignore[misc]  # unfold ships no types
    """What every admin page shares."""

    form = UnchangedRowForm
    show_full_result_count = False
    list_per_page = 50
    list_fullwidth = True
    warn_unsaved_form = True
    change_form_before_template = "admin/row_state.html"
    deletable = False  # rows that documents may refer to stay

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Say no, unless the class allows it."""
        return self.deletable and bool(super().has_delete_permission(request, obj))

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Leave bulk deletion out: it would skip what the pages check."""
        actions: dict[str, Any] = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Lock the row while it is being saved, so the comparison below is no race."""
        row = super().get_object(request, object_id, from_field)
        if row is not None and request.method == "POST" and connection.in_atomic_block:
            row.refresh_from_db(from_queryset=self.model._base_manager.select_for_update())
        return row

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Tell the form whether the row is still the one that was opened."""
        form = super().get_form(request, obj, change=change, **kwargs)
        if obj is not None and request.method == "POST":
            form.stale = request.POST.get(ROW_STATE) != fingerprint(obj)
        return form

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, obj: Any = None, **kwargs: Any
    ) -> HttpResponse:
        """Hand the row's digest to the form; a form shown again keeps the one it came with."""
        if obj is not None:
            context[ROW_STATE] = request.POST.get(ROW_STATE) or fingerprint(obj)
        response: HttpResponse = super().render_change_form(request, context, *args, obj=obj, **kwargs)
        return response


class ReadOnlyMixin:
    """Rows that only services write."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Say no."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Say no."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Say no."""
        return False


class ReadOnlyAdmin(ReadOnlyMixin, BaseAdmin):
    """Lists and pages without a form."""


class ReadOnlyInline(ReadOnlyMixin, TabularInline):  # type: ignore[misc]
    """Rows of a parent, to read."""

    extra = 0
    can_delete = False
    show_change_link = False
    hide_title = True


class ReadOnlyStackedInline(ReadOnlyMixin, StackedInline):  # type: ignore[misc]
    """The same, one below the other."""

    extra = 0
    can_delete = False
    hide_title = True


class CheapPaginator(InfinitePaginator):  # type: ignore[misc]
    """Pages of a table too long to count: previous and next, no total."""


class SourceWidget(UnfoldAdminTextareaWidget):  # type: ignore[misc]
    """Monospaced text with line numbers (static/ratecard/admin.js); works without it too."""

    def __init__(self, attrs: Mapping[str, Any] | None = None) -> None:
        super().__init__({"rows": 28, "spellcheck": "false", "wrap": "off", **(attrs or {})})
        self.attrs["class"] = f"{self.attrs.get('class', '')} rc-source"


# Pages of our own


class StaffForm(forms.Form):
    """A form on one of our own admin pages, dressed like unfold's."""

    dress: ClassVar[list[tuple[type[forms.Widget], list[str]]]] = [
        (forms.Textarea, TEXTAREA_CLASSES),
        (forms.CheckboxSelectMultiple, []),
        (forms.Select, SELECT_CLASSES),
        (forms.CheckboxInput, CHECKBOX_CLASSES),
        (forms.Input, INPUT_CLASSES),
    ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for each in self.fields.values():
            classes = next((c for kind, c in self.dress if isinstance(each.widget, kind)), [])
            each.widget.attrs["class"] = " ".join([each.widget.attrs.get("class", ""), *classes]).strip()


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a confirm page says before an act: the consequence in a sentence, facts, and a form."""

    title: str
    text: str
    button: str
    form: type[StaffForm] = StaffForm
    initial: Mapping[str, Any] = field(default_factory=dict)
    facts: Sequence[tuple[str, Any]] = ()
    problems: Sequence[str] = ()  # while there is one, the act is not offered
    danger: bool = False
    template: str = "admin/confirm.html"
    extra: Mapping[str, Any] = field(default_factory=dict)


def page(
    model_admin: BaseAdmin, request: HttpRequest, template: str, title: str, context: Mapping[str, Any]
) -> HttpResponse:
    """Answer with one of our own pages inside the admin's frame."""
    base = model_admin.admin_site.each_context(request)
    opts = model_admin.model._meta
    request.current_app = model_admin.admin_site.name  # type: ignore[attr-defined]
    return TemplateResponse(request, template, {**base, "opts": opts, "title": title, **context})


def confirmed(
    model_admin: BaseAdmin,
    request: HttpRequest,
    row: Model,
    confirmation: Confirmation,
    act: Callable[[dict[str, Any]], Any],
    *,
    refused: type[Exception],
) -> HttpResponse:
    """Show the confirm page; on POST do `act` and go back to the row, or show why it was refused.

    `act` gets the cleaned form and may return a sentence for the success message, or a response.
    """
    if not model_admin.has_view_permission(request, row):
        raise PermissionDenied
    form = confirmation.form(request.POST or None, initial=dict(confirmation.initial))
    if request.method == "POST" and not confirmation.problems and form.is_valid():
        try:
            said = act(form.cleaned_data)
        except refused as refusal:
            form.add_error(None, str(refusal))
        else:
            if isinstance(said, HttpResponse):
                return said
            messages.success(request, str(said))
            return HttpResponseRedirect(change_url(row))
    context = {"confirmation": confirmation, "form": form, "original": row, "back": change_url(row)}
    return page(
        model_admin, request, confirmation.template, confirmation.title, {**context, **confirmation.extra}
    )


# Links


def change_url(row: Model) -> str:
    """Return the address of a row's admin page."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def change_link(row: Model | None, text: str | None = None) -> SafeString | str:
    """Return a link to a row's admin page."""
    if row is None:
        return "-"
    return format_html('<a class="text-link" href="{}">{}</a>', change_url(row), text or str(row))


def list_link(url_name: str, text: str, **query: Any) -> SafeString:
    """Return a link to a filtered list, named by its URL so that an app need not know the other."""
    address = reverse(f"admin:{url_name}_changelist", query=query)
    return format_html('<a class="text-link" href="{}">{}</a>', address, text)

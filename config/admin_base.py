"""The seam over django-unfold: the only module that knows it. It imports no app.

Every `admin/` takes its base classes, actions and display helpers from here, so another admin theme
means another version of this file. Rules kept here for all pages: nothing is deleted in bulk, a row
that somebody else changed meanwhile is not overwritten, and every act with an effect is a POST from a
page that says what will happen.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, ClassVar, TypeVar

from allauth.account.decorators import secure_admin_login
from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.paginator import Paginator
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from unfold import decorators
from unfold.admin import ModelAdmin, TabularInline
from unfold.enums import ActionVariant
from unfold.widgets import (
    CHECKBOX_CLASSES,
    INPUT_CLASSES,
    TEXTAREA_CLASSES,
    UnfoldAdminFileFieldWidget,
    UnfoldAdminTextareaWidget,
)
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget as UnfoldBoxes
from unfold.widgets import UnfoldAdminSelectWidget as SelectWidget

from config.admin_pages import Confirmation, confirmed, page, posted, site_page
from config.admin_text import change_link, change_url, chip, list_link

__all__ = [
    "ActionVariant",
    "BaseAdmin",
    "CheapPaginator",
    "Confirmation",
    "ReadOnlyAdmin",
    "ReadOnlyInline",
    "SelectWidget",
    "SourceWidget",
    "StaffForm",
    "TabularInline",
    "UnchangedRowForm",
    "UnfoldBoxes",
    "action",
    "change_link",
    "change_url",
    "chip",
    "confirmed",
    "display",
    "labelled",
    "list_link",
    "page",
    "posted",
    "site_page",
]

ROW_STATE = "row_state"
COUNTED = 10_000
Method = TypeVar("Method", bound=Callable[..., Any])
Row = TypeVar("Row")

# Staff come in by the same door as everybody else: one sign-in form, one set of limits, one second factor.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]


def change_password(request: HttpRequest, extra_context: Any = None) -> HttpResponse:
    """Go to the one page where passwords are changed."""
    return redirect("account_change_password")


admin.site.password_change = change_password  # type: ignore[method-assign, assignment]


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
    compressed_fields = False
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

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> Any:
        """Answer 404 for an address whose key no row can have."""
        if object_id is not None and not unquote(object_id).isdecimal():
            raise Http404
        return super().changeform_view(request, object_id, form_url, extra_context)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Lock the row while it is being saved, so the comparison below is no race."""
        row = super().get_object(request, object_id, from_field)
        if row is not None and request.method == "POST" and connection.in_atomic_block:
            row.refresh_from_db(from_queryset=self.model._base_manager.select_for_update())
        return row

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Keep text boxes low; people may drag them larger."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(db_field, models.TextField):
            field.widget.attrs["rows"] = 3
        return field

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
    hide_title = True

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Name every column: columns that no form may hold are refused otherwise."""
        return self.fields


class CheapPaginator(Paginator):  # type: ignore[type-arg]
    """Pages of a table too long to count: it counts and shows the first 10,000 rows; filters show others."""

    @cached_property
    def count(self) -> int:
        """Return the number of rows, at most COUNTED."""
        rows: Any = self.object_list
        return int(rows.order_by()[:COUNTED].count())


class SourceWidget(UnfoldAdminTextareaWidget):  # type: ignore[misc]
    """Monospaced text with line numbers (static/ratecard/admin.js); works without it too."""

    def __init__(self, attrs: Mapping[str, Any] | None = None) -> None:
        super().__init__({"rows": 20, "spellcheck": "false", "wrap": "off", **(attrs or {})})
        self.attrs["class"] = f"{self.attrs.get('class', '')} rc-source"


# Pages of our own


class StaffForm(forms.Form):
    """A form on one of our own admin pages, dressed like unfold's."""

    dress: ClassVar[list[tuple[type[forms.Widget], list[str]]]] = [
        (forms.Textarea, TEXTAREA_CLASSES),
        (forms.CheckboxInput, CHECKBOX_CLASSES),
        (forms.widgets.Input, INPUT_CLASSES),
    ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.dress_widgets()

    def dress_widgets(self) -> None:
        """Give every widget its classes; again after fields were added."""
        for each in self.fields.values():
            each.label = capfirst(each.label)
            if isinstance(each, forms.ChoiceField):
                multiple = isinstance(each, forms.MultipleChoiceField)
                kind = UnfoldBoxes if multiple else SelectWidget
                each.widget = kind(choices=each.choices)
                continue
            if isinstance(each, forms.FileField):  # the theme's script looks for its own markup around it
                each.widget = UnfoldAdminFileFieldWidget(each.widget.attrs)
                continue
            classes = next((c for kind, c in self.dress if isinstance(each.widget, kind)), [])
            each.widget.attrs["class"] = " ".join(classes)


# What lists and pages show


def display(*, description: Any, ordering: str | None = None) -> Callable[[Method], Method]:
    """Name a method as a column or field, sorted by `ordering`."""
    named: Callable[[Method], Method] = decorators.display(description=description, ordering=ordering)
    return named


def action(
    *, description: Any, icon: str, permissions: Sequence[str], url_path: str | None = None
) -> Callable[[Method], Method]:
    """Offer a method as a button of the row's page, to staff with one of the rights."""
    offered: Callable[[Method], Method] = decorators.action(
        description=description, icon=icon, permissions=permissions, url_path=url_path
    )
    return offered


def labelled(
    *, description: Any, colours: Mapping[str, str], ordering: str | None = None
) -> Callable[[Callable[[Any, Row], tuple[str, str]]], Callable[[Any, Row], SafeString]]:
    """Show what a method returns, a state and its word, as a chip in the state's colour."""

    def decorate(method: Callable[[Any, Row], tuple[str, str]]) -> Callable[[Any, Row], SafeString]:
        @wraps(method)
        def shown(self: Any, row: Row) -> SafeString:
            state, text = method(self, row)
            return chip(colours.get(state, "default"), text)

        return display(description=description, ordering=ordering)(shown)

    return decorate

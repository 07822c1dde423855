"""Pages of our own inside the admin's frame: mounted by name, and asked for confirmation. Knows no app."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from config.admin_text import change_url

View = Callable[..., HttpResponse]
_pages: list[URLPattern] = []
admin.site.extra_urls = lambda: _pages  # type: ignore[attr-defined]  # the theme's site asks for it


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a confirm page says before an act: the consequence in a sentence, facts, and a form."""

    title: str
    text: str
    button: str
    form: type[forms.Form] = forms.Form
    initial: Mapping[str, Any] = field(default_factory=dict)
    facts: Sequence[tuple[str, Any]] = ()
    problems: Sequence[str] = ()  # while there is one, the act is not offered
    danger: bool = False
    template: str = "admin/confirm.html"
    extra: Mapping[str, Any] = field(default_factory=dict)


def page(
    request: HttpRequest, template: str, title: str, context: Mapping[str, Any], *, model: type[Model]
) -> HttpResponse:
    """Answer with one of our own pages inside the admin's frame; `model` is whose page it is."""
    request.current_app = admin.site.name
    base = admin.site.each_context(request)
    return TemplateResponse(request, template, {**base, "opts": model._meta, "title": title, **context})


def posted(request: HttpRequest) -> Any:
    """Return what was posted (a form of buttons alone posts nothing), None for a page just opened."""
    return request.POST if request.method == "POST" else None


def site_page(route: str, name: str) -> Callable[[View], View]:
    """Mount a view below the admin's root as `admin:<name>`, for pages about another app's rows."""

    def mount(view: View) -> View:
        _pages.append(path(route, admin.site.admin_view(view), name=name))
        return view

    return mount


def confirmed(
    request: HttpRequest,
    row: Model,
    asks: Confirmation,
    act: Callable[[dict[str, Any]], str],
    *,
    refused: type[Exception],
) -> HttpResponse:
    """Show the confirm page; on POST do `act` and go back to the row, or show why it was refused.

    The caller has checked the right. `act` gets the cleaned form and returns the sentence of success,
    which the row's history keeps together with the reason, if one was asked for.
    """
    form = asks.form(posted(request), initial=dict(asks.initial))
    if request.method == "POST" and not asks.problems and form.is_valid():
        try:
            said = act(form.cleaned_data)
        except refused as refusal:
            form.add_error(None, str(refusal))
        else:
            note = " ".join([said, str(form.cleaned_data.get("reason", ""))]).strip()
            LogEntry.objects.log_actions(request.user.pk or 0, [row], CHANGE, note, single_object=True)
            messages.success(request, said)
            return HttpResponseRedirect(change_url(row))
    context = {"confirmation": asks, "form": form, "original": row, "back": change_url(row), **asks.extra}
    return page(request, asks.template, asks.title, context, model=type(row))

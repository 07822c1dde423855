"""Who acted, as people know each other: by e-mail address."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.contrib.admin import AllValuesFieldListFilter
from django.contrib.auth import get_user_model
from django.db.models import CharField, OuterRef, Subquery, Value
from django.db.models.functions import Cast, Concat
from django.http import HttpRequest
from django.utils.translation import gettext

from config.admin_base import display


def people(actors: Iterable[str]) -> dict[str, str]:
    """Return actors such as `user:12` by e-mail address, in one query; others as what they are."""
    asked = set(actors)
    numbers = {actor: actor.removeprefix("user:") for actor in asked if actor.startswith("user:")}
    keys = [int(number) for number in numbers.values() if number.isascii() and number.isdecimal()]
    rows = get_user_model()._default_manager.filter(pk__in=keys) if keys else []
    emails = {f"user:{row.pk}": row.get_username() for row in rows}
    return {actor: emails.get(actor) or unlisted(actor) for actor in asked}


def person(actor: str) -> str:
    """Return one of them."""
    return people([actor])[actor]


def email_of(field: str) -> Subquery:
    """Return the address behind `user:<id>` in a field, as a column of a list."""
    actor = Concat(Value("user:"), Cast("pk", CharField()))
    rows = get_user_model()._default_manager.alias(actor=actor).filter(actor=OuterRef(field))
    return Subquery(rows.values("email")[:1])


def called(row: Any, field: str, email: str) -> str:
    """Return who acted on a row that was fetched with `email_of` as the column `email`."""
    return str(getattr(row, email, None) or unlisted(getattr(row, field)))


def unlisted(actor: str) -> str:
    """Return what an actor is called who is no person on record; asks no database."""
    kind, _colon, name = actor.partition(":")
    if kind == "system":
        return gettext("the system (%(name)s)") % {"name": name}
    if kind == "key":
        return gettext("API key %(name)s") % {"name": name}
    return actor or "–"


class PeopleColumns:
    """Fetches the e-mail addresses of who acted with the rows; `person_column` shows them."""

    people: tuple[str, ...] = ("by",)

    def get_queryset(self, request: HttpRequest) -> Any:
        """Add an address to each row, for each field of `people`."""
        rows = super().get_queryset(request)  # type: ignore[misc]
        return rows.annotate(**{_address(field): email_of(field) for field in self.people})


def person_column(field: str, description: Any) -> Callable[[Any, Any], str]:
    """Return a column that shows who acted as people know each other."""

    @display(description=description, ordering=field)
    def shown(_admin: Any, row: Any) -> str:
        return called(row, field, _address(field))

    return shown


class PersonFilter(AllValuesFieldListFilter):
    """A list's filter by who acted, each called as in the list's column."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Yield Django's choices under names that people know, for one query more."""
        names = people(str(actor) for actor in self.lookup_choices if actor)
        for choice in super().choices(changelist):
            yield {**choice, "display": names.get(str(choice["display"]), choice["display"])}


def _address(field: str) -> str:
    return f"{field}_address"

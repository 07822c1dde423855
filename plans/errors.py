"""The base of every refusal: a code, parameters, and a sentence that says what to do."""

from typing import Any

from django.utils.translation import gettext as _


class DomainError(Exception):
    """A rule said no. Skins turn `code` into a status and `message` into the reader's language.

    Subclasses set `code`, `http_status` and `text` (a gettext msgid with named parameters).
    """

    code = "refused"
    http_status = 422
    text = "The request was refused."

    def __init__(self, **params: Any) -> None:
        super().__init__(params)
        self.params = params

    def __str__(self) -> str:
        return _(self.text) % self.params


class NotFound(DomainError):
    """The object is not there, or not the caller's."""

    code = "not_found"
    http_status = 404
    text = "There is no such object, or it is not yours."

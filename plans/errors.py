"""The base of every refusal: a code, parameters, and a sentence that says what to do.

Pure, as pure rules raise these: the app's `ready()` hands gettext over, so `str(error)` speaks the
reader's language in a skin and English everywhere else.
"""

from collections.abc import Callable, Mapping
from typing import Any

_translate: Callable[[str], str] = str


def speak_with(translate: Callable[[str], str]) -> None:
    """Let `str(error)` look its sentence up with `translate`."""
    global _translate  # one process-wide language hook, set once at start
    _translate = translate


def _(text: str) -> str:
    """Mark a sentence for the translation catalogues without translating it yet."""
    return text


def spoken(text: str, params: Mapping[str, Any]) -> str:
    """Return a marked sentence in the reader's language; a `reason` among `params` is marked text too."""
    if reason := params.get("reason"):
        params = {**params, "reason": _translate(str(reason))}
    return _translate(text) % params


PROBLEM = "application/problem+json"


def problem_document(code: str, detail: str, status: int) -> dict[str, Any]:
    """Return a refusal as RFC 9457 says it; `type` names the page of the code in our docs."""
    return {
        "type": f"/api/docs/#problem-{code}",
        "title": code.replace("_", " "),
        "status": status,
        "detail": detail,
        "code": code,
    }


class DomainError(Exception):
    """A rule said no. Skins turn `code` into a status and `str(error)` into the reader's language.

    Subclasses set `code`, `http_status` and `text` (a sentence with named parameters, marked by `_`).
    """

    code = "refused"
    http_status = 422
    text = _("The request was refused.")

    def __init__(self, **params: Any) -> None:
        super().__init__(params)
        self.params = params

    def __str__(self) -> str:
        return spoken(self.text, self.params)


class NotFound(DomainError):  # noqa: N818  # reads as the sentence it is, as Http404 does
    """The object is not there, or not the caller's."""

    code = "not_found"
    http_status = 404
    text = _("There is no such object, or it is not yours.")

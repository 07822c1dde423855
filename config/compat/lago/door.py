"""The form of Lago's answers: a JSON body with every status, as its client takes an empty one for a fault."""

from http import HTTPStatus
from typing import Any

from rest_framework.response import Response

from config.compat.door import FacadeView, Nothing

Details = dict[str, Any]


class LagoView(FacadeView):
    """A door of Lago's."""

    def retold(self, answer: Response) -> Response:
        """Return {status, error, code, error_details}; our sentence stands beside them."""
        problem: dict[str, Any] = answer.data
        status = answer.status_code
        made = refusal(status, problem["code"], _details(problem), problem.get("detail", ""))
        for name in ("WWW-Authenticate", "Retry-After"):
            if name in answer.headers:
                made[name] = answer.headers[name]
        return made


def refusal(status: int, code: str, details: Details, detail: str) -> Response:
    """Build one refusal."""
    error = HTTPStatus(status).phrase
    body = {"status": status, "error": error, "code": code, "error_details": details, "detail": detail}
    return Response(body, status=status, content_type="application/json")


def _details(problem: dict[str, Any]) -> Details:
    return {
        error.get("pointer") or error.get("field") or "": [error.get("code", "")]
        for error in problem.get("errors", ())
    }


class NothingHere(LagoView, Nothing):
    """Any other address below Lago's."""

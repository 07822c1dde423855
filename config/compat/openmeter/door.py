"""The form of OpenMeter's answers: problem+json, and figures as JSON numbers without a detour over floats."""

from typing import Any

import msgspec
from django.http import HttpResponse
from rest_framework.response import Response

from config.compat.door import FacadeView, Nothing

_NUMBERS = msgspec.json.Encoder(decimal_format="number")


class OpenMeterView(FacadeView):
    """A door of OpenMeter's."""

    def retold(self, answer: Response) -> Response:
        """Name the request in our problem document; nothing but 429 and 503 may ask to come again."""
        problem: dict[str, Any] = answer.data
        problem["instance"] = getattr(self.request, "request_id", "")
        if answer.status_code not in (429, 503) and "Retry-After" in answer.headers:
            del answer["Retry-After"]  # this client repeats any refusal that carries one
        return answer


class NothingHere(OpenMeterView, Nothing):
    """Any other address below OpenMeter's."""


def told(body: Any) -> HttpResponse:
    """Return a body whose Decimals are numbers."""
    return HttpResponse(_NUMBERS.encode(body), content_type="application/json")

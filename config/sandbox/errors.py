"""Stripe's errors, as the sandbox raises and answers them."""

from typing import Any

Json = dict[str, Any]  # a JSON object of the API: its fields differ by noun


class ApiError(Exception):
    """One refusal: HTTP status and the `error` object of the body.

    `keeps_work`: what was written before stays, as when a bank declines a payment.
    """

    keeps_work = False

    def __init__(self, message: str, *, status: int = 400, **fields: Any) -> None:  # Any: JSON values
        super().__init__(message)
        self.status = status
        self.fields: Json = {"type": "invalid_request_error", **fields, "message": message}

    def body(self, request_id: str) -> Json:
        """Return the answer's body. `doc_url` is left out, as there is no page to point to."""
        return {"error": {**self.fields, "request_id": request_id}}


class ParameterError(ApiError):
    """The request itself is malformed. Stripe does not keep these under an idempotency key."""


def missing(noun: str, object_id: str, *, param: str = "id", status: int = 404) -> ApiError:
    """Return Stripe's 'No such …'; 404 for an id in the path, 400 for one in a parameter."""
    return ApiError(f"No such {noun}: '{object_id}'", status=status, code="resource_missing", param=param)


def required(param: str) -> ApiError:
    """Return the refusal of a request that lacks a parameter."""
    return ApiError(f"Missing required param: {param}.", code="parameter_missing", param=param)


def unsupported(param: str) -> ApiError:
    """Refuse what Stripe can do and the sandbox cannot: never a made-up success."""
    message = f"The sandbox does not carry out '{param}'. Real Stripe takes it; leave it out here."
    return ApiError(message, code="sandbox_unsupported", param=param)


def card_error(code: str, message: str, **fields: Any) -> ApiError:  # Any: JSON values
    """Return a 402 as Stripe answers a refused payment."""
    return ApiError(message, status=402, **{"type": "card_error", "code": code, **fields})

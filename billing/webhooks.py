"""Where Stripe calls: verify the raw body, keep it, answer. Everything else happens later."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from billing import gateway
from billing.errors import BadSignature
from billing.services import events
from plans.clock import system_now

LONGEST_BODY = 1024 * 1024


@csrf_exempt
@require_POST
def stripe(request: HttpRequest) -> HttpResponse:
    """Answer 200 once the message is stored; 400 without a trace if nobody we know signed it.

    Signatures carry real time, so the machine's clock judges their age, not business time.
    """
    if len(request.body) > LONGEST_BODY:
        return JsonResponse({"error": "too_large"}, status=413)
    signature = request.headers.get("Stripe-Signature", "")
    try:
        event = gateway.verified(request.body, signature, _secrets(), now=system_now())
    except BadSignature as error:
        return JsonResponse({"error": error.code}, status=400)
    if event.livemode != gateway.is_live():
        return JsonResponse({"error": "wrong_mode"}, status=400)
    events.store(event)
    return JsonResponse({"received": True})


def _secrets() -> list[str]:
    """Return the signing secrets that are valid now; two while one is being replaced."""
    return [secret.strip() for secret in settings.STRIPE_WEBHOOK_SECRET.split(",") if secret.strip()]
